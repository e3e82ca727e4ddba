//! The decoder: bytes in, rows out.

use std::collections::VecDeque;

use super::encoding::WesternEvidence;
use super::fault::FileFault;
use super::form::{Checkpoint, Encoding, Form, Format};
use super::limits::Limits;
use super::source::Source;
use super::split::{Splitter, Step};
use crate::record::{Content, Row};

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
    rows_not_text: u64,
    rows_beyond_ascii: u64,
    evidence: WesternEvidence,
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
            rows_not_text: 0,
            rows_beyond_ascii: 0,
            evidence: WesternEvidence::default(),
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
                Step::Row { row, len, lines } => {
                    self.advance(len, lines);
                    self.weigh(&row);
                    return Ok(Some(row));
                }
                Step::Skip { len, lines } => self.advance(len, lines),
                Step::More => {
                    if !self.source.refill()? {
                        return Ok(None);
                    }
                }
                Step::End => return Ok(None),
            }
        }
    }

    /// The place just before the next row.
    pub fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    /// A better form for the file, if its rows have shown that another encoding is the right one: its first stretch had
    /// nothing but ASCII in it, and what came later is not UTF-8 but looks like Windows-1252. To be asked at the end of
    /// the plan, before anything is sent; the rows are then to be read again.
    pub fn second_thoughts(&self) -> Option<Form> {
        let form = &self.form;
        let is_open = form.format == Format::Delimited && form.encoding == Encoding::Utf8 && !form.bom;
        let is_other = self.rows_not_text > self.rows_beyond_ascii * 20 && self.evidence.is_plausible();
        (is_open && form.header_text.is_ascii() && is_other).then(|| {
            let mut form = form.clone();
            form.encoding = Encoding::Windows1252;
            form.start.seekable = false;
            form.warnings.push(super::encoding::read_as_windows_1252());
            form
        })
    }

    fn advance(&mut self, len: usize, lines: u64) {
        self.source.advance(len);
        self.offset += len as u64;
        self.line += lines;
    }

    fn weigh(&mut self, row: &Row) {
        let bytes = row.raw_bytes();
        if matches!(row.content(), Content::Broken(reject) if reject.code == super::split::INVALID_ENCODING) {
            self.rows_not_text += 1;
            self.evidence.add(bytes);
        } else {
            self.rows_beyond_ascii += u64::from(!bytes.is_ascii());
        }
    }
}
