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

UPSERT = "/bigin/v2/*/upsert"


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
        self.stopped_and_asked_again: dict[str, str] = {}
        """Addresses and names in files whose imports were stopped by hand, and asked for once more."""
        self._mark = mark
        self._stack, self._relay, self._client_id = stack, relay, client_id
        self._random = random.Random(seed)
        self._trouble: dict[str, Callable[[], object]] = {
            "push killed": lambda: kill(self._stack, self._relay, "push"),
            "sandbox restarted": self._restart_sandbox,
            "Bigin slow": lambda: self._for_a_while(settings={"latency_ms": self._random.randint(300, 1500)}),
            "Bigin throttles": lambda: self._for_a_while({"path": UPSERT, "probability": 0.6, "fault": {"kind": "status", "status": 429}}),
            "Bigin fails": lambda: self._for_a_while({"path": UPSERT, "probability": 0.5, "fault": {"kind": "status", "status": 500}}),
            "answers lost": lambda: self._for_a_while({"path": UPSERT, "probability": 0.5, "fault": {"kind": "cut", "after_commit": True}}),
            "answers garbled": lambda: self._for_a_while({"path": UPSERT, "probability": 0.4, "fault": {"kind": "garbage"}}),
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

    def tokens(self) -> Iterator[str]:
        """What costs a refresh, of which there are few in ten minutes."""
        yield from self._each({"access token dead": self._lose_token, "refresh killed": self._kill_refresh})

    def rare(self) -> Iterator[str]:
        """Pauses and lost tokens in turn, without end."""
        while True:
            yield from self.pauses()
            yield from self.tokens()

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
        self._relay.console.faults({"path": "/oauth/*", "count": 1, "fault": {"kind": "latency", "ms": 1500}})
        refresh = self._relay.names["REFRESH_FUNCTION"]
        self._relay.aws("lambda").invoke(FunctionName=refresh, InvocationType="Event", Payload=payload)
        time.sleep(0.7)
        kill(self._stack, self._relay, "refresh")
        self._relay.console.faults()

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
        console.faults(*rules)
        console.settings(**(settings or {}))
        time.sleep(self._random.uniform(2, 4))
        console.faults()
        console.settings(latency_ms=0)

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
        number = len(self.stopped_and_asked_again)
        people = {f"{self._mark}.stopped-{number + row}@example.test": f"Stopped {number + row}" for row in range(20)}
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
        self.stopped_and_asked_again |= people

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
