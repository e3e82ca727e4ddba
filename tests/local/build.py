"""Builds what is deployed and what it talks to: the four functions through the SAM CLI, and the sandbox."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .places import FUNCTIONS, LOCAL, ROOT, TEMPLATE, architecture, build_dir, cargo_target, tool, tool_environment
from .processes import Failed, run, run_status


def sandbox_binary() -> Path:
    """The stand-in for Zoho, as `cargo build` leaves it."""
    return cargo_target() / "debug" / "sandbox"


def build_all() -> None:
    """Builds functions and sandbox for this machine."""
    build_sandbox()
    build_functions()


def build_sandbox() -> None:
    """Builds the sandbox with the development profile: it serves tests, and most of it is compiled for them anyway."""
    run(["cargo", "build", "--locked", "-p", "sandbox"], cwd=ROOT, env=tool_environment())


def build_functions() -> None:
    """Builds the functions with the release profile, then lets `sam build` make the deployable template of them.

    `sam build` calls cargo lambda for one function after the other. Building all four in one go first lets two of them
    link at a time, and shows what cargo says; `sam build` then finds everything built.
    """
    arch = architecture()
    flags = ["--arm64"] if arch == "arm64" else []
    packages = [part for name in FUNCTIONS for part in ("-p", name)]
    with build_lock():
        run([tool("cargo-lambda"), "lambda", "build", "--release", "--locked", *flags, *packages], cwd=ROOT, env=tool_environment())
        run(
            [
                tool("sam"),
                "build",
                "--beta-features",
                "--template-file",
                str(TEMPLATE),
                "--build-dir",
                str(build_dir(arch)),
                "--parameter-overrides",
                f"Architecture={arch}",
            ],
            cwd=LOCAL,
            env=tool_environment(),
            log=LOCAL / "sam-build.log",
        )


def build_for_the_other_processor() -> str:
    """Compiles and links the functions for arm64, which is what the template deploys by default. Answers what came of it.

    Only that it builds is asked here, so the slow part of the release profile (link-time optimisation over everything) is
    left out. Whether the target can be had depends on the machine: its standard library may have to be fetched.
    """
    if architecture() == "arm64":
        return "this machine is arm64 itself: what was deployed above is the arm64 build"
    environment = tool_environment() | {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16"}
    if not _has_arm64_target(environment):
        return "NOT BUILT for arm64: the aarch64-unknown-linux-gnu standard library cannot be had on this machine"
    packages = [part for name in FUNCTIONS for part in ("-p", name)]
    folder = LOCAL / "lambda-arm64"
    command = [tool("cargo-lambda"), "lambda", "build", "--release", "--locked", "--arm64", "--lambda-dir", str(folder), *packages]
    if run_status(command, cwd=ROOT, env=environment):
        raise Failed("the functions do not build for arm64, which is what the template deploys by default")
    return "built for arm64: " + ", ".join(FUNCTIONS)


def _has_arm64_target(environment: dict[str, str]) -> bool:
    target = "aarch64-unknown-linux-gnu"
    with contextlib.suppress(OSError):
        subprocess.run(["rustup", "target", "add", target], env=environment, capture_output=True, timeout=300, check=False)
    found = subprocess.run(
        ["rustc", "--print", "target-libdir", "--target", target], env=environment, capture_output=True, text=True, check=False
    )
    return found.returncode == 0 and any(Path(found.stdout.strip()).glob("libstd-*"))


@contextlib.contextmanager
def build_lock() -> Iterator[None]:
    """Keeps two runs from writing, or packing, the deployable template at the same time."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    with (LOCAL / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
