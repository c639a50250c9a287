"""Turns begun by the clock: each step once, in order, behind the facts stamped before it, whatever happens."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiokafka.errors import KafkaError
from gate_bench import QUICK, Bench, Diary, MakeBench, WallClock, until
from ladders import BASE, HandClock, Ladders, declare, due_of, feed, told
from test_holes import FAST, Credulous, Freeze
from test_troubles import paused_states, write_state

from contracts.codes import ReasonCode
from contracts.errors import Temporary
from contracts.ports import RecordHandler
from streams.gate import DeadLetterBound, Limits, Stage
from streams.gate.producer import TaskProducer

PATIENT = replace(QUICK, poll_ms=8_000)
POINTS = ("begun", "sent", "delivered", "offsets", "before_commit", "committed")
DAY = 86_400_000


async def taken(bench: Bench, count: int, topic: str | None = None) -> None:
    """Wait until so many records of an input are committed (markers aside: the tests write outside transactions)."""
    async with asyncio.timeout(10):
        while await bench.committed(topic) != count:
            await asyncio.sleep(0.02)


async def test_a_step_is_done_by_the_clock_alone_once_and_not_before_it_is_due(make_bench: MakeBench) -> None:
    bench, diary, clock = await make_bench(), Diary(), HandClock(500)
    await feed(bench, (10, b"set k 1000,2000"))
    runner = bench.runner(declare(bench, Ladders(bench.out)), diary, clock=clock)
    await runner.start()
    await taken(bench, 1)
    clock.at = 999
    assert await told(bench, 1, within=0.5) == []
    clock.at = 1_007
    out = await told(bench, 1)
    assert out == [b"k@1000|"], f"the clock begins no turn: {out}"
    assert diary.of("fired") == [("fired", 7)]
    clock.at = 2_000
    assert await told(bench, 2) == [b"k@1000|", b"k@2000|"]
    assert await bench.committed() == 1
    assert [report.records_in for report in diary.turns] == [1, 0, 0]
    assert not diary.of("aborted") + diary.of("lost")


async def test_waiting_for_records_ends_when_a_step_falls_due(make_bench: MakeBench) -> None:
    bench, diary, clock = await make_bench(), Diary(), WallClock()
    due = clock.now_ms() - BASE + 4_000
    await bench.feed([b"set k %d" % due])
    await bench.runner(declare(bench, Ladders(bench.out)), diary, clock=clock, timeouts=PATIENT).start()
    assert await told(bench, 1, within=15) == [b"k@%d|" % due]
    [(_, late)] = diary.of("fired")
    assert late < 1_000, f"waited for records while a step was due: {late} ms late"


async def test_after_a_stop_every_step_is_done_in_order_and_told_how_late(make_bench: MakeBench) -> None:
    bench, clock = await make_bench(), HandClock()
    await feed(bench, (1, b"set b 100,300"), (2, b"set a 100,200,400"), (3, b"set c 250,900"))
    first = bench.runner(declare(bench, Ladders(bench.out)), clock=clock)
    await first.start()
    await taken(bench, 3)
    await first.stop()
    clock.at = DAY
    diary, ladders = Diary(), Ladders(bench.out)
    stage = declare(bench, ladders, limits=Limits(records=2))
    await bench.runner(stage, diary, clock=clock).start()
    out = await told(bench, 7)
    assert out, "forgotten after a restart: 0 steps of 7"
    assert out == [b"a@100|", b"b@100|", b"a@200|", b"c@250|", b"b@300|", b"a@400|", b"c@900|"]
    assert ladders.asked[0] == (b"a", 100, DAY), "the handler sees when it was due and when it is judged"
    assert next(late for _, late in diary.of("fired")) == DAY - 100
    assert len(diary.turns) == 4, "two steps a turn"


@pytest.mark.parametrize("point", POINTS)
async def test_a_crash_at_any_point_of_a_turn_of_the_clock_does_each_step_once(
    make_bench: MakeBench, point: str
) -> None:
    bench, diary, clock = await make_bench(), Diary(), HandClock()
    struck: list[str] = []

    async def crash(at: str, partition: int) -> None:
        if at == point and clock.at and not struck:
            struck.append(at)
            raise RuntimeError("the process ends here")

    await feed(bench, (1, b"set a 100"), (2, b"set b 200,300"))
    await bench.runner(declare(bench, Ladders(bench.out)), diary, clock=clock, faults=crash).start()
    await taken(bench, 2)
    clock.at = 1_000
    assert await told(bench, 3) == [b"a@100|", b"b@200|", b"b@300|"]
    assert struck
    assert diary.of("lost")


async def test_the_steps_of_an_aborted_turn_are_done_again(make_bench: MakeBench) -> None:
    bench, diary, clock = await make_bench(), Diary(), HandClock()
    struck: list[str] = []

    async def fail_once(at: str, partition: int) -> None:
        if at == "offsets" and clock.at and not struck:
            struck.append(at)
            raise KafkaError("the broker had a bad moment")

    await feed(bench, (1, b"set a 100"), (2, b"set b 200,300"))
    await bench.runner(declare(bench, Ladders(bench.out)), diary, clock=clock, faults=fail_once).start()
    await taken(bench, 2)
    clock.at = 1_000
    out = await told(bench, 3, within=6)
    assert out == [b"a@100|", b"b@200|", b"b@300|"], f"forgotten with its turn: {len(out)} steps of 3"
    assert diary.of("aborted") == [("aborted", "broker")]
    assert not diary.of("lost")


async def test_what_an_aborted_turn_would_have_set_is_not_waited_for(make_bench: MakeBench) -> None:
    bench, diary, clock = await make_bench(), Diary(), HandClock(50)
    struck: list[str] = []
    wrong = b"set k 100"

    class Wavering(Ladders):
        """Decides otherwise the second time: what it set the first time never was."""

        def begin_turn(self) -> RecordHandler:
            handle = super().begin_turn()
            value = wrong if not struck else b"set k 900"
            return lambda record, state: handle(replace(record, value=value), state)  # type: ignore[type-var]

    async def fail_once(at: str, partition: int) -> None:
        if at == "before_commit":
            return
        if at == "offsets" and not struck:
            struck.append(at)
            raise KafkaError("the broker had a bad moment")

    await feed(bench, (1, b"any"))
    await bench.runner(declare(bench, Wavering(bench.out)), diary, clock=clock, faults=fail_once).start()
    await taken(bench, 1)
    clock.at = 500
    assert await told(bench, 1, within=0.7) == [], "a step of an aborted turn was done"
    clock.at = 1_000
    assert await told(bench, 1) == [b"k@900|"]


async def test_a_frozen_owners_turn_of_the_clock_is_never_committed(make_bench: MakeBench) -> None:
    bench, old_diary, clock = await make_bench(), Diary(), HandClock()
    go_on, in_hand = asyncio.Event(), asyncio.Event()

    async def freeze_in_transaction(point: str, partition: int) -> None:
        if point == "before_commit" and clock.at and not in_hand.is_set():
            in_hand.set()
            await go_on.wait()

    await feed(bench, (1, b"set k 100,200"))
    stage = declare(bench, Ladders(bench.out))
    old = bench.runner(stage, old_diary, clock=clock, faults=freeze_in_transaction, timeouts=FAST)
    await old.start()
    await taken(bench, 1)
    clock.at = 500
    await asyncio.wait_for(in_hand.wait(), 10)
    freeze = Freeze(old._membership.consumer._coordinator)
    await bench.runner(stage, clock=clock, timeouts=FAST).start()
    assert await told(bench, 2) == [b"k@100|", b"k@200|"]
    freeze.thaw()
    go_on.set()
    await until(lambda: bool(old_diary.of("lost")))
    assert old_diary.of("lost") == [("lost", "fenced")]
    assert await told(bench, 2) == [b"k@100|", b"k@200|"]


async def test_a_thawed_owner_that_fences_the_new_one_still_commits_no_step(make_bench: MakeBench) -> None:
    """`C-clock` of the protocol's model: a turn without records commits unmoved offsets, or nothing checks it."""
    bench, old_diary, clock = await make_bench(), Diary(), HandClock()
    go_on, in_hand = asyncio.Event(), asyncio.Event()

    async def know_no_better(point: str, partition: int) -> None:
        if point == "begun" and clock.at and not in_hand.is_set():
            in_hand.set()
            await go_on.wait()
            await take_a_new_epoch(bench, old._tasks[0]._producer)

    await feed(bench, (1, b"set k 100"))
    stage = declare(bench, Ladders(bench.out))
    old = bench.runner(stage, old_diary, clock=clock, faults=know_no_better, timeouts=FAST)
    await old.start()
    await taken(bench, 1)
    clock.at = 500
    await asyncio.wait_for(in_hand.wait(), 10)
    freeze = Freeze(old._membership.consumer._coordinator)
    new = bench.runner(stage, clock=clock, timeouts=FAST)
    await new.start()
    assert await told(bench, 1) == [b"k@100|"]
    go_on.set()
    await until(lambda: bool(old_diary.of("lost")) or old_diary.turns[1:] != [])
    out = await told(bench, 1)
    assert len(out) == 1, f"{len(out)} steps for 1: nothing told the broker which generation they are of"
    assert old_diary.of("lost") == [("lost", "generation")]
    freeze.thaw()


