"""The heap beside a state, how far inputs were taken, and how a turn merges timers with records; without a broker."""

import asyncio
import time
import tracemalloc
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ladders import BASE, HandClock, Ladders, due_of

from contracts.codes import ReasonCode
from contracts.errors import Temporary
from contracts.ports import Emit, State
from streams.gate import Limits, Stage
from streams.gate.horizon import Horizon
from streams.gate.outputs import TopicLimits
from streams.gate.state import merge
from streams.gate.timed import Span, TimedJudge, TimedVerdict
from streams.gate.timers import FEW, Timers
from streams.gate.turn import Judge

LETTERS, WORDS = st.sampled_from("abc"), st.sampled_from("xyz")
SET = "set {} {}".format
KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])
VALUES = st.one_of(st.none(), st.sampled_from([b"|", b"1|", b"2|", b"3|", b"3|note", b"9|"]))
TURNS = st.lists(st.tuples(st.dictionaries(KEYS, VALUES, max_size=3), st.integers(0, 4), st.booleans()), max_size=12)


def plain(value: bytes) -> int | None:
    return int(value[:13]) or None


async def built(state: dict[bytes, bytes], due: Any = due_of) -> Timers:
    timers = Timers(due)
    await timers.build(state, lambda: None)
    return timers


def waiting(state: dict[bytes, bytes]) -> list[tuple[int, bytes]]:
    return sorted((due, key) for key, value in state.items() if (due := due_of(value)) is not None)


@settings(deadline=None)  # a loop is made for each case, and a busy machine takes its time over it
@given(st.dictionaries(KEYS, VALUES.filter(bool), max_size=4), TURNS)
def test_the_heap_says_what_the_state_says_whatever_turns_come_to(state: Any, turns: Any) -> None:
    timers = asyncio.run(built(state))
    for changes, drawn, commits in turns:
        drawn_keys = set()
        for _ in range(min(drawn, len(waiting(state)))):
            if timers.first(state) is not None:
                drawn_keys.add((timers.peek() or (0, b""))[1])
                timers.draw()
        if commits:  # what was drawn was fired, or moved by a record, and maybe moved back
            done = dict.fromkeys(drawn_keys, b"|") | changes
            timers.committed(state, done)
            merge(state, done)
        else:
            timers.put_back()
        assert len(timers) == len(waiting(state))
        assert timers.first(state) == min((due for due, _ in waiting(state)), default=None)


def test_an_entry_whose_key_has_moved_is_stale_and_one_that_is_put_back_is_not() -> None:
    state = {b"a": b"100|", b"b": b"200|"}
    timers = asyncio.run(built(state))
    timers.draw()
    timers.put_back()
    assert timers.first(state) == BASE + 100
    timers.committed(state, {b"a": b"300|"})
    merge(state, {b"a": b"300|"})
    assert timers.first(state) == BASE + 200
    timers.committed(state, {b"b": None})
    merge(state, {b"b": None})
    assert timers.first(state) == BASE + 300
    assert len(timers) == 1


def test_a_heap_of_stale_entries_is_built_anew() -> None:
    state = {b"k": b"1|"}
    timers = asyncio.run(built(state))
    for due in range(2, FEW + 3):
        assert not timers.untidy
        value = b"%d|" % due
        timers.committed(state, {b"k": value})
        merge(state, {b"k": value})
    assert timers.untidy, "stale entries pile up"
    asyncio.run(timers.build(state, lambda: None))
    assert not timers.untidy
    assert timers.first(state) == BASE + FEW + 2


def test_a_failed_timer_rests_twice_as_long_each_time_and_five_minutes_at_most() -> None:
    state = {b"a": b"100|", b"b": b"100|"}
    timers = asyncio.run(built(state))
    now, rests = 0.0, []
    for _ in range(11):
        rests.append(timers.rest(b"a", now))
        timers.wake(now + rests[-1] - 0.01, state)
        assert timers.first({b"a": state[b"a"]}) is None, "it rests"
        now += rests[-1]
        timers.wake(now, state)
        assert timers.first({b"a": state[b"a"]}) == BASE + 100
    assert rests == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_resting_timer_whose_state_changes_is_awake_at_its_new_time_and_counts_anew() -> None:
    state = {b"a": b"100|"}
    timers = asyncio.run(built(state))
    timers.rest(b"a", 0.0)
    timers.committed(state, {b"a": b"100|note"})
    merge(state, {b"a": b"100|note"})
    assert timers.first(state) == BASE + 100
    assert timers.rest(b"a", 0.0) == 1.0


