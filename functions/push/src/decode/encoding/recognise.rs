//! Recognises an encoding of single bytes by the words that it gives. Certain is only what one encoding alone makes words
//! of: where two that differ both do, or none does, nothing is assumed.

use std::collections::BTreeSet;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::code_page::CodePage;
use super::letters::{Fit, LOOSE_NAMES, are_of_alphabet, is_romanised, judge};

/// The most words that have a say.
const MOST_WORDS: usize = 2_000;

/// Fewer words must all be of one language.
const MANY_WORDS: usize = 8;

/// Fewer letters outside ASCII, each counted once, prove the most usual encoding alone.
const FEWEST_LETTERS: usize = 3;

/// Stretches of text with bytes outside ASCII, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordSet(BTreeSet<Vec<u8>>);

impl WordSet {
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

impl WordSet {
    /// Whether the bytes outside ASCII come in twos everywhere, as East Asian encodings have them.
    fn are_pairs(&self) -> bool {
        self.0.iter().all(|word| {
            let runs = word.split(u8::is_ascii).filter(|run| !run.is_empty());
            runs.into_iter()
                .all(|run| run.len() % 2 == 0 && run.iter().all(|byte| *byte > 0xa0))
        })
    }

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

/// What programs of one country and the next write, with most letters in the same places.
const NEIGHBOURS: [&str; 4] = ["windows-1252", "windows-1250", "windows-1254", "windows-1257"];

/// In the order of preference where they give the same text.
const CANDIDATES: [EncodingCandidate; 28] = [
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
    // Of these languages only the letters are known: enough for a doubt.
    named("windows-1252", &LOOSE_NAMES),
];

/// What words say about their encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// It is this one, for certain.
    Certain(CodePage),
    /// It may be any of these, which differ, or is one that is only read by name.
    Open(Vec<&'static str>),
    /// No encoding of single bytes makes words of it.
    None,
}

/// What one encoding makes of the words.
struct Interpretation {
    candidate: &'static EncodingCandidate,
    page: CodePage,
    text: Vec<Option<String>>,
    /// What each word is in any of its languages, ...
    fits: Vec<Fit>,
    /// ... and in each of them.
    by_language: Vec<Vec<Fit>>,
}

impl Interpretation {
    fn new(candidate: &'static EncodingCandidate, words: &WordSet) -> Option<Self> {
        let page = CodePage::named(candidate.name)?;
        let text: Vec<Option<String>> = words.0.iter().map(|word| page.text_of(word)).collect();
        let in_language = |language: &&'static str| -> Vec<Fit> {
            let fit = |word: &Option<String>| word.as_deref().map_or(Fit::None, |word| judge(word, &[*language]));
            text.iter().map(fit).collect()
        };
        let by_language: Vec<Vec<Fit>> = candidate.languages.iter().map(in_language).collect();
        let fits = (0..text.len())
            .map(|word| by_language.iter().map(|fits| fits[word]).max().unwrap_or(Fit::None))
            .collect();
        Some(Self {
            candidate,
            page,
            text,
            fits,
            by_language,
        })
    }

    /// Whether nearly all are words. A name in a hundred is of nowhere.
    fn is_possible(&self) -> bool {
        count(&self.fits, Fit::None) * 20 <= self.fits.len()
    }

    /// Whether words look like this: in one language, but for the West, whose names go from one country to the next.
    fn is_likely(&self) -> bool {
        let is_likely =
            |fits: &Vec<Fit>| count(fits, Fit::None) * 20 <= fits.len() && count(fits, Fit::Good) * 2 > fits.len();
        let is_mixed = self.candidate.languages == WESTERN && self.fits.len() >= MANY_WORDS && is_likely(&self.fits);
        is_mixed || self.by_language.iter().any(is_likely)
    }

    /// Whether the words may just as well be these: most in one language, and one of them another word there. Less is asked
    /// than of what is believed.
    fn is_rival_of(&self, best: &Self) -> bool {
        let differs = |word: usize, fits: &[Fit]| fits[word] > Fit::None && self.text[word] != best.text[word];
        self.by_language
            .iter()
            .any(|fits| count(fits, Fit::None) * 4 <= fits.len() && (0..fits.len()).any(|word| differs(word, fits)))
    }

