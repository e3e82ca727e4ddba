"""Runs the functions' arm64 programs on another processor: QEMU's user mode, and an arm64 C library for them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .places import LOCAL, TOOLS, tool_environment

# Debian's and Ubuntu's names.
_PACKAGES = ("qemu-user-static", "libc6-arm64-cross", "libgcc-s1-arm64-cross")
_LIBRARIES = Path("usr") / "aarch64-linux-gnu"


def command() -> list[str] | None:
    """What runs an arm64 program, to be put before it; None where that cannot be had."""
    folder = TOOLS / "arm64"
    for root in (Path("/"), folder):
        emulator = _emulator(root)
        if emulator and (root / _LIBRARIES / "lib" / "libc.so.6").exists():
            return [emulator, "-L", str(root / _LIBRARIES)]
        if root != folder and not _fetch(folder):
            return None
    return None


def answer_of(name: str, program: Path, emulator: list[str]) -> str:
    """Starts a function under the emulator and invokes it with something it does not know; answers what it said to that."""
    from bench.cold_start import refused

    return refused([*emulator, str(program)], LOCAL / f"arm64-{name}.log")


def _emulator(root: Path) -> str | None:
    if root == Path("/"):
        return shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    own = root / "usr" / "bin" / "qemu-aarch64-static"
    return str(own) if own.exists() else None


def _fetch(folder: Path) -> bool:
    """Fetches the packages and unpacks them beside the other tools: nothing is installed, and no right of root's is needed."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    fetched = subprocess.run(["apt-get", "download", *_PACKAGES], cwd=folder, env=tool_environment(), capture_output=True)
    if fetched.returncode:
        return False
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package.name, "."], cwd=folder, check=True, capture_output=True)
        package.unlink()
    return True
