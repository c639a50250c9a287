"""The real rulesets, whole, with their comments: out and back without a character changed."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from routing_rules.engine.loader import load, read_bundle
from routing_rules.tools.workbook.importing import imported

RULESETS = Path(__file__).parents[4] / "routing_rules" / "rulesets"


@pytest.fixture(scope="module", params=["hongze", "nyc"])
def ruleset(request: pytest.FixtureRequest) -> tuple[str, dict[str, bytes]]:
    return request.param, read_bundle(RULESETS / request.param)


@pytest.mark.timeout(900)
def test_a_real_ruleset_comes_back_to_the_byte_and_one_edit_is_one_line(
    ruleset: tuple[str, dict[str, bytes]], export: Any, opened_by_hand: Any, differing: Any
) -> None:
    name, files = ruleset
    content = export(files)
    result = imported(content, date(2026, 5, 12))
    assert result.changed == ()
    assert result.problems == ()
    assert not result.refused
    hand = opened_by_hand(content)
    loaded = load(files).ruleset
    assert loaded is not None
    rule = loaded.routes[len(loaded.routes) // 2]
    hand.cell("派单规则", rule.id, "title").value = "改过的名称"
    agency = list(loaded.agencies)[-1]
    hand.cell("单位", agency, "names", "code").value = "甲、乙"
    edited = imported(hand.saved(), date(2026, 5, 12))
    assert edited.changed == ("agencies.yaml", rule.at.file), name
    for file in edited.changed:
        assert len(differing(files[file], edited.files[file])) == 1
        assert comments(edited.files) == comments(files)
    again = load(edited.files).ruleset
    assert again is not None
    assert next(each for each in again.routes if each.id == rule.id).title == "改过的名称"
    assert again.agencies[agency].names == ("甲", "乙")


def comments(files: Mapping[str, bytes]) -> list[str]:
    return [each for name in sorted(files) for each in re.findall(r"(?m)(?:^|\s)#.*$", files[name].decode())]
