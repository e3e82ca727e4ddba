"""`make soak`: a long storm over a stack of its own, what its roles may do, then orders of steps and hostile input."""

from __future__ import annotations

import time

from e2e.matrix import tried
from e2e.probe import Probe
from local import stages
from local.processes import Failed
from local.relay import Relay
from local.stack import LocalStack

from .storm import PARAMETERS, Storm, check


def soak(minutes: float, seed: int | None) -> None:
    """Storms for so many minutes and waits for the calm; explores and fuzzes for about as many. Prints all tables at the
    end; fails when one of them does not add up."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)

    with LocalStack(parameters=PARAMETERS, with_key=True, say=say) as stack:
        relay = Relay(stack.environment())
        storm = Storm(stack, relay, seed, say)
        storm.blow(minutes)
        say("calm: everything is to settle")
        # What was in hand at several pauses is out of sight for as long as twice the wait each time; an import that has
        # waited looks again after a fifth of its waiting.
        storm.settle(1200 + minutes * 15)
        table = storm.table()
        say("what each role may do")
        with Probe(relay) as probe:
            matrix = tried(relay, probe)
    say("orders of steps, and hostile input")
    figures, failure = stages.explore(minutes)
    happenings = ", ".join(f"{name} {count}" for name, count in sorted(storm.happenings.counts.items()))
    print("\n".join(["", table.text(), f"  {happenings}", "", matrix.text(), "", *figures]), flush=True)
    say("all of it")
    if wrong := check(table) + matrix.wrong + ([str(failure)] if failure else []):
        raise Failed("\n".join(wrong))
