"""What a scrape shows."""

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from contracts.telemetry import SPECS, Tally
from incidentbus.telemetry.prometheus import PrometheusMeter, registry_of, ruleset_refused, ruleset_taken


def scrape(meter: PrometheusMeter) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    text = generate_latest(registry_of(meter)).decode()
    samples: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return samples


def test_every_metric_of_the_registry_is_announced_before_anything_happened() -> None:
    text = generate_latest(registry_of(PrometheusMeter())).decode()
    for spec in SPECS:
        assert f"# TYPE {spec.name} {spec.kind.value}" in text


def test_counts_gauges_and_histograms_come_out_as_they_went_in() -> None:
    meter, turn = PrometheusMeter(), Tally()
    turn.count("incidentbus_assignments_total", 3, agency="town-gaoliangjian", role="lead")
    turn.set("incidentbus_lag_records", 12, stage="intake", topic="t", partition="0")
    for value in (0.001, 0.003, 99):
        turn.observe("incidentbus_turn_seconds", value, stage="intake")
    turn.flush_into(meter)
    shown = scrape(meter)
    assert shown["incidentbus_assignments_total"] == {(("agency", "town-gaoliangjian"), ("role", "lead")): 3}
    assert shown["incidentbus_lag_records"] == {(("partition", "0"), ("stage", "intake"), ("topic", "t")): 12}
    buckets = shown["incidentbus_turn_seconds_bucket"]
    assert buckets[("le", "0.002"), ("stage", "intake")] == 1
    assert buckets[("le", "0.005"), ("stage", "intake")] == 2
    assert buckets[("le", "15.0"), ("stage", "intake")] == 2
    assert buckets[("le", "+Inf"), ("stage", "intake")] == 3
    assert shown["incidentbus_turn_seconds_sum"][(("stage", "intake"),)] == pytest.approx(99.004)


def test_the_same_registry_speaks_openmetrics() -> None:
    meter = PrometheusMeter()
    meter.count("incidentbus_fences_total", stage="intake")
    assert b'incidentbus_fences_total{stage="intake"} 1.0' in openmetrics(registry_of(meter))


def test_the_fallback_share_follows_the_decisions_of_each_channel() -> None:
    meter = PrometheusMeter()
    meter.count("incidentbus_decisions_total", 3, channel="petition", outcome="matched")
    meter.count("incidentbus_decisions_total", 1, channel="petition", outcome="fallback")
    meter.count("incidentbus_decisions_total", 2, channel="police-110", outcome="matched")
    assert scrape(meter)["incidentbus_fallback_share"] == {
        (("channel", "petition"),): 0.25,
        (("channel", "police-110"),): 0.0,
    }


def test_only_the_ruleset_in_force_is_shown_and_a_refused_one_leaves_it() -> None:
    meter = PrometheusMeter()
    ruleset_taken(meter, id_="hongze", version="1", digest="a" * 64, at_ms=1_000)
    ruleset_taken(meter, id_="hongze", version="2", digest="b" * 64, at_ms=2_500)
    ruleset_refused(meter)
    shown = scrape(meter)
    assert shown["incidentbus_ruleset_info"] == {
        (("digest", "b" * 12), ("id", "hongze"), ("version", "2")): 1,
    }
    assert shown["incidentbus_ruleset_last_reload_successful"] == {(): 0}
    assert shown["incidentbus_ruleset_last_reload_success_timestamp_seconds"] == {(): 2.5}
    assert shown["incidentbus_ruleset_reloads_total"] == {(("result", "success"),): 2, (("result", "refused"),): 1}


def test_a_label_value_with_quotes_and_line_breaks_is_escaped() -> None:
    meter = PrometheusMeter()
    meter.count("incidentbus_decision_routes_total", route='say "hi"\nnow\\')
    assert scrape(meter)["incidentbus_decision_routes_total"] == {(("route", 'say "hi"\nnow\\'),): 1}