def test_a_million_keys_are_built_within_seconds_and_100_bytes_each() -> None:
    state = {b"i-%032d" % n: b"%013d {}" % ((n * 7_919) % 1_000_003 + 1) for n in range(200_000)}
    tracemalloc.start()
    timers = asyncio.run(built(state, plain))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(timers) == 200_000
    assert held / len(timers) <= 120, f"{held / len(timers):.0f} bytes a key"
    began = time.process_time()
    asyncio.run(built(state, plain))
    assert time.process_time() - began < 1.5, "a million would take 7 s"


# how far inputs were taken


@dataclass
class Standing:
    """Inputs as `Horizon` asks about them. `fetched`: at the end as far as the client knows; `ends`: in truth."""

    topics: list[str]
    fetched: set[str] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)
    asked: list[list[str]] = field(default_factory=list)

    def open_topics(self) -> list[str]:
        return self.topics

    def may_be_at_end(self, topic: str) -> bool:
        return topic in self.fetched

    async def at_end(self, topics: Collection[str]) -> list[str]:
        self.asked.append(list(topics))
        return [topic for topic in topics if topic in self.ends]


@dataclass
class Laid:
    """A record on an input."""

    topic: str
    offset: int
    timestamp: int
    value: bytes = b""
    partition: int = 0
    key: bytes | None = b"k"
    headers: Any = ()


async def test_timers_fire_up_to_the_input_that_is_furthest_behind() -> None:
    supply = Standing(["a", "b"])
    horizon = Horizon(supply)  # type: ignore[arg-type]
    hand: list[Any] = [Laid("a", 0, 10), Laid("b", 0, 20), Laid("a", 1, 30)]
    assert await horizon.until(hand, 15, 100) == 20
    assert supply.asked == [], "the stamps in hand were enough"
    horizon.committed(hand, {"a": 1, "b": 1}, whole=False)
    assert await horizon.until([], None, 100) == 10, "the second record of a was not taken"


async def test_the_broker_is_asked_only_when_something_is_due_and_an_input_may_be_at_its_end() -> None:
    supply = Standing(["a", "b"], fetched={"a"}, ends={"a", "b"})
    horizon = Horizon(supply)  # type: ignore[arg-type]
    assert await horizon.until([], None, 100) == -1
    assert await horizon.until([], 200, 100) == -1
    assert await horizon.until([], 50, 100) == -1, "b has records that were fetched and not taken"
    assert supply.asked == []
    supply.fetched.add("b")
    assert await horizon.until([], 50, 100) == 100
    assert sorted(supply.asked[0]) == ["a", "b"]


async def test_an_end_that_was_seen_counts_once_all_in_hand_is_committed() -> None:
    supply = Standing(["a"], fetched={"a"}, ends={"a"})
    horizon = Horizon(supply)  # type: ignore[arg-type]
    hand: list[Any] = [Laid("a", 0, 10), Laid("a", 1, 20)]
    assert await horizon.until(hand, 50, 100) == 100
    horizon.committed(hand, {"a": 1}, whole=False)
    supply.ends.clear()
    assert await horizon.until([], 50, 100) == 10, "a record that was left counts as taken"
    supply.ends.add("a")
    assert await horizon.until(hand[1:], 50, 100) == 100
    horizon.committed(hand[1:], {"a": 2}, whole=True)
    assert await horizon.until([], 90, 150) == 100
    horizon.forget("a")
    supply.ends.clear()
    assert await horizon.until([], 90, 150) == -1


async def test_an_input_that_is_not_open_is_not_waited_for() -> None:
    horizon = Horizon(Standing([]))  # type: ignore[arg-type]
    assert await horizon.until([], 50, 100) == 100


# records and timers in one turn


class Book:
    """Every topic takes 10,000 bytes."""

    def get(self, topic: str) -> TopicLimits:
        return TopicLimits(1, max_bytes=10_000)

    async def refresh(self) -> None: ...
    async def learn(self, topics: Collection[str]) -> None: ...
    def forget(self) -> None: ...


def records(*given_: tuple[int, bytes]) -> list[Any]:
    return [Laid("in", n, BASE + stamp, value) for n, (stamp, value) in enumerate(given_)]


