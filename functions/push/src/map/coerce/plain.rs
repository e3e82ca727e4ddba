//! Looks at all bytes of a text, eight at a time: nearly every cell has nothing in it that any rule would take notice of.

use super::twice::may_be_read_twice;

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGHEST: u64 = 0x80 * EACH;

/// Whether every character of a text is seen, is no mark upon another, has one form alone and stands for itself in JSON, in
/// HTML and in any other notation. Blanks are plain ones.
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    of_words(bytes, odd) & HIGHEST == 0 || is_plain_byte_by_byte(bytes) && !may_be_read_twice(bytes)
}

/// A byte that belongs to a plain character; that is a letter of ASCII; with which a Cyrillic letter begins.
const PLAIN: u8 = 1;
const LATIN: u8 = 2;
const CYRILLIC: u8 = 4;
const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = u8::MAX;
    loop {
        classes[byte as usize] = if is_seen(byte) && !is_sign(byte) { PLAIN } else { 0 }
            | if byte.is_ascii_alphabetic() { LATIN } else { 0 }
            | if matches!(byte, 0xD0 | 0xD1) { CYRILLIC } else { 0 };
        if byte == 0 {
            return classes;
        }
        byte -= 1;
    }
}

/// Whether all bytes are those of plain characters, and no Latin letters stand among Cyrillic ones that may look like them.
fn is_plain_byte_by_byte(bytes: &[u8]) -> bool {
    let classes = bytes.iter().map(|byte| CLASSES[usize::from(*byte)]);
    let (all, any) = classes.fold((u8::MAX, 0), |(all, any), class| (all & class, any | class));
    all & PLAIN != 0 && any & (LATIN | CYRILLIC) != LATIN | CYRILLIC
}

/// Whether a byte stands in JSON or in some notation for more than itself, or in the place of a letter that was lost.
const fn is_sign(byte: u8) -> bool {
    matches!(byte, b'"' | b'%' | b'&' | b'<' | b'?' | b'\\' | b'_' | b'}')
}

/// Marks the signs of a word, what is not seen, what is not ASCII, and some neighbours of the signs: each of `$%&'`, `<=>?`
/// and `\]^_` has all but two bits in common, and from `|` on all are marked. No mark means that there is nothing of the kind.
fn odd(word: u64) -> u64 {
    let is_control = word.wrapping_sub(0x20 * EACH);
    let is_bar_or_above = word | word.wrapping_add(4 * EACH);
    let but_two_bits = word & (0xFC * EACH);
    let is_of_four = has(but_two_bits, b'$') | has(but_two_bits, b'<') | has(but_two_bits, b'\\');
    is_control | is_bar_or_above | has(word, b'"') | is_of_four
}

/// Whether a byte belongs to a character that is seen, is no blank but the plain one and no mark upon another, and has one
/// form alone: ASCII, Latin letters (U+00C0 to U+02FF), Cyrillic ones (to U+047F) and ideographs (U+4000 to U+9FFF).
pub(super) const fn is_seen(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7E | 0x80..=0xBF | 0xC3..=0xCB | 0xD0 | 0xD1 | 0xE4..=0xE9)
}

/// Marks a byte of the word that is the wanted one in its highest bit; above the first, other bytes may be marked, too.
fn has(word: u64, wanted: u8) -> u64 {
    let zeros = word ^ (u64::from(wanted) * EACH);
    zeros.wrapping_sub(EACH) & !zeros
}

/// What all words of the bytes have; some bytes may be in two words, and blanks fill a word up.
#[inline]
fn of_words(bytes: &[u8], of: impl Fn(u64) -> u64) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let seen = words.iter().fold(0, |seen, word| seen | of(u64::from_le_bytes(*word)));
    if rest.is_empty() {
        return seen;
    }
    let last = match (bytes.last_chunk::<8>(), rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        (Some(last), ..) => u64::from_le_bytes(*last),
        (None, Some(front), Some(back)) => {
            u64::from(u32::from_le_bytes(*front)) | u64::from(u32::from_le_bytes(*back)) << 32
        }
        _ => rest.iter().fold(0x20 * EACH, |word, byte| word << 8 | u64::from(*byte)),
    };
    seen | of(last)
}

#[cfg(test)]
mod tests {
    use super::super::doubt::may_mix_scripts;
    use super::*;

    proptest::proptest! {
        #[test]
        fn eight_bytes_at_a_time_say_what_each_of_them_says(text in "[ -~]{0,20}[\\x00-\\x7F]?[ -~äЖ字]{0,20}[\\x00-\\x7Fé«]?") {
            let each = text.bytes().all(|byte| is_seen(byte) && !is_sign(byte));
            let each = each && !may_be_read_twice(text.as_bytes()) && !may_mix_scripts(text.as_bytes());
            proptest::prop_assert_eq!(is_plain(&text), each, "{:?}", text);
        }
    }
}
