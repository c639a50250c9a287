"""docs/rules/authoring.zh.md: the rules that it shows are rules, over the example county."""

import re
from datetime import date
from pathlib import Path

import pytest

from routing_rules.engine.loader import load, read_bundle
from routing_rules.messages import Level
from routing_rules.messages.fields import FIELDS
from routing_rules.tools.lint import lint

RULES = Path(__file__).parents[2] / "docs" / "rules"
PAGE = (RULES / "authoring.zh.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_guide_shows_a_route_an_overlay_and_how_cases_are_followed() -> None:
    assert [text.splitlines()[1] for text in SHOWN[:2]] == ["routes:", "overlays:"]
    assert [text.splitlines()[0] for text in SHOWN[2:]] == ["lifecycle:"]


@pytest.mark.parametrize("text", SHOWN, ids=["route", "overlay", "lifecycle"])
def test_what_the_guide_shows_loads_without_an_error_or_a_warning(text: str) -> None:
    files = read_bundle(RULES / "example")
    if text.startswith("lifecycle:"):
        files["ruleset.yaml"] += text.encode()
    else:
        files["routes/50-shown.yaml"] = text.encode()
    told = [f.line() for f in lint(files, date(2026, 5, 12)) if f.level is not Level.NOTE]
    assert told == []
    assert load(files).ruleset is not None


def test_the_guide_shows_every_field_of_lifecycle() -> None:
    written = set(re.findall(r"(\w+):", SHOWN[2]))
    for record in ("lifecycle", "follow_up", "reopen", "extension", "rung"):
        assert set(FIELDS[record]) <= written, record
