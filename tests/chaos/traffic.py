"""Traffic: contacts by file and by message, one in thirty of them bad. Every record is known by its e-mail address."""

from __future__ import annotations

import json
import random
import threading
import uuid
from dataclasses import dataclass, field

from local.relay import Relay

_BAD_EVERY = 30


@dataclass
class Sent:
    """What was sent: addresses of good records with the newest name, and marks of bad ones."""

    good: dict[str, str] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    files: int = 0
    messages: int = 0
    records: int = 0

    def add(self, other: Sent) -> None:
        """Counts what somebody else sent, too."""
        self.good |= other.good
        self.bad |= other.bad
        self.records += other.records


def _in_an_envelope(message: dict) -> dict:
    """As it comes by way of a topic whose subscription does not ask for raw messages."""
    topic = "arn:aws:sns:eu-central-1:000000000000:customers"
    return {"Type": "Notification", "MessageId": str(uuid.uuid4()), "TopicArn": topic, "Message": json.dumps(message)}


class Traffic(threading.Thread):
    """Sends until it is told to stop. An error ends it and is raised by `finish`."""

    def __init__(self, relay: Relay, seed: int, mark: str) -> None:
        super().__init__(name="traffic", daemon=True)
        self.sent = Sent()
        self._relay, self._random, self._mark = relay, random.Random(seed), mark
        self._stop_asked = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        """Every half second a few messages, every few seconds a file."""
        try:
            until_file = 0
            while not self._stop_asked.wait(0.5):
                self._messages(self._random.randint(1, 8))
                until_file -= 1
                if until_file <= 0:
                    self._file(self._random.choice([20, 150, 600, 1500]))
                    until_file = self._random.randint(6, 14)
        except BaseException as error:
            self._error = error

    def finish(self) -> Sent:
        """Stops, and answers what was sent."""
        self._stop_asked.set()
        self.join(60)
        if self._error:
            raise self._error
        return self.sent

    def _record(self) -> dict[str, str]:
        """A record of its own. A bad one has no last name; its mark stands in another field, which rejects repeat."""
        number = self.sent.records
        self.sent.records += 1
        email = f"{self._mark}.{number}@example.test"
        if number % _BAD_EVERY == _BAD_EVERY - 1:
            self.sent.bad.add(email)
            return {"First_Name": "Bad", "Last_Name": "", "Email": email}
        name = f"Name {number}"
        self.sent.good[email] = name
        return {"First_Name": "Good", "Last_Name": name, "Email": email}

    def _messages(self, number: int) -> None:
        messages = []
        for _ in range(number):
            records = [self._record() for _ in range(self._random.choice([1, 1, 1, 3, 20]))]
            message = {"module": "Contacts", "records": records}
            messages.append(message if self._random.random() < 0.8 else _in_an_envelope(message))
        self._relay.send(*messages)
        self.sent.messages += number

    def _file(self, rows: int) -> None:
        records = [self._record() for _ in range(rows)]
        # Of a few people an older row comes first: the later one is to win.
        old = [dict(record, Last_Name="Old") for record in records[:5] if record["Last_Name"]]
        self.sent.records += len(old)
        lines = ["First Name,Last Name,Email", *(",".join(record.values()) for record in old + records)]
        self.sent.files += 1
        self._relay.put(f"inbox/Contacts/{self._mark}.{self.sent.files}.csv", "\n".join(lines))
