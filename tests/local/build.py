"""Builds what is deployed and what it talks to: the functions through the SAM CLI, and the sandbox."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
from collections.abc import Iterator
from pathlib import Path

from . import elf
from . import emulator as emulation
from .places import FUNCTIONS, LOCAL, ROOT, TEMPLATE, architecture, build_dir, cargo_target, tool, tool_environment
from .processes import Failed, run

# Amazon Linux 2023's, on which provided.al2023 rests.
LAMBDA_GLIBC = (2, 34)


def sandbox_binary() -> Path:
    """The stand-in for Zoho, as `cargo build` leaves it."""
    return cargo_target() / "debug" / "sandbox"


def operator_binary() -> Path:
    """The operator's tool, as `cargo build` leaves it."""
    return cargo_target() / "debug" / "bigin-relay"


def build_operator() -> None:
    """Builds the operator's tool with the development profile. All packages are named, so that what the tests were built of is of use."""
    run(["cargo", "build", "--locked", "--workspace", "--bin", "bigin-relay"], cwd=ROOT, env=tool_environment())


def build_all() -> None:
    """Builds functions and sandbox for this machine."""
    build_sandbox()
    build_functions()


def build_sandbox() -> None:
    """Builds the sandbox with the development profile: it serves tests, and most of it is compiled for them anyway."""
    run(["cargo", "build", "--locked", "-p", "sandbox"], cwd=ROOT, env=tool_environment())


def build_functions(arch: str | None = None) -> None:
    """Builds the functions with the release profile, then lets `sam build` make the deployable template of them.

    `sam build` calls cargo lambda for one function after the other. Building all in one go first lets two of them
    link at a time, and shows what cargo says; `sam build` then finds everything built.
    """
    arch = arch or architecture()
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
    for name in FUNCTIONS:
        _fits_lambda(name, arch)


def program(name: str, arch: str) -> Path:
    """A function's program, as `sam build` leaves it to be deployed."""
    return build_dir(arch) / f"{name.capitalize()}Function" / "bootstrap"


def _fits_lambda(name: str, arch: str) -> elf.Program:
    """Refuses a program that provided.al2023 could not start on that processor."""
    found = elf.read(program(name, arch))
    if (found.machine, found.interpreter) != (arch, elf.INTERPRETERS[arch]):
        raise Failed(f"{name} was to be built for {arch}, and is for {found.machine}, started by {found.interpreter or 'nothing'}")
    if found.newest_glibc > LAMBDA_GLIBC:
        raise Failed(f"{name} asks for glibc {found.glibc()}; provided.al2023 has {'.'.join(map(str, LAMBDA_GLIBC))}")
    return found


def build_for_the_other_processor() -> str:
    """Builds what the template deploys by default, arm64, just as it is deployed, and looks whether it runs. Answers what came of it.

    Whether the target can be had depends on the machine: its standard library may have to be fetched. So does whether it can be run.
    """
    if architecture() == "arm64":
        return "this machine is arm64 itself: what was deployed above is the arm64 build"
    if not _has_arm64_target(tool_environment()):
        return "NOT BUILT for arm64: the aarch64-unknown-linux-gnu standard library cannot be had on this machine"
    build_functions("arm64")
    lines = []
    for name in FUNCTIONS:
        found = _fits_lambda(name, "arm64")
        lines.append(f"{name}: {found.machine}, started by {found.interpreter}, glibc {found.glibc()} at the newest")
    emulator = emulation.command()
    if not emulator:
        lines.append("NOT RUN: neither qemu-user nor an arm64 C library can be had on this machine; the ELF files were looked at alone")
        return "\n".join(["built for arm64 with the profile that is deployed:", *lines])
    for name in FUNCTIONS:
        said = emulation.answer_of(name, program(name, "arm64"), emulator)
        lines.append(f"{name}: run under {Path(emulator[0]).name}, answered {said}")
    return "\n".join(["built for arm64 with the profile that is deployed:", *lines])


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