    /// What the words are in the language that most of them are like.
    fn main_language(&self) -> Option<&Vec<Fit>> {
        let all = self.by_language.iter().rev();
        all.max_by_key(|fits| count(fits, Fit::Good))
    }

    /// Whether names of another country may be these: both encodings give the same letters in most of the words, as they do in
    /// German ones. Then the few that differ decide, and of those the ones that are no words of the main language, `Mâori`
    /// among German ones.
    fn has_other_names_than(&self, best: &Self) -> bool {
        let Some(at_home) = best.main_language() else {
            return false;
        };
        let differing = || (0..self.text.len()).filter(|word| self.text[*word] != best.text[*word]);
        let may_be = |word: &usize| self.fits[*word] > Fit::None || self.may_be_name(*word);
        let mut foreign = differing().filter(|word| at_home[*word] == Fit::None).peekable();
        foreign.peek().is_some()
            && foreign.all(|word| may_be(&word))
            && differing().filter(|word| !may_be(word)).count() * 4 <= differing().count()
    }

    /// Whether a word that is like none of its languages may be a name: a romanised one with long vowels, or one with letters that
    /// Turkish or Hungarian alone has.
    fn may_be_name(&self, word: usize) -> bool {
        let text = self.text[word].as_deref();
        text.is_some_and(|text| match self.candidate.name {
            "windows-1257" => is_romanised(text),
            "windows-1254" => are_of_alphabet(text, "Turkish"),
            "windows-1250" => text.contains(['ő', 'Ő', 'ű', 'Ű']) && are_of_alphabet(text, "Hungarian"),
            _ => false,
        })
    }
}

fn count(fits: &[Fit], wanted: Fit) -> usize {
    fits.iter().filter(|fit| **fit == wanted).count()
}

/// What the words say.
pub(crate) fn recognise(words: &WordSet) -> Recognised {
    let readings: Vec<Interpretation> = CANDIDATES
        .iter()
        .filter_map(|candidate| Interpretation::new(candidate, words))
        .collect();
    let names = |names: Vec<&'static str>| {
        let mut all: Vec<&'static str> = Vec::new();
        for name in names {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        Recognised::Open(all)
    };
    let Some(best) = readings.iter().find(|reading| reading.is_likely()) else {
        let possible = readings.iter().filter(|reading| reading.is_possible());
        let possible: Vec<_> = possible.map(|reading| reading.candidate.name).collect();
        return if possible.is_empty() {
            Recognised::None
        } else {
            names(possible)
        };
    };
    let is_rival = |reading: &&Interpretation| {
        reading.is_rival_of(best)
            || NEIGHBOURS.contains(&reading.candidate.name)
                && reading.candidate.is_read
                && reading.has_other_names_than(best)
    };
    let rivals = readings.iter().filter(is_rival);
    let mut rivals: Vec<_> = rivals.map(|reading| reading.candidate.name).collect();
    if words.are_pairs() {
        rivals.extend(["gbk", "big5", "euc-kr"]);
    }
    if best.candidate.is_read && rivals.is_empty() && !are_of_few_letters(best) {
        return Recognised::Certain(best.page);
    }
    rivals.insert(0, best.candidate.name);
    names(rivals)
}

/// Whether some of a row's words are none in the file's encoding: nobody can say what they are.
pub(crate) fn is_foreign(words: &WordSet, page: CodePage) -> bool {
    let languages = |candidate: &&EncodingCandidate| candidate.name == page.name();
    let own = CANDIDATES
        .iter()
        .find(languages)
        .map_or(WESTERN, |candidate| candidate.languages);
    let fits_own = |word: &Vec<u8>| page.text_of(word).is_some_and(|text| judge(&text, own) > Fit::None);
    !words.0.iter().all(fits_own)
}

/// Whether words have so few letters outside ASCII that one letter of another language may stand for each: only the most
/// usual encoding is believed then.
fn are_of_few_letters(reading: &Interpretation) -> bool {
    let letters = reading.text.iter().flatten().flat_map(|word| word.chars());
    let letters: BTreeSet<char> = letters.filter(|c| !c.is_ascii()).flat_map(char::to_lowercase).collect();
    reading.candidate.name != CANDIDATES[0].name && letters.len() < FEWEST_LETTERS
}