async def judged(
    state: dict[bytes, bytes],
    hand: Sequence[Any],
    ladders: Ladders | None = None,
    *,
    now: int = 1_000,
    until: int | None = None,
    most: int = 1_000,
    limits: Limits | None = None,
    timers: Timers | None = None,
    span: Span | None = None,
) -> TimedVerdict:
    ladders = ladders or Ladders("out")
    stage = Stage("s", ("in",), lambda p: ladders, changelog="state", timers=due_of, limits=limits or Limits())
    judge = TimedJudge(
        Judge(stage, 0, ladders, Book(), HandClock(now)), timers if timers is not None else await built(state)
    )
    whole = Span(BASE + now, BASE + (now if until is None else until), most)
    return await judge.consider(hand, state, {}, span or whole)


def said(verdict: TimedVerdict) -> list[bytes | None]:
    return [emit.value for emit in verdict.emits if emit.topic == "out"]


async def test_timers_and_records_are_merged_by_time() -> None:
    hand = records((50, b"note a x"), (100, b"note a y"), (101, b"note a z"), (400, b"set a 700,2000"))
    verdict = await judged({b"a": b"100,300|", b"b": b"100,500|"}, hand)
    assert said(verdict) == [b"a@100|xy", b"b@100|", b"a@300|xyz", b"b@500|", b"a@700|xyz"]
    assert verdict.changes == {b"a": b"2000|xyz", b"b": b"|"}
    assert verdict.offsets == {"in": 4}
    assert verdict.whole


async def test_what_a_record_sets_may_fall_due_before_the_next_record() -> None:
    hand = records((10, b"set a 20,30"), (25, b"note a x"), (26, b"set a 900"))
    assert said(await judged({}, hand)) == [b"a@20|", b"a@900|x"]


async def test_records_stamped_later_wait_for_a_timer_that_waits_for_an_input() -> None:
    hand = records((50, b"note a x"), (100, b"note a y"), (101, b"note a z"))
    verdict = await judged({b"a": b"100|", b"b": b"40|"}, hand, until=60)
    assert said(verdict) == [b"b@40|"]
    assert verdict.offsets == {"in": 2}, "those stamped up to the timer are taken, those later are left"
    assert not verdict.whole


async def test_a_turn_fires_no_more_than_it_may_and_leaves_the_rest_in_order() -> None:
    state = {b"%c" % letter: b"100|" for letter in b"abcde"}
    verdict = await judged(state, records((200, b"note a x")), limits=Limits(records=3))
    assert said(verdict) == [b"a@100|", b"b@100|", b"c@100|"]
    assert (verdict.offsets, verdict.whole) == ({}, False)
    assert said(await judged(state, [], most=2)) == [b"a@100|", b"b@100|"]


async def test_a_turn_is_cut_at_a_timer_before_it_is_too_large() -> None:
    class Wordy(Ladders):
        def on_timer(self, key: bytes, due_ms: int, now_ms: int, state: State) -> Sequence[Emit]:
            [emit] = super().on_timer(key, due_ms, now_ms, state)
            return [emit._replace(value=(emit.value or b"") * 100)]

    state = {b"%c" % letter: b"100|" for letter in b"abcde"}
    verdict = await judged(state, records((200, b"note a x")), Wordy("out"), limits=Limits(bytes_out=2_000))
    assert len(said(verdict)) == 2
    assert verdict.bytes_out <= 2_000
    assert not verdict.offsets


async def test_a_record_too_large_beside_timers_waits_for_the_next_turn() -> None:
    verdict = await judged({b"a": b"10|"}, records((20, b"note a " + b"x" * 1_950)), limits=Limits(bytes_out=2_000))
    assert (said(verdict), verdict.offsets, verdict.whole) == ([b"a@10|"], {}, False)


@pytest.mark.parametrize(
    ("value", "reason"),
    [(b"100|stays", ReasonCode.PROCESSOR_FAILED), (b"no number|", ReasonCode.PROCESSOR_FAILED),
     (b"|" + b"x" * 20_000, ReasonCode.OUTPUT_REFUSED)],
)  # fmt: skip
async def test_a_timer_at_fault_leaves_no_trace_and_others_go_on(value: bytes, reason: ReasonCode) -> None:
    class Faulty(Ladders):
        def on_timer(self, key: bytes, due_ms: int, now_ms: int, state: State) -> Sequence[Emit]:
            emits = super().on_timer(key, due_ms, now_ms, state)
            if key == b"a":
                state.put(b"trace", b"|")
                state.put(key, value)
            return emits

    verdict = await judged({b"a": b"100|", b"b": b"100|"}, [], Faulty("out"))
    assert said(verdict) == [b"b@100|"]
    assert verdict.changes == {b"b": b"|"}
    assert [(failed.entry, failed.reason) for failed in verdict.failed] == [((BASE + 100, b"a"), reason)]


