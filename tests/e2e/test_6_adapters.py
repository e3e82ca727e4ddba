"""What the crate tests trust in its doubles of AWS holds for the adapters as well, against the same local AWS."""

from __future__ import annotations

import subprocess

from local.places import ROOT, tool_environment
from local.relay import Relay


def test_the_adapters_keep_the_promises_of_their_doubles(relay: Relay) -> None:
    command = ["cargo", "test", "--locked", "-p", "shared", "--test", "local_aws", "--", "--ignored"]
    aws = {name: value for name, value in relay.names.items() if name.startswith("AWS_")}
    ran = subprocess.run(command, cwd=ROOT, env=tool_environment() | aws, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 passed" in ran.stdout, ran.stdout
