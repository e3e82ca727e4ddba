//! Recognises an encoding of single bytes by the words that it gives. Certain is only what one encoding alone makes words
//! of: where two that differ both do, or none does, nothing is assumed.

use std::collections::BTreeSet;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::letters::{Fit, judge};
use super::page::Page;

/// The most words that have a say.
const MOST_WORDS: usize = 2_000;

/// Stretches of text with bytes outside ASCII, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(BTreeSet<Vec<u8>>);

impl Words {
    /// Takes the stretches of a text.
    pub(crate) fn add(&mut self, text: &[u8]) {
        let ends = |byte: &u8| {
            matches!(
                byte,
                b'\n'
                    | b'\r'
                    | b'\t'
                    | b' '
                    | b','
                    | b';'
                    | b'|'
                    | b'"'
                    | b'@'
                    | b'/'
                    | b'-'
                    | b'\''
                    | b'.'
                    | b'('
                    | b')'
                    | b':'
            )
        };
        for word in text.split(ends) {
            if self.0.len() >= MOST_WORDS {
                return;
            }
            if !word.is_ascii() && word.len() <= 80 {
                self.0.insert(word.to_vec());
            }
        }
    }
}

impl Words {
    /// What a browser would take them for. That proves nothing.
    pub(crate) fn suggestion(&self) -> Option<String> {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        for word in &self.0 {
            detector.feed(word, false);
            detector.feed(b"\n", false);
        }
        detector.feed(b"", true);
        let guess = detector.guess(None, Utf8Detection::Deny);
        (guess != encoding_rs::WINDOWS_1252).then(|| guess.name().to_ascii_lowercase())
    }
}

struct EncodingCandidate {
    name: &'static str,
    languages: &'static [&'static str],
    /// Whether it is read where it is certain; else the mapping has to name it.
    is_read: bool,
}

const fn read(name: &'static str, languages: &'static [&'static str]) -> EncodingCandidate {
    EncodingCandidate {
        name,
        languages,
        is_read: true,
    }
}

const fn named(name: &'static str, languages: &'static [&'static str]) -> EncodingCandidate {
    EncodingCandidate {
        name,
        languages,
        is_read: false,
    }
}

const WESTERN: &[&str] = &[
    "German",
    "French",
    "Spanish",
    "Portuguese",
    "Italian",
    "Dutch",
    "Swedish",
    "Danish",
    "Norwegian",
    "Finnish",
    "Icelandic",
    "Catalan",
    "Estonian",
];
const CENTRAL: &[&str] = &[
    "Polish",
    "Czech",
    "Slovak",
    "Hungarian",
    "Slovenian",
    "Croatian",
    "Romanian",
    "German",
];
const BALTIC: &[&str] = &["Lithuanian", "Latvian", "Estonian", "Polish"];
const SLAVIC: &[&str] = &["Russian", "Bulgarian", "Ukrainian", "Macedonian"];

/// In the order of preference where they give the same text.
const CANDIDATES: [EncodingCandidate; 27] = [
    read("windows-1252", WESTERN),
    read("windows-1250", CENTRAL),
    read("windows-1254", &["Turkish"]),
    read("windows-1257", BALTIC),
    read("windows-1251", SLAVIC),
    read("windows-1253", &["Greek"]),
    read("windows-1255", &["Hebrew"]),
    read("windows-1256", &["Arabic"]),
    read("iso-8859-15", WESTERN),
    read("iso-8859-2", CENTRAL),
    read("iso-8859-13", BALTIC),
    read("iso-8859-4", BALTIC),
    read(
        "iso-8859-16",
        &["Romanian", "Polish", "Hungarian", "Slovenian", "Croatian"],
    ),
    read("iso-8859-5", SLAVIC),
    read("iso-8859-7", &["Greek"]),
    read("koi8-r", &["Russian"]),
    read("koi8-u", &["Ukrainian", "Russian"]),
    named("macintosh", WESTERN),
    named("mac-latin2", CENTRAL),
    named("mac-turkish", &["Turkish"]),
    named("x-mac-cyrillic", SLAVIC),
    named("ibm850", WESTERN),
    named("ibm437", WESTERN),
    named("ibm852", CENTRAL),
    named("ibm857", &["Turkish"]),
    named("ibm775", BALTIC),
    named("ibm866", SLAVIC),
];

/// What words say about their encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// It is this one, for certain.
    Certain(Page),
    /// It may be any of these, which differ, or is one that is only read by name.
    Open(Vec<&'static str>),
    /// No encoding of single bytes makes words of it.
    None,
}

struct Tried {
    candidate: &'static EncodingCandidate,
    page: Page,
    text: Vec<String>,
    is_likely: bool,
}

/// What the words say.
pub(crate) fn recognise(words: &Words) -> Recognised {
    let tried: Vec<Tried> = CANDIDATES
        .iter()
        .filter_map(|candidate| tried(candidate, words))
        .collect();
    let Some(best) = tried.iter().find(|tried| tried.is_likely) else {
        return match tried.as_slice() {
            [] => Recognised::None,
            _ => Recognised::Open(tried.iter().map(|tried| tried.candidate.name).collect()),
        };
    };
    let is_rival = |other: &&Tried| other.text != best.text;
    if best.candidate.is_read && !tried.iter().any(|other| is_rival(&other)) {
        return Recognised::Certain(best.page);
    }
    let mut names = vec![best.candidate.name];
    names.extend(tried.iter().filter(is_rival).map(|tried| tried.candidate.name));
    Recognised::Open(names)
}

/// What an encoding makes of the words; `None` where they are none.
fn tried(candidate: &'static EncodingCandidate, words: &Words) -> Option<Tried> {
    let page = Page::named(candidate.name)?;
    let (mut text, mut good, mut bad) = (Vec::new(), 0, 0);
    let all = words.0.len();
    for word in &words.0 {
        let word = page.text_of(word);
        match word
            .as_deref()
            .map_or(Fit::None, |word| judge(word, candidate.languages))
        {
            Fit::Good => good += 1,
            Fit::Rare => {}
            Fit::None => bad += 1,
        }
        // A name in a hundred is of nowhere.
        if bad * 20 > all {
            return None;
        }
        text.push(word.unwrap_or_default());
    }
    Some(Tried {
        candidate,
        page,
        text,
        is_likely: good * 2 > all,
    })
}

/// Whether words of one row are of another encoding than the file's: no words in this, but in another one.
pub(crate) fn is_foreign(words: &Words, page: Page) -> bool {
    let languages = |candidate: &&EncodingCandidate| candidate.name == page.name();
    let own = CANDIDATES
        .iter()
        .find(languages)
        .map_or(WESTERN, |candidate| candidate.languages);
    let fits_own = |word: &Vec<u8>| page.text_of(word).is_some_and(|text| judge(&text, own) > Fit::None);
    let strange = Words(words.0.iter().filter(|word| !fits_own(word)).cloned().collect());
    let is_utf8 = |word: &Vec<u8>| std::str::from_utf8(word).is_ok();
    !strange.0.is_empty() && (strange.0.iter().all(is_utf8) || !matches!(recognise(&strange), Recognised::None))
}
