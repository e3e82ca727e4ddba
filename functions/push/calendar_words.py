"""Writes src/map/coerce/calendar_words.rs: the names of months, weekdays and half-days from CLDR, by way of Babel.

    python3 -m venv /tmp/babel && /tmp/babel/bin/pip install Babel==2.17.0
    /tmp/babel/bin/python functions/push/calendar_words.py > functions/push/src/map/coerce/calendar_words.rs
    cargo fmt
"""

import json
import subprocess
import sys
import unicodedata

# Babel 2.17 has the data of CLDR 46.
SOURCE = "CLDR 46, by way of Babel 2.17.0"
# The languages of Bigin's user interface, and those that its users' files are likely to be in besides.
LANGUAGES = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv mr ms nb nl pl pt ro ru sk sl sr sv ta te th tr uk vi zh "
    "zh_Hant"
).split()


def folded(name: str) -> str:
    """As `calendar::fold` reads a word: small letters, no dots, no accents on letters of alphabets, one kind of blank."""
    text = unicodedata.normalize("NFD", name.lower().replace("ı", "i").replace("’", "'"))
    text = "".join(c for c in text if not 0x300 <= ord(c) <= 0x36F and unicodedata.category(c) != "Cf")
    text = unicodedata.normalize("NFC", text)
    return " ".join(text.replace(".", "").split())


def of(language: str) -> dict:
    """The words of one language."""
    from babel import Locale

    locale = Locale.parse(language)

    def names(table, keys):
        rows = []
        for key in keys:
            found = []
            for context in ("format", "stand-alone"):
                for width in ("wide", "abbreviated"):
                    word = folded(table.get(context, {}).get(width, {}).get(key, ""))
                    # Months that are numbers are read as numbers.
                    if word and not any(c.isdecimal() for c in word) and word not in found:
                        found.append(word)
            rows.append(found)
        return rows

    halves = []
    for half in ("am", "pm"):
        words = {folded(locale.day_periods["format"][width].get(half, "")) for width in ("wide", "abbreviated")}
        halves.append(sorted(word.replace(" ", "") for word in words if word))
    return {
        "months": names(locale.months, range(1, 13)),
        "days": names(locale.days, range(7)),
        "halves": halves,
        "decimal": locale.number_symbols["latn"]["decimal"],
    }


def main() -> None:
    """Each language in a process of its own: Babel mixes up what one language takes over from another."""
    print("//! The words of calendars and clocks in many languages. Made by `calendar_words.py` from")
    print(f"//! {SOURCE}; not to be edited by hand.")
    print()
    print("use super::calendar::Language;")
    print()
    print("/// By language, in the form that `calendar::fold` gives a word.")
    print("pub(super) const LANGUAGES: &[Language] = &[")
    for language in LANGUAGES:
        told = json.loads(subprocess.run([sys.executable, __file__, language], capture_output=True, check=True, text=True).stdout)
        rows = {key: ", ".join(json.dumps("|".join(words), ensure_ascii=False) for words in told[key]) for key in ("months", "days", "halves")}
        print(
            f"    Language {{ code: {json.dumps(language.replace('_', '-'))}, decimal: {told['decimal']!r}, "
            f"months: [{rows['months']}], days: [{rows['days']}], halves: [{rows['halves']}] }},"
        )
    print("];")


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(of(sys.argv[1])))
    else:
        main()
