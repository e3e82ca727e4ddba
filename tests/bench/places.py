"""Where the bench's things lie."""

from __future__ import annotations

from pathlib import Path

from local.places import ROOT, VENVS, cargo_target

BENCH = ROOT / "target" / "bench"
BIN = BENCH / "bin"
PYTHON = VENVS / "bench" / "bin" / "python"
PEER = ROOT / "tests" / "bench" / "peer"
DATA = BENCH / "data"


def binary(name: str) -> Path:
    """A program as `build` leaves it: a function, or one of the bench's own."""
    return BIN / name / "bootstrap"


def sandbox_binary() -> Path:
    """The sandbox, built for speed."""
    return cargo_target() / "quick" / "sandbox"


__all__ = ["BENCH", "BIN", "DATA", "PEER", "PYTHON", "ROOT", "binary", "sandbox_binary"]
