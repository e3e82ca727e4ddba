"""Watches a stack from outside: how long delivery is paused, and how many tokens are minted in any ten minutes."""

from __future__ import annotations

import contextlib
import datetime
import json
import threading
import time

from local.relay import Relay

_TEN_MINUTES = 600


class Watch:
    """Looks at the state table and at the sandbox's counters once in a while."""

    def __init__(self, relay: Relay) -> None:
        self.longest_pause_s = 0.0
        self._relay = relay
        self._mints: list[tuple[float, int]] = []
        self._stop_asked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Looks no more."""
        self._stop_asked.set()
        self._thread.join(30)

    def most_mints_in_ten_minutes(self) -> int:
        """Of refreshed tokens; one that an operator's code became is not among them."""
        return max(
            (later - earlier for at, earlier in self._mints for then, later in self._mints if 0 <= then - at <= _TEN_MINUTES), default=0
        )

    def _run(self) -> None:
        since = None
        while not self._stop_asked.wait(0.5):
            now = time.monotonic()
            # The sandbox may be away.
            with contextlib.suppress(OSError, RuntimeError):
                self._mints.append((now, self._relay.console.state()["tokens"]["refreshed"]))
            if self._is_paused():
                since = since or now
                self.longest_pause_s = max(self.longest_pause_s, now - since)
            else:
                since = None

    def _is_paused(self) -> bool:
        key = {"pk": {"S": "relay"}, "sk": {"S": "standing"}}
        item = self._relay.aws("dynamodb").get_item(TableName=self._relay.names["STATE_TABLE"], Key=key, ConsistentRead=True).get("Item")
        standing = json.loads(item["document"]["S"]) if item else {"authorization": {"state": "not_authorized"}}
        now = datetime.datetime.now(datetime.UTC)
        ends = [cause.get("resumes_at") for cause in standing.get("causes", [])]
        holds = any(end is None or datetime.datetime.fromisoformat(end) > now for end in ends)
        return holds or standing["authorization"]["state"] not in ("active", "refresh_failing")