async def take_a_new_epoch(bench: Bench, producer: TaskProducer) -> None:
    """Let a producer go on with the epoch of one made anew, as a client that knows no better would."""
    anew = TaskProducer(bench.cluster, f"{bench.stage}-0", FAST)
    await anew.start()
    producer._txn_manager._pid_and_epoch = anew._txn_manager._pid_and_epoch
    producer._txn_manager._sequence_numbers.clear()
    await anew.shut(1.0)


async def test_facts_stamped_before_a_step_are_applied_before_it_and_later_ones_after(make_bench: MakeBench) -> None:
    bench, clock = await make_bench(), HandClock(1_000)
    await feed(
        bench, (10, b"set k 100,200"), (99, b"note k a"), (100, b"note k b"), (101, b"note k c"), (300, b"note k d")
    )
    await bench.runner(declare(bench, Ladders(bench.out)), clock=clock).start()
    out = await told(bench, 2)
    assert out == [b"k@100|ab", b"k@200|abc"], f"out of order with the facts in hand: {out}"


async def test_a_step_waits_for_an_input_that_lags(make_bench: MakeBench) -> None:
    bench, clock = await make_bench(inputs=2), HandClock(DAY)
    quick, slow = bench.inputs
    await feed(bench, (10, b"set k 100,5000"), (150, b"note k z"), topic=quick)
    await feed(bench, *((20 + n, b"note k a") for n in range(40)), (90, b"set other 500"), topic=slow)
    stage = declare(bench, Ladders(bench.out), limits=Limits(records=1))
    await bench.runner(stage, clock=clock).start()
    out = await told(bench, 3)
    assert out[:1] == [b"k@100|" + b"a" * 40], f"judged before the facts stamped earlier: {out[:1]}"
    assert out == [b"k@100|" + b"a" * 40, b"other@500|", b"k@5000|" + b"a" * 40 + b"z"]


