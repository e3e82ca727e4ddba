//! Finds bytes eight at a time. Cells are short: calling out to a vectorised search for each costs more than it saves.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Where the first `wanted` is.
pub(crate) fn find(wanted: u8, bytes: &[u8]) -> Option<usize> {
    find_either(wanted, wanted, bytes)
}

/// Where the first of two bytes is.
#[inline]
pub(crate) fn find_either(one: u8, other: u8, bytes: &[u8]) -> Option<usize> {
    let (ones, others) = (u64::from(one) * LOW, u64::from(other) * LOW);
    let mut at = 0;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk);
        let hits = zeros(word ^ ones) | zeros(word ^ others);
        if hits != 0 {
            return Some(at + (hits.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    rest.iter()
        .position(|byte| *byte == one || *byte == other)
        .map(|found| at + found)
}

/// Marks the zero bytes of a word in their highest bit. Marks above the first one may be wrong: only the first counts.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_first_of_two_bytes_is_found(bytes: Vec<u8>, one: u8, other: u8) {
            let expected = bytes.iter().position(|byte| *byte == one || *byte == other);
            proptest::prop_assert_eq!(find_either(one, other, &bytes), expected);
        }

        #[test]
        fn a_byte_among_its_neighbours_is_found(bytes in proptest::collection::vec(b'+'..=b'.', 0..40)) {
            proptest::prop_assert_eq!(find(b',', &bytes), bytes.iter().position(|byte| *byte == b','));
        }
    }
}
