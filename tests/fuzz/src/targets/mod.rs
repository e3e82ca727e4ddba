//! What is fuzzed.

mod decode;
mod keys;
mod mapping;
mod oauth;
mod payloads;
mod zoho;

use std::hash::{DefaultHasher, Hash, Hasher};

pub use decode::{Json, Tables};
pub use keys::Keys;
pub use mapping::Mappings;
pub use oauth::Oauth;
pub use payloads::Payloads;
pub use zoho::Zoho;

/// A number for a kind of answer.
fn kind(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Orders of magnitude: two inputs that differ in a count alone get an answer of the same kind.
fn size(of: usize) -> u32 {
    of.checked_ilog2().map_or(0, |log| log + 1)
}

/// A text without its numbers and quoted parts.
fn wording(text: &str) -> String {
    let parts = text.split('"').step_by(2);
    parts
        .flat_map(str::chars)
        .filter(|c| c.is_ascii_alphabetic() || *c == ' ')
        .take(80)
        .collect()
}

fn seeds(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
