"""What a Linux program asks of the machine it runs on, read from its ELF file (the System V ABI, and the GNU symbol versions)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

_MACHINES = {62: "x86_64", 183: "arm64"}
_PT_INTERP, _SHT_GNU_VERNEED = 3, 0x6FFFFFFE
# What the two processors' programs are started by on Lambda.
INTERPRETERS = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}


@dataclass(frozen=True)
class Program:
    """A program: its processor by Lambda's name, what starts it, and the newest glibc that it asks for, such as (2, 34)."""

    machine: str
    interpreter: str
    newest_glibc: tuple[int, ...]

    def glibc(self) -> str:
        """The newest glibc, as text."""
        return ".".join(map(str, self.newest_glibc))


def read(path: Path) -> Program:
    """Reads a 64-bit little-endian ELF file."""
    data = path.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path} is no 64-bit little-endian ELF file")
    machine = struct.unpack_from("<H", data, 18)[0]
    programs_at, sections_at = struct.unpack_from("<QQ", data, 32)
    program_size, programs, section_size, sections = struct.unpack_from("<HHHH", data, 54)
    interpreter = ""
    for number in range(programs):
        kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", data, programs_at + number * program_size)
        if kind == _PT_INTERP:
            interpreter = data[offset : offset + size].rstrip(b"\0").decode()
    headers = [struct.unpack_from("<IIQQQQII", data, sections_at + number * section_size) for number in range(sections)]
    versions = [name for header in headers if header[1] == _SHT_GNU_VERNEED for name in _needed(data, header, headers[header[6]][4])]
    glibc = [tuple(map(int, found[1].split("."))) for name in versions if (found := re.fullmatch(r"GLIBC_([\d.]+)", name))]
    return Program(_MACHINES.get(machine, f"machine {machine}"), interpreter, max(glibc, default=()))


def _needed(data: bytes, header: tuple, names_at: int) -> list[str]:
    """The names of a table of needed versions; its strings lie at `names_at`."""
    names, entry = [], header[4]
    for _ in range(header[7]):
        _, count, _, first, following = struct.unpack_from("<HHIII", data, entry)
        version = entry + first
        for _ in range(count):
            _, _, _, name, next_version = struct.unpack_from("<IHHII", data, version)
            start = names_at + name
            names.append(data[start : data.index(b"\0", start)].decode())
            version += next_version
        entry += following
    return names
