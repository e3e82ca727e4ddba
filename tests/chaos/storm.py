"""A storm over a deployed stack: traffic, happenings, then calm until all has settled, and the table."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from local.processes import wait_until
from local.relay import Relay, unique
from local.stack import LocalStack

from .happenings import Happenings
from .traffic import Sent, Traffic
from .watch import Watch

# Few deliveries until the dead-letter queue, so that it is filled.
PARAMETERS = {"MaxReceiveCount": "4"}
# A stack may mint so often in ten minutes, whatever happens.
MOST_MINTS = 6
# How often in a long storm something pauses delivery or costs a refresh.
RARE_EVERY_S = 150


@dataclass
class Table:
    """What became of the records."""

    seed: int
    sent: int
    accepted: int
    rejected: int
    deferred: int
    lost: list[str]
    duplicated: list[str]
    wrongly_rejected: list[str]
    waiting_unheard: list[str]
    outdated: list[str]
    tokens_minted: int
    most_mints_in_ten_minutes: int
    longest_pause_s: float

    def text(self) -> str:
        """The table, as it is printed."""
        rows = [
            ("records sent", self.sent),
            ("accepted", self.accepted),
            ("rejected", self.rejected),
            ("deferred", self.deferred),
            ("lost", len(self.lost)),
            ("duplicated", len(self.duplicated)),
            ("wrongly rejected", len(self.wrongly_rejected)),
            ("waiting unheard", len(self.waiting_unheard)),
            ("tokens minted", self.tokens_minted),
            ("most mints in ten minutes", self.most_mints_in_ten_minutes),
            ("longest pause", f"{self.longest_pause_s:.0f} s"),
        ]
        return f"chaos, seed {self.seed}\n" + "\n".join(f"  {name:<27}{value:>9}" for name, value in rows)


class Storm:
    """One storm. `blow` makes trouble, `settle` waits for the calm, `table` counts."""

    def __init__(self, stack: LocalStack, relay: Relay, seed: int | None = None, say: Callable[[str], None] = print) -> None:
        self.seed = seed if seed is not None else random.SystemRandom().randrange(10**6)
        self._relay, self._say = relay, say
        self._mark = unique("chaos")
        relay.console.settings(codes_per_10_minutes=1000)
        self._client_id = relay.console.new_client("chaos")
        relay.authorize(self._client_id)
        self.happenings = Happenings(stack, relay, self._client_id, self.seed, self._mark)
        self._watch = Watch(relay)
        self._sent = Sent()

    def blow(self, minutes: float = 0) -> None:
        """All happenings at least once; pauses first, since what they catch is out of sight for two minutes. Then trouble
        until the minutes are over, and now and then once more what pauses or costs a token."""
        self._say(f"chaos begins, seed {self.seed}")
        until = time.monotonic() + minutes * 60
        traffic = Traffic(self._relay, self.seed, self._mark)
        self._watch.start()
        traffic.start()
        try:
            for name in self.happenings.pauses():
                self._say(f"  {name}")
            for name in (*self.happenings.records(), *self.happenings.trouble(), *self.happenings.tokens()):
                self._say(f"  {name}")
            self._go_on(until)
        finally:
            self._sent = traffic.finish()
            self._sent.add(self.happenings.sent)

    def _go_on(self, until: float) -> None:
        rare, next_rare = self.happenings.rare(), time.monotonic() + RARE_EVERY_S
        while time.monotonic() < until:
            for name in self.happenings.trouble():
                self._say(f"  {name}")
                if time.monotonic() >= next_rare:
                    self._say(f"  {next(rare)}, {self.redrive()} messages re-driven")
                    next_rare = time.monotonic() + RARE_EVERY_S
                if time.monotonic() >= until:
                    break

    def calm(self) -> None:
        """Nothing goes wrong any more, but for the records that make their calls fail."""
        self.happenings.calm()
        status = self._relay.status()
        if status["authorization"]["state"] != "active":
            self._relay.authorize(self._client_id)
        elif status["paused"]:
            self._relay.invoke("revoke", {"action": "resume"})

    def settle(self, seconds: float) -> None:
        """Waits until nothing is under way or waits, sending back what lies in the dead-letter queue."""
        self.calm()

        def is_settled() -> bool:
            self.redrive()
            return (
                not self._relay.depth()
                and not self._relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL")
                and not self._relay.executions("RUNNING")
                and not self._relay.keys("deferred/")
            )

        wait_until("all has settled", seconds, is_settled, pause=1)
        self._watch.stop()

    def redrive(self) -> int:
        """What *Start DLQ redrive* does; the local AWS has no StartMessageMoveTask."""
        sqs, moved = self._relay.aws("sqs"), 0
        source = self._relay.names["RECORDS_DEAD_LETTER_QUEUE_URL"]
        while found := sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                sqs.send_message(QueueUrl=self._relay.queue, MessageBody=message["Body"])
                sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
                moved += 1
        self.happenings.counts["messages re-driven"] += moved
        return moved

    def table(self) -> Table:
        """Counts what became of each record."""
        sent = self._sent
        records = [record for record in self._relay.console.records("Contacts") if (record.get("Email") or "").startswith(self._mark)]
        held = {record["Email"]: record["Last_Name"] for record in records}
        seen = [record["Email"] for record in records]
        rejected = self._rejected()
        waiting = self._waiting()
        ended = held.keys() | rejected | waiting
        # A row that a later row of the same file overtakes is accepted too: it is the same record in Bigin.
        overtaken = sent.records - len(sent.good) - len(sent.bad)
        return Table(
            seed=self.seed,
            sent=sent.records,
            accepted=len(held.keys() & sent.good.keys()) + overtaken,
            rejected=len(rejected & sent.bad),
            deferred=len(waiting),
            lost=sorted((sent.good.keys() | sent.bad) - ended),
            duplicated=sorted({email for email in seen if seen.count(email) > 1}) if len(seen) != len(held) else [],
            wrongly_rejected=sorted(rejected & sent.good.keys()),
            waiting_unheard=sorted(self._unheard(waiting)),
            outdated=sorted(email for email, name in sent.good.items() if email in held and held[email] != name),
            tokens_minted=self._relay.console.state()["tokens"]["minted"],
            most_mints_in_ten_minutes=self._watch.most_mints_in_ten_minutes(),
            longest_pause_s=self._watch.longest_pause_s,
        )

    def _rejected(self) -> set[str]:
        found = set()
        for key in self._relay.keys("rejects/"):
            text = self._relay.text(key)
            if key.startswith("rejects/_queue/"):
                found |= {json.loads(line).get("Email", "") for line in text.splitlines()}
            else:
                found |= {row["Email"] for row in self._relay.rows(key)}
        return {email for email in found if email.startswith(self._mark)}

    def _unheard(self, waiting: set[str]) -> set[str]:
        """What still waits although the status gives no reason for it."""
        status = self._relay.status()
        is_told = status["paused"] or status["held_modules"] or status["authorization"]["state"] != "active"
        return set() if is_told else waiting | set(self._relay.executions("RUNNING"))

    def _waiting(self) -> set[str]:
        bodies = [json.loads(line)["body"] for key in self._relay.keys("deferred/") for line in self._relay.text(key).splitlines()]
        return {record["Email"] for body in bodies for record in json.loads(body).get("records", [])}


def check(table: Table) -> list[str]:
    """What is not as it has to be."""
    wrong = []
    if table.lost:
        wrong.append(f"lost: {table.lost[:5]}")
    if table.duplicated:
        wrong.append(f"duplicated: {table.duplicated[:5]}")
    if table.wrongly_rejected:
        wrong.append(f"wrongly rejected: {table.wrongly_rejected[:5]}")
    if table.waiting_unheard:
        wrong.append(f"waiting, and nothing says why: {table.waiting_unheard[:5]}")
    if table.outdated:
        wrong.append(f"older data won: {table.outdated[:5]}")
    if table.sent != table.accepted + table.rejected + table.deferred:
        wrong.append("sent is not accepted + rejected + deferred")
    if table.most_mints_in_ten_minutes > MOST_MINTS:
        wrong.append(f"{table.most_mints_in_ten_minutes} tokens minted within ten minutes, at most {MOST_MINTS} may be")
    return wrong