async def test_a_fact_on_a_lagging_input_that_moves_a_step_is_heeded(make_bench: MakeBench) -> None:
    bench, clock, fed = await make_bench(inputs=2), HandClock(50), asyncio.Event()
    quick, slow = bench.inputs

    async def fall_due_amid_the_slow_input(point: str, partition: int) -> None:
        if point == "begun" and await_slow.is_set():
            await fed.wait()
            clock.at = max(clock.at, 400)

    await_slow = asyncio.Event()
    await feed(bench, (10, b"set k 100"), topic=quick)
    stage = declare(bench, Ladders(bench.out), limits=Limits(records=1))
    await bench.runner(stage, clock=clock, faults=fall_due_amid_the_slow_input).start()
    await taken(bench, 1, quick)
    await_slow.set()
    await bench.feed([*[b"note x a"] * 20, b"set k 500"], slow, timestamp_ms=BASE + 99)
    fed.set()
    await taken(bench, 21, slow)
    out = await told(bench, 1, within=0.5)
    assert out == [], f"judged before the fact that moved it: {out}"
    clock.at = 600
    assert await told(bench, 1) == [b"k@500|"]


async def test_a_step_that_was_moved_is_not_done_at_its_old_time(make_bench: MakeBench) -> None:
    bench, clock = await make_bench(), HandClock()
    await feed(bench, (10, b"set k 100"))
    await bench.runner(declare(bench, Ladders(bench.out)), clock=clock).start()
    await taken(bench, 1)
    await feed(bench, (20, b"set k 500"))
    await taken(bench, 2)
    clock.at = 200
    out = await told(bench, 1, within=0.5)
    assert out == [], f"done at its old time: {out}"
    clock.at = 500
    assert await told(bench, 1) == [b"k@500|"]


