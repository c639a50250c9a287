"""The runtime's small parts, without a broker."""

import struct
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from contracts.ports import Emit
from streams.gate import DeadLetterBound, Stage, StateTooNew
from streams.gate.assignor import Holding, share_out
from streams.gate.bound import Tally
from streams.gate.changelog import changelog_emits, read_value
from streams.gate.group_commit import GroupMetadata, GroupOffsetCommit, TxnOffsetCommitRequestV3
from streams.gate.outputs import BATCH_HEADER, TopicLimits, exact_size, weigh
from streams.gate.state import Overlay, merge
from streams.gate.watchdog import Watchdog

KEYS = st.sampled_from([b"a", b"b", b"c"])
STEPS = st.lists(
    st.tuples(
        st.lists(st.tuples(KEYS, st.one_of(st.none(), st.binary(max_size=3))), max_size=4),
        st.booleans(),
    ),
    max_size=8,
)
HOLDINGS = st.dictionaries(
    st.text("mnop", min_size=1, max_size=3),
    st.builds(Holding, st.integers(-1, 5), st.frozensets(st.integers(0, 19))),
    min_size=1,
    max_size=6,
)


@given(st.dictionaries(KEYS, st.binary(max_size=3)), STEPS)
def test_an_overlay_is_a_dict_whose_failed_records_never_happened(base: dict[bytes, bytes], steps: Any) -> None:
    before = dict(base)
    overlay, model = Overlay(base), dict(base)
    for puts, succeeds in steps:
        trial = dict(model)
        for key, value in puts:
            if value is None:
                overlay.delete(key)
                trial.pop(key, None)
            else:
                overlay.put(key, value)
                trial[key] = value
            assert {k: overlay.get(k) for k in (b"a", b"b", b"c")} == {k: trial.get(k) for k in (b"a", b"b", b"c")}
        (overlay.keep if succeeds else overlay.undo)()
        model = trial if succeeds else model
    assert base == before, "the overlay wrote to the state before the commit"
    merge(base, overlay.changes)
    assert base == model


def test_a_state_takes_bytes_and_nothing_else() -> None:
    overlay = Overlay({})
    with pytest.raises(TypeError):
        overlay.put("k", b"v")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        overlay.put(b"k", bytearray(b"v"))  # type: ignore[arg-type]


@given(st.integers(0, 20), HOLDINGS)
def test_tasks_are_shared_out_whole_evenly_and_where_they_were(tasks: int, holdings: dict[str, Holding]) -> None:
    shares = share_out(tasks, holdings)
    owned = Counter(p for share in shares.values() for p in share)
    assert owned == Counter(range(tasks)), "every task has one owner"
    sizes = [len(share) for share in shares.values()]
    assert max(sizes) - min(sizes) <= 1
    again = share_out(tasks, {m: Holding(9, frozenset(share)) for m, share in shares.items()})
    assert again == shares, "nothing moves when nobody comes or goes"


@given(st.integers(1, 20), st.integers(1, 5))
def test_a_newcomer_takes_only_its_share(tasks: int, members: int) -> None:
    before = share_out(tasks, {f"m{n}": Holding() for n in range(members)})
    holdings = {m: Holding(3, frozenset(share)) for m, share in before.items()}
    after = share_out(tasks, {**holdings, "newcomer": Holding()})
    moved = [p for m, share in before.items() for p in share if p not in after[m]]
    assert sorted(moved) == after["newcomer"]


@given(HOLDINGS)
def test_what_a_member_holds_survives_the_wire(holdings: dict[str, Holding]) -> None:
    for holding in holdings.values():
        assert Holding.decode(holding.encode()) == holding


@pytest.mark.parametrize("raw", [None, b"", b"\x01", b"\x02" + struct.pack(">i", 3), b"\xff" * 9])
def test_a_member_whose_words_are_unknown_holds_nothing(raw: bytes | None) -> None:
    assert Holding.decode(raw) == Holding()


def test_of_two_that_claim_a_task_the_later_generation_holds_it() -> None:
    shares = share_out(2, {"a": Holding(4, frozenset({0, 1})), "b": Holding(5, frozenset({0}))})
    assert shares == {"a": [1], "b": [0]}


