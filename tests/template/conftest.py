"""The template and the state machine, read as data."""

from __future__ import annotations

import json

import pytest
from cfnlint.decode import cfn_yaml
from local.places import ROOT, TEMPLATE


@pytest.fixture(scope="session")
def template() -> dict:
    """The template; `!Ref X` reads as {"Ref": "X"}."""
    return cfn_yaml.load(str(TEMPLATE))


@pytest.fixture(scope="session")
def machine() -> dict:
    """The import state machine."""
    return json.loads((ROOT / "infra" / "import.asl.json").read_text())
