"""Cold starts: CPU time from a function's start to its first `/next`, and that of its first HTTPS call.

AWS is a stub on the loopback interface that knows nothing and answers at once. The first figure is taken with plain HTTP throughout,
so that no handshake is in it; for the second Secrets Manager is behind TLS, and the CPU time counts from the moment its
connection is accepted until the function does the next thing that can be seen from outside.
"""

from __future__ import annotations

import json
from pathlib import Path

from local.console import SCOPES
from local.places import FUNCTIONS
from local.stack import REGION

from . import rows
from .places import BENCH, PEER, PYTHON, binary
from .runtime_api import Process
from .stub_aws import Moments, Stub
from .table import Row, at_most, told
from .world import PLAIN

RUNS = 15
# What a user feels of a cold start, in milliseconds of CPU: start and first call together.
_GOAL = 5

# What makes authorize and revoke talk to Secrets Manager; refresh and push do so before their first `/next`.
_PAYLOADS = {
    "authorize": {
        "client_id": "1000.BENCH",
        "client_secret": "secret",
        "code": "1000.code",
        "grant_type": "authorization_code",
        "scope": SCOPES.split(","),
        "expiry_time": 4102444800000,
    },
    "revoke": {"action": "revoke", "confirm": "nobody", "dry_run": True},
}


def measured() -> list[Row]:
    """The rows of all functions."""
    init, first_call, both = [], [], []
    for name in FUNCTIONS:
        # The first run brings the program into the page cache.
        starts = [init_cpu_ms(_ours(name)) for _ in range(RUNS + 1)][1:]
        calls = [_first_call_cpu_ms(name) for _ in range(RUNS + 1)][1:]
        init.append(told(f"cold_start.init_cpu_ms.{name}", starts, "ms"))
        first_call.append(told(f"cold_start.first_call_cpu_ms.{name}", calls, "ms"))
        sums = [start + call for start, call in zip(starts, calls, strict=True)]
        both.append(at_most(f"cold_start.cpu_ms.{name}", sums, "ms", _GOAL))
    return [*init, *first_call, *both]


def _ours(name: str) -> list[str]:
    return [str(binary(name))]


def peer_command() -> list[str]:
    """The peer under Lambda's own runtime client for Python."""
    return [str(PYTHON), "-m", "awslambdaric", "handler.handle"]


def peer_environment() -> dict[str, str]:
    """What the peer is configured with."""
    columns = dict(zip(rows.HEADER.split(","), rows.FIELDS, strict=True))
    return {
        "COLUMNS": json.dumps(columns),
        "LAMBDA_TASK_ROOT": str(PEER),
        "PYTHONPATH": str(PEER),
        # Lambda's Python runtime finds its packages compiled; so may the peer's own file be.
        "PYTHONPYCACHEPREFIX": str(BENCH / "pycache"),
        "WIDTH": "5",
    }


def init_cpu_ms(command: list[str]) -> float:
    """CPU time from the start to the first `/next`, without TLS."""
    with Stub() as stub, Process(command, _environment(stub.url, stub.url), BENCH / "cold.log") as process:
        return process.wait_init()[0]


def refused(command: list[str], log: Path) -> str:
    """What a function says to a payload that none of them knows: the error's type."""
    with Stub() as stub, Process(command, _environment(stub.url, stub.url), log) as process:
        process.wait_init()
        return process.refusal({"unknown": "to all of them"})


def _first_call_cpu_ms(name: str) -> float:
    """CPU time of the first HTTPS call: handshake, request and answer."""
    # Only who serves TLS needs the library that makes certificates.
    from . import certificates

    with Stub() as plain, Stub(tls=True) as tls:
        plain.moments = tls.moments = moments = Moments()
        environment = _environment(plain.url, tls.url) | {"SSL_CERT_FILE": str(certificates.trusted_roots())}
        with Process(_ours(name), environment, BENCH / "cold.log") as process:
            moments.pid = process.pid
            cpu_at_the_end, _ = process.wait_init()
            if name in _PAYLOADS:
                process.invoke_whatever(_PAYLOADS[name])
                cpu_at_the_end = process.cpu_ms()
            return moments.first_call(cpu_at_the_end)


def _environment(url: str, secrets_url: str) -> dict[str, str]:
    return PLAIN | peer_environment() | {
        "ACCESS_TOKEN_SECRET": "token",
        "ACCOUNTS_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": "test",
        "BIGIN_CONCURRENCY": "7",
        "DATA_BUCKET": "data",
        "DATA_CENTER": "us",
        "EVENTS_DEAD_LETTER_QUEUE_URL": f"{url}/000000000000/events",
        "IMPORT_STATE_MACHINE": f"arn:aws:states:{REGION}:000000000000:stateMachine:bench",
        "LOG_LEVEL": "info",
        "PULL_STATE_MACHINE": f"arn:aws:states:{REGION}:000000000000:stateMachine:bench",
        "PUSH_FUNCTION": "push",
        "RECORDS_DEAD_LETTER_QUEUE_URL": f"{url}/000000000000/dead",
        "RECORDS_QUEUE_URL": f"{url}/000000000000/records",
        "REFRESH_FUNCTION": "refresh",
        "SELF_CLIENT_SECRET": "client",
        "SLICE_BUDGET_S": "120",
        "STACK_NAME": "bench",
        "STATE_TABLE": "state",
    }  # fmt: skip