async def test_a_timer_may_ask_to_wait() -> None:
    class Waiting(Ladders):
        def on_timer(self, key: bytes, due_ms: int, now_ms: int, state: State) -> Sequence[Emit]:
            raise Temporary(ReasonCode.BACKPRESSURE, delay=0.7)

    [failed] = (await judged({b"a": b"100|"}, [], Waiting("out"))).failed
    assert failed.delay_s == 0.7


async def test_a_record_whose_value_does_not_say_when_it_is_due_is_dead_lettered() -> None:
    verdict = await judged({}, records((10, b"set a soon"), (20, b"set b 5000")))
    assert [reason for _, _, reason in verdict.dead] == [ReasonCode.PROCESSOR_FAILED]
    assert verdict.changes == {b"b": b"5000|"}


async def test_while_the_clock_does_not_run_nothing_fires_and_records_go_on() -> None:
    verdict = await judged({b"a": b"100|"}, records((10, b"bad"), (200, b"note a x")), span=Span(-1, -1, 1_000))
    assert (said(verdict), verdict.changes) == ([], {b"a": b"100|x"})
    [letter] = [emit for emit in verdict.emits if emit.topic == "in.dlq"]
    assert dict(letter.headers)["dlq_at"] == b"%d" % (BASE + 1_000), "a dead letter has the time of day"


STEPS = st.lists(st.integers(0, 60), max_size=4, unique=True).map(lambda steps: ",".join(map(str, sorted(steps))))
FACTS = st.lists(
    st.tuples(
        st.integers(0, 60), st.one_of(st.builds("note {} {}".format, LETTERS, WORDS), st.builds(SET, LETTERS, STEPS))
    ),
    max_size=8,
).map(lambda facts: sorted(facts, key=lambda fact: fact[0]))


def one_by_one(state: dict[bytes, bytes], facts: Any, now: int) -> list[bytes | None]:
    """What comes of it when everything is judged alone and in time."""
    ladders = Ladders("out")
    out: list[bytes | None] = []
    plain_state: Any = SimpleNamespace(get=state.get, put=state.__setitem__)

    def fire(before: int) -> None:
        while (first := min(waiting(state), default=None)) and first[0] <= BASE + before:
            out.extend(emit.value for emit in ladders.on_timer(first[1], first[0], BASE + now, plain_state))

    for [record] in (records(fact) for fact in facts):
        fire(min(record.timestamp - BASE - 1, now))
        ladders.begin_turn()(record, plain_state)
    fire(now)
    return out


@settings(deadline=None)
@given(st.dictionaries(LETTERS.map(str.encode), STEPS.map(lambda steps: f"{steps}|".encode())), FACTS,
       st.integers(1, 4), st.integers(0, 70), st.integers(0, 3))  # fmt: skip
def test_however_turns_are_cut_or_aborted_it_comes_out_as_if_all_was_judged_in_time(
    state: dict[bytes, bytes], facts: Any, most: int, now: int, aborts: int
) -> None:
    hand = records(*((stamp, text.encode()) for stamp, text in facts))
    expected = one_by_one(dict(state), [(stamp, text.encode()) for stamp, text in facts], now)
    timers = asyncio.run(built(state))
    out: list[bytes | None] = []
    for turn in range(60):
        verdict = asyncio.run(judged(state, hand, now=now, most=most, timers=timers))
        if aborts and turn % 2 == 0:
            aborts -= 1
            timers.put_back()
            continue
        out += said(verdict)
        timers.committed(state, verdict.changes)
        merge(state, verdict.changes)
        hand = [record for record in hand if record.offset >= verdict.offsets.get("in", 0)]
    assert out == expected
    assert hand == []
    assert timers.first(state) == min((due for due, _ in waiting(state)), default=None)


def test_what_falls_due_first_comes_first_whatever_the_lengths_of_keys() -> None:
    state = {b"inc-1": b"300|", b"": b"200|", b"inc-11": b"100|", b"zz": b"100|", b"inc-\xff": b"100|"}
    timers = asyncio.run(built(state))
    met = []
    while timers.first(state) is not None:
        met.append(timers.peek())
        timers.draw()
    assert met == waiting(state)
