"""Instruction counts by callgrind: the same on every machine and under any load."""

from __future__ import annotations

import shutil
import subprocess

from local.processes import Failed

from . import rows
from .places import BENCH, binary
from .table import Row, at_most

NAME, GOAL = "row.instructions_ratio", 1.3
# The difference of two sizes: what start and end cost is in neither.
_FEW, _MANY = 1_000, 6_000


def can_count() -> bool:
    """Whether there is valgrind."""
    return shutil.which("valgrind") is not None


def ratio() -> float:
    """Instructions of a row for decode, map and serialise over those of the floor program."""
    _same()
    ours, floor = _a_row("ours"), _a_row("floor")
    print(f"instructions a row: {ours:,.0f}, of the floor program {floor:,.0f}", flush=True)
    return ours / floor


def measured() -> list[Row]:
    """The row of the table."""
    if not can_count():
        raise Failed("valgrind is not installed")
    return [at_most(NAME, [ratio()], "ratio", GOAL)]


def _same() -> None:
    """Both write the same JSON, or there is nothing to compare."""
    done = subprocess.run([str(binary("bench-row")), "same", str(rows.file(_MANY))], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"ours and the floor program do not write the same: {done.stderr}")


def _a_row(program: str) -> float:
    return (_count(program, _MANY) - _count(program, _FEW)) / (_MANY - _FEW)


def _count(program: str, many: int) -> int:
    out = BENCH / f"callgrind.{program}.{many}"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", str(binary("bench-row")), program, str(rows.file(many))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"callgrind could not count `bench-row {program}`:\n{done.stderr[-2000:]}")
    return next(int(line.split()[1]) for line in out.read_text().splitlines() if line.startswith(("summary:", "totals:")))
