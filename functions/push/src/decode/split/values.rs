//! JSON objects in an array, or one after the other.

use crate::decode::fault::FileFault;
use crate::decode::json_values::ValueScanner;
use crate::decode::limits::Limits;
use crate::decode::object;
use crate::decode::split::{SplitStep, line_feeds, too_long};

/// Splits text into JSON values.
pub(crate) struct Values {
    limits: Limits,
    scanner: ValueScanner,
    in_array: bool,
    wrapped: bool,
    /// Whether the value that the unread text starts with has been begun.
    begun: bool,
    expects_comma: bool,
    array_ended: bool,
    last_byte: u8,
}

impl Values {
    /// In an array, behind its bracket or (`within`) behind a value. `wrapped`: the array is a member of an object.
    pub(crate) fn in_array(wrapped: bool, within: bool, limits: Limits) -> Self {
        Self {
            in_array: true,
            wrapped,
            expects_comma: within,
            ..Self::one_by_one(limits)
        }
    }

    /// One after the other.
    pub(crate) fn one_by_one(limits: Limits) -> Self {
        Self {
            limits,
            scanner: ValueScanner::default(),
            in_array: false,
            wrapped: false,
            begun: false,
            expects_comma: false,
            array_ended: false,
            last_byte: 0,
        }
    }

    pub(crate) fn step(&mut self, text: &[u8], last: bool, line: u64) -> Result<SplitStep, FileFault> {
        if self.array_ended {
            return self.behind_array(text, last, line);
        }
        if !self.begun
            && let Some(step) = self.between(text, last, line)?
        {
            return Ok(step);
        }
        self.begun = true;
        match self.scanner.scan(text, last) {
            None if last => Err(cut_off(line)),
            None if text.len() > self.limits.row => Err(too_long(&self.limits, line)),
            None => Ok(SplitStep::More),
            Some(0) => Err(out_of_place(line)),
            Some(len) if len > self.limits.row => Err(too_long(&self.limits, line)),
            Some(len) => {
                self.begun = false;
                self.expects_comma = self.in_array;
                self.scanner.reset();
                let value = &text[..len];
                Ok(SplitStep::Row {
                    row: object::row(line, value),
                    len,
                    lines: line_feeds(value),
                })
            }
        }
    }

    /// What stands between values; `None` where a value begins.
    fn between(&mut self, text: &[u8], last: bool, line: u64) -> Result<Option<SplitStep>, FileFault> {
        let blanks = text.len() - text.trim_ascii_start().len();
        if blanks > 0 {
            return Ok(Some(SplitStep::Skip {
                len: blanks,
                lines: line_feeds(&text[..blanks]),
            }));
        }
        match text.first() {
            None if !last => Ok(Some(SplitStep::More)),
            None if self.in_array => Err(cut_off(line)),
            None => Ok(Some(SplitStep::End)),
            Some(b']') if self.in_array => {
                self.array_ended = true;
                Ok(Some(SplitStep::Skip { len: 1, lines: 0 }))
            }
            Some(b',') if self.expects_comma || !self.in_array => {
                self.expects_comma = false;
                Ok(Some(SplitStep::Skip { len: 1, lines: 0 }))
            }
            Some(b',') => Err(out_of_place(line)),
            Some(_) if self.expects_comma => Err(out_of_place(line)),
            Some(_) => Ok(None),
        }
    }

    /// Behind the array there is nothing, or the rest of the object around it.
    fn behind_array(&mut self, text: &[u8], last: bool, line: u64) -> Result<SplitStep, FileFault> {
        if let Some(byte) = text.trim_ascii_end().last() {
            if !self.wrapped {
                let blanks = text.len() - text.trim_ascii_start().len();
                return Err(out_of_place(line + line_feeds(&text[..blanks])));
            }
            self.last_byte = *byte;
        }
        if !text.is_empty() {
            return Ok(SplitStep::Skip {
                len: text.len(),
                lines: line_feeds(text),
            });
        }
        match last {
            false => Ok(SplitStep::More),
            true if self.wrapped && self.last_byte != b'}' => Err(cut_off(line)),
            true => Ok(SplitStep::End),
        }
    }
}

fn cut_off(line: u64) -> FileFault {
    let action = "the upload or the export was cut off, or a bracket or quote is not closed: put the whole file again";
    FileFault::new(
        "JSON_CUT_OFF",
        "the JSON ends in the middle of what begins here",
        action,
    )
    .on_line(line)
}

fn out_of_place(line: u64) -> FileFault {
    let message = "between two records there is something other than one comma";
    FileFault::new(
        "BAD_JSON",
        message,
        "write the file as [{...}, {...}], or one object a line",
    )
    .on_line(line)
}
