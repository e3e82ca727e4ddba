"""What goes wrong. Each happening begins, lasts a moment, and is over; what must not happen too often is counted."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from local.processes import descendants, wait_until
from local.relay import FunctionFailed, Relay
from local.stack import LocalStack

from .traffic import Sent

UPSERT = "/bigin/v2/*/upsert"
# So many more records the account takes before it is full.
ROOM = 150


def kill(stack: LocalStack, relay: Relay, function: str) -> int:
    """Kills the running processes of a function, as an out-of-memory would. Only those of this stack's own local AWS."""
    wanted = f"AWS_LAMBDA_FUNCTION_NAME={relay.names[f'{function.upper()}_FUNCTION']}".encode()
    killed = 0
    for pid in list(descendants(stack.server_pid("aws"))):
        with contextlib.suppress(OSError):
            if wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
                killed += 1
    return killed


class Happenings:
    """All of them, drawn from a seed."""

    def __init__(self, stack: LocalStack, relay: Relay, client_id: str, seed: int, mark: str) -> None:
        self.counts: Counter[str] = Counter()
        self.sent = Sent()
        """What the happenings themselves sent."""
        self._mark = mark
        self._stack, self._relay, self._client_id = stack, relay, client_id
        self._random = random.Random(seed)
        self._locked: list[dict] = []
        # A record that makes its call fail does so whatever else goes wrong, and when nothing does any more.
        self._poison = {"when": {"text": f"{mark}.poison", "endpoint": "write"}, "fault": {"kind": "status", "status": 500}}
        self._trouble: dict[str, Callable[[], object]] = {
            "push killed": lambda: kill(self._stack, self._relay, "push"),
            "sandbox restarted": self._restart_sandbox,
            "Bigin slow": lambda: self._for_a_while(settings={"latency_ms": self._random.randint(300, 1500)}),
            "Bigin throttles": lambda: self._for_a_while({"path": UPSERT, "probability": 0.6, "fault": {"kind": "status", "status": 429}}),
            "Bigin fails": lambda: self._for_a_while({"path": UPSERT, "probability": 0.5, "fault": {"kind": "status", "status": 500}}),
            "answers lost": lambda: self._for_a_while({"path": UPSERT, "probability": 0.5, "fault": {"kind": "cut", "after_commit": True}}),
            "answers garbled": lambda: self._for_a_while({"path": UPSERT, "probability": 0.4, "fault": {"kind": "garbage"}}),
            "storage full": self._fill_the_storage,
        }
        self._records: dict[str, Callable[[], object]] = {
            "poison by file": self._poison_by_file,
            "poison by message": self._poison_by_message,
            "record locked": self._lock_a_record,
            "versions of one key": self._put_five_versions,
        }
        self._pauses: dict[str, Callable[[], object]] = {
            "paused and resumed": self._pause,
            "waiting import stopped": self._stop_waiting,
            "revoked and authorized": self._revoke,
            "refresh token dead": self._lose_authorization,
        }

    def trouble(self) -> Iterator[str]:
        """Everything that makes delivery harder, once, in a random order."""
        yield from self._each(self._trouble)

    def pauses(self) -> Iterator[str]:
        """Everything that pauses delivery, once."""
        yield from self._each(self._pauses)

    def records(self) -> Iterator[str]:
        """Records that Bigin does not take, and versions that come faster than they are imported."""
        self.calm()
        yield from self._each(self._records)

    def tokens(self) -> Iterator[str]:
        """What costs a refresh, of which there are few in ten minutes."""
        yield from self._each({"access token dead": self._lose_token, "refresh killed": self._kill_refresh})

    def rare(self) -> Iterator[str]:
        """Pauses and lost tokens in turn, without end."""
        while True:
            yield from self.pauses()
            yield from self.tokens()

    def calm(self) -> None:
        """Nothing goes wrong any more, but for the records that make their calls fail."""
        self._relay.console.faults(self._poison)
        self._relay.console.settings(latency_ms=0)

    def _each(self, kinds: dict[str, Callable[[], object]]) -> Iterator[str]:
        for name in self._random.sample(sorted(kinds), len(kinds)):
            kinds[name]()
            yield self._counted(name)

    def _counted(self, name: str) -> str:
        self.counts[name] += 1
        return name

    def _lose_token(self) -> None:
        self._relay.console.cut_off(self._client_id, access_only=True)

    def _kill_refresh(self) -> None:
        """It runs for a moment only: one that is under way is asked for."""
        payload = json.dumps({"rejected_version": self._relay.token_version()}).encode()
        self._relay.console.faults({"path": "/oauth/*", "count": 1, "fault": {"kind": "latency", "ms": 1500}}, self._poison)
        refresh = self._relay.names["REFRESH_FUNCTION"]
        self._relay.aws("lambda").invoke(FunctionName=refresh, InvocationType="Event", Payload=payload)
        time.sleep(0.7)
        kill(self._stack, self._relay, "refresh")
        self.calm()

    def _restart_sandbox(self) -> None:
        os.kill(self._stack.server_pid("sandbox"), signal.SIGUSR1)
        time.sleep(2.5)
        wait_until("the sandbox is back", 30, self._answers)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(self._relay.console.state())
        return False

    def _for_a_while(self, *rules: dict, settings: dict | None = None) -> None:
        console = self._relay.console
        console.faults(*rules, self._poison)
        console.settings(**(settings or {}))
        time.sleep(self._random.uniform(2, 4))
        self.calm()

    def _fill_the_storage(self) -> None:
        """The account takes no more new records, from the middle of some call on. Then somebody makes room and says so."""
        console = self._relay.console
        console.limits(record_limit=sum(console.state()["records"].values()) + ROOM, restrictions=self._locked)
        wait_until("Contacts is held", 120, lambda: "Contacts" in self._held())
        console.limits(restrictions=self._locked)
        wait_until("no module is held", 60, self._try_held_modules_again)

    def _held(self) -> list[str]:
        return [held["module"] for held in self._relay.status()["held_modules"]]

    def _try_held_modules_again(self) -> bool:
        """Whether none is held: a call that was under way may come back with a refusal once more."""
        held = self._held()
        for module in held:
            self._relay.invoke("revoke", {"action": "retry_held", "module": module})
        return not held

    def _poison_by_file(self) -> None:
        """One row of a file makes every call fail that carries it."""
        people = self._people("beside-it-by-file", 39)
        poison = f"{self._mark}.poison-by-file@example.test"
        rows = [f"{name},{email}" for email, name in people.items()]
        rows.insert(self._random.randint(0, len(rows)), f"Poison,{poison}")
        self._bad(poison)
        self._relay.put(f"inbox/Contacts/{self._mark}.poisoned.csv", "\n".join(["Last Name,Email", *rows]))

    def _poison_by_message(self) -> None:
        """One of several messages does."""
        people = self._people("beside-it-by-message", 5)
        poison = f"{self._mark}.poison-by-message@example.test"
        self._bad(poison)
        records = [{"Last_Name": name, "Email": email} for email, name in (people | {poison: "Poison"}).items()]
        self._relay.send(*({"module": "Contacts", "record": record} for record in records))

    def _lock_a_record(self) -> None:
        """One record may not be edited."""
        locked = f"{self._mark}.locked@example.test"
        (record_id,) = self._relay.console.add("Contacts", {"Last_Name": "Locked", "Email": locked})
        self._locked.append({"code": "NO_PERMISSION", "modules": ["Contacts"], "operations": ["update"], "ids": [record_id]})
        self._relay.console.limits(restrictions=self._locked)
        self._bad(locked)
        self._relay.send({"module": "Contacts", "operation": "update", "record": {"id": record_id, "Email": locked, "Title": "Dr"}})

    def _put_five_versions(self) -> None:
        """A file is put five times at once, each time with another row and a newer name for one person."""
        versioned = f"{self._mark}.versioned@example.test"
        for version in range(5):
            name = f"Version {version}"
            (own,) = self._people(f"version-{version}", 1).items()
            self.sent.good[versioned] = name
            self.sent.records += 1
            rows = f"{name},{versioned}\n{own[1]},{own[0]}\n"
            self._relay.put(f"inbox/Contacts/{self._mark}.versions.csv", f"Last Name,Email\n{rows}")

    def _people(self, kind: str, number: int) -> dict[str, str]:
        """Addresses and names of people whom Bigin takes."""
        people = {f"{self._mark}.{kind}-{row}@example.test": f"{kind.capitalize()} {row}" for row in range(number)}
        self.sent.good |= people
        self.sent.records += number
        return people

    def _bad(self, email: str) -> None:
        self.sent.bad.add(email)
        self.sent.records += 1

    def _pause(self) -> None:
        """In the pause, somebody takes messages and never settles them: they end in the dead-letter queue."""
        self._relay.invoke("revoke", {"action": "pause", "reason": "chaos"})

        def given_up() -> bool:
            self._relay.aws("sqs").receive_message(QueueUrl=self._relay.queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
            return self._relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") >= 10

        wait_until("ten messages in the dead-letter queue", 60, given_up, pause=0.05)
        self._counted("dead-letter queue filled")
        self._relay.invoke("revoke", {"action": "resume"})

    def _stop_waiting(self) -> None:
        """Somebody stops an execution by hand while it waits: its place is free at once, and the file is asked for again."""
        number = self.counts["waiting import stopped"]
        people = {f"{self._mark}.stopped-{number}-{row}@example.test": f"Stopped {row}" for row in range(20)}
        key = f"inbox/Contacts/{self._mark}.stopped-{number}.csv"
        self._relay.invoke("revoke", {"action": "pause", "reason": "chaos"})
        try:
            rows = "".join(f"{name},{email}\n" for email, name in people.items())
            version = self._relay.put(key, f"Last Name,Email\n{rows}")
            self._relay.report(key, version=version, status="paused", seconds=120)
            execution = wait_until("its execution waits", 60, lambda: self._waiting(key))
            self._relay.aws("stepfunctions").stop_execution(executionArn=execution, cause="chaos")
            wait_until("its place is free", 30, lambda: not self._places(execution))
            self._relay.report(key, version=version, status="failed", seconds=30)
        finally:
            self._relay.invoke("revoke", {"action": "resume"})
        asked = json.dumps({"bucket": self._relay.bucket, "key": key}).encode()
        push = self._relay.names["PUSH_FUNCTION"]
        self._relay.aws("lambda").invoke(FunctionName=push, InvocationType="Event", Payload=asked)
        self.sent.good |= people
        self.sent.records += len(people)

    def _waiting(self, key: str) -> str | None:
        """The execution of a file's import, once it waits to be woken."""
        machine = self._relay.aws("stepfunctions")
        running = machine.list_executions(stateMachineArn=self._relay.names["IMPORT_STATE_MACHINE"], statusFilter="RUNNING")
        arns = [each["executionArn"] for each in running["executions"]]
        ours = next((arn for arn in arns if key in machine.describe_execution(executionArn=arn)["input"]), None)
        return ours if ours and any(place["waits"] for place in self._places(ours)) else None

    def _places(self, execution: str) -> list[dict]:
        """What lies in the line of imports for an execution."""
        found = self._relay.aws("dynamodb").query(
            TableName=self._relay.names["STATE_TABLE"],
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "imports"}},
            ConsistentRead=True,
        )
        places = [json.loads(item["document"]["S"]) for item in found["Items"]]
        return [place for place in places if place["runs_in"] == execution.rsplit(":", 1)[1]]

    def _revoke(self) -> None:
        org_id = self._relay.secret("SELF_CLIENT_SECRET")["org_id"]
        wait_until("the revoke is through", 60, lambda: self._relay.revoke(confirm=org_id, reason="chaos")["status"] == "revoked")
        time.sleep(self._random.uniform(2, 4))
        self._authorize()

    def _lose_authorization(self) -> None:
        self._relay.console.cut_off(self._client_id)
        time.sleep(self._random.uniform(2, 4))
        self._authorize()

    def _authorize(self) -> None:
        """As an operator would: again, where a refresh or a revoke came in between."""

        def tried() -> bool:
            try:
                self._relay.authorize(self._client_id)
            except FunctionFailed:
                return False
            return True

        wait_until("authorized again", 60, tried, pause=1)
