"""What has to be true at the very end."""

from __future__ import annotations

from chaos.storm import Storm, check
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


def test_no_record_of_the_storm_is_lost_or_doubled(storm: Storm) -> None:
    storm.settle(240)
    table = storm.table()
    print(f"\n{table.text()}")
    assert table.sent > 1000, "it was no storm"
    assert check(table) == []
