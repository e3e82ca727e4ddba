//! The text of a file in UTF-8, as far as it was fed and not yet read: unpacked and turned into UTF-8 on the way.

use super::encoding::Transcoder;
use super::fault::FileFault;
use super::form::Form;
use super::gunzip::{Gunzip, Pulled};
use super::limits::Limits;

/// Text waiting to be read.
pub(crate) struct Source {
    gunzip: Option<Gunzip>,
    transcoder: Option<Transcoder>,
    unpacked: Vec<u8>,
    text: Vec<u8>,
    read: usize,
    skip: u64,
    ended: bool,
    complete: bool,
}

impl Source {
    /// Leaves out the first `skip` bytes of the text.
    pub(crate) fn new(form: &Form, limits: Limits, skip: u64) -> Self {
        Self {
            gunzip: form.gzipped.then(|| Gunzip::new(limits)),
            transcoder: Transcoder::new(form.encoding),
            unpacked: Vec::new(),
            text: Vec::new(),
            read: 0,
            skip,
            ended: false,
            complete: false,
        }
    }

    /// Takes bytes of the file.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.make_room();
        match (&mut self.gunzip, &mut self.transcoder) {
            (Some(gunzip), _) => gunzip.feed(bytes),
            (None, Some(transcoder)) => transcoder.push(bytes, false, &mut self.text),
            (None, None) => self.text.extend_from_slice(bytes),
        }
        self.leave_out();
    }

    /// The file ends with what was fed.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// The text that was not read yet.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text[self.read..]
    }

    /// So much of it has been read.
    pub(crate) fn advance(&mut self, len: usize) {
        self.read += len;
    }

    /// Whether no more text will come.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Gets more text out of what was fed. `false` when there is none, until more is fed or at the end.
    pub(crate) fn refill(&mut self) -> Result<bool, FileFault> {
        if self.complete {
            return Ok(false);
        }
        self.make_room();
        if let Some(gunzip) = &mut self.gunzip {
            let out = if self.transcoder.is_some() {
                &mut self.unpacked
            } else {
                &mut self.text
            };
            let pulled = gunzip.pull(out)?;
            if pulled == Pulled::NeedsMore && self.ended {
                gunzip.finish()?;
            }
            if let Some(transcoder) = &mut self.transcoder {
                transcoder.push(&self.unpacked, false, &mut self.text);
                self.unpacked.clear();
            }
            self.leave_out();
            if pulled == Pulled::Some {
                return Ok(true);
            }
        }
        if self.ended {
            if let Some(transcoder) = &mut self.transcoder {
                transcoder.push(&[], true, &mut self.text);
            }
            self.leave_out();
            self.complete = true;
            if self.skip > 0 {
                return Err(FileFault::new(
                    "FILE_CHANGED",
                    "the file ends before the place where reading is to go on",
                    "it is not the file that was begun with: put it again, so that it is read from its start",
                ));
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Drops what was read, where that is most of the buffer.
    fn make_room(&mut self) {
        if self.read * 2 >= self.text.len() {
            self.text.drain(..self.read);
            self.read = 0;
        }
    }

    fn leave_out(&mut self) {
        let unread = self.text.len() - self.read;
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(unread);
        self.read += skipped;
        self.skip -= skipped as u64;
    }
}
