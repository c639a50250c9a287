"""The rules that `make bench-rules` draws are what it says of them, and what it compares can disagree."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from contracts.decision import DecisionState
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.schema import Ruleset
from tests.bench.bench_rules import all_found
from tests.bench.page import Page
from tests.bench.rules import workload
from tests.bench.rules.measuring import Timed
from tests.bench.rules.moment import NOW
from tests.bench.rules.peer import Agreement, agreement, event, patterns
from tests.bench.rules.workload import CODES, MIXED, Mix

MIXES = [pytest.param(CODES, id="codes"), pytest.param(MIXED, id="county")]
CODE_FIELDS = {"channel", "kind", "urgency", "reporter", "category", "jurisdiction", "area"}


@pytest.fixture(scope="module")
def incidents() -> list[Any]:
    return workload.incidents(120)


def rulesets() -> dict[tuple[str, int], Ruleset]:
    return {(mix.name, size): workload.ruleset(mix, size) for mix in (CODES, MIXED) for size in (10, 300)}


@pytest.fixture(scope="module")
def drawn() -> dict[tuple[str, int], Ruleset]:
    return rulesets()


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("size", [10, 300])
def test_a_ruleset_has_as_many_rules_as_it_says(drawn: dict[tuple[str, int], Ruleset], mix: Mix, size: int) -> None:
    ruleset = drawn[mix.name, size]
    assert len(ruleset.routes) + len(ruleset.overlays) == size
    assert ruleset.routes[-1].fallback


@pytest.mark.parametrize("mix", MIXES)
def test_no_two_blocks_are_equal(mix: Mix) -> None:
    blocks = [json.dumps(block, sort_keys=True) for block in written_blocks(workload.rules(mix, 2_000))]
    assert len(blocks) > 2_000
    assert len(set(blocks)) == len(blocks)


def written_blocks(rules: Sequence[dict[str, Any]]) -> list[Any]:
    return [block for rule in rules for block in (rule["when"] if isinstance(rule["when"], list) else [rule["when"]])]


def test_a_longer_list_ends_with_the_shorter_one() -> None:
    assert workload.rules(CODES, 500)[-99:] == workload.rules(CODES, 100)
    assert workload.rules(MIXED, 500)[-95:] == workload.rules(MIXED, 100)


def test_the_codes_mix_asks_for_codes_alone(drawn: dict[tuple[str, int], Ruleset]) -> None:
    asked = set().union(*written_blocks(workload.rules(CODES, 300)))
    assert asked == CODE_FIELDS
    assert not drawn["codes", 300].overlays


@pytest.mark.parametrize("size", [10, 300])
def test_the_county_mix_has_its_shares_of_text_and_expressions_at_every_size(
    drawn: dict[tuple[str, int], Ruleset], size: int
) -> None:
    ruleset = drawn["county", size]
    blocks = [rule.when for rule in ruleset.rules]
    assert sum(any(block.text for block in when) for when in blocks) >= 0.3 * size
    assert 0.05 * size <= sum(any(block.expr for block in when) for when in blocks) <= 0.1 * size


@pytest.mark.parametrize("mix", MIXES)
def test_an_incident_matches_several_rules_and_is_routed_by_one(
    drawn: dict[tuple[str, int], Ruleset], incidents: list[Any], mix: Mix
) -> None:
    for size in (10, 300):
        compiled = compile_ruleset(drawn[mix.name, size])
        held = [len(rules) for rules in all_found(compiled, incidents)]
        assert sum(count > 1 for count in held) > 0.5 * len(held)
        reasons = [decide(incident, DecisionState(), compiled, NOW).reason for incident in incidents]
        assert reasons.count("matched") >= 0.98 * len(reasons)


def test_messages_have_the_length_that_is_stated(incidents: list[Any]) -> None:
    lengths = [len(incident.report.text) for incident in incidents]
    assert abs(sum(lengths) / len(lengths) - workload.CHARACTERS) < 1


def test_what_is_drawn_is_the_same_every_time(incidents: list[Any]) -> None:
    assert workload.incidents(120) == incidents
    assert workload.rules(MIXED, 100) == workload.rules(MIXED, 100)


def test_agreement_counts_what_either_side_missed() -> None:
    ours = [["a", "b"], ["c"], [], ["d"]]
    assert agreement(ours, [["b", "a"], ["c"], [], ["d"]]) == Agreement(4, 4, 0)
    assert agreement(ours, [["a"], ["c", "x"], ["y"], ["d"]]).disagreements == 3
    assert agreement(ours, ours[:3]).disagreements == 1


def test_a_peers_pattern_says_what_the_rule_says(drawn: dict[tuple[str, int], Ruleset], incidents: list[Any]) -> None:
    """By a small reader of event-ruler's patterns, so that what is compared with it is not compared in vain."""
    compiled = compile_ruleset(drawn["codes", 300])
    told = [line.split(" ", 1) for line in patterns(compiled.ruleset, compiled.catalogue)]
    asked = [(name, json.loads(pattern)) for name, pattern in told]
    events = [json.loads(event(incident, compiled.catalogue)) for incident in incidents]
    found = [[name for name, pattern in asked if matches(pattern, one)] for one in events]
    assert agreement(all_found(compiled, incidents), found).disagreements == 0


def matches(pattern: dict[str, list[Any]], one: dict[str, Any]) -> bool:
    def holds(wanted: Any, value: str) -> bool:
        return value.startswith(wanted["prefix"]) if isinstance(wanted, dict) else value == wanted

    def values(name: str) -> list[str]:
        value = one.get(name, [])
        return value if isinstance(value, list) else [value]

    return all(any(holds(w, value) for w in wanted for value in values(name)) for name, wanted in pattern.items())


def test_the_least_of_each_piece_is_summed_up() -> None:
    seen: list[int] = []
    timed = Timed(lambda piece: seen.append(len(piece)), range(600))
    timed.round()
    assert seen == [250, 250, 100]
    assert 0 <= timed.seconds < 1


def test_a_page_keeps_what_stands_around_its_marks(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("before\n<!-- made: bench-x -->\nold\n<!-- /made -->\n<!-- made: y -->\n<!-- /made -->\n", "utf-8")
    page = Page("bench-x", ("orjson",), "more")
    page.begin()
    page.say("a line")
    page.write(path)
    written = path.read_text("utf-8")
    assert written.startswith("before\n<!-- made: bench-x -->\n```\n$ make bench-x   # ")
    assert re.search(r"^\$ make bench-x   # .*, (from source|compiled: \d+ modules), more$", written, re.MULTILINE)
    assert re.search(r"^run: (from source|compiled: \d+ modules)$", written, re.MULTILINE)
    assert "\na line\n```\n<!-- /made -->\n<!-- made: y -->" in written
    assert "old" not in written
