"""One deployed stack for the whole suite; each test says in its fixtures what state it starts from.

With E2E_ENV=target/local/env the suite drives a stack that `make up` left running, for quick tries.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos.storm import PARAMETERS, Storm
from local.processes import end_on_signals
from local.relay import FunctionFailed, Relay
from local.stack import LocalStack, read_env_file

from .probe import Probe


def pytest_configure(config: pytest.Config) -> None:
    """Teardown, which stops the servers, is to run on SIGTERM as well."""
    end_on_signals()


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack | None]:
    """The servers and the deployed template; None where somebody else runs them."""
    if os.environ.get("E2E_ENV"):
        yield None
        return
    with LocalStack(say=lambda text: print(text, file=sys.__stderr__, flush=True)) as stack:
        yield stack


@pytest.fixture(scope="session")
def relay(stack: LocalStack | None) -> Relay:
    """The deployed stack as its users see it."""
    relay = Relay(stack.environment() if stack else read_env_file(Path(os.environ["E2E_ENV"])))
    # The suite authorizes more often in ten minutes than a person may.
    relay.console.settings(codes_per_10_minutes=1000)
    return relay


@pytest.fixture(scope="session")
def stormy_stack() -> Iterator[LocalStack]:
    """A second stack, with servers of its own, for what would trouble the other tests; with a KMS key for all it stores."""
    say = lambda text: print(f"second stack: {text}", file=sys.__stderr__, flush=True)  # noqa: E731
    with LocalStack(parameters=PARAMETERS, with_key=True, say=say) as stack:
        yield stack


@pytest.fixture(scope="session")
def storm(stormy_stack: LocalStack) -> Storm:
    """The storm over the second stack: it blows in one test, and another counts when all has settled."""
    seed = int(os.environ["CHAOS_SEED"]) if os.environ.get("CHAOS_SEED") else None
    return Storm(stormy_stack, Relay(stormy_stack.environment()), seed)


@pytest.fixture(scope="session")
def client_id(relay: Relay) -> str:
    """The self client that the suite lives on."""
    return relay.console.new_client("the suite")


@pytest.fixture
def authorized(relay: Relay, client_id: str) -> dict:
    """An authorization in force, nothing paused; answers revoke's status."""
    relay.forget_mints()
    status = relay.status()
    if status["authorization"]["state"] != "active":
        relay.authorize(client_id)
    elif status["paused"]:
        relay.invoke("revoke", {"action": "resume"})
    status = relay.status()
    assert status["authorization"]["state"] == "active", status
    assert not status["paused"], status
    assert not status["problems"], status
    return status


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest) -> Iterator[None]:
    """No fault outlives the test that asked for it."""
    yield
    if "relay" in request.fixturenames:
        relay: Relay = request.getfixturevalue("relay")
        relay.console.faults()
        relay.console.settings(latency_ms=0, credits=None, concurrency=10)


@pytest.fixture(scope="session")
def probe(relay: Relay) -> Iterator[Probe]:
    """Tries AWS calls with the role of a deployed function."""
    with Probe(relay) as probe:
        yield probe


@pytest.fixture
def refused(relay: Relay):
    """Invokes a function that is to answer with an error; answers the error."""

    def invoke(function: str, payload: dict) -> FunctionFailed:
        with pytest.raises(FunctionFailed) as caught:
            relay.invoke(function, payload)
        return caught.value

    return invoke
