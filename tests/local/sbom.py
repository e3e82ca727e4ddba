"""What each function is made of, as CycloneDX 1.5, into target/sbom/.

`cargo tree` says what is built: metadata's own graph has crates as well that only features nobody asked for would bring.
Licences are from `cargo metadata`, checksums from Cargo.lock.
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
import uuid
from pathlib import Path
from typing import NamedTuple

from .places import FUNCTIONS, ROOT
from .processes import Failed

PROCESSOR = "aarch64-unknown-linux-gnu"

_LINE = re.compile(r"(?P<depth>\d+)(?P<name>\S+) v(?P<version>\S+)")


class Part(NamedTuple):
    """A crate in one version."""

    name: str
    version: str

    @property
    def ref(self) -> str:
        """Its name in the file: the package URL of what comes from crates.io."""
        return f"pkg:cargo/{self.name}@{self.version}"


def write_all() -> list[Path]:
    """One file for each function, each checked against CycloneDX's schema. The same sources give the same files."""
    metadata = json.loads(_cargo("metadata", "--format-version", "1", "--filter-platform", PROCESSOR))
    licences = {Part(package["name"], package["version"]): package["license"] for package in metadata["packages"]}
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    checksums = {Part(package["name"], package["version"]): package.get("checksum") for package in locked}
    folder = ROOT / "target" / "sbom"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for function in FUNCTIONS:
        text = json.dumps(_of(function, licences, checksums), indent=2) + "\n"
        _check(function, text)
        place = folder / f"{function}.cdx.json"
        place.write_text(text)
        written.append(place)
    return written


def _check(function: str, text: str) -> None:
    # Slow to import, and every command imports this module.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    if wrong := JsonStrictValidator(SchemaVersion.V1_5).validate_str(text):
        raise Failed(f"what {function} is made of is no valid CycloneDX: {wrong.data}")


def _of(function: str, licences: dict[Part, str], checksums: dict[Part, str]) -> dict:
    needs = _needs(function, "normal,build")
    linked = _needs(function, "normal,no-proc-macro").keys()
    root, *parts = sorted(needs, key=lambda part: (part.name != function, part))

    def component(part: Part, kind: str) -> dict:
        described = {"type": kind, "bom-ref": part.ref, "name": part.name, "version": part.version}
        # What only builds it, macros among it, is not in what runs.
        described["scope"] = "required" if part in linked else "excluded"
        if licence := licences.get(part):
            # Older crates write MIT/Apache-2.0 where SPDX says OR.
            described["licenses"] = [{"expression": licence.replace("/", " OR ")}]
        # Our own have none, and no package URL: crates.io may have others of their names.
        if checksum := checksums.get(part):
            described["purl"] = part.ref
            described["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        return described

    names = "\n".join(part.ref for part in (root, *parts))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, names)}",
        "version": 1,
        "metadata": {"component": component(root, "application")},
        "components": [component(part, "library") for part in parts],
        "dependencies": [{"ref": part.ref, "dependsOn": sorted(need.ref for need in needs[part])} for part in (root, *parts)],
    }


def _needs(function: str, edges: str) -> dict[Part, set[Part]]:
    """Each crate that a function is built from, and what it needs itself."""
    needs: dict[Part, set[Part]] = {}
    above: list[Part] = []
    for line in _cargo("tree", "-p", function, "--target", PROCESSOR, "-e", edges, "--prefix", "depth", "-f", "{p}").splitlines():
        found = _LINE.match(line)
        part, depth = Part(found["name"], found["version"]), int(found["depth"])
        needs.setdefault(part, set())
        del above[depth:]
        if above:
            needs[above[-1]].add(part)
        above.append(part)
    return needs


def _cargo(*arguments: str) -> str:
    return subprocess.check_output(["cargo", *arguments, "--locked"], cwd=ROOT, text=True)
