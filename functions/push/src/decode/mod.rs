//! Decode: bytes become rows, streaming. Pure: bytes are fed in and rows are taken out, so that it does not matter where
//! they come from; memory follows from [`Limits`], never from the size of the file.
//!
//! [`form_of`] learns a file's [`Form`] once, from its name and first bytes; a [`Decoder`] reads rows by it, from the
//! start or from a [`Checkpoint`] before any row.
//!
//! ```
//! # fn main() -> Result<(), push::decode::FileFault> {
//! use push::decode::{Decoder, form_of};
//! use push::record::Content;
//!
//! let file = b"Last Name;Email\r\nRao;rao@example.com\r\n";
//! let form = form_of("customers.csv", file, true)?;
//! let mut decoder = Decoder::new(&form);
//! decoder.feed(file);
//! decoder.end_of_file();
//! while let Some(row) = decoder.next()? {
//!     let Content::Cells(cells) = row.content() else { continue };
//!     assert_eq!((row.line, cells.get(1), row.raw()), (2, Some("rao@example.com"), "Rao;rao@example.com"));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What is decided here:
//! - A row with fewer cells than the header is read: the missing ones are absent (not empty), and counted in a warning.
//! - A row with more cells than the header is broken (`TOO_MANY_CELLS`), unless the extra ones are empty.
//! - Blank lines, and rows with nothing but blanks in every cell, are no rows.
//! - Text behind a closing quote makes the row broken (`STRAY_QUOTE`): guessing where the cell ends would shift columns.
//! - A row that is no UTF-8 is broken (`INVALID_ENCODING`); the file goes on.
//! - A key that comes twice in a JSON object makes it broken (`DUPLICATE_KEY`): one of the two would be lost in silence.
//! - Whole numbers in JSON are exact up to 64 bits; a larger number, or one with a fraction beyond 2^53, makes the row
//!   broken (`NUMBER_TOO_LARGE`): it is to be written as text.
//! - A name that ends in `.gz` is not believed, nor one that does not: the content decides, with a warning.

mod cells;
mod controls;
mod decoder;
mod dialect;
mod encoding;
mod ending;
mod fault;
mod find;
mod form;
mod gunzip;
mod json_values;
mod limits;
mod object;
mod rules;
mod sniff;
mod source;
mod split;
pub(crate) mod strict;
mod vacant;

pub use controls::in_object as control_in;
pub use decoder::Decoder;
pub use fault::FileFault;
pub use form::{Checkpoint, Encoding, Form, Format, LineEnd};
pub use gunzip::MOST_HEADER;
pub use limits::Limits;
pub use rules::{FileRules, Quotes, ShortRows, depends_on_rules};
pub use sniff::{FIRST_STRETCH, form_by, form_of, form_within};
pub(crate) use split::NOT_A_RECORD;
pub use split::swallowed::Looks;
pub use vacant::Vacant;

pub(crate) use cells::{CellScanner, Scan};
pub(crate) use dialect::end_byte;
pub(crate) use json_values::members;

#[cfg(test)]
mod tests;
