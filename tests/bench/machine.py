"""The machine that was measured on, and how busy it was."""

from __future__ import annotations

import os
import platform


def described() -> str:
    """In a line."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as told:
            model = next(line.split(":", 1)[1].strip() for line in told if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} x {model}, {memory:.0f} GB, {platform.system()} {platform.release()}"


def load() -> str:
    """How many programs wanted a processor in the last minute and in the last five."""
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} and {five:.1f}"
