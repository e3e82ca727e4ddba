"""What comes out of Bigin, as somebody sees it who runs pull by hand and reads the bucket."""

from __future__ import annotations

import json

from .processes import wait_until
from .relay import Relay

# What was changed so long ago is in the next window.
SETTLED_S = 180


def start(relay: Relay, module: str = "Contacts", *, backfill: bool = False) -> dict:
    """Asks for a run over what was changed until now; answers its name and where its manifest will lie."""
    relay.console.advance(SETTLED_S)
    [run] = relay.invoke("pull", {"module": module} | ({"backfill": True} if backfill else {}))["runs"]
    assert run["module"] == module
    return run


def manifest(relay: Relay, run: dict, *, seconds: float = 90) -> dict:
    """Waits for the end of a run; answers its manifest."""
    key = run["manifest_key"]
    wait_until(f"the manifest {key}", seconds, lambda: key in relay.keys(f"changes/{run['module']}/_manifests/"))
    wait_until("the end of the run", seconds, lambda: not running(relay))
    return json.loads(relay.text(key))


def pulled(relay: Relay, module: str = "Contacts", *, backfill: bool = False) -> dict:
    """A whole run; answers its manifest."""
    return manifest(relay, start(relay, module, backfill=backfill))


def lines(relay: Relay, manifest: dict) -> list[dict]:
    """The change records that a manifest names."""
    return [json.loads(line) for part in manifest["files"] for line in relay.text(part["key"]).splitlines()]


def running(relay: Relay) -> list[dict]:
    """Executions of pull that go on; none has failed."""
    found = relay.aws("stepfunctions").list_executions(stateMachineArn=relay.names["PULL_STATE_MACHINE"])["executions"]
    assert {each["status"] for each in found} <= {"RUNNING", "SUCCEEDED"}, found
    return [each for each in found if each["status"] == "RUNNING"]


def is_waiting(relay: Relay, code: str) -> bool:
    """Whether the one run that goes on waits, for that reason."""
    [execution] = running(relay)
    events = relay.aws("stepfunctions").get_execution_history(executionArn=execution["executionArn"], reverseOrder=True)["events"]
    details = events[0].get("stateEnteredEventDetails") or {}
    return details.get("name") == "Wait a while" and json.loads(details["input"])["code"] == code
