"""What has to be true at the very end."""

from __future__ import annotations

from local.relay import Relay


def test_what_a_pause_had_held_back_has_arrived(relay: Relay, authorized: dict) -> None:
    if relay.held_back:
        relay.arrived(*relay.held_back, seconds=240)
    relay.drained()


def test_nothing_has_come_to_nothing(relay: Relay, authorized: dict) -> None:
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0
    assert relay.depth("EVENTS_DEAD_LETTER_QUEUE_URL") == 0
    assert relay.executions("FAILED") == []
    assert relay.executions("RUNNING") == []
