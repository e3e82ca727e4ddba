//! One JSON object a line.

use crate::decode::fault::FileFault;
use crate::decode::find::find;
use crate::decode::limits::Limits;
use crate::decode::object;
use crate::decode::split::{SplitStep, too_long};

/// Splits text into lines.
pub(crate) struct Lines {
    limits: Limits,
    looked_at: usize,
}

impl Lines {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, looked_at: 0 }
    }

    pub(crate) fn step(&mut self, text: &[u8], last: bool, line: u64) -> Result<SplitStep, FileFault> {
        let (end, len, lines) = match find(b'\n', &text[self.looked_at..]) {
            Some(found) => (self.looked_at + found, self.looked_at + found + 1, 1),
            None if last && text.is_empty() => return Ok(SplitStep::End),
            None if last => (text.len(), text.len(), 0),
            None if text.len() > self.limits.row + 2 => return Err(too_long(&self.limits, line)),
            None => {
                self.looked_at = text.len();
                return Ok(SplitStep::More);
            }
        };
        self.looked_at = 0;
        if end > self.limits.row {
            return Err(too_long(&self.limits, line));
        }
        let record = text[..end].trim_ascii();
        if record.is_empty() {
            return Ok(SplitStep::Skip { len, lines });
        }
        Ok(SplitStep::Row {
            row: object::row(line, record),
            len,
            lines,
        })
    }
}
