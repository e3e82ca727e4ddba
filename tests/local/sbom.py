"""What each function is made of, as CycloneDX 1.5: from Cargo's own metadata and Cargo.lock's checksums, into target/sbom/."""

from __future__ import annotations

import json
import subprocess
import tomllib
import uuid
from pathlib import Path

from .places import ROOT

FUNCTIONS = ("authorize", "refresh", "push", "revoke")
PROCESSOR = "aarch64-unknown-linux-gnu"


def write_all() -> list[Path]:
    """One file for each function. The same sources give the same files."""
    metadata = json.loads(
        subprocess.check_output(["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", PROCESSOR], cwd=ROOT)
    )
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in locked}
    folder = ROOT / "target" / "sbom"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for function in FUNCTIONS:
        place = folder / f"{function}.cdx.json"
        place.write_text(json.dumps(_of(function, metadata, checksums), indent=2) + "\n")
        written.append(place)
    return written


def _of(function: str, metadata: dict, checksums: dict) -> dict:
    packages = {package["id"]: package for package in metadata["packages"]}
    needs = {node["id"]: _linked(node) for node in metadata["resolve"]["nodes"]}
    root = next(package for package in metadata["packages"] if package["name"] == function and not package["source"])
    found, ahead = {root["id"]}, [root["id"]]
    while ahead:
        new = needs[ahead.pop()] - found
        found |= new
        ahead.extend(new)
    parts = sorted((packages[id] for id in found - {root["id"]}), key=lambda package: (package["name"], package["version"]))
    graph = [{"ref": _ref(packages[id]), "dependsOn": sorted(_ref(packages[need]) for need in needs[id])} for id in found]
    names = "\n".join(_ref(package) for package in (root, *parts))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, names)}",
        "version": 1,
        "metadata": {"component": _component(root, "application", checksums)},
        "components": [_component(package, "library", checksums) for package in parts],
        "dependencies": sorted(graph, key=lambda node: node["ref"]),
    }


def _linked(node: dict) -> set[str]:
    """What a crate needs to run or to be built; not what its tests need."""
    return {need["pkg"] for need in node["deps"] if any(kind["kind"] != "dev" for kind in need["dep_kinds"])}


def _ref(package: dict) -> str:
    return f"pkg:cargo/{package['name']}@{package['version']}"


def _component(package: dict, kind: str, checksums: dict) -> dict:
    component = {
        "type": kind,
        "bom-ref": _ref(package),
        "name": package["name"],
        "version": package["version"],
        "purl": _ref(package),
    }
    if package["license"]:
        # Older crates write MIT/Apache-2.0 where SPDX says OR.
        component["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        component["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return component
