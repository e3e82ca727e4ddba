"""The table as an SVG chart: how far each figure is from its goal."""

from __future__ import annotations

import math
from pathlib import Path
from xml.sax.saxutils import escape

from .table import Row, number

_LINE, _NAMES, _GOAL, _STEP, _STEPS = 20, 300, 520, 60, 3
_LABELS = _GOAL + _STEPS * _STEP + 20
_WIDTH = _LABELS + 260
_GOOD, _BAD = "#3a7d44", "#b3372f"


def write(rows: list[Row], machine: str, path: Path) -> None:
    """Bars from the goal to the figure, on a scale where each step is a doubling; green ones are on the goal's right side."""
    height = 80 + len(rows) * _LINE
    body = [
        '<rect width="100%" height="100%" fill="white"/>',
        _text(10, 20, f"make bench on {machine}"),
        _text(10, 38, "Each bar goes from the goal to the figure; each line is twice as much as the one before. Green meets its goal."),
    ]
    for step in range(-_STEPS, _STEPS + 1):
        x = _GOAL + step * _STEP
        body.append(f'<line x1="{x}" y1="52" x2="{x}" y2="{height - 20}" stroke="{"#333" if step == 0 else "#ddd"}"/>')
    for place, row in enumerate(rows):
        body += _drawn(row, 60 + place * _LINE)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="12">'
        f"{''.join(body)}</svg>\n"
    )


def _drawn(row: Row, y: int) -> list[str]:
    label = f"{number(row.value)} {row.unit}" if row.value is not None else "not measured"
    drawn = [
        _text(_NAMES, y + 12, row.row, "end"),
        _text(_LABELS, y + 12, label + (f" (goal {row.goal_text()})" if row.goal is not None else "")),
    ]
    if row.value and row.goal:
        end = _GOAL + max(-_STEPS, min(_STEPS, math.log2(row.value / row.goal))) * _STEP
        x, width = min(_GOAL, end), max(abs(end - _GOAL), 2)
        drawn.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_LINE - 6}" fill="{_GOOD if row.meets else _BAD}"/>')
    return drawn


def _text(x: int, y: int, text: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
