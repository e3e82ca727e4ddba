//! Whether words are at home in a language: the second check of an encoding that was guessed.

use super::table::LANGUAGES;

/// A language that letters outside ASCII are known of.
#[derive(Debug)]
pub(super) struct Alphabet {
    /// Its English name.
    pub name: &'static str,
    /// Its letters beside a to z, in small letters.
    pub letters: &'static [Letter],
}

/// A letter, and what stands before and behind it in words.
#[derive(Debug)]
pub(super) struct Letter {
    pub character: char,
    /// Usual neighbours: before, behind.
    pub common: [u64; 2],
    /// All neighbours that were seen.
    pub seen: [u64; 2],
}

/// Too few words of this language are known to rule neighbours out. So the language stays a rival of others.
/// It is chosen itself where half of the words are like its own.
const THIN: &str = "Estonian";

/// What a word or a stretch of text is in some languages. The least is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// No language has it.
    None,
    /// It may be.
    Rare,
    /// Words look like this.
    Good,
}

/// What text is in the languages of these names.
pub(super) fn judge(text: &str, languages: &[&str]) -> Fit {
    let letters: Vec<char> = text.chars().collect();
    let mut fit = marks(&letters);
    let mut at = 0;
    while at < letters.len() && fit > Fit::None {
        let len = letters[at..].iter().take_while(|c| is_letter(**c)).count();
        let word = &letters[at..at + len];
        if word.iter().any(|c| !c.is_ascii()) {
            let touches_digit = at.checked_sub(1).is_some_and(|before| letters[before].is_ascii_digit())
                || letters.get(at + len).is_some_and(char::is_ascii_digit);
            let of_word = if touches_digit { Fit::Rare } else { Fit::Good };
            fit = fit.min(of_word).min(judge_word(word, languages));
        }
        at += len.max(1);
    }
    fit
}

/// º and ª are signs of numbers, although Unicode has them among the letters.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !matches!(c, 'º' | 'ª' | 'ˆ')
}

/// Languages of which the letters alone are known.
const LOOSE: [(&str, &str); 8] = [
    ("Albanian", "ëç"),
    ("Luxembourgish", "äëéèêïöüçûîâô"),
    ("Welsh", "âêîôûïëöäáéíóúàèìòù"),
    ("Gaelic", "àèìòùáéó"),
    ("Irish", "áéíóú"),
    ("Galician", "áéíóúñüï"),
    ("Breton", "ñêùâôéüà"),
    ("Afrikaans", "êëïôûîéèáóöüä"),
];
pub(super) const LOOSE_NAMES: [&str; 8] = [
    LOOSE[0].0, LOOSE[1].0, LOOSE[2].0, LOOSE[3].0, LOOSE[4].0, LOOSE[5].0, LOOSE[6].0, LOOSE[7].0,
];

/// Whether all letters of a text are those of a language, wherever they stand.
pub(super) fn are_of_alphabet(text: &str, language: &str) -> bool {
    let letters = LANGUAGES
        .iter()
        .find(|known| known.name == language)
        .map(|known| known.letters);
    let is_known = |c: char| {
        let c = small(c);
        c.is_ascii() || letters.is_some_and(|letters| letters.iter().any(|letter| letter.character == c))
    };
    text.chars().all(is_known)
}

/// Whether a word is written as Japanese, Maori and others are in Latin letters: syllables that end in a vowel, or in `n`, and
/// lines above long vowels.
pub(super) fn is_romanised(word: &str) -> bool {
    const LONG: &str = "āēīōū";
    let word = word.to_lowercase();
    let is_vowel = |c: char| "aeiou".contains(c) || LONG.contains(c);
    let begins_syllable = |run: &str| {
        let bare = run.strip_suffix('y').filter(|bare| !bare.is_empty()).unwrap_or(run);
        matches!(bare, "" | "ch" | "sh" | "ts" | "ng" | "wh") || bare.len() == 1 && "kgsztdnhbpmrwjfy".contains(bare)
    };
    let mut runs: Vec<&str> = word.split(is_vowel).collect();
    let last = runs.pop().unwrap_or_default();
    word.contains(|c| LONG.contains(c))
        && matches!(last, "" | "n")
        && runs
            .iter()
            .enumerate()
            .all(|(place, run)| begins_syllable(run) || place > 0 && run.strip_prefix('n').is_some_and(begins_syllable))
}

