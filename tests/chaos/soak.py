"""`make soak`: a long storm over a stack of its own."""

from __future__ import annotations

import time

from local.processes import Failed
from local.relay import Relay
from local.stack import LocalStack

from .storm import PARAMETERS, Storm, check


def soak(minutes: float, seed: int | None) -> None:
    """Storms for so many minutes, waits for the calm, prints the table; fails when it does not add up."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)

    with LocalStack(parameters=PARAMETERS, with_key=True, say=say) as stack:
        storm = Storm(stack, Relay(stack.environment()), seed, say)
        storm.blow(minutes)
        say("calm: everything is to settle")
        # What was in hand at several pauses is out of sight for as long as twice the wait each time; an import that has
        # waited looks again after a fifth of its waiting.
        storm.settle(1200 + minutes * 15)
        table = storm.table()
    happenings = ", ".join(f"{name} {count}" for name, count in sorted(storm.happenings.counts.items()))
    print(f"\n{table.text()}\n  {happenings}", flush=True)
    if wrong := check(table):
        raise Failed("\n".join(wrong))
