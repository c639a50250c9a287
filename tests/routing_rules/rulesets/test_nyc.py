"""New York: the city's labels answer to the letter, nothing is guessed at, every place of the tree has its tier."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.codes import ClassifiedBy
from contracts.decision import Decision, DecisionState
from contracts.incident import Incident
from contracts.report import Report
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load, read_bundle
from routing_rules.tools.testing import run_tests

NYC = Path(__file__).resolve().parents[3] / "routing_rules" / "rulesets" / "nyc"
NOW = datetime(2026, 6, 1, 13, tzinfo=UTC)
CHANNEL = "nyc-311"


@pytest.fixture(scope="module")
def nyc() -> Compiled:
    loaded = load(read_bundle(NYC))
    assert loaded.ruleset is not None, loaded.findings
    return compile_ruleset(loaded.ruleset)


def _routed(nyc: Compiled, label: str) -> tuple[Incident, Decision]:
    report = Report(channel=CHANNEL, external_id="1", title=label, native_category=label)
    incident = nyc.interpreter.understand(report, "incident", NOW)
    return incident, decide(incident, DecisionState(), nyc, NOW)


def _labels(nyc: Compiled) -> list[tuple[str, str]]:
    tree = nyc.ruleset.categories
    return [(code, label) for code, node in tree.items() for label in node.native.get(CHANNEL, ())]


def test_every_label_of_the_tree_answers_by_itself_and_reaches_an_agency_not_the_desk(nyc: Compiled) -> None:
    labels = _labels(nyc)
    assert len(labels) >= 150
    for code, label in labels:
        incident, decision = _routed(nyc, label)
        assert (incident.category, incident.classified_by) == (code, ClassifiedBy.NATIVE), label
        assert decision.route != "fallback", label


@pytest.mark.parametrize("changed", [str.swapcase, lambda label: label + "s", lambda label: f" {label}"])
def test_a_label_that_is_not_to_the_letter_is_not_that_label(nyc: Compiled, changed: object) -> None:
    assert callable(changed)
    known = {label for _, label in _labels(nyc)}
    for _, label in _labels(nyc):
        if (other := changed(label)) not in known:
            incident, _decision = _routed(nyc, other)
            assert incident.category == "unclassified", other


def test_no_category_is_guessed_from_words(nyc: Compiled) -> None:
    assert not any(node.words for node in nyc.ruleset.categories.values())


def test_the_tree_has_five_boroughs_and_fifty_nine_boards(nyc: Compiled) -> None:
    places = nyc.ruleset.jurisdictions
    boroughs = [code for code, place in places.items() if place.parent == "nyc"]
    assert len(boroughs) == 5
    boards = [place for place in places.values() if place.tier == "board" and "Community Board" in place.name]
    assert len(boards) == 59
    assert all(place.parent in boroughs and place.native[CHANNEL] for place in boards)


def test_every_agency_but_the_overseers_leads_in_some_case(nyc: Compiled) -> None:
    report = run_tests(nyc, read_bundle(NYC))
    led = {
        role.agency
        for result in report.results
        if result.decision
        for role in result.decision.roles
        if role.role == "lead"
    }
    assert set(nyc.ruleset.agencies) - led == set()