def test_the_bound_trips_on_a_run_and_on_a_share() -> None:
    bound = DeadLetterBound(run=3, ratio=0.5, least=4, window=10)
    run = Tally(bound)
    run.failed()
    assert run.one_too_many() is None
    run.failed()
    assert run.one_too_many() == "3 dead letters in a row"
    run.passed()
    assert run.one_too_many() is None
    share = Tally(bound)
    for _ in range(3):
        share.failed()
        share.passed()
    assert share.one_too_many() == "4 dead letters among 7 records"


@given(st.lists(st.booleans(), max_size=300))
def test_a_tally_counts_no_more_than_its_window(outcomes: list[bool]) -> None:
    tally = Tally(DeadLetterBound(window=20))
    copy = tally.copy()
    for failed in outcomes:
        (tally.failed if failed else tally.passed)()
        assert 0 <= tally.dead <= tally.seen < 20
    assert copy == Tally(DeadLetterBound(window=20)), "a turn counts on its own copy"


NOW = 1_778_551_200_000
NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
HEADERS = st.lists(st.tuples(NAMES, st.one_of(st.none(), st.binary(max_size=9))), max_size=4)


@given(st.one_of(st.none(), st.binary(max_size=200)), st.one_of(st.none(), st.binary(max_size=3_000)), HEADERS)
def test_a_record_weighs_at_least_what_it_takes(key: bytes | None, value: bytes | None, headers: Any) -> None:
    emit = Emit("t", 0, key, value, headers)
    batch = BatchBuilder(1 << 20, 0, is_transactional=True)
    batch.append(timestamp=NOW, key=key, value=value, headers=headers)
    size = exact_size(emit)
    assert size == batch.size() == len(batch._build()), "as large as aiokafka makes it"
    weight = weigh(emit, TopicLimits(1, max_bytes=1 << 20), 0)
    assert isinstance(weight, int)
    assert size <= weight + BATCH_HEADER <= size + 60 + 12 * len(headers)
    assert isinstance(weigh(emit, TopicLimits(1, max_bytes=size - 1), 0), str)
    assert isinstance(weigh(emit, TopicLimits(1, max_bytes=size), 0), int), "what just fits is not refused"


PLAIN = Emit("t", 0, b"k", b"v")


@pytest.mark.parametrize(
    ("emit", "limits", "told"),
    [
        (PLAIN, None, "no such topic"),
        (PLAIN._replace(partition=3), TopicLimits(3), "partition 3 of 3"),
        (PLAIN._replace(partition=-1), TopicLimits(3), "partition -1 of 3"),
        (PLAIN._replace(partition="0"), TopicLimits(3), "partition '0' of 3"),  # type: ignore[arg-type]
        (PLAIN._replace(key=None), TopicLimits(1, compacted=True), "needs a key"),
        (PLAIN._replace(key="k"), TopicLimits(1), "bytes or nothing"),  # type: ignore[arg-type]
        (PLAIN._replace(value="v"), TopicLimits(1), "bytes or nothing"),  # type: ignore[arg-type]
        (PLAIN._replace(headers=(("a", "b"),)), TopicLimits(1), "header"),  # type: ignore[arg-type]
        (PLAIN._replace(headers=((b"a", b"b"),)), TopicLimits(1), "header"),  # type: ignore[arg-type]
        (PLAIN._replace(headers=(("\ud800", b""),)), TopicLimits(1), "header"),
        (PLAIN._replace(timestamp=NOW + 3_600_001), TopicLimits(1), "ahead"),
        (PLAIN._replace(timestamp=-1), TopicLimits(1), "too old"),
        (PLAIN._replace(timestamp=NOW - 11), TopicLimits(1, past_ms=10), "too old"),
        (PLAIN._replace(timestamp=1.5), TopicLimits(1), "whole number"),  # type: ignore[arg-type]
        (PLAIN._replace(value=b"v" * 999), TopicLimits(1, max_bytes=1_000), "at most 1000 taken"),
    ],
)
def test_what_the_broker_would_refuse_is_told_by_topic_and_limit(emit: Emit, limits: Any, told: str) -> None:
    answer = weigh(emit, limits, NOW)
    assert isinstance(answer, str)
    assert answer.startswith("t: ")
    assert told in answer


