//! What the AWS SDK uses of the crate `crc-fast`: CRC-32, CRC-32C and CRC-64/NVME (Amazon S3 user guide, "Checking object
//! integrity").
//!
//! The crate itself knows some fifty algorithms. Which one is meant is only known at run time, so the linker keeps the
//! tables of all of them, 650 kB in each function that talks to S3. Here are the three alone, a byte at a time: the few
//! kilobytes to some megabytes that are written at once take milliseconds.

/// Which checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// CRC-32, as in gzip.
    Crc32IsoHdlc,
    /// CRC-32C.
    Crc32Iscsi,
    /// CRC-64/NVME.
    Crc64Nvme,
}

/// A checksum under way.
#[derive(Debug, Clone)]
pub struct Digest {
    table: &'static [u64; 256],
    /// All bits that the checksum has: where it starts, and what is turned over at the end.
    ones: u64,
    state: u64,
}

impl Digest {
    /// Starts with nothing.
    #[must_use]
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        let (table, ones) = match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => (&CRC32, u64::from(u32::MAX)),
            CrcAlgorithm::Crc32Iscsi => (&CRC32C, u64::from(u32::MAX)),
            CrcAlgorithm::Crc64Nvme => (&CRC64_NVME, u64::MAX),
        };
        Self {
            table,
            ones,
            state: ones,
        }
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.state = bytes.iter().fold(self.state, |state, byte| {
            let [low, ..] = state.to_le_bytes();
            self.table[usize::from(low ^ byte)] ^ (state >> 8)
        });
    }

    /// The checksum of all of them.
    #[must_use]
    pub fn finalize(&self) -> u64 {
        self.state ^ self.ones
    }
}

/// The checksum of those bytes.
#[must_use]
pub fn checksum(algorithm: CrcAlgorithm, bytes: &[u8]) -> u64 {
    let mut digest = Digest::new(algorithm);
    digest.update(bytes);
    digest.finalize()
}

// The polynomials with their bits reversed, since all three take the lowest bit first.
static CRC32: [u64; 256] = table(0xedb8_8320);
static CRC32C: [u64; 256] = table(0x82f6_3b78);
static CRC64_NVME: [u64; 256] = table(0x9a6c_9329_ac4b_c9b5);

const fn table(polynomial: u64) -> [u64; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < table.len() {
        let (mut entry, mut bit) = (index as u64, 0);
        while bit < 8 {
            entry = (entry >> 1) ^ if entry & 1 == 1 { polynomial } else { 0 };
            bit += 1;
        }
        table[index] = entry;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [CrcAlgorithm; 3] = [
        CrcAlgorithm::Crc32IsoHdlc,
        CrcAlgorithm::Crc32Iscsi,
        CrcAlgorithm::Crc64Nvme,
    ];

    #[test]
    fn the_check_values_of_the_catalogue_come_out() {
        // "Catalogue of parametrised CRC algorithms", reveng.sourceforge.io/crc-catalogue.
        let checks = ALL.map(|algorithm| checksum(algorithm, b"123456789"));
        assert_eq!(checks, [0xcbf4_3926, 0xe306_9283, 0xae8b_1486_0a79_9888]);
        assert_eq!(ALL.map(|algorithm| checksum(algorithm, b"")), [0, 0, 0]);
    }

    #[test]
    fn pieces_come_to_the_same_as_the_whole() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        for algorithm in ALL {
            let mut digest = Digest::new(algorithm);
            bytes.chunks(7).for_each(|piece| digest.update(piece));
            assert_eq!(digest.finalize(), checksum(algorithm, &bytes));
        }
    }
}
