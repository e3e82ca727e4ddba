"""Builds what is measured, and what it is measured against."""

from __future__ import annotations

from local.build import build_lock
from local.places import FUNCTIONS, ROOT, tool, tool_environment
from local.processes import run

from .places import BIN


def everything() -> None:
    """The functions as they are deployed, the bench's own programs, and the sandbox."""
    # One after the other, since what bench-day wants of the shared crates (the doubles for tests) is not to get into the functions.
    as_deployed(*FUNCTIONS, "bench-row")
    as_deployed("bench-day")
    run(["cargo", "build", "--locked", "--profile", "quick", "-p", "sandbox"], cwd=ROOT, env=tool_environment())


def as_deployed(*names: str) -> None:
    """Programs of the workspace with the release profile, each as `<name>/bootstrap` under target/bench/bin.

    cargo lambda builds for its own target directory: what the functions rest on is compiled once for all of them.
    """
    packages = [part for name in names for part in ("-p", name)]
    command = [tool("cargo-lambda"), "lambda", "build", "--release", "--locked", "--lambda-dir", str(BIN), *packages]
    with build_lock():
        run(command, cwd=ROOT, env=tool_environment())