async def test_an_input_that_is_paused_does_not_stop_the_clock(make_bench: MakeBench) -> None:
    bench, diary, clock = await make_bench(inputs=2), Diary(), HandClock()
    good, poor = bench.inputs
    await feed(bench, (10, b"set k 100"), topic=good)
    stage = declare(bench, Ladders(bench.out), bound=DeadLetterBound(run=1))
    await bench.runner(stage, diary, clock=clock).start()
    await taken(bench, 1, good)
    await feed(bench, (20, b"bad"), (30, b"note k a"), topic=poor)
    await until(lambda: bool(diary.of("paused")))
    clock.at = 200
    out = await told(bench, 1, within=6)
    assert out == [b"k@100|"], "a paused input stopped the clock"


async def test_while_nobody_knows_where_the_inputs_stand_the_clock_waits_for_the_operator(
    make_bench: MakeBench,
) -> None:
    bench, diary, clock = await make_bench(), Diary(), HandClock()
    await feed(bench, (10, b"set k 100"))
    stage = declare(bench, Ladders(bench.out))
    first = bench.runner(stage, clock=clock)
    await first.start()
    await taken(bench, 1)
    await first.stop()
    clock.at = 500
    await bench.runner(stage, diary, clock=clock, prefix="other-group-").start()
    await until(lambda: bool(diary.of("paused")))
    assert await told(bench, 1, within=0.5) == []
    [state] = await paused_states(bench)
    await write_state(bench, state.resumed(by="operator", at_ms=WallClock().now_ms()))
    assert await told(bench, 1) == [b"k@100|"]


async def test_transactions_on_an_input_be_they_over_or_open_do_not_stop_the_clock(make_bench: MakeBench) -> None:
    bench, clock = await make_bench(), HandClock()
    await bench.runner(declare(bench, Ladders(bench.out)), clock=clock).start()
    upstream = TaskProducer(bench.cluster, f"{bench.stage}-upstream", QUICK)
    await upstream.start()
    stamped = {"key": b"k", "partition": 0, "timestamp_ms": BASE + 10}
    await upstream.begin()
    await upstream.send_and_wait(bench.inputs[0], b"set k 100,200", **stamped)
    await upstream.commit_transaction()
    await until(lambda: sum(len(task._state) for task in bench.runners[0]._tasks.values()) == 1)
    clock.at = 150
    assert await told(bench, 1, within=6) == [b"k@100|"], "a marker at the end of an input stopped the clock"
    await upstream.begin()
    await upstream.send_and_wait(bench.inputs[0], b"note k a", **stamped)
    clock.at = 250
    assert await told(bench, 2, within=6) == [b"k@100|", b"k@200|"], "an open transaction stopped the clock"
    await upstream.shut(1.0)


async def test_a_step_that_fails_is_tried_again_later_and_others_go_on(make_bench: MakeBench) -> None:
    bench, diary, clock = await make_bench(), Diary(), HandClock()
    ladders = Ladders(bench.out)
    ladders.broken.add(b"a")
    await feed(bench, (1, b"set a 100"), (2, b"set b 100"), (3, b"set c 50"))
    await bench.runner(declare(bench, ladders), diary, clock=clock).start()
    await taken(bench, 3)
    clock.at = 1_000
    assert await told(bench, 2) == [b"c@50|", b"b@100|"]
    tried = [asked for asked in ladders.asked if asked[0] == b"a"]
    assert len(tried) == 1, f"tried {len(tried)} times at once"
    assert diary.of("timer_failed") == [("timer_failed", ReasonCode.PROCESSOR_FAILED)]
    await asyncio.sleep(0.8)
    assert len([asked for asked in ladders.asked if asked[0] == b"a"]) == 2, "a second later"
    ladders.broken.clear()
    assert await told(bench, 3) == [b"c@50|", b"b@100|", b"a@100|"]
    assert not diary.of("aborted") + diary.of("lost") + diary.of("dead_letter")


