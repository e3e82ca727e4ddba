//! How large things may be. Memory follows from these, never from the size of the file.

/// The most that is accepted. The defaults are far beyond what Bigin can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a cell.
    pub cell: usize,
    /// Bytes in a row, line breaks in its cells included.
    pub row: usize,
    /// Columns in a header.
    pub columns: usize,
    /// Bytes in a header. It is kept with the import's progress, in an item of at most 400 KB.
    pub header: usize,
    /// Bytes a gzipped file may have once unpacked.
    pub unpacked: u64,
    /// How many times larger than the file its content may be, once [`Limits::ratio_counts_from`] bytes are unpacked.
    /// Deflate itself ends at 1032.
    pub ratio: u64,
    /// Below this many unpacked bytes the ratio does not matter.
    pub ratio_counts_from: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cell: 512 << 10,
            row: 2 << 20,
            columns: 1000,
            header: 64 << 10,
            unpacked: 20 << 30,
            ratio: 600,
            ratio_counts_from: 256 << 20,
        }
    }
}
