//! Changes an input at random.

use fastrand::Rng;

/// No input grows beyond this.
pub const LARGEST: usize = 4096;

/// What formats are made of, and what confuses them.
const PIECES: [&str; 44] = [
    "\"",
    "\"\"",
    "'",
    ",",
    ";",
    "\t",
    "|",
    "\r\n",
    "\n",
    "\r",
    "{",
    "}",
    "[",
    "]",
    ":",
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "18446744073709551616",
    "0.1",
    "\\u0000",
    "\\ud800",
    "\\",
    "\u{feff}",
    "\0",
    "é",
    "🎉",
    "\u{202e}",
    "=",
    "=1+1",
    "@",
    "[[",
    "]]",
    "#",
    "\"\"\"",
    "sep=;",
    "../",
    "%2e%2e/",
    "<html>",
    "9999-12-31T23:59:60Z",
    "-0001-01-01",
    " ",
];

/// A changed copy of one of the inputs.
pub fn mutated(corpus: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut input = random.choice(corpus).unwrap().clone();
    for _ in 0..=random.usize(..4) {
        change(&mut input, corpus, random);
    }
    input.truncate(LARGEST);
    input
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Rng) {
    let at = random.usize(..=input.len());
    let end = (at + random.usize(..=16)).min(input.len());
    match random.u8(..9) {
        0 => {
            input.drain(at..end);
        }
        1 => input.insert(at, random.u8(..)),
        2 if at < input.len() => input[at] ^= 1 << random.u8(..8),
        3 if at < input.len() => input[at] = random.u8(..),
        4 => {
            let again = input[at..end].repeat(1 + random.usize(..8));
            splice(input, at, &again);
        }
        5 => {
            let other = random.choice(corpus).unwrap();
            let from = random.usize(..=other.len());
            let to = (from + random.usize(..=64)).min(other.len());
            splice(input, at, &other[from..to]);
        }
        6 => {
            // A number becomes another one.
            if let Some(at) = input.iter().position(u8::is_ascii_digit) {
                input[at] = b'0' + random.u8(..10);
            }
        }
        _ => splice(input, at, random.choice(PIECES).unwrap().as_bytes()),
    }
}

fn splice(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
}
