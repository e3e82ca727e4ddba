"""The table: rows with their goals, printed, as JSON and as Markdown for BENCHMARKS.md."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Row:
    """One figure."""

    row: str
    unit: str
    value: float | None = None
    goal: float | None = None
    meets: bool | None = None
    spread: float | None = None
    side: str = ""
    """On which side of the goal the figure belongs: `<=` or `>=`."""
    why_missing: str = ""

    def written(self) -> dict:
        """As table.json has it."""
        return {name: getattr(self, name) for name in ("row", "value", "unit", "goal", "meets", "spread")}

    def goal_text(self) -> str:
        """The goal in words."""
        return "" if self.goal is None else f"{self.side} {number(self.goal)}"

    def verdict(self) -> str:
        """What there is to say about it in a word, or why there is no figure."""
        if self.value is None:
            return f"NOT MEASURED: {self.why_missing}"
        return {True: "ok", False: "MISSES", None: ""}[self.meets]


def at_most(name: str, values: Iterable[float], unit: str, goal: float) -> Row:
    """A figure that should not be larger than its goal."""
    value, spread = _middle(values)
    return Row(name, unit, value, goal, value <= goal, spread, "<=")


def at_least(name: str, values: Iterable[float], unit: str, goal: float) -> Row:
    """A figure that should not be smaller than its goal."""
    value, spread = _middle(values)
    return Row(name, unit, value, goal, value >= goal, spread, ">=")


def told(name: str, values: Iterable[float], unit: str) -> Row:
    """A figure without a goal."""
    value, spread = _middle(values)
    return Row(name, unit, value, spread=spread)


def missing(name: str, why: str) -> Row:
    """A figure that could not be had."""
    return Row(name, "", why_missing=why)


def _middle(values: Iterable[float]) -> tuple[float, float | None]:
    """The median, and half the distance between the quartiles (of two or three values: between the outer ones)."""
    values = sorted(values)
    if len(values) == 1:
        return _rounded(values[0]), None
    low, high = (values[0], values[-1]) if len(values) < 4 else statistics.quantiles(values, n=4)[::2]
    return _rounded(statistics.median(values)), _rounded((high - low) / 2)


def _rounded(value: float) -> float:
    return round(value, 4 if abs(value) < 10 else 1)


def write(rows: list[Row], machine: str, folder: Path) -> None:
    """table.json, and table.md to go into BENCHMARKS.md."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.json").write_text(json.dumps([row.written() for row in rows], indent=1) + "\n")
    (folder / "table.md").write_text(_markdown(rows, machine))


def printed(rows: list[Row]) -> str:
    """The table as text."""
    lines = [("row", "value", "unit", "goal", "spread", "")] + [_cells(row) for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(5)] + [0]
    right = {1, 4}
    return "\n".join(
        "  ".join(cell.rjust(widths[place]) if place in right else cell.ljust(widths[place]) for place, cell in enumerate(line)).rstrip()
        for line in lines
    )


def _markdown(rows: list[Row], machine: str) -> str:
    head = [f"{machine}.", "", "| row | value | unit | goal | spread | |", "| --- | ---: | --- | --- | ---: | --- |"]
    lines = (_cells(row) for row in rows)
    return "\n".join(head + [f"| `{name}` | {' | '.join(rest)} |" for name, *rest in lines]) + "\n"


def _cells(row: Row) -> tuple[str, str, str, str, str, str]:
    spread = "" if row.spread is None else f"± {number(row.spread)}"
    return row.row, number(row.value), row.unit, row.goal_text(), spread, row.verdict()


def number(value: float | None) -> str:
    """As short as it may be."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 10_000 else f"{value:,.4g}"
