//! Bulk read and bulk write: jobs that take their time and leave a ZIP behind (contract, sections 9 and 10).

mod archive;
mod download;
mod read;
mod row;
mod upload;
mod work;
mod write;

pub(crate) use download::{read_result, write_result};
pub(crate) use read::{create as create_read, poll as poll_read};
pub(crate) use upload::upload;
pub(crate) use work::work;
pub(crate) use write::{create as create_write, poll as poll_write};
