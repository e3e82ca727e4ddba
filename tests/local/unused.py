"""Every dependency that a crate names is used by it, or is there for its features alone and listed here.

cargo-machete and cargo-shear do the same. Building cargo-machete 0.9.2 took 78 s of CPU (two busy cores: 1 min 54 s), which
each fresh clone would pay; this takes none, and it found what cargo-machete found here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .places import ROOT
from .processes import Failed

# Not used by name: shared asks for them so that they have the same features in every function (see the root Cargo.toml).
FOR_FEATURES = {"shared": {"aws-runtime", "hashbrown", "log", "serde_core"}}

_KINDS = ("dependencies", "dev-dependencies", "build-dependencies")
_COMMENT = re.compile(r"^\s*//(?![/!]).*$", re.M)


def kept() -> str:
    """Fails where a dependency is named and not used. Answers with what was looked at."""
    root = tomllib.loads((ROOT / "Cargo.toml").read_text())
    crates = [ROOT / member for member in root["workspace"]["members"]]
    wrong = []
    named: set[str] = set()
    for crate in crates:
        manifest = tomllib.loads((crate / "Cargo.toml").read_text())
        own = manifest["package"]["name"]
        code = "\n".join(_code(crate, crates))
        dependencies = {name for kind in _KINDS for name in manifest.get(kind, {})}
        named |= dependencies
        unused = {name for name in dependencies if not _is_used(name, code)}
        for_features = FOR_FEATURES.get(own, set())
        wrong += [f"{own}: nothing uses {name}" for name in sorted(unused - for_features)]
        wrong += [f"{own}: {name} is listed as there for its features, and is used or gone" for name in sorted(for_features - unused)]
    shared: dict[str, Any] = root["workspace"]["dependencies"]
    wrong += [f"[workspace.dependencies]: no crate asks for {name}" for name in sorted(shared.keys() - named)]
    if wrong:
        raise Failed("there are dependencies that nothing uses:\n  " + "\n  ".join(wrong))
    return f"{len(crates)} crates use every dependency that they name"


def _code(crate: Path, crates: list[Path]) -> Iterator[str]:
    """The crate's own code, without comments but with the examples in its documentation."""
    inner = [other for other in crates if other != crate and other.is_relative_to(crate)]
    for path in sorted(crate.rglob("*.rs")):
        if not any(path.is_relative_to(other) for other in inner):
            yield _COMMENT.sub("", path.read_text())


def _is_used(name: str, code: str) -> bool:
    crate = name.replace("-", "_")
    return re.search(rf"(?<![\w:]){crate}::|\buse {crate}\b", code) is not None
