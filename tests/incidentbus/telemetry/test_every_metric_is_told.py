"""A metric that nobody tells is a promise that nobody keeps."""

import re
from pathlib import Path

import pytest

from contracts.telemetry import SPECS

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [
    path.read_text(encoding="utf-8")
    for room in ("incidentbus", "streams")
    for path in sorted((ROOT / room).rglob("*.py"))
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_metric_of_the_registry_is_told_somewhere(spec) -> None:
    assert any(re.search(rf'"{spec.name}"', source) for source in SOURCES)
