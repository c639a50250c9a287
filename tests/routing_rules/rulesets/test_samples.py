"""Hongze over the bundled samples of the four channels: labels are known, few fall back, nobody judges himself."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.registry import codecs
from connectors.samples import reports
from contracts.codes import ClassifiedBy, Role
from contracts.decision import Decision, DecisionState
from contracts.ids import incident_id
from contracts.incident import Incident
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load_directory

HONGZE = Path(__file__).resolve().parents[3] / "routing_rules" / "rulesets" / "hongze"
CHANNELS = ("hotline-12345", "urban-management", "police-110", "petition")
LATER = datetime(2026, 5, 12, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    loaded = load_directory(HONGZE)
    assert loaded.ruleset is not None
    return compile_ruleset(loaded.ruleset)


@pytest.fixture(scope="module")
def decided(compiled: Compiled) -> dict[str, list[tuple[Incident, Decision]]]:
    return {channel: list(_decided(channel, compiled)) for channel in CHANNELS}


def _decided(channel: str, compiled: Compiled) -> Iterator[tuple[Incident, Decision]]:
    codec = codecs()[channel]
    for payload in reports(channel):
        report = codec.decode(payload, {})
        now = report.reported_at or LATER
        incident = compiled.interpreter.understand(report, incident_id(channel, report.external_id), now)
        yield incident, decide(incident, DecisionState(), compiled, now)


def test_fewer_than_a_fifth_of_the_samples_fall_back(decided: dict[str, list[tuple[Incident, Decision]]]) -> None:
    for channel, each in decided.items():
        fallen = sum(decision.route == "fallback" for _, decision in each)
        assert fallen < len(each) / 5, channel


def test_some_sample_does_fall_back_for_there_are_texts_that_say_nothing(
    decided: dict[str, list[tuple[Incident, Decision]]],
) -> None:
    assert any(decision.route == "fallback" for each in decided.values() for _, decision in each)


def test_most_labels_of_the_channels_are_known_to_the_tree(decided: dict[str, list[tuple[Incident, Decision]]]) -> None:
    for channel in CHANNELS:
        labelled = [incident for incident, _ in decided[channel] if incident.report.native_category]
        known = sum(incident.classified_by is ClassifiedBy.NATIVE for incident in labelled)
        assert known >= len(labelled) * 0.6, channel


def test_a_tip_about_corruption_reaches_the_discipline_commission_alone(
    decided: dict[str, list[tuple[Incident, Decision]]],
) -> None:
    tips = [decision for each in decided.values() for incident, decision in each if incident.category == "discipline"]
    assert tips
    for decision in tips:
        assert [(role.agency, role.role) for role in decision.roles] == [("discipline-inspection", Role.LEAD)]


def test_no_agency_complained_of_takes_part(decided: dict[str, list[tuple[Incident, Decision]]]) -> None:
    about = [(incident, decision) for each in decided.values() for incident, decision in each if incident.about]
    assert about
    for incident, decision in about:
        assert not {role.agency for role in decision.roles} & set(incident.about)


def test_what_lies_outside_the_county_goes_to_the_city(
    decided: dict[str, list[tuple[Incident, Decision]]], compiled: Compiled
) -> None:
    catalogue = compiled.catalogue
    outside = [
        (incident, decision)
        for each in decided.values()
        for incident, decision in each
        if "outside" in catalogue.place_chain(incident.jurisdiction)
    ]
    assert outside
    assert all(decision.lead == "city-platform" for _, decision in outside)
