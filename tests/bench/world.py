"""What a function meets when it is measured: the sandbox, a local AWS, and the relay's secrets, table and bucket on it."""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Iterator

from local.console import Console
from local.places import tool, tool_environment
from local.processes import Server, free_port
from local.stack import REGION, client

from . import rows
from .places import BENCH, binary, sandbox_binary
from .runtime_api import Process

BUCKET, TABLE = "bench-data", "bench-state"

# What Lambda itself gives a function, and nothing of this process's own environment.
PLAIN = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


class World:
    """Sandbox and local AWS, started and stopped together, with the relay authorized."""

    def __init__(self) -> None:
        self._servers: list[Server] = []
        self.folder = BENCH / "world"

    def __enter__(self) -> World:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
            self._authorize()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_reason: object) -> None:
        while self._servers:
            self._servers.pop().stop()

    def _start(self) -> None:
        port = free_port()
        self.sandbox_url = f"http://127.0.0.1:{port}"
        self.console = Console(self.sandbox_url)
        listen = [str(sandbox_binary()), "--listen", f"127.0.0.1:{port}"]
        self._serve("sandbox", listen, tool_environment(), f"{self.sandbox_url}/console/state")
        port = free_port()
        self.aws_url = f"http://127.0.0.1:{port}"
        environment = tool_environment() | {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": "127.0.0.1",
            "TMPDIR": str(self.folder),
        }
        self._serve("aws", [tool("ministack")], environment, f"{self.aws_url}/_ministack/health")
        for name in ("bench-self-client", "bench-access-token"):
            self.client("secretsmanager").create_secret(Name=name)
        # Without versions: where one is named, ministack answers a question for a range with the whole object.
        self.client("s3").create_bucket(Bucket=BUCKET)
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        self.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        )
        self.queue_url = self.client("sqs").create_queue(QueueName="bench-records")["QueueUrl"]

    def _serve(self, name: str, command: list[str], environment: dict[str, str], health: str) -> None:
        server = Server(name, command, cwd=self.folder, env=environment, log=self.folder / f"{name}.log", outlive=False)
        self._servers.append(server)
        server.wait_ready(60, lambda: _answers(health))

    def client(self, service: str) -> object:
        """A boto3 client of the local AWS."""
        return client(self.aws_url, service)

    def _authorize(self) -> None:
        with self.function("authorize") as authorize:
            authorize.wait_init()
            authorize.invoke(self.console.new_code(self.console.new_client("bench")))

    def contents(self) -> list[dict[str, object]]:
        """The contacts that the sandbox holds by their e-mail addresses, without what no file can fill: ids and times."""
        held = [{name: record.get(name) for name in rows.FIELDS} for record in self.console.records("Contacts")]
        return sorted(held, key=lambda record: str(record["Email"]))

    def environment(self) -> dict[str, str]:
        """What the template gives the functions, all of them together."""
        return PLAIN | {
            "ACCESS_TOKEN_SECRET": "bench-access-token",
            "ACCOUNTS_URL": self.sandbox_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_REGION": REGION,
            "AWS_SECRET_ACCESS_KEY": "test",
            "DATA_BUCKET": BUCKET,
            "DATA_CENTER": "us",
            # Two calls are the queue's consumers', five an import's.
            "BIGIN_CONCURRENCY": "7",
            "EVENTS_DEAD_LETTER_QUEUE_URL": self.queue_url,
            "IMPORT_STATE_MACHINE": f"arn:aws:states:{REGION}:000000000000:stateMachine:bench",
            "LOG_LEVEL": "info",
            "PUSH_FUNCTION": "bench-push",
            "RECORDS_DEAD_LETTER_QUEUE_URL": self.queue_url,
            "RECORDS_QUEUE_URL": self.queue_url,
            "REFRESH_FUNCTION": "bench-refresh",
            "SELF_CLIENT_SECRET": "bench-self-client",
            "SLICE_BUDGET_S": "120",
            "STACK_NAME": "bench",
            "STATE_TABLE": TABLE,
        }

    @contextlib.contextmanager
    def function(self, name: str, **more: str) -> Iterator[Process]:
        """One of the functions, as it was built for deployment, with that environment besides."""
        with Process([str(binary(name))], self.environment() | more, self.folder / f"{name}.log") as process:
            yield process

    def answers_after(self, latency_ms: int) -> None:
        """From now on each of the sandbox's calls takes that long. Credits never run out here."""
        self.console.settings(credits=100_000_000, latency_ms=latency_ms)


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
        return answer.status == 200
    return False
