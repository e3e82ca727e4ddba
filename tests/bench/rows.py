"""The rows that are pushed: contacts as an export of a shop has them, the same in every run."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

from .places import DATA

HEADER = (
    "First Name,Last Name,Email,Phone,Mobile,Title,Mailing Street,Mailing City,Mailing Zip,Mailing Country,Birthday,Loyalty Points,Remarks"
)

# The API names that the columns above go to, for the peer and the floor program: they take names as they are.
FIELDS = [
    "First_Name",
    "Last_Name",
    "Email",
    "Phone",
    "Mobile",
    "Title",
    "Mailing_Street",
    "Mailing_City",
    "Mailing_Zip",
    "Mailing_Country",
    "Birthday",
    "Loyalty_Points",
    "Remarks",
]

_FIRST = ["Ann", "Priya", "Jürgen", "Oluwaseun", "Mei", "Łukasz", "Sofía", "Tom"]
_LAST = ["Rao", "Ivanova", "Müller", "Adeyemi", "Chen", "Nowak", "García", "Smith", "O'Brien"]
_CITIES = ["Pune", "Sofia", "Köln", "Lagos", "Chengdu", "Łódź", "Sevilla", "Leeds"]
_COUNTRIES = ("India", "Bulgaria", "Germany", "Nigeria", "China", "Poland", "Spain", "United Kingdom")
_REMARKS = ("none", '"Met at the fair, wants a quote"', "Asked for the new price list", "", '"Says ""later"""')


def row(number: int) -> str:
    """One row, with an e-mail address of its own."""
    at = number % 8
    return (
        f"{_FIRST[at]},{_LAST[number % 9]} {number},{_FIRST[at % 2].lower()}.{number:07d}@example.com,+49 30 {number % 10_000_000:07d},,"
        f"Buyer,Hill Road {number % 300},{_CITIES[at]},{10_000 + number % 80_000},{_COUNTRIES[at]},"
        f"19{50 + number % 50}-{1 + number % 12:02d}-{1 + number % 28:02d},{number % 5_000},{_REMARKS[number % 5]}"
    )


def lines(count: int) -> Iterator[str]:
    """The whole file, line by line."""
    yield HEADER + "\n"
    for number in range(count):
        yield row(number) + "\n"


@functools.cache
def file(count: int) -> Path:
    """A file of that many rows, written anew in each run."""
    path = DATA / f"{count}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        out.writelines(lines(count))
    return path


def message(number: int) -> str:
    """A queue message with one record."""
    record = {"Last_Name": f"Rao {number}", "Email": f"message.{number:07d}@example.com"}
    return json.dumps({"module": "Contacts", "record": record})