async def test_a_fact_on_a_failed_step_has_it_tried_at_once(make_bench: MakeBench) -> None:
    bench, diary, clock = await make_bench(), Diary(), HandClock()
    ladders = Ladders(bench.out)
    ladders.broken.add(b"a")
    await feed(bench, (1, b"set a 100"))
    await bench.runner(declare(bench, ladders), diary, clock=clock).start()
    clock.at = 1_000
    await until(lambda: len(diary.of("timer_failed")) == 2)
    ladders.broken.clear()
    await feed(bench, (900, b"note a x"))
    assert await told(bench, 1, within=1.0) == [b"a@100|x"]


async def test_outputs_of_a_step_that_the_broker_refuses_cost_that_step_alone(make_bench: MakeBench) -> None:
    bench, diary, clock = await make_bench(), Diary(), HandClock()
    ladders = Ladders(bench.out)
    ladders.spoilt.add(b"c")
    await feed(bench, *((n, b"set %c 100" % letter) for n, letter in enumerate(b"abcdef")), (50, b"bad"))
    runner = bench.runner(declare(bench, ladders), diary, clock=clock, book=Credulous(bench.cluster))
    await runner.start()
    await taken(bench, 7)
    clock.at = 1_000
    out = await told(bench, 5)
    assert out == [b"%c@100|" % letter for letter in b"abdef"], f"one step's fault cost others: {out}"
    assert ("timer_failed", ReasonCode.OUTPUT_REFUSED) in diary.of("timer_failed")
    assert not diary.of("lost")
    ladders.spoilt.clear()
    assert (await told(bench, 6))[-1] == b"c@100|"


async def test_a_refused_record_amid_steps_is_the_one_that_is_dead_lettered(make_bench: MakeBench) -> None:
    bench, diary, clock = await make_bench(), Diary(), HandClock(1_000)

    class Copying(Ladders):
        def begin_turn(self) -> RecordHandler:
            handle = super().begin_turn()

            def copy(record: Any, state: Any) -> Any:
                handle(record, state)
                return [] if b"heavy" not in record.value else self.on_timer(b"heavy", BASE, BASE, state)

            return copy

    ladders = Copying(bench.out)
    ladders.spoilt.add(b"heavy")
    await feed(bench, (10, b"set k 100,200"), (150, b"note heavy a"), (160, b"note k b"))
    await bench.runner(declare(bench, ladders), diary, clock=clock, book=Credulous(bench.cluster)).start()
    assert await told(bench, 2) == [b"k@100|", b"k@200|b"]
    assert diary.of("dead_letter") == [("dead_letter", ReasonCode.OUTPUT_REFUSED)]
    assert not diary.of("lost") + diary.of("timer_failed")


async def test_before_a_ruleset_is_there_the_clock_waits_too_and_facts_come_first(make_bench: MakeBench) -> None:
    bench, clock = await make_bench(), HandClock(1_000)
    ready = asyncio.Event()

    class Waiting(Ladders):
        def begin_turn(self) -> RecordHandler:
            if not ready.is_set():
                raise Temporary(ReasonCode.NO_RULESET, delay=0.05)
            return super().begin_turn()

    stage = declare(bench, Waiting(bench.out))
    await feed(bench, (10, b"set k 100"), (90, b"note k a"))
    await bench.runner(stage, clock=clock).start()
    await asyncio.sleep(0.4)
    ready.set()
    assert await told(bench, 1) == [b"k@100|a"]


def test_a_stage_with_timers_keeps_a_changelog() -> None:
    with pytest.raises(ValueError, match="needs a changelog"):
        Stage("s", ("in",), lambda p: Ladders("out"), timers=due_of)
