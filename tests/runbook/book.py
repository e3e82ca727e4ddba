"""The runbook as a book of commands: by entry, the shell blocks and the commands within sentences."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from local.places import ROOT

_BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```", re.M | re.S)
_INLINE = re.compile(r"`((?:aws|ask) [^`]+)`")


class Runbook:
    """docs/RUNBOOK.md, and a shell that has its names."""

    def __init__(self, folder: Path, environment: dict[str, str], stack: str) -> None:
        self.entries = {}
        text = (ROOT / "docs" / "RUNBOOK.md").read_text()
        names, *entries = re.split(r"^## ", text, flags=re.M)
        for entry in entries:
            title, _, body = entry.partition("\n")
            self.entries[title] = body
        # The names the commands use, with the stack's own name in the place of the example.
        self._names = _dedented(_BLOCK.search(names)).replace("STACK=bigin-relay ", f"STACK={shlex.quote(stack)} ")
        self.folder = folder
        bin_ = folder / "bin"
        bin_.mkdir()
        cli = bin_ / "aws"
        cli.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(Path(__file__).parent / "aws.py"))} "$@"\n')
        cli.chmod(0o755)
        self._environment = environment | {"PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}

    def blocks(self, entry: str) -> list[str]:
        """The shell blocks of an entry."""
        return [_dedented(block) for block in _BLOCK.finditer(self.entries[entry])]

    def commands(self, entry: str) -> list[str]:
        """The commands within sentences and tables of an entry."""
        return _INLINE.findall(_BLOCK.sub("", self.entries[entry]))

    def run(self, *commands: str, fails: bool = False, **placeholders: str) -> str:
        """Runs commands in one shell, `<placeholders>` filled in; answers what they printed."""
        script = "\n".join(commands)
        for name, value in placeholders.items():
            assert f"<{name}>" in script, f"the runbook does not speak of <{name}> here any more:\n{script}"
            script = script.replace(f"<{name}>", value)
        assert not re.search(r"<[a-z][a-zA-Z_ ]*>", script), f"a placeholder was not filled in:\n{script}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{self._names}\n{script}"],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert (done.returncode != 0) == fails, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout + (done.stderr if fails else "")


def _dedented(block: re.Match) -> str:
    return re.sub(rf"^{block[1]}", "", block[2], flags=re.M)
