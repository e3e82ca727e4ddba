//! Unpacks gzip piece by piece, with several members one after the other, never more at a time than a step.
//!
//! The packing itself is flate2's. Why not flate2's `MultiGzDecoder` as well:
//! - Its reading form pulls from a `Read`, while pieces of an object come when they come. Its writing form unpacks all that
//!   it is fed at once: from one piece of 65,211 bytes it made 67,076,096 (flate2 1.1, 64 MB of zeros).
//! - It refuses a file that ends in zeros, as tapes leave them ("invalid gzip header").
//! - It names no cause that an operator could act on, such as a file that was cut off.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::fault::FileFault;
use super::limits::Limits;

/// How much is unpacked at a time.
const STEP: usize = 64 << 10;
/// The two bytes every gzip member starts with.
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// A member's header is this long without its optional parts.
const HEADER: usize = 10;
/// Checksum and length at a member's end.
const TRAILER: usize = 8;
/// Optional parts of a header (a file's name, a comment) are not longer.
pub const MOST_HEADER: usize = 256 << 10;

/// Where in a member the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GzipPart {
    /// Before a member.
    Header,
    /// In the packed content.
    Body,
    /// Behind the content.
    Trailer,
    /// Behind the last member: tapes and some tools fill up with zeros.
    Padding,
}

/// What one step has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pulled {
    /// There may be more to pull.
    Some,
    /// More packed bytes are needed.
    NeedsMore,
}

/// Unpacks gzip.
pub(crate) struct Gunzip {
    limits: Limits,
    waiting: Vec<u8>,
    used: usize,
    place: GzipPart,
    inflate: Box<Decompress>,
    step: Box<[u8]>,
    crc: Crc,
    members: u64,
    packed: u64,
    unpacked: u64,
}

impl Gunzip {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            waiting: Vec::new(),
            used: 0,
            place: GzipPart::Header,
            inflate: Box::new(Decompress::new(false)),
            step: vec![0; STEP].into_boxed_slice(),
            crc: Crc::new(),
            members: 0,
            packed: 0,
            unpacked: 0,
        }
    }

    /// Takes packed bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.waiting.drain(..self.used);
        self.used = 0;
        self.waiting.extend_from_slice(bytes);
        self.packed += bytes.len() as u64;
    }

    /// Unpacks one step onto the end of `out`.
    pub(crate) fn pull(&mut self, out: &mut Vec<u8>) -> Result<Pulled, FileFault> {
        match self.place {
            GzipPart::Header => self.header(),
            GzipPart::Body => self.body(out),
            GzipPart::Trailer => self.trailer(),
            GzipPart::Padding => {
                if self.waiting[self.used..].iter().any(|byte| *byte != 0) {
                    return Err(damaged("something that is not gzip follows the packed content"));
                }
                self.used = self.waiting.len();
                Ok(Pulled::NeedsMore)
            }
        }
    }

    /// Says whether the file may end here.
    pub(crate) fn finish(&self) -> Result<(), FileFault> {
        match self.place {
            GzipPart::Padding => Ok(()),
            GzipPart::Header if self.members > 0 && self.used == self.waiting.len() => Ok(()),
            _ => Err(FileFault::new(
                "GZIP_CUT_OFF",
                format!(
                    "the gzip file ends in the middle, after {} unpacked bytes",
                    self.unpacked
                ),
                "the upload or the export was cut off: put the whole file again",
            )),
        }
    }

    fn header(&mut self) -> Result<Pulled, FileFault> {
        let bytes = &self.waiting[self.used..];
        if self.members > 0 && bytes.first() == Some(&0) {
            self.place = GzipPart::Padding;
            return Ok(Pulled::Some);
        }
        if bytes.iter().zip(MAGIC).any(|(byte, magic)| *byte != magic) {
            return Err(damaged("something that is not gzip follows the packed content"));
        }
        match header_len(bytes) {
            Some(len) => {
                self.used += len;
                self.members += 1;
                self.inflate.reset(false);
                self.crc.reset();
                self.place = GzipPart::Body;
                Ok(Pulled::Some)
            }
            None if bytes.len() > MOST_HEADER => Err(damaged("its header does not end")),
            None => Ok(Pulled::NeedsMore),
        }
    }

    fn body(&mut self, out: &mut Vec<u8>) -> Result<Pulled, FileFault> {
        let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self
            .inflate
            .decompress(&self.waiting[self.used..], &mut self.step, FlushDecompress::None)
            .map_err(|_| damaged("its packed content is not valid"))?;
        let read = usize::try_from(self.inflate.total_in() - read).unwrap_or(usize::MAX);
        let written = usize::try_from(self.inflate.total_out() - written).unwrap_or(usize::MAX);
        let unpacked = &self.step[..written];
        self.used += read;
        self.unpacked += written as u64;
        self.crc.update(unpacked);
        out.extend_from_slice(unpacked);
        self.check_size()?;
        if status == Status::StreamEnd {
            self.place = GzipPart::Trailer;
            return Ok(Pulled::Some);
        }
        Ok(if read == 0 && written == 0 {
            Pulled::NeedsMore
        } else {
            Pulled::Some
        })
    }

    fn trailer(&mut self) -> Result<Pulled, FileFault> {
        let (numbers, _) = self.waiting[self.used..].as_chunks::<4>();
        let [sum, amount, ..] = numbers else {
            return Ok(Pulled::NeedsMore);
        };
        let (sum, amount) = (u32::from_le_bytes(*sum), u32::from_le_bytes(*amount));
        if sum != self.crc.sum() || amount != self.crc.amount() {
            return Err(damaged("its checksum does not match its content"));
        }
        self.used += TRAILER;
        self.place = GzipPart::Header;
        Ok(Pulled::Some)
    }

    fn check_size(&self) -> Result<(), FileFault> {
        let Limits {
            unpacked,
            ratio,
            ratio_counts_from,
            ..
        } = self.limits;
        let too_much = self.unpacked > unpacked
            || (self.unpacked > ratio_counts_from && self.unpacked / self.packed.max(1) > ratio);
        if !too_much {
            return Ok(());
        }
        Err(FileFault::new(
            "GZIP_TOO_LARGE",
            format!(
                "the gzip file unpacks to more than {} bytes out of {}",
                self.unpacked, self.packed
            ),
            format!(
                "split it into files that unpack to less than {unpacked} bytes and no more than {ratio} times their size"
            ),
        ))
    }
}

/// How long a member's header is; `None` while it is not all there.
fn header_len(bytes: &[u8]) -> Option<usize> {
    let flags = *bytes.get(3)?;
    let mut len = HEADER;
    bytes.get(len - 1)?;
    if flags & 0b0_0100 != 0 {
        let extra = u16::from_le_bytes([*bytes.get(len)?, *bytes.get(len + 1)?]);
        len += 2 + usize::from(extra);
    }
    for text in [0b0_1000, 0b1_0000] {
        if flags & text != 0 {
            len += bytes.get(len..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    if flags & 0b0_0010 != 0 {
        len += 2;
    }
    bytes.get(len - 1)?;
    Some(len)
}

fn damaged(what: &str) -> FileFault {
    FileFault::new(
        "GZIP_DAMAGED",
        format!("the gzip file is damaged: {what}"),
        "pack it again and put the new file",
    )
}
