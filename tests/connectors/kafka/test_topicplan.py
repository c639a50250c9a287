"""What differs, and what is never done: no plan deletes, shrinks, or moves keys away from their state unasked."""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from connectors.kafka.topicplan import Change, Difference, Found, Wanted, differences, is_ours, wanted_topics
from contracts.topics import Topics

NAME = "bus.trial.v1"
CONFIGS = {"cleanup.policy": "delete", "retention.ms": "1000", "max.message.bytes": "1048588"}
WANTED = Wanted(NAME, 8, 1, CONFIGS)
FOUND = Found(NAME, 8, 1, CONFIGS, frozenset(CONFIGS), records=5)


def _plan(wanted: Wanted, found: Found | None, **how: bool) -> list[Difference]:
    return differences([wanted], {found.name: found} if found else {}, **how)


def test_a_topic_as_it_should_be_is_not_spoken_of():
    assert _plan(WANTED, FOUND) == []


def test_a_missing_topic_is_created():
    [told] = _plan(WANTED, None)
    assert (told.change, told.by_hand, told.wanted) == (Change.CREATE, "", WANTED)


def test_fewer_partitions_are_never_asked_for():
    [told] = _plan(WANTED, replace(FOUND, partitions=9))
    assert told.change is Change.PARTITIONS
    assert "can't lose" in told.by_hand


def test_more_partitions_move_keys_so_a_topic_with_records_waits_for_a_word():
    [told] = _plan(WANTED, replace(FOUND, partitions=4))
    assert "--grow" in told.by_hand
    [told] = _plan(WANTED, replace(FOUND, partitions=4), grow=True)
    assert told.by_hand == ""
    [told] = _plan(WANTED, replace(FOUND, partitions=4, records=0))
    assert told.by_hand == ""


@pytest.mark.parametrize(
    ("name", "have", "want", "applied"),
    [
        ("retention.ms", "1000", "2000", True),
        ("retention.ms", "1000", "-1", True),
        ("retention.ms", "1000", "999", False),
        ("retention.ms", "-1", "1000", False),
        ("cleanup.policy", "compact,delete", "compact", True),
        ("cleanup.policy", "compact", "compact,delete", False),
        ("cleanup.policy", "delete", "compact", False),
        ("message.timestamp.type", "CreateTime", "LogAppendTime", True),
        ("max.message.bytes", "2000", "1000", True),
    ],
)
def test_a_setting_whose_change_would_lose_records_is_left_to_a_person(name, have, want, applied):
    wanted, found = replace(WANTED, configs={name: want}), replace(FOUND, configs={name: have}, overrides=frozenset())
    [told] = _plan(wanted, found)
    assert (told.change, told.have, told.want) == (Change.CONFIG, have, want)
    assert (told.by_hand == "") is applied
    [empty] = _plan(wanted, replace(found, records=0))
    assert empty.by_hand == ""


def test_the_order_of_cleanup_policies_is_no_difference():
    wanted = replace(WANTED, configs={"cleanup.policy": "compact,delete"})
    assert _plan(wanted, replace(FOUND, configs={"cleanup.policy": "delete,compact"}, overrides=frozenset())) == []


def test_a_setting_that_somebody_added_is_drift_and_left_to_a_person():
    found = replace(FOUND, configs={**CONFIGS, "retention.bytes": "9"}, overrides=FOUND.overrides | {"retention.bytes"})
    [told] = _plan(WANTED, found)
    assert (told.change, told.what, told.have, told.drift) == (Change.OVERRIDE, "retention.bytes", "9", True)
    assert told.by_hand


def test_a_topic_of_ours_that_nobody_declares_is_named_but_is_no_drift():
    stray = replace(FOUND, name="agency.gone.assignments.v1")
    [told] = differences([], {stray.name: stray})
    assert (told.change, told.drift) == (Change.STRAY, False)


def test_another_countys_topics_are_none_of_ours():
    other = {name: replace(FOUND, name=name) for name in ("lianshui.bus.incidents.v1", "__ready", "orders")}
    assert differences([], other) == []
    assert differences([], other, "hongze.") == []
    assert is_ours("lianshui.bus.incidents.v1", "lianshui.")


def test_three_copies_need_two_in_step():
    specs = Topics().specs(["petition"], ["police"])
    assert all(w.configs["min.insync.replicas"] == "2" for w in wanted_topics(specs, Topics(), 3))
    assert not any("min.insync.replicas" in w.configs for w in wanted_topics(specs, Topics(), 1))


_CONFIG = st.fixed_dictionaries(
    {
        "cleanup.policy": st.sampled_from(["delete", "compact", "compact,delete"]),
        "retention.ms": st.sampled_from(["-1", "1000", "2000"]),
    }
)


@given(
    wanted=st.builds(Wanted, st.just(NAME), st.integers(1, 20), st.integers(1, 3), _CONFIG),
    found=st.builds(
        Found, st.just(NAME), st.integers(1, 20), st.integers(1, 3), _CONFIG, st.just(frozenset()), st.integers(1, 9)
    ),
    grow=st.booleans(),
)
def test_nothing_that_is_applied_to_a_topic_with_records_takes_any_away(wanted, found, grow):
    for told in _plan(wanted, found, grow=grow):
        if told.by_hand:
            continue
        assert told.change in (Change.PARTITIONS, Change.CONFIG)
        if told.change is Change.PARTITIONS:
            assert grow
            assert int(told.want) > int(told.have)
        elif told.what == "retention.ms":
            assert told.want == "-1" or (told.have != "-1" and int(told.want) > int(told.have))
        else:
            assert set(told.want.split(",")) < set(told.have.split(","))
