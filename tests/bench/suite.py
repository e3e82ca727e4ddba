"""What is measured, part by part, and the rows that each part owes to the table."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from local.places import FUNCTIONS
from local.processes import Failed

from . import cold_start, finish, instructions, line, pulls, pushes, sizes, tokens
from .peer_push import peer
from .table import Row, missing

ROWS, LATENCIES = (10_000, 100_000), (50, 200, 800)
MEMORY_ROWS = (10_000, 100_000, 1_000_000)


@dataclass
class Part:
    """Some rows that are measured together."""

    rows: list[str]
    measured: Callable[[], list[Row]]


PARTS = {
    "sizes": Part([f"size.{kind}.{name}" for kind in ("bytes", "zipped_bytes") for name in FUNCTIONS], sizes.measured),
    "cold": Part(
        [f"cold_start.{kind}_ms.{name}" for kind in ("init_cpu", "first_call_cpu", "cpu") for name in FUNCTIONS],
        cold_start.measured,
    ),
    "row": Part([instructions.NAME], instructions.measured),
    "tokens": Part([tokens.NAME], tokens.measured),
    "credits": Part([f"credits.per_1000.{way}" for way in ("file", "queue")], pushes.credits),
    "speed": Part(
        [f"push.ideal_ratio.{rows}.{latency}" for rows in ROWS for latency in LATENCIES],
        lambda: pushes.speed(ROWS, LATENCIES),
    ),
    "memory": Part([f"memory.peak_rss_mb.{rows}" for rows in MEMORY_ROWS], lambda: pushes.memory(MEMORY_ROWS)),
    "finish": Part(finish.NAMES, finish.measured),
    "pull": Part(pulls.NAMES, pulls.measured),
    "line": Part(line.NAMES, line.measured),
    "most_files": Part([line.MOST_NAME], line.most_measured),
    "peer": Part([f"peer.{what}_ratio" for what in ("time", "cpu", "memory", "cold_start")], peer),
}


def measured(chosen: tuple[str, ...]) -> list[Row]:
    """The rows of the chosen parts, or of all. A part that fails leaves rows that say so, and the others go on."""
    found: list[Row] = []
    for name, part in PARTS.items():
        if chosen and name not in chosen:
            continue
        print(f"-------- {name}", flush=True)
        began = time.monotonic()
        rows = _attempted(part)
        found += [rows.get(row) or missing(row, "its part did not tell it") for row in part.rows]
        print(f"-------- {name}: {(time.monotonic() - began) / 60:.1f} min", flush=True)
    return found


def _attempted(part: Part) -> dict[str, Row]:
    try:
        return {row.row: row for row in part.measured()}
    except Exception as failure:
        if not isinstance(failure, Failed):
            traceback.print_exc()
        print(failure, flush=True)
        why = str(failure).splitlines()[0] if str(failure) else type(failure).__name__
        return {row: missing(row, why) for row in part.rows}
