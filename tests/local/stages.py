"""`make test`: one stage after the other, each with its minutes, and at the end one line that adds up all tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import build, checks
from .places import LOCAL, ROOT, tool, tool_environment
from .processes import Failed

# What the test runners say at their end: nextest, cargo test, pytest.
_NEXTEST = re.compile(r"^\s*Summary \[.*?\] +\d+ tests? run: (?P<rest>.*)$", re.M)
_CARGO = re.compile(r"^test result: \w+\. (?P<rest>.*)$", re.M)
_PYTEST = re.compile(r"^=+ (?P<rest>.*\b(?:passed|failed|error|errors|skipped)\b.*) in [\d.]+s.*=+$", re.M)
# How many tests of tests/interleavings and tests/fuzz have a longer form: they share what time there is.
_LONG_ONES = 12


@dataclass
class Counts:
    """How many tests did what, over all runners."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    minutes: list[tuple[str, float]] = field(default_factory=list)

    def add(self, said: str) -> None:
        """Adds what a runner said at its end."""
        for summary in (*_NEXTEST.finditer(said), *_CARGO.finditer(said), *_PYTEST.finditer(said)):
            for number, word in re.findall(r"(\d+) (passed|failed|errors?|ignored|skipped)", summary["rest"]):
                match word:
                    case "passed":
                        self.passed += int(number)
                    case "failed" | "error" | "errors":
                        self.failed += int(number)
                    case _:
                        self.skipped += int(number)


def everything() -> int:
    """All stages. The first one that fails ends the run."""
    counts = Counts()
    stages: list[tuple[str, Callable[[Counts], None]]] = [
        ("format", lambda _: checks.formatted()),
        ("template", template),
        ("lint", lambda _: checks.linted()),
        ("unit tests", unit),
        ("doc tests", doc),
        ("build", lambda _: build.build_all()),
        ("budgets", lambda _: print(budgets())),
        ("end to end", end_to_end),
    ]
    if os.environ.get("CI"):
        stages.insert(-1, ("arm64 build", lambda _: print(build.build_for_the_other_processor())))
    failure = None
    for name, stage in stages:
        failure = _timed(name, stage, counts)
        if failure:
            break
    print("\n" + "\n".join(f"{name:<12} {minutes:5.1f} min" for name, minutes in counts.minutes))
    print(f"{'all':<12} {sum(minutes for _, minutes in counts.minutes):5.1f} min")
    if failure:
        print(f"\nFAILED in the stage `{failure[0]}`: {failure[1]}")
        counts.failed = max(counts.failed, 1)
    print(f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped", flush=True)
    return 1 if failure else 0


def budgets() -> str:
    """Sizes, TLS stacks and instructions a row; what takes time to measure is left to make bench."""
    from bench.budgets import kept

    return kept()


def template(counts: Counts | None = None) -> None:
    """The template's linters, and what they do not know of AWS."""
    checks.template()
    _counted([tool("python"), "-m", "pytest", "-p", "no:cacheprovider", "tests/template"], counts)


def unit(counts: Counts | None = None) -> None:
    """The Rust tests, by nextest where it is installed; and the figures that some of them leave."""
    figures, failure = _rust_tests(["--workspace"], counts)
    print("\n" + "\n".join(figures), flush=True)
    if failure:
        raise failure


def explore(minutes: float) -> tuple[list[str], Failed | None]:
    """The long scenes of tests/interleavings and every fuzz target, for about so long. Answers with the figures they leave."""
    os.environ["SOAK"] = str(int(max(minutes * 60 * (os.cpu_count() or 1) / _LONG_ONES, 15)))
    return _rust_tests(["--package", "interleavings", "--package", "fuzz"], None)


def _rust_tests(packages: list[str], counts: Counts | None) -> tuple[list[str], Failed | None]:
    left = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "tmp" / "figures.txt"
    left.unlink(missing_ok=True)
    has_nextest = shutil.which("cargo-nextest") is not None
    runner = ["nextest", "run", "--no-fail-fast", "--status-level", "slow"] if has_nextest else ["test", "--no-fail-fast", "--all-targets"]
    failure = None
    try:
        _counted(["cargo", *runner, "--locked", *packages], counts)
    except Failed as failed:
        failure = failed
    return sorted(left.read_text().splitlines()) if left.exists() else [], failure


def doc(counts: Counts | None = None) -> None:
    """The examples in the Rust documentation; the binaries have none."""
    _counted(["cargo", "test", "--locked", "--workspace", "--doc", "--no-fail-fast"], counts)


def end_to_end(counts: Counts | None = None, arguments: tuple[str, ...] = ()) -> None:
    """The deployed stack, driven from outside."""
    results = LOCAL / "pytest"
    command = [tool("python"), "-m", "pytest", "-o", f"cache_dir={results}", *(arguments or ("tests/e2e",))]
    _counted(command, counts)


def _timed(name: str, stage: Callable[[Counts], None], counts: Counts) -> tuple[str, str] | None:
    print(f"\n======== {name}", flush=True)
    began = time.monotonic()
    failure = None
    try:
        stage(counts)
    except (Failed, subprocess.CalledProcessError) as error:
        failure = (name, str(error))
    minutes = (time.monotonic() - began) / 60
    counts.minutes.append((name, minutes))
    print(f"======== {name}: {'FAILED after ' if failure else ''}{minutes:.1f} min", flush=True)
    return failure


def _counted(command: list[str], counts: Counts | None) -> None:
    """Runs a test runner, showing what it says while it says it, and adds up what it says at its end."""
    environment = tool_environment() | {"PYTHONPATH": str(ROOT / "tests"), "PYTHONUNBUFFERED": "1"}
    if os.environ.get("E2E_ENV"):
        environment["E2E_ENV"] = os.environ["E2E_ENV"]
    status, said = _run_showing(command, environment)
    if counts:
        counts.add(said)
    if status:
        raise Failed(f"`{' '.join(part.rsplit('/', 1)[-1] for part in command[:3])}` failed with status {status}")


def _run_showing(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    from .processes import run_piped

    lines: list[str] = []

    def show(line: str) -> None:
        print(line, end="", flush=True)
        lines.append(re.sub(r"\x1b\[[0-9;]*m", "", line))

    return run_piped(command, cwd=ROOT, env=environment, show=show), "".join(lines)
