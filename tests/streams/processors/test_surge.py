"""Surges, without Kafka: told once, by a group's own history, whatever comes twice or late."""

import json
import math
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import DirectiveKind
from contracts.errors import Permanent
from contracts.surge import MOST_INCIDENTS, Surge, SurgeStatus
from streams.processors.surge import (
    FLOOR,
    GROWTH,
    HISTORY_DAYS,
    HOUR_MS,
    MINUTE_MS,
    REMEMBERED_MS,
    UNKNOWN_FLOOR,
    WINDOW_MS,
    Group,
    Sighting,
    Told,
    Watched,
    due_ms,
    expected_of,
    group_of,
    observe,
    sighted,
    threshold_of,
)

BEGAN = int(datetime(2026, 5, 12, 1, 0, tzinfo=UTC).timestamp() * 1000)  # a Tuesday, 9 o'clock in the county
WAGES = Group("320813106", "labour/wages", False)
DAY_MS = 24 * HOUR_MS


def known(a_day: int = 0, days: int = HISTORY_DAYS) -> Watched:
    """A group watched for four weeks, with so many incidents at 9 o'clock each day, and one at midnight."""
    state = Watched()
    for ago in range(days, 0, -1):
        morning = BEGAN - ago * DAY_MS
        observe(WAGES, state, Sighting(morning - 8 * HOUR_MS, f"night-{ago}"))
        for n in range(a_day):
            observe(WAGES, state, Sighting(morning + n * MINUTE_MS * 40 // max(a_day, 1), f"old-{ago}-{n}"))
    assert state.surge is None
    return state


def burst(state: Watched, count: int, minutes: float = 40, group: Group = WAGES, name: str = "b", **more: Any) -> Told:
    told = [
        observe(group, state, Sighting(BEGAN + round(n * minutes * MINUTE_MS / count), f"{name}-{n}", **more))
        for n in range(count)
    ]
    return joined(told)


def joined(told: list[Told]) -> Told:
    return Told(
        tuple(surge for each in told for surge in each.surges), tuple(d for each in told for d in each.directives)
    )


def test_thirty_in_forty_minutes_are_one_surge_that_begins_grows_and_amends_each_case_once() -> None:
    state = known(a_day=1)
    told = burst(state, 30)
    assert [surge.status for surge in told.surges] == [SurgeStatus.BEGUN, SurgeStatus.UPDATED]
    assert len({surge.id for surge in told.surges}) == 1
    begun, grown = told.surges
    assert begun.count == begun.threshold == threshold_of(begun.expected) >= FLOOR
    assert grown.count == math.ceil(begun.count * GROWTH) <= 30
    assert sorted(d.incident or "" for d in told.directives) == sorted(f"b-{n}" for n in range(30))
    assert len({d.id for d in told.directives}) == 30
    for directive in told.directives:
        assert directive.kind is DirectiveKind.AMEND
        assert directive.correction is not None
        assert directive.correction.model_fields_set == {"tags"}
        assert directive.correction.tags == ("surge",)


def test_what_is_usual_at_this_hour_is_no_surge_and_the_same_at_a_quiet_hour_is() -> None:
    usual = 16
    assert burst(known(a_day=usual), usual + 2).surges == ()
    assert burst(known(a_day=0), usual + 2).surges[0].status is SurgeStatus.BEGUN


def test_a_weekend_is_measured_by_weekends() -> None:
    state = known(a_day=12)
    saturday = BEGAN + 4 * DAY_MS
    assert expected_of(state, BEGAN + HOUR_MS) == pytest.approx(6, abs=0.1)
    weekends_only = Watched(BEGAN - 28 * DAY_MS, BEGAN)
    for ago in range(1, 29):
        hour = (saturday - ago * DAY_MS + 8 * HOUR_MS) // HOUR_MS
        weekends_only.hours[hour] = 0 if (ago % 7) in (0, 6) else 40
    assert expected_of(weekends_only, saturday + HOUR_MS // 2) == 0.0


def test_a_surge_of_last_week_does_not_hide_todays() -> None:
    plain, after = known(a_day=4), known(a_day=4)
    hour = (BEGAN - 7 * DAY_MS + 8 * HOUR_MS) // HOUR_MS
    after.hours[hour] = after.hours.get(hour, 0) + 200
    assert expected_of(after, BEGAN + HOUR_MS) == pytest.approx(expected_of(plain, BEGAN + HOUR_MS), rel=0.1)


def test_a_group_without_history_needs_more() -> None:
    assert burst(Watched(), UNKNOWN_FLOOR - 1).surges == ()
    assert burst(Watched(), UNKNOWN_FLOOR).surges[0].threshold == UNKNOWN_FLOOR


def test_it_ends_when_its_window_is_half_empty_and_the_fact_does_not_depend_on_when_that_is_seen() -> None:
    ends = []
    for minutes in (200, 20_000):
        state = known()
        burst(state, 30)
        due = due_ms(state)
        assert due is not None
        assert observe(WAGES, state, Sighting(due - 1)).surges == ()
        (ended,) = observe(WAGES, state, Sighting(BEGAN + minutes * MINUTE_MS)).surges
        assert (ended.status, ended.count, int(ended.at.timestamp() * 1000)) == (SurgeStatus.ENDED, 30, due)
        assert (state.surge, due_ms(state)) == (None, None)
        ends.append(ended)
    assert ends[0] == ends[1]


def test_a_case_of_a_surge_that_is_over_is_not_told_again_by_the_next() -> None:
    state = known()
    told = burst(state, 30)
    due = due_ms(state) or 0
    again = joined([observe(WAGES, state, Sighting(due + n * 1000, f"again-{n}")) for n in range(30)])
    begun = [surge.id for surge in (*told.surges, *again.surges) if surge.status is SurgeStatus.BEGUN]
    assert len(set(begun)) == 2
    given = [d.incident for d in (*told.directives, *again.directives)]
    assert len(given) == len(set(given)) == 60


def test_exercises_are_counted_apart_and_propose_nothing() -> None:
    exercise = group_of("320813106", "labour/wages", exercise=True)
    assert exercise.key() != WAGES.key()
    assert Group.of(exercise.key()) == exercise
    real, drill = known(), known()
    assert burst(real, FLOOR - 1).surges == ()
    told = burst(drill, 30, group=exercise, critical=True)
    assert {(surge.exercise, surge.proposes_emergency) for surge in told.surges} == {(True, False)}
    assert told.surges[0].id != burst(known(), 30).surges[0].id


def test_an_emergency_is_proposed_where_a_third_is_critical() -> None:
    assert {surge.proposes_emergency for surge in burst(known(), 30, critical=True).surges} == {True}
    assert {surge.proposes_emergency for surge in burst(known(), 30).surges} == {False}


def test_a_fact_names_at_most_so_many_incidents_and_counts_all() -> None:
    last = burst(known(), 200).surges[-1]
    assert len(last.incidents) == min(last.count, MOST_INCIDENTS) == MOST_INCIDENTS
    assert last.count > MOST_INCIDENTS


def test_what_comes_later_than_ids_are_remembered_is_passed_over() -> None:
    state = known()
    before = state.to_bytes()
    assert not observe(WAGES, state, Sighting(state.newest_ms - REMEMBERED_MS, "late")).counted
    assert state.to_bytes() == before


def test_a_village_is_its_towns_and_a_category_its_first_two_levels() -> None:
    assert group_of("320813106201", "labour/wages/building", exercise=False) == WAGES
    assert group_of("320813", "unclassified", exercise=False) == Group("320813", "unclassified", False)


def test_a_record_that_is_no_incident_is_refused_with_its_reason() -> None:
    for value in (b"{", b"", None, b"[]"):
        with pytest.raises(Permanent):
            sighted(SimpleNamespace(value=value, headers=()))  # type: ignore[arg-type]


def test_a_state_of_a_newer_release_is_refused() -> None:
    newer = json.dumps([99, 0, 0, [], [], None]).encode()
    with pytest.raises(ValueError, match="version 99"):
        Watched.read(newer)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)), max_size=120),
    st.lists(st.integers(0, 119), max_size=60),
)
def test_repeats_and_restarts_change_nothing_and_no_directive_is_given_twice(
    moves: list[tuple[int, int]], repeats: list[int]
) -> None:
    sightings = [Sighting(BEGAN + at * MINUTE_MS // 4, f"i-{name}") for at, name in sorted(moves)]
    plain, shaken = Watched(BEGAN - 28 * DAY_MS, BEGAN), Watched(BEGAN - 28 * DAY_MS, BEGAN)
    once = joined([observe(WAGES, plain, each) for each in sightings])
    told: list[Told] = []
    for n, each in enumerate(sightings):
        told.append(observe(WAGES, shaken, each))
        shaken = Watched.read(shaken.to_bytes())
        if n in repeats:  # the same record again, as after a crash before its offset was committed
            repeated = observe(WAGES, shaken, each)
            assert (repeated.surges, repeated.directives, repeated.counted) == ((), (), False)
    assert joined(told) == once
    assert shaken.to_bytes() == plain.to_bytes()
    ids = [directive.id for directive in once.directives]
    assert len(ids) == len(set(ids))
    assert sum(s.status is SurgeStatus.BEGUN for s in once.surges) - sum(
        s.status is SurgeStatus.ENDED for s in once.surges
    ) == (plain.surge is not None)


@given(st.floats(0.05, 60), st.floats(1.05, 3))
def test_more_is_expected_more_is_needed(expected: float, times: float) -> None:
    assert expected < threshold_of(expected) <= threshold_of(expected * times)


def test_a_fact_is_the_same_bytes_read_back() -> None:
    for surge in burst(known(), 30).surges:
        assert Surge.model_validate_json(surge.model_dump_json(exclude_none=True)) == surge
        assert timedelta(0) <= surge.at - surge.began_at <= timedelta(milliseconds=WINDOW_MS)
