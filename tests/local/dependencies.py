"""What the relay is made of may be so: licences, sources, bans and known vulnerabilities, by cargo-deny (see deny.toml)."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from .places import ROOT, TOOLS, tool_environment
from .processes import Failed, run, run_status

# The pin. A development build checks as well as any other and is made in a third of the time.
CARGO_DENY = "0.20.2"


def checked() -> None:
    """Refuses what deny.toml does not allow. What could not be checked is said; CI refuses that too, but for the database."""
    deny = _cargo_deny()
    if not deny:
        missing = f"cargo-deny {CARGO_DENY} cannot be had: licences, sources, bans and known vulnerabilities were NOT checked"
        if os.environ.get("CI"):
            raise Failed(missing)
        print(missing)
        return
    command = [deny, "--locked", "--workspace", "--all-features"]
    run([*command, "check", "licenses", "bans", "sources"], cwd=ROOT, env=tool_environment())
    # The database is on one site alone, which not every network lets be reached; that is no fault of what is checked.
    fetched = subprocess.run([deny, "fetch", "db"], cwd=ROOT, env=tool_environment(), capture_output=True, text=True)
    if fetched.returncode:
        print("the advisory database cannot be reached: known vulnerabilities were NOT checked", flush=True)
        return
    run([*command, "check", "advisories"], cwd=ROOT, env=tool_environment())


def _cargo_deny() -> str | None:
    """The machine's own where it is the pinned version, else one that is built once into target/tools."""
    own = shutil.which("cargo-deny")
    if own and _version(own) == CARGO_DENY:
        return own
    folder = TOOLS / f"cargo-deny-{CARGO_DENY}"
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = folder / "bin" / "cargo-deny"
        if not built.exists() and not _install(folder):
            return None
    return str(built)


def _version(program: str) -> str:
    said = subprocess.run([program, "--version"], cwd=ROOT, env=tool_environment(), capture_output=True, text=True)
    return said.stdout.strip().rpartition(" ")[2]


def _install(folder: Path) -> bool:
    print(f"Building cargo-deny {CARGO_DENY} into {folder.relative_to(ROOT)}, once ...", flush=True)
    build = folder / "build"
    command = ["cargo", "install", "--quiet", "--locked", "--debug", "--no-track", "--root", str(folder), "--target-dir", str(build)]
    try:
        environment = tool_environment() | {"CARGO_PROFILE_DEV_DEBUG": "false"}
        return run_status([*command, f"cargo-deny@{CARGO_DENY}"], cwd=ROOT, env=environment) == 0
    finally:
        shutil.rmtree(build, ignore_errors=True)
