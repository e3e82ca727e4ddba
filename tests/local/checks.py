"""The checks that need no build of the functions: format, lints, the template, and what the functions share."""

from __future__ import annotations

import itertools
import subprocess

from .places import FUNCTIONS, ROOT, TEMPLATE, tool, tool_environment
from .processes import Failed, run


def formatted() -> None:
    """Rust and Python are formatted the way their tools would."""
    run(["cargo", "fmt", "--all", "--check"], cwd=ROOT, env=tool_environment())
    run([tool("ruff"), "format", "--check", "--quiet", "tests"], cwd=ROOT, env=tool_environment())


def linted() -> None:
    """clippy over everything, warnings being errors; ruff; the shell's own look at .ci/run."""
    run([tool("ruff"), "check", "--quiet", "tests"], cwd=ROOT, env=tool_environment())
    run(["bash", "-n", ".ci/run"], cwd=ROOT, env=tool_environment())
    _functions_share_one_build()
    run(["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"], cwd=ROOT, env=tool_environment())


def template() -> None:
    """The template is a valid one, good style, and without findings that are not explained in it."""
    environment = tool_environment()
    run([tool("cfn-lint"), str(TEMPLATE)], cwd=ROOT, env=environment)
    run([tool("sam"), "validate", "--lint", "--template-file", str(TEMPLATE)], cwd=ROOT, env=environment)
    # checkov asks its maker's server for the texts of its guidelines. It scans without them: no proxy, no waiting.
    command = [tool("checkov"), "--file", str(TEMPLATE), "--framework", "cloudformation", "--compact", "--quiet", "--skip-download"]
    run(command, cwd=ROOT, env=environment)


def _functions_share_one_build() -> None:
    """Every crate that several functions use has the same features in each of them.

    Otherwise `sam build`, which builds one function after the other, compiles it and all that rests on it several times.
    shared/Cargo.toml asks for the features that would differ.
    """
    features: dict[str, dict[str, str]] = {}
    for name in FUNCTIONS:
        command = ["cargo", "tree", "--locked", "-p", name, "-e", "normal,build", "--prefix", "none", "-f", "{p}|{f}"]
        tree = subprocess.run(command, cwd=ROOT, env=tool_environment(), check=True, capture_output=True, text=True)
        for line in tree.stdout.splitlines():
            package, _, enabled = line.removesuffix(" (*)").partition("|")
            features.setdefault(package, {})[name] = enabled
    differing = {package: by for package, by in features.items() if len(set(by.values())) > 1}
    if differing:
        lines = itertools.chain.from_iterable(
            [f"  {package}:", *(f"    {name}: {enabled or '(none)'}" for name, enabled in by.items())] for package, by in differing.items()
        )
        raise Failed("these crates would be built more than once, since their features differ between the functions:\n" + "\n".join(lines))
