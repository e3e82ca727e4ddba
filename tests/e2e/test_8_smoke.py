"""`make smoke-aws`, by an endpoint override against the suite's own stack: nobody here has an AWS account or a Bigin."""

from __future__ import annotations

import os
import subprocess

from local.places import ROOT
from local.relay import Relay


def smoke(relay: Relay, **more: str) -> subprocess.CompletedProcess:
    """Runs it as a user would, with this stack's AWS in the environment."""
    aws = {name: value for name, value in relay.names.items() if name.startswith("AWS_")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | aws | more
    command = ["make", "smoke-aws", f"STACK_NAME={relay.names['STACK_NAME']}"]
    return subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
    )


def marked(relay: Relay) -> list[dict]:
    return [record for email, record in relay.contacts().items() if email.startswith("bigin-relay-smoke")]


def test_nothing_is_written_before_the_organisation_is_confirmed(relay: Relay, authorized: dict) -> None:
    for given in ({}, {"CONFIRM": "12345"}):
        done = smoke(relay, **given)
        assert done.returncode != 0
        assert "nothing was written" in done.stderr, done.stdout + done.stderr
    # Other tests' messages may arrive meanwhile, so only what it marks as its own is looked for.
    assert marked(relay) == []
    assert not [key for key in relay.keys("inbox/") if "smoke" in key]


def test_the_story_is_told_and_leaves_nothing_behind(relay: Relay, authorized: dict) -> None:
    before = relay.console.state()["writes"]["Contacts"]
    done = smoke(relay, CONFIRM=authorized["authorization"]["org_id"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The story is true" in done.stdout
    after = relay.console.state()["writes"]["Contacts"]
    assert (after["inserted"] - before["inserted"], after["deleted"] - before["deleted"]) == (1, 1)
    assert after["updated"] - before["updated"] >= 2
    assert marked(relay) == []
    left = [key for prefix in ("inbox/", "check/") for key in relay.keys(prefix) if "smoke" in key]
    assert left == []
