"""The storm: everything goes wrong while records come in. Whether all of them came through, test_9_after_all.py counts."""

from __future__ import annotations

from chaos.storm import Storm


def test_a_storm_of_everything_that_goes_wrong(storm: Storm) -> None:
    storm.blow()
    storm.calm()
    happened = {name for name, count in storm.happenings.counts.items() if count}
    assert happened >= {
        "push killed", "refresh killed", "sandbox restarted", "Bigin slow", "Bigin throttles", "Bigin fails", "answers lost",
        "answers garbled", "paused and resumed", "revoked and authorized", "refresh token dead", "access token dead",
        "dead-letter queue filled", "waiting import stopped", "poison by file", "poison by message", "record locked",
        "versions of one key", "storage full",
    }  # fmt: skip
