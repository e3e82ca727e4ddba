"""Writes files as a well-kept program does, by Python's own csv module (pandas writes by it, too), for the round trip test.

    python3 write_csv.py WORDS SEED

WORDS has a line for each language: its name, a colon, words. Each file is a line of JSON: what it is written with, its rows,
and its bytes in hexadecimal digits. The same seed gives the same files.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sys

# Python's name for an encoding, and the one that a mapping says.
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16le",
    "utf-16-be": "utf-16be",
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1252": "windows-1252",
    "cp1253": "windows-1253",
    "cp1254": "windows-1254",
    "cp1255": "windows-1255",
    "cp1256": "windows-1256",
    "cp1257": "windows-1257",
    "cp1258": "windows-1258",
    "iso8859-2": "iso-8859-2",
    "iso8859-3": "iso-8859-3",
    "iso8859-4": "iso-8859-4",
    "iso8859-5": "iso-8859-5",
    "iso8859-6": "iso-8859-6",
    "iso8859-7": "iso-8859-7",
    "iso8859-8": "iso-8859-8",
    "iso8859-10": "iso-8859-10",
    "iso8859-13": "iso-8859-13",
    "iso8859-14": "iso-8859-14",
    "iso8859-15": "iso-8859-15",
    "iso8859-16": "iso-8859-16",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "mac-roman": "macintosh",
    "mac-latin2": "mac-latin2",
    "mac-cyrillic": "x-mac-cyrillic",
    "mac-turkish": "mac-turkish",
    "cp437": "ibm437",
    "cp850": "ibm850",
    "cp852": "ibm852",
    "cp857": "ibm857",
    "cp866": "ibm866",
    "cp775": "ibm775",
    "gbk": "gbk",
    "gb18030": "gb18030",
    "big5": "big5",
    "shift_jis": "shift_jis",
    "euc_jp": "euc-jp",
    "cp949": "euc-kr",
}
# How many rows files have.
ROWS = (1, 2, 3, 5, 10, 20, 40)
HEADER = ["Last Name", "First Name", "Mailing City", "Title", "Description"]


def dialect(chance: random.Random) -> dict[str, object]:
    """A way of writing that needs no escapes."""
    return {
        "delimiter": chance.choice(",;\t|"),
        "quoting": chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "lineterminator": chance.choice(["\r\n", "\n"]),
    }


def row(number: int, words: list[str], chance: random.Random) -> list[str]:
    """A record whose first value is its own."""
    word = lambda: chance.choice(words)  # noqa: E731
    title = chance.choice(["", word(), f"{word()}, {word()}", f'"{word()}" {word()}', f"{word()}; {word()}", f"{word()}|{number}"])
    text = chance.choice(["", f"{word()} {word()} {word()}.", f"{word()},\n{word()} {word()}", f'{word()} "{word()}"\n\n{word()}'])
    return [f"{word()} {number}", word(), chance.choice([word(), f"{word()}-{word()}", "Leeds"]), title, text]


def written(rows: list[list[str]], how: dict[str, object]) -> str:
    """The text of a file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, **how)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return out.getvalue()


def files(languages: dict[str, list[str]], chance: random.Random):
    """One file after the other: every language in every encoding that has its letters."""
    for python, name in ENCODINGS.items():
        for language, words in languages.items():
            for count in ROWS:
                usable = [word for word in words if fits(word, python)]
                # An encoding that has but some of the letters is not what the language is written in.
                if len(usable) * 10 < len(words) * 9:
                    break
                how = dialect(chance)
                rows = [row(number, usable, chance) for number in range(count)]
                yield {
                    "encoding": name,
                    "language": language,
                    "dialect": how,
                    "rows": rows,
                    "bytes": written(rows, how).encode(python).hex(),
                }


def fits(word: str, encoding: str) -> bool:
    """Whether an encoding has all letters of a word, and gives them back."""
    try:
        return word.encode(encoding).decode(encoding) == word
    except UnicodeError:
        return False


def main() -> None:
    """Writes the files to the standard output."""
    path, seed = sys.argv[1:]
    lines = open(path, encoding="utf-8").read().splitlines()  # noqa: SIM115
    languages = {name: words.split() for name, words in (line.split(": ", 1) for line in lines if ": " in line) if words.strip()}
    for file in files(languages, random.Random(seed)):
        print(json.dumps(file))


if __name__ == "__main__":
    main()
