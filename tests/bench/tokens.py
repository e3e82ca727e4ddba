"""The simulated day of tokens: tests/bench/day."""

from __future__ import annotations

import json
import subprocess

from .places import binary
from .table import Row, at_most

NAME = "tokens.mints_a_day"
PUSHERS = 1_000


def measured() -> list[Row]:
    """With the schedule running, as it is deployed; what a day without it costs is told beside."""
    done = subprocess.run([str(binary("bench-day")), str(PUSHERS)], check=True, capture_output=True, text=True)
    # Before it come the lines of metrics that refresh prints.
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"{PUSHERS:,} pushers: {told['mints']} tokens minted; {told['mints_without_schedule']} if the schedule never runs", flush=True)
    return [at_most(NAME, [told["mints"]], "mints", 80)]