def test_where_the_broker_stamps_any_timestamp_passes() -> None:
    assert isinstance(weigh(PLAIN._replace(timestamp=NOW * 2), TopicLimits(1, future_ms=None), NOW), int)


def test_group_metadata_without_a_generation_is_no_metadata() -> None:
    with pytest.raises(ValueError, match="not checked by the broker"):
        GroupMetadata("g", -1, "member")
    with pytest.raises(ValueError, match="not checked by the broker"):
        GroupMetadata("g", 3, "")


@pytest.mark.parametrize("instance", [None, "pod-1"])
def test_an_offset_commit_names_generation_member_and_instance(instance: str | None) -> None:
    """The bytes are those of TxnOffsetCommitRequest v3 in Kafka's protocol guide: compact strings, tagged fields."""
    group = GroupMetadata("g", 7, "m", instance)
    offsets = {TopicPartition("t", 2): OffsetAndMetadata(11, "")}
    request = GroupOffsetCommit("tx", 5, 1, group, offsets).build(TxnOffsetCommitRequestV3)
    named = b"\x00" if instance is None else b"\x06pod-1"
    assert request.encode() == (
        b"\x03tx" + b"\x02g" + struct.pack(">qh", 5, 1) + struct.pack(">i", 7) + b"\x02m" + named
        + b"\x02" + b"\x02t" + b"\x02" + struct.pack(">iqi", 2, 11, -1) + b"\x01" + b"\x00" + b"\x00" + b"\x00"
    )  # fmt: skip


@dataclass
class Kept:
    """A changelog record."""

    value: bytes | None
    headers: Any = ()
    topic: str = "state"
    partition: int = 1
    offset: int = 9
    timestamp: int = 0
    key: bytes | None = b"k"


def stage(**more: Any) -> Stage:
    return Stage("s", ("in",), lambda p: None, changelog="state", **more)  # type: ignore[arg-type,return-value]


def test_a_changelog_says_which_version_wrote_it_and_forgets_by_tombstone() -> None:
    emits = changelog_emits(stage(state_version=2), 1, {b"k": b"v", b"gone": None})
    assert [(e.topic, e.partition, e.key, e.value) for e in emits] == [
        ("state", 1, b"k", b"v"), ("state", 1, b"gone", None),
    ]  # fmt: skip
    assert read_value(stage(state_version=2), Kept(b"v", emits[0].headers)) == b"v"
    assert read_value(stage(), Kept(None)) is None


def test_a_changelog_newer_than_the_worker_stops_it_with_that_sentence() -> None:
    with pytest.raises(StateTooNew, match=r"state\[1\] at 9 was written by schema version 3; this worker knows 1"):
        read_value(stage(), Kept(b"v", (("state_version", b"3"),)))


def test_an_older_changelog_is_upgraded_or_refused() -> None:
    old = Kept(b"v", (("state_version", b"1"),))
    upgraded = stage(state_version=3, upgrade=lambda version, value: b"%d:" % version + value)
    assert read_value(upgraded, old) == b"1:v"
    with pytest.raises(StateTooNew, match="declares no upgrade"):
        read_value(stage(state_version=3), old)


def test_state_without_a_changelog_is_a_defect_of_the_stage() -> None:
    with pytest.raises(TypeError, match="declares no changelog"):
        changelog_emits(Stage("s", ("in",), lambda p: None), 0, {b"k": b"v"})  # type: ignore[arg-type,return-value]


def test_the_watchdog_names_who_is_silent_and_lets_others_be() -> None:
    now = [0.0]
    dog = Watchdog(10.0, print, monotonic=lambda: now[0])
    dog.beat("a")
    dog.beat("b")
    now[0] = 9.0
    dog.beat("b")
    assert dog.overdue() is None
    now[0] = 11.0
    assert dog.overdue() == "a has made no progress for 11 s"
    dog.forget("a")
    assert dog.overdue() is None


def test_the_watchdog_ends_a_process_whose_loop_is_stuck() -> None:
    told: list[str] = []
    ended = threading.Event()

    def end(sentence: str) -> None:
        told.append(sentence)
        ended.set()

    dog = Watchdog(0.2, end)
    dog.beat("the event loop")
    dog.start()
    assert ended.wait(5.0)
    dog.stop()
    assert told[0].startswith("the event loop has made no progress")
