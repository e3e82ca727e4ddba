"""`make bench`: sets everything up, measures, prints one table. `python3 -m bench PART ...` measures parts of it."""

from __future__ import annotations

import os
import sys
import time

from local import venvs
from local.places import VENVS
from local.processes import Failed, end_on_signals

from .places import BENCH, ROOT


def main(*chosen: str) -> int:
    """Measures the chosen parts, or all; answers 0 when every figure could be had, whether or not it meets its goal."""
    began = time.monotonic()
    venvs.ensure(bench=ROOT / "tests" / "bench" / "requirements.txt")
    _continue_in_own_python(chosen)
    end_on_signals()
    from . import build, chart, machine, suite, table

    unknown = set(chosen) - set(suite.PARTS)
    if unknown:
        raise Failed(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(suite.PARTS)}")
    BENCH.mkdir(parents=True, exist_ok=True)
    if os.environ.get("BENCH_BUILD") != "no":
        build.everything()
    built = time.monotonic()
    load_before = machine.load()
    rows = suite.measured(chosen)
    minutes = f"{(built - began) / 60:.1f} min to set up and build, {(time.monotonic() - built) / 60:.1f} min to measure"
    told = f"{machine.described()}; {load_before} at the start; {minutes}"
    table.write(rows, told, BENCH)
    chart.write(rows, machine.described(), BENCH / "table.svg")
    print(f"\n{table.printed(rows)}\n\n{told}\ntarget/bench has the same as table.json, table.md and table.svg")
    absent, short = [row.row for row in rows if row.value is None], [row.row for row in rows if row.meets is False]
    if short:
        print(f"{len(short)} of {len(rows)} figures miss their goals: {', '.join(short)}")
    if absent:
        print(f"{len(absent)} of {len(rows)} figures could NOT be measured: {', '.join(absent)}")
    return 1 if absent else 0


def _continue_in_own_python(chosen: tuple[str, ...]) -> None:
    """What the bench and the peer are made with is in an environment of its own."""
    own = VENVS / "bench" / "bin" / "python"
    if os.path.realpath(sys.prefix) != os.path.realpath(own.parent.parent):
        os.execv(own, [str(own), "-m", "bench", *chosen])


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except Failed as failure:
        sys.exit(f"\n{failure}")
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; everything started is stopped")
