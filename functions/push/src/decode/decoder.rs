//! The decoder: bytes in, rows out.

use std::collections::VecDeque;

use super::encoding::{self, CodePage, WordSet};
use super::fault::FileFault;
use super::form::{Checkpoint, Encoding, Form};
use super::limits::Limits;
use super::source::Source;
use super::split::{INVALID_ENCODING, SplitStep, Splitter};
use crate::record::{Reject, Row};

/// Decodes a file of a known form. Feed it bytes and take all rows there are, in turn; then say that the file has ended
/// and take the last ones.
pub struct Decoder {
    form: Form,
    source: Source,
    splitter: Splitter,
    offset: u64,
    line: u64,
    checkpoint: Checkpoint,
    /// Rows that are only given out when so many more have come as the mapping's `skip_last` says, each with the place
    /// behind it.
    held: VecDeque<(Row, Checkpoint)>,
    /// Whether a row has shown that the text is UTF-8.
    is_utf8: bool,
    /// The line of the first row that is not UTF-8, where none has shown that the text is.
    not_text_since: Option<u64>,
    /// Its words, and those of the rows like it.
    words: WordSet,
    /// Rows of another encoding: the line of the first, and how many have come one after the other.
    foreign: Option<(u64, u32)>,
}

impl Decoder {
    /// Decodes from the start. The file is fed from its first byte on.
    pub fn new(form: &Form) -> Self {
        Self::with_limits(form, Limits::default())
    }

    /// Decodes from the start, within limits of one's own.
    pub fn with_limits(form: &Form, limits: Limits) -> Self {
        Self::at(form, form.start, limits, form.start.offset)
    }

    /// Goes on at a checkpoint. The file is fed from the byte on that [`Checkpoint::read_from`] says.
    pub fn resume(form: &Form, checkpoint: Checkpoint) -> Self {
        Self::resume_with_limits(form, checkpoint, Limits::default())
    }

    /// Goes on at a checkpoint, within limits of one's own.
    pub fn resume_with_limits(form: &Form, checkpoint: Checkpoint, limits: Limits) -> Self {
        Self::at(form, checkpoint, limits, checkpoint.offset - checkpoint.read_from())
    }

    fn at(form: &Form, checkpoint: Checkpoint, limits: Limits, skip: u64) -> Self {
        Self {
            source: Source::new(form, limits, skip),
            splitter: Splitter::new(form, limits, checkpoint.offset != form.start.offset),
            form: form.clone(),
            offset: checkpoint.offset,
            line: checkpoint.line,
            checkpoint,
            held: VecDeque::new(),
            is_utf8: form.settled,
            not_text_since: None,
            words: WordSet::default(),
            foreign: None,
        }
    }

    /// Takes bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.source.feed(bytes);
    }

    /// The file ends with what was fed.
    pub fn end_of_file(&mut self) {
        self.source.end();
    }

    /// The next row. `None` when it needs more bytes, or at the end of the file.
    ///
    /// # Errors
    /// The file cannot be read any further.
    // Not an iterator: `None` may be followed by more rows once more bytes were fed.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Row>, FileFault> {
        let back = self.form.rules.skip_last as usize;
        while self.held.len() <= back {
            let Some(row) = self.next_in_file()? else {
                return Ok(None);
            };
            let behind = Checkpoint {
                offset: self.offset,
                line: self.line,
                ..self.checkpoint
            };
            if back == 0 {
                self.checkpoint = behind;
                return Ok(Some(row));
            }
            self.held.push_back((row, behind));
        }
        let held = self.held.pop_front();
        Ok(held.map(|(row, behind)| {
            self.checkpoint = behind;
            row
        }))
    }

    fn next_in_file(&mut self) -> Result<Option<Row>, FileFault> {
        loop {
            let step = self
                .splitter
                .step(self.source.text(), self.source.is_complete(), self.line)?;
            match step {
                SplitStep::Row { row, len, lines } => {
                    self.advance(len, lines);
                    return self.weigh(row).map(Some);
                }
                SplitStep::Skip { len, lines } => self.advance(len, lines),
                SplitStep::More => {
                    if !self.source.refill()? {
                        return Ok(None);
                    }
                }
                SplitStep::End => return Ok(None),
            }
        }
    }

    /// The place just before the next row.
    pub fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    /// A better form for the file, if its rows have shown that another encoding is the right one. That
    /// happens when the first stretch of the file is all ASCII and a later one is not UTF-8. To be asked at
    /// the end of the plan, before anything is sent; the rows are then to be read again.
    ///
    /// # Errors
    /// The rows are not UTF-8, and do not tell what else they are.
    pub fn second_thoughts(&self) -> Result<Option<Form>, FileFault> {
        let Some(line) = self.not_text_since else {
            return Ok(None);
        };
        let page = encoding::of_words(&self.words).map_err(|fault| fault.on_line(line))?;
        let mut form = self.form.clone();
        form.encoding = Encoding::CodePage(page);
        form.settled = true;
        form.start.seekable = false;
        form.warnings.push(encoding::read_as(page));
        Ok(Some(form))
    }

    fn advance(&mut self, len: usize, lines: u64) {
        self.source.advance(len);
        self.offset += len as u64;
        self.line += lines;
    }

    /// Holds a row to the encoding of the rows before it.
    fn weigh(&mut self, row: Row) -> Result<Row, FileFault> {
        let bytes = row.raw_bytes();
        match self.form.encoding {
            _ if bytes.is_ascii() || self.form.rules.encoding.is_some() => Ok(row),
            Encoding::Utf16Le | Encoding::Utf16Be => Ok(row),
            Encoding::Utf8 if row.is_text() => {
                if self.not_text_since.is_some() {
                    return Err(encoding::mixed(row.line));
                }
                self.is_utf8 = true;
                Ok(row)
            }
            Encoding::Utf8 if self.is_utf8 => {
                if encoding::is_damaged(bytes) {
                    Ok(row)
                } else {
                    Err(encoding::mixed(row.line))
                }
            }
            Encoding::Utf8 => {
                self.words.add(bytes);
                self.not_text_since = self.not_text_since.or(Some(row.line));
                Ok(row)
            }
            Encoding::CodePage(page) => self.weigh_page(row, page),
        }
    }

    /// A row whose words are none in the file's encoding is not believed; several of them one after the other are another
    /// file.
    fn weigh_page(&mut self, row: Row, page: CodePage) -> Result<Row, FileFault> {
        let mut words = WordSet::default();
        if let Some(bytes) = page.bytes_of(row.raw()) {
            words.add(&bytes);
        }
        if !encoding::is_foreign(&words, page) {
            self.foreign = None;
            return Ok(row);
        }
        let (first, rows) = self.foreign.unwrap_or((row.line, 0));
        if rows >= MOST_FOREIGN {
            return Err(encoding::mixed(first));
        }
        self.foreign = Some((first, rows + 1));
        let message = format!(
            "the row has letters that make no words in {}, which the file's encoding seems to be: save the file as CSV UTF-8, or \
             name its encoding in the mapping",
            page.name()
        );
        let reject = Reject::relay(INVALID_ENCODING, None, message);
        Ok(Row::broken(row.line, row.raw_bytes(), reject))
    }
}

/// So many rows of another encoding one after the other are damage, more are another file.
const MOST_FOREIGN: u32 = 3;
