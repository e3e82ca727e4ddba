"""What is deployed: how large the functions are, and how many TLS stacks they carry."""

from __future__ import annotations

import re
import subprocess
import zipfile
from pathlib import Path

from local.places import FUNCTIONS, ROOT, tool_environment

from .places import BENCH, binary
from .table import Row, at_most, told

MEGABYTE = 1_000_000
# Pull packs and unpacks what came out, compares it in a census, and signs a call of its own for record events.
LARGER = {"push": 14, "pull": 10}
LIMITS = {name: LARGER.get(name, 8) * MEGABYTE for name in FUNCTIONS}


def measured() -> list[Row]:
    """Bytes of each function, and of it zipped."""
    unzipped = [at_most(f"size.bytes.{name}", [binary(name).stat().st_size], "bytes", LIMITS[name]) for name in FUNCTIONS]
    return unzipped + [told(f"size.zipped_bytes.{name}", [_zipped(binary(name))], "bytes") for name in FUNCTIONS]


def over_budget(programs: dict[str, Path]) -> list[str]:
    """The functions that are too large, in words."""
    return [
        f"{name} has {path.stat().st_size:,} bytes and may have {LIMITS[name]:,}"
        for name, path in programs.items()
        if path.stat().st_size > LIMITS[name]
    ]


def tls_stacks() -> list[str]:
    """What is wrong with the TLS stacks of the functions: one rustls each. deny.toml keeps all others out."""
    wrong = []
    for name in FUNCTIONS:
        command = ["cargo", "tree", "--locked", "-p", name, "-e", "normal", "--prefix", "none", "-f", "{p}"]
        tree = subprocess.run(command, cwd=ROOT, env=tool_environment(), check=True, capture_output=True, text=True)
        crates = {line.removesuffix(" (*)") for line in tree.stdout.splitlines()}
        stacks = sorted(crate for crate in crates if re.match(r"^rustls v", crate))
        if len(stacks) != 1:
            wrong.append(f"{name} has {len(stacks)} TLS stacks: {', '.join(stacks)}")
    return wrong


def _zipped(program: Path) -> int:
    packed = BENCH / "size.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(program, "bootstrap")
    return packed.stat().st_size
