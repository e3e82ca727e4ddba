"""The rooms of each crate, its first-level modules: none uses another that uses it, and those of push and pull keep to the
order of the table in their lib.rs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .places import ROOT
from .processes import Failed

# Each crate that is deployed, or that others rest on, and the two of the tests that are as large.
CRATES = (
    "functions/authorize",
    "functions/pull",
    "functions/push",
    "functions/refresh",
    "functions/revoke",
    "operator",
    "shared",
    "shared/bigin",
    "tests/interleavings",
    "tests/sandbox",
)
ORDERED = ("functions/pull", "functions/push")

_USE = r"(?<![\w:]){root}::(?:\{{([^}}]*)\}}|([a-z_]+))"
_NAME = re.compile(r"(?:^|,)\s*([a-z_]+)(?=::|\s*,|\s*$)")
_ROW = re.compile(r"^//! \| \[`([a-z_]+)`\]", re.M)


def kept() -> str:
    """Fails where rooms use each other in a circle, or against the documented order. Answers with what was looked at."""
    wrong = []
    for crate in CRATES:
        arrows = _arrows(ROOT / crate / "src")
        circle = _circle(arrows)
        if circle:
            wrong.append(f"{crate}: these rooms use each other in a circle: {' -> '.join(circle)}")
        if crate in ORDERED:
            wrong += [f"{crate}: {line}" for line in _against_the_order(arrows, ROOT / crate / "src" / "lib.rs")]
    if wrong:
        raise Failed("the rooms are not in order:\n  " + "\n  ".join(wrong))
    return f"no circle between the rooms of {', '.join(CRATES)}"


def _arrows(source: Path) -> dict[str, set[str]]:
    """Which room uses which others, tests left out."""
    arrows: dict[str, set[str]] = {}
    for path in sorted(source.rglob("*.rs")):
        place = path.relative_to(source)
        room = place.parts[0].removesuffix(".rs")
        if room in ("lib", "main") or "tests" in place.parts or place.stem.endswith("tests"):
            continue
        code = path.read_text().split("#[cfg(test)]\nmod tests {")[0]
        depth = len(place.parts) - (place.stem == "mod")
        arrows.setdefault(room, set()).update(name for name in _used(code, depth) if name != room)
    return {room: {name for name in names if name in arrows} for room, names in arrows.items()}


def _used(code: str, depth: int) -> Iterator[str]:
    """The rooms that a module so deep in the crate names, from the crate's root or by going up to it."""
    root = f"(?:crate|{'::'.join(['super'] * depth)})"
    for several, one in re.findall(_USE.format(root=root), code):
        yield from [one] if one else _NAME.findall(several)


def _circle(arrows: dict[str, set[str]]) -> list[str]:
    """A circle of rooms, or nothing: those that use no room that is left are taken away until none is left or none goes."""
    left = {room: set(names) for room, names in arrows.items()}
    while ends := [room for room, names in left.items() if not names & left.keys()]:
        for room in ends:
            del left[room]
    if not left:
        return []
    walked = [min(left)]
    while walked.count(walked[-1]) == 1:
        walked.append(min(left[walked[-1]] & left.keys()))
    return walked[walked.index(walked[-1]) :]


def _against_the_order(arrows: dict[str, set[str]], front_page: Path) -> list[str]:
    order = _ROW.findall(front_page.read_text())
    missing = sorted(arrows.keys() - set(order))
    if missing:
        return [f"the table of rooms in {front_page.relative_to(ROOT)} does not name {', '.join(missing)}"]
    place = {room: number for number, room in enumerate(order)}
    return [
        f"{room} uses {name}, which stands above it in the table of rooms"
        for room, names in sorted(arrows.items())
        for name in sorted(names)
        if place[name] < place[room]
    ]
