"""Functions that die in the middle: what was not settled is done again, nothing is lost, nobody else is hurt."""

from __future__ import annotations

import pytest
from chaos import happenings
from local.processes import wait_until
from local.relay import Relay, unique
from local.stack import LocalStack

from .test_2_files import adds_up

ROWS = 5000


def kill(stack: LocalStack | None, relay: Relay, function: str) -> int:
    """As an out-of-memory would; only where the local AWS is this suite's own."""
    if stack is None:
        pytest.skip("the servers are somebody else's")
    return happenings.kill(stack, relay, function)


def test_a_function_killed_in_the_middle_of_a_slice_loses_no_row(stack: LocalStack | None, relay: Relay, authorized: dict) -> None:
    mark = unique("kill")
    relay.console.settings(latency_ms=300)
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, "Last Name,Email\n" + "".join(f"K,{mark}.{number}@example.test\n" for number in range(ROWS)))

    def arrived() -> int:
        return sum(email.startswith(mark) for email in relay.contacts())

    for at in (500, 1500):
        # The dead one has the turn for 50 seconds. Calls of a process that was killed may still arrive, so there may be rows enough and nobody to kill yet.
        wait_until(f"{at} rows in Bigin and a push to kill", 180, lambda at=at: arrived() >= at and kill(stack, relay, "push"), pause=0.05)
        assert arrived() < ROWS, "the file was delivered before the function was killed"
    report = relay.report(key, seconds=150)
    assert (report["status"], report["read"], report["rejected"]) == ("complete", ROWS, 0), report
    assert adds_up(report)
    assert arrived() == ROWS


def test_a_function_killed_with_messages_in_hand_loses_none(stack: LocalStack | None, relay: Relay, authorized: dict) -> None:
    mark = unique("killm")
    relay.console.settings(latency_ms=1500)
    relay.send(*({"module": "Contacts", "record": {"Last_Name": "K", "Email": f"{mark}.{number}@example.test"}} for number in range(20)))
    wait_until("a call in flight", 30, lambda: relay.console.state()["in_flight"], pause=0.05)
    assert kill(stack, relay, "push")
    relay.console.settings(latency_ms=0)
    relay.arrived(*(f"{mark}.{number}@example.test" for number in range(20)), seconds=120)
    relay.drained(seconds=120)
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0
