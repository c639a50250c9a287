"""docs/rules/authoring.zh.md: the rules that it shows are rules, over the example county."""

import re
from datetime import date
from pathlib import Path

import pytest

from routing_rules.engine.loader import load, read_bundle
from routing_rules.messages import Level
from routing_rules.tools.lint import lint

RULES = Path(__file__).parents[2] / "docs" / "rules"
PAGE = (RULES / "authoring.zh.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_guide_shows_a_route_and_an_overlay() -> None:
    assert [text.splitlines()[1] for text in SHOWN] == ["routes:", "overlays:"]


@pytest.mark.parametrize("text", SHOWN, ids=["route", "overlay"])
def test_what_the_guide_shows_loads_without_an_error_or_a_warning(text: str) -> None:
    files = {**read_bundle(RULES / "example"), "routes/50-shown.yaml": text.encode()}
    told = [f.line() for f in lint(files, date(2026, 5, 12)) if f.level is not Level.NOTE]
    assert told == []
    assert load(files).ruleset is not None