fn judge_word(word: &[char], languages: &[&str]) -> Fit {
    if !is_cased_well(word) {
        return Fit::None;
    }
    let small: Vec<char> = word.iter().map(|c| small(*c)).collect();
    if let [language] = languages
        && let Some((_, letters)) = LOOSE.iter().find(|(name, _)| name == language)
    {
        let is_known = small.iter().all(|c| c.is_ascii() || letters.contains(*c));
        return if is_known { Fit::Rare } else { Fit::None };
    }
    let known = LANGUAGES.iter().filter(|language| languages.contains(&language.name));
    known
        .map(|language| in_language(&small, language))
        .max()
        .unwrap_or(Fit::None)
}

fn small(c: char) -> char {
    match c {
        'İ' => 'i',
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

/// All small, all capital, or a capital before small ones; capitals of ASCII may follow small letters, as in `McDonald`.
fn is_cased_well(word: &[char]) -> bool {
    let mut capitals = 0;
    for (place, c) in word.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| word[before]);
        if c.is_uppercase() {
            if before.is_some_and(|before| before.is_lowercase() && before != 'ß' && !(c.is_ascii() && place > 1)) {
                return false;
            }
            capitals += 1;
        } else if c.is_lowercase() && capitals > 1 && *c != 'ß' {
            return false;
        }
    }
    true
}

fn in_language(word: &[char], language: &Alphabet) -> Fit {
    let mut fit = Fit::Good;
    for (place, c) in word.iter().enumerate() {
        if c.is_ascii_lowercase() {
            continue;
        }
        // But for a few places, no word ends so; an apostrophe of another encoding does.
        if *c == 'ÿ' && place + 1 == word.len() {
            return Fit::None;
        }
        let Some(letter) = language.letters.iter().find(|letter| letter.character == *c) else {
            return Fit::None;
        };
        let before = place.checked_sub(1).map(|before| word[before]);
        let behind = word.get(place + 1).copied();
        for (side, neighbour) in [before, behind].into_iter().enumerate() {
            let Some(bit) = bit(neighbour, language) else {
                return Fit::None;
            };
            if letter.seen[side] & bit == 0 && language.name != THIN {
                return Fit::None;
            }
            if letter.common[side] & bit == 0 {
                fit = Fit::Rare;
            }
        }
    }
    fit
}

/// The bit of a neighbour in a mask; of the word's edge where there is none.
fn bit(neighbour: Option<char>, language: &Alphabet) -> Option<u64> {
    let place = match neighbour {
        None => 0,
        Some(c @ 'a'..='z') => 1 + (c as usize - 'a' as usize),
        Some(c) => 27 + language.letters.iter().position(|letter| letter.character == c)?,
    };
    Some(1 << place)
}

/// What the signs among the letters are: where they stand where such signs stand.
fn marks(text: &[char]) -> Fit {
    let mut fit = Fit::Good;
    for (place, c) in text.iter().enumerate() {
        if c.is_ascii() || is_letter(*c) {
            continue;
        }
        let after_letter = place.checked_sub(1).is_some_and(|before| is_letter(text[before]));
        let before_letter = text.get(place + 1).is_some_and(|next| is_letter(*next));
        let allowed = match c {
            '\u{a0}' | '´' | '–' | '—' if after_letter && before_letter => Fit::Rare,
            '’' | '‘' | '·' | '\u{ad}' | '\u{a0}' | '´' | '–' | '—' | '•' => Fit::Good,
            '§' | '£' | '€' | '©' | '×' | '±' | '½' | '¼' | '¾' | 'µ' if !after_letter && !before_letter => {
                Fit::Good
            }
            '…' | '™' | '®' | '°' | 'º' | 'ª' | '”' | '»' | '²' | '³' if !before_letter => Fit::Good,
            '“' if !(after_letter && before_letter) => Fit::Good,
            '„' | '‚' | '«' | '¿' | '¡' if !after_letter => Fit::Good,
            _ => return Fit::None,
        };
        fit = fit.min(allowed);
    }
    fit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn romanised_words_are_told_by_their_syllables() {
        for word in [
            "Māori", "Tāne", "Whānau", "Pākehā", "Tōkyō", "Ōsaka", "Kyūshū", "Shōgun", "Rōnin", "Gen'ō",
        ] {
            assert_eq!(is_romanised(word), !word.contains('\''), "{word}");
        }
        for word in [
            "Franēois",
            "Benoīt",
            "Hōtel",
            "Cōte",
            "Rhōne",
            "Tokyo",
            "Müller",
            "Drōme",
            "Rīgas",
        ] {
            assert!(!is_romanised(word), "{word}");
        }
    }
}
