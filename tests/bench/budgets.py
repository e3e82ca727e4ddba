"""The stage of `make test` that keeps what does not jitter within its budget: sizes, TLS stacks, instructions a row."""

from __future__ import annotations

from local.places import FUNCTIONS, architecture, build_dir
from local.processes import Failed

from . import build, instructions, sizes


def kept() -> str:
    """Fails where a budget is broken; answers with what was looked at. The functions have to be built."""
    deployed = {name: build_dir(architecture()) / f"{name.capitalize()}Function" / "bootstrap" for name in FUNCTIONS}
    broken = sizes.over_budget(deployed) + sizes.tls_stacks()
    said = [
        f"{name} {path.stat().st_size / sizes.MEGABYTE:.2f} of {sizes.LIMITS[name] / sizes.MEGABYTE:g} MB"
        for name, path in deployed.items()
    ]
    if instructions.can_count():
        build.as_deployed("bench-row")
        ratio = instructions.ratio()
        said.append(f"{ratio:.2f} times the floor's instructions a row, {instructions.GOAL} are allowed")
        if ratio > instructions.GOAL:
            broken.append(f"a row takes {ratio:.2f} times the floor's instructions, {instructions.GOAL} are allowed")
    else:
        said.append("instructions a row were NOT counted: valgrind is not installed")
    if broken:
        raise Failed("budgets are broken:\n  " + "\n  ".join(broken))
    return "; ".join(["one TLS stack in each function", *said])
