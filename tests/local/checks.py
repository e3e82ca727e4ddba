"""The checks that need no build of the functions: format, lints, the template, and what the functions share."""

from __future__ import annotations

import json
import shutil
import subprocess

from .places import FUNCTIONS, ROOT, TEMPLATE, tool, tool_environment
from .processes import Failed, run

# Crates that would be a second HTTP or TLS stack, and the lowest version that is none; None: never. deny.toml has them too.
_ONE_STACK = {"hyper": (1, 0), "h2": (0, 4), "rustls": (0, 23), "native-tls": None, "openssl": None, "openssl-sys": None}


def formatted() -> None:
    """Rust and Python are formatted the way their tools would."""
    run(["cargo", "fmt", "--all", "--check"], cwd=ROOT, env=tool_environment())
    run([tool("ruff"), "format", "--check", "--quiet", "tests"], cwd=ROOT, env=tool_environment())


def linted() -> None:
    """clippy over everything, warnings being errors; ruff; the shell's own look at .ci/run."""
    run([tool("ruff"), "check", "--quiet", "tests"], cwd=ROOT, env=tool_environment())
    run(["bash", "-n", ".ci/run"], cwd=ROOT, env=tool_environment())
    _functions_share_one_build()
    _one_tls_stack()
    _dependencies_are_allowed()
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
    """Every crate that several functions use is compiled the same way for each of them.

    Otherwise `sam build`, which builds one function after the other, compiles it and all that rests on it several times.
    Two things make a difference: a crate's features, and whether a crate that is also a C library (cdylib, staticlib) is
    among the dependencies, since what rests under it is then not compiled for link-time optimisation alone.
    shared/Cargo.toml asks for what would differ.
    """
    features: dict[str, dict[str, str]] = {}
    for name in FUNCTIONS:
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
        if kinds.get(package, set()) & {"cdylib", "staticlib"} and len(by) < len(FUNCTIONS)
    ]
    if wrong:
        raise Failed("sam build would compile these crates, and all that rests on them, more than once:\n" + "\n".join(wrong))


def _one_tls_stack() -> None:
    """Nothing brings an older hyper, h2 or rustls along, nor OpenSSL: default features of the AWS crates would."""
    tree = _cargo("tree", "--workspace", "-e", "normal,build,dev", "--target", "all", "--prefix", "none", "--no-dedupe", "-f", "{p}")
    wrong = set()
    for line in tree.splitlines():
        name, _, version = line.partition(" v")
        if name in _ONE_STACK:
            lowest, has = _ONE_STACK[name], tuple(int(part) for part in version.split()[0].split(".")[:2])
            if lowest is None or has < lowest:
                wrong.add(f"{name} {version.split()[0]} (cargo tree --target all -i {name}@{version.split()[0]} says who brings it)")
    if wrong:
        raise Failed("a second HTTP or TLS stack is among the dependencies:\n" + "\n".join(sorted(wrong)))


def _dependencies_are_allowed() -> None:
    """Licences, sources and bans as deny.toml has them, and known vulnerabilities where their database can be reached."""
    if not shutil.which("cargo-deny"):
        print("cargo-deny is not installed: licences, sources and advisories were NOT checked (cargo install --locked cargo-deny)")
        return
    run(["cargo", "deny", "--all-features", "check", "licenses", "bans", "sources"], cwd=ROOT, env=tool_environment())
    advisories = subprocess.run(["cargo", "deny", "fetch", "db"], cwd=ROOT, env=tool_environment(), capture_output=True, text=True)
    if advisories.returncode:
        print("the advisory database cannot be reached: known vulnerabilities were NOT checked")
        return
    run(["cargo", "deny", "--all-features", "check", "advisories"], cwd=ROOT, env=tool_environment())


def _cargo(*arguments: str) -> str:
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, env=tool_environment(), check=True, capture_output=True, text=True).stdout
