//! ZIP archives with one file, read and written (PKWARE's APPNOTE 6.3, without encryption and ZIP64).

use std::io::{Read, Write};

use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;

/// The length of the record that ends an archive, without a comment.
const END_LENGTH: usize = 22;

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Packs a file.
pub(super) fn pack(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(bytes);
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory does not fail.
    let packed = encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .unwrap_or_default();
    // Version, flags, deflate, time and date of 1980-01-01, check sum, sizes, lengths of the name and of nothing more.
    let mut about = Vec::new();
    for number in [20_u16, 0, 8, 0, 0x21] {
        about.extend(number.to_le_bytes());
    }
    for number in [crc.sum(), length(packed.len()), length(bytes.len()), length(name.len())] {
        about.extend(number.to_le_bytes());
    }
    let mut archive = Vec::with_capacity(packed.len() + 200);
    archive.extend(LOCAL.to_le_bytes());
    archive.extend(&about);
    archive.extend(name.as_bytes());
    archive.extend(packed);
    let directory = archive.len();
    archive.extend(CENTRAL.to_le_bytes());
    archive.extend(20_u16.to_le_bytes());
    archive.extend(&about);
    // Comment, disk, attributes, and the place of the file: the beginning.
    archive.extend([0; 14]);
    archive.extend(name.as_bytes());
    let directory_length = archive.len() - directory;
    archive.extend(END.to_le_bytes());
    for number in [0_u16, 0, 1, 1] {
        archive.extend(number.to_le_bytes());
    }
    for number in [length(directory_length), length(directory)] {
        archive.extend(number.to_le_bytes());
    }
    archive.extend([0; 2]);
    archive
}

/// What the sandbox packs is far smaller than four gigabytes.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Unpacks the only file of an archive, up to a size; `None` when it is no archive, has another number of files, or is
/// damaged. A file beyond the size comes cut off just behind it.
pub(super) fn unpack(archive: &[u8], most: usize) -> Option<File> {
    let ends = archive.len().checked_sub(END_LENGTH)?;
    let end = (0..=ends).rev().find(|at| number(archive, *at) == Some(END))?;
    if short(archive, end + 10)? != 1 {
        return None;
    }
    let entry = number(archive, end + 16)? as usize;
    if number(archive, entry)? != CENTRAL {
        return None;
    }
    let method = short(archive, entry + 10)?;
    let (sum, packed) = (number(archive, entry + 16)?, number(archive, entry + 20)? as usize);
    let name_length = usize::from(short(archive, entry + 28)?);
    let name = archive.get(entry + 46..entry + 46 + name_length)?;
    let local = number(archive, entry + 42)? as usize;
    if number(archive, local)? != LOCAL {
        return None;
    }
    let begin = local + 30 + usize::from(short(archive, local + 26)?) + usize::from(short(archive, local + 28)?);
    let data = archive.get(begin..begin.checked_add(packed)?)?;
    let mut bytes = Vec::new();
    match method {
        0 => bytes.extend(data.iter().take(most + 1)),
        8 => {
            let mut decoder = DeflateDecoder::new(data).take(most as u64 + 1);
            decoder.read_to_end(&mut bytes).ok()?;
        }
        _ => return None,
    }
    let mut crc = Crc::new();
    crc.update(&bytes);
    (bytes.len() > most || crc.sum() == sum).then(|| File {
        name: String::from_utf8_lossy(name).into_owned(),
        bytes,
    })
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(two.try_into().ok()?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beyond_the_size_is_cut_off_behind_it() {
        let archive = pack("a.csv", &[b'x'; 1000]);
        assert_eq!(unpack(&archive, 1000).unwrap().bytes.len(), 1000);
        assert_eq!(unpack(&archive, 999).unwrap().bytes.len(), 1000);
        assert_eq!(unpack(&archive, 10).unwrap().bytes.len(), 11);
    }

    #[test]
    fn what_is_no_archive_of_one_file_is_refused() {
        assert_eq!(unpack(b"", 10), None);
        assert_eq!(unpack(b"Last_Name,Email\n", 10), None);
        let archive = pack("a.csv", b"some text that is long enough");
        assert_eq!(unpack(&archive[..archive.len() - 30], 100), None);
        let mut damaged = archive.clone();
        damaged[40] ^= 0x55;
        assert_eq!(unpack(&damaged, 100), None);
        let mut two = archive;
        let at = two.len() - 12;
        two[at] = 2;
        assert_eq!(unpack(&two, 100), None);
    }

    proptest::proptest! {
        #[test]
        fn what_was_packed_is_unpacked(name in "[a-z]{1,20}\\.csv", bytes: Vec<u8>) {
            let file = unpack(&pack(&name, &bytes), 1 << 20);
            proptest::prop_assert_eq!(file, Some(File { name, bytes }));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, at in 0_usize..200, byte: u8) {
            let _ = unpack(&bytes, 100);
            let mut archive = pack("a.csv", &bytes);
            let at = at % archive.len();
            archive[at] = byte;
            let _ = unpack(&archive, 100);
        }
    }
}
