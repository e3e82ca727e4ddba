"""The pinned tools: two virtual environments under target/venv, made once and again when a pin changes.

Only the standard library is used here: this runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import shutil
import subprocess
import sys
from pathlib import Path

from .places import ROOT, VENVS

_OLDEST_PYTHON = (3, 11)


def ensure(**others: Path) -> None:
    """Makes the environments where they are missing or older than their pins, side by side: installing is mostly unpacking.

    `others` are wanted beside the usual two, each with the file of its pins.
    """
    if sys.version_info < _OLDEST_PYTHON:
        raise SystemExit("Python 3.11 or later is needed for the pinned tools; this is " + sys.version.split()[0])
    VENVS.mkdir(parents=True, exist_ok=True)
    with (VENVS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outdated = [each for each in (_Tools("local"), _Tools("sam"), *itertools.starmap(_Tools, others.items())) if not each.is_current()]
        installs = [(each, each.begin_install()) for each in outdated]
        for each, install in installs:
            if install.wait():
                raise SystemExit(f"installing {each.requirements.relative_to(ROOT)} failed; see above")
            each.stamp.write_text(each.wanted)


class _Tools:
    """One environment and the pins it is made from."""

    def __init__(self, name: str, requirements: Path | None = None) -> None:
        self.folder = VENVS / name
        self.requirements = requirements or ROOT / "tests" / "local" / f"requirements-{name}.txt"
        self.wanted = hashlib.sha256(self.requirements.read_bytes() + sys.version.encode()).hexdigest()
        self.stamp = self.folder / "made-from"

    def is_current(self) -> bool:
        return self.stamp.exists() and self.stamp.read_text() == self.wanted

    def begin_install(self) -> subprocess.Popen:
        print(f"Installing the pinned tools of {self.requirements.relative_to(ROOT)} into {self.folder.relative_to(ROOT)} ...", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        if subprocess.run([sys.executable, "-m", "venv", str(self.folder)], check=False).returncode:
            raise SystemExit("python3 -m venv failed (on Debian and Ubuntu it is a package of its own: python3-venv)")
        pip = [str(self.folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        return subprocess.Popen([*pip, "-r", str(self.requirements)])
