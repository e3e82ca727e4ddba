"""Where things lie: one place for every path, so that no other module spells one out."""

from __future__ import annotations

import functools
import json
import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "target" / "local"
VENVS = ROOT / "target" / "venv"
TOOLS = ROOT / "target" / "tools"
TEMPLATE = ROOT / "infra" / "template.yaml"
ENV_FILE = LOCAL / "env"
UP_FILE = LOCAL / "up.json"
FUNCTIONS = ("authorize", "refresh", "push", "pull", "revoke")


def tool(name: str) -> str:
    """A program of the pinned tools; the SAM CLI lives in an environment of its own."""
    return str(VENVS / ("sam" if name == "sam" else "local") / "bin" / name)


def architecture() -> str:
    """This machine's processor by Lambda's name, since the local AWS runs the functions as plain processes."""
    return {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()]


def build_dir(arch: str) -> Path:
    """Where `sam build` leaves the deployable template for this architecture."""
    return LOCAL / f"sam-{arch}"


@functools.cache
def cargo_target() -> Path:
    """Cargo's target directory, wherever the environment or a cargo configuration puts it."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1", "--offline"]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return Path(json.loads(answer.stdout)["target_directory"])


def tool_environment() -> dict[str, str]:
    """The environment of every tool: the pinned ones first, and nothing of the user's own AWS settings.

    Nothing that runs here may ever reach somebody's real account, so profiles, credentials and endpoints of the caller
    are dropped; the local AWS's own are added by those who talk to it.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    kept["PATH"] = f"{VENVS / 'local' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    kept["SAM_CLI_TELEMETRY"] = "0"
    kept["AWS_CONFIG_FILE"] = kept["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    kept["AWS_EC2_METADATA_DISABLED"] = "true"
    # The servers are on the loopback interface, whatever proxy stands before the registries.
    kept["NO_PROXY"] = kept["no_proxy"] = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1,localhost")))
    # The linters and the SAM CLI want some region even where none is asked.
    kept["AWS_REGION"] = kept["AWS_DEFAULT_REGION"] = "us-east-1"
    return kept
