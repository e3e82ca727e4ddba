"""The checks that need no build of the functions: format, lints, the template, and what the functions share."""

from __future__ import annotations

import json
import subprocess

from . import dependencies, rooms, sbom, unused
from .places import FUNCTIONS, ROOT, TEMPLATE, tool, tool_environment
from .processes import Failed, run


def formatted() -> None:
    """Rust and Python are formatted the way their tools would."""
    run(["cargo", "fmt", "--all", "--check"], cwd=ROOT, env=tool_environment())
    run([tool("ruff"), "format", "--check", "--quiet", "tests"], cwd=ROOT, env=tool_environment())


def linted() -> None:
    """clippy over everything, warnings being errors; ruff; the shell's own look at .ci/run; rooms; what everything is
    made of."""
    run([tool("ruff"), "check", "--quiet", "tests"], cwd=ROOT, env=tool_environment())
    run(["bash", "-n", ".ci/run"], cwd=ROOT, env=tool_environment())
    print(rooms.kept(), flush=True)
    print(unused.kept(), flush=True)
    _functions_share_one_build()
    dependencies.checked()
    sbom.write_all()
    run(["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"], cwd=ROOT, env=tool_environment())


def template() -> None:
    """The template is a valid one, good style, and without findings that are not explained in it; so are the samples valid."""
    environment = tool_environment()
    samples = sorted(str(path) for path in (ROOT / "infra" / "examples").glob("*.yaml"))
    run([tool("cfn-lint"), str(TEMPLATE), *samples], cwd=ROOT, env=environment)
    run([tool("sam"), "validate", "--lint", "--template-file", str(TEMPLATE)], cwd=ROOT, env=environment)
    # checkov asks its maker's server for the texts of its guidelines. It scans without them: no proxy, no waiting.
    command = [tool("checkov"), "--file", str(TEMPLATE), "--framework", "cloudformation", "--compact", "--quiet", "--skip-download"]
    run(command, cwd=ROOT, env=environment)


def _functions_share_one_build() -> None:
    """Every crate that several functions use is compiled the same way for each of them.

    Otherwise `sam build`, which builds one function after the other, compiles it and all that rests on it several times.
    Two things make a difference: a crate's features, and whether a crate that is also a C library (cdylib, staticlib) is
    among the dependencies, since what rests under it is then not compiled for link-time optimisation alone.
    shared/Cargo.toml asks for what would differ. The program that make bench counts instructions of rests on the same build.
    """
    programs = (*FUNCTIONS, "bench-row")
    features: dict[str, dict[str, str]] = {}
    for name in programs:
        tree = _cargo("tree", "-p", name, "-e", "normal,build", "--prefix", "none", "-f", "{p}|{f}")
        for line in tree.splitlines():
            package, _, enabled = line.removesuffix(" (*)").partition("|")
            features.setdefault(package, {})[name] = enabled
    kinds = {
        f"{package['name']} v{package['version']}": {kind for target in package["targets"] for kind in target["crate_types"]}
        for package in json.loads(_cargo("metadata", "--format-version", "1"))["packages"]
    }
    wrong = [f"{package}: its features differ: {by}" for package, by in features.items() if len(set(by.values())) > 1]
    wrong += [
        f"{package}: is also a C library, and only {', '.join(by)} use it"
        for package, by in features.items()
        if kinds.get(package, set()) & {"cdylib", "staticlib"} and len(by) < len(programs)
    ]
    if wrong:
        raise Failed("sam build would compile these crates, and all that rests on them, more than once:\n" + "\n".join(wrong))


def _cargo(*arguments: str) -> str:
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, env=tool_environment(), check=True, capture_output=True, text=True).stdout
