"""The registry of metrics and the meter in memory."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import Outcome
from contracts.telemetry import (
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    METRICS,
    PREFIX,
    SPECS,
    CounterName,
    MetricKind,
    NoMeter,
    Tally,
)

_PERSONAL = {"incident", "external_id", "name", "phone", "address", "id_number", "reporter", "title", "text", "note"}


def test_every_name_of_the_literal_types_is_declared_once_and_with_its_kind() -> None:
    assert len(SPECS) == len(METRICS)
    assert {s.name for s in SPECS if s.kind is MetricKind.COUNTER} == set(COUNTERS) == set(get_args(CounterName))
    assert {s.name for s in SPECS if s.kind is MetricKind.GAUGE} == set(GAUGES)
    assert {s.name for s in SPECS if s.kind is MetricKind.HISTOGRAM} == set(HISTOGRAMS)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_metric_is_named_as_prometheus_names_things(spec) -> None:
    assert spec.name.startswith(PREFIX)
    assert spec.name.endswith("_total") == (spec.kind is MetricKind.COUNTER)
    assert spec.help
    assert bool(spec.buckets) == (spec.kind is MetricKind.HISTOGRAM)
    assert list(spec.buckets) == sorted(set(spec.buckets))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_no_label_can_hold_an_incident_or_a_person(spec) -> None:
    assert not _PERSONAL & set(spec.labels)


def test_labels_in_any_order_and_as_enum_or_text_meet_in_one_series() -> None:
    tally = Tally()
    tally.count("incidentbus_decisions_total", channel="petition", outcome=Outcome.FALLBACK)
    tally.count("incidentbus_decisions_total", outcome="fallback", channel="petition", value=2)
    assert tally.counts == {("incidentbus_decisions_total", ("petition", "fallback")): [3.0]}
    assert tally.value("incidentbus_decisions_total", channel="petition", outcome="fallback") == 3


@pytest.mark.parametrize("labels", [{}, {"channel": "petition"}, {"channel": "c", "outcome": "o", "incident": "i"}])
def test_a_label_too_few_or_too_many_is_refused(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="has the labels"):
        Tally().count("incidentbus_decisions_total", **labels)


def test_a_value_on_a_bucket_s_bound_falls_into_it_and_a_huge_one_past_all() -> None:
    tally = Tally()
    for value in (1, 2, 2.5, 1e9):
        tally.observe("incidentbus_turn_records", value, stage="intake")
    (spread,) = tally.spreads.values()
    assert spread.counts[:3] == [1, 1, 1]
    assert spread.counts[-1] == 1
    assert spread.total == 1 + 2 + 2.5 + 1e9


def test_what_an_aborted_turn_counted_is_not_seen() -> None:
    process, turn = Tally(), Tally()
    turn.count("incidentbus_turns_total", stage="intake", result="committed")
    turn.clear()
    turn.count("incidentbus_turns_total", stage="intake", result="aborted")
    turn.flush_into(process)
    turn.flush_into(process)
    assert process.value("incidentbus_turns_total", stage="intake", result="committed") == 0
    assert process.value("incidentbus_turns_total", stage="intake", result="aborted") == 1


def test_a_gauge_forgotten_in_a_turn_is_gone_after_the_flush_unless_set_anew() -> None:
    process, turn = Tally(), Tally()
    for topic in ("a", "b"):
        process.set("incidentbus_lag_records", 5, stage="intake", topic=topic, partition="0")
    turn.forget("incidentbus_lag_records", stage="intake")
    turn.set("incidentbus_lag_records", 7, stage="intake", topic="b", partition="0")
    turn.flush_into(process)
    assert process.gauges == {("incidentbus_lag_records", ("intake", "b", "0")): 7}


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(["intake", "dispatch"]), st.floats(0, 30)),
        max_size=60,
    ),
    st.integers(1, 9),
)
def test_flushing_often_or_once_gives_the_same(events: list[tuple[bool, str, float]], every: int) -> None:
    once, often, turn = Tally(), Tally(), Tally()
    for number, (is_count, stage, value) in enumerate(events):
        for meter in (once, turn):
            if is_count:
                meter.count("incidentbus_records_read_total", round(value), stage=stage)
            else:
                meter.observe("incidentbus_turn_seconds", value, stage=stage)
        if number % every == 0:
            turn.flush_into(often)
    turn.flush_into(often)
    assert often.counts == once.counts
    assert {series: spread.counts for series, spread in often.spreads.items()} == {
        series: spread.counts for series, spread in once.spreads.items()
    }
    assert sum(s.total for s in often.spreads.values()) == pytest.approx(sum(s.total for s in once.spreads.values()))


def test_a_meter_that_keeps_nothing_takes_everything() -> None:
    meter, turn = NoMeter(), Tally()
    turn.count("incidentbus_fences_total", stage="intake")
    turn.flush_into(meter)
    assert turn.counts == {}
