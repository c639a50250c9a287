"""What goes wrong with records, inputs and state, and how far it reaches: no farther than it must."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from gate_bench import QUICK, Bench, Diary, MakeBench, WallClock, copying, counting, until

from contracts.codes import ReasonCode
from contracts.deadletter import DeadLetter, original
from contracts.errors import Overloaded, Permanent, Temporary
from contracts.inputs import InputState, InputStatus, PauseReason, input_state
from contracts.ports import Emit, InboundRecord, RecordHandler, State
from streams.gate import DeadLetterBound, Limits
from streams.gate.changelog import VERSION_HEADER

TEN = [b"%d" % n for n in range(10)]


def failing(out: str) -> RecordHandler:
    """Counts records once; those that begin with `bad` fail as the rest of the word says, after touching the state."""

    def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
        value = record.value or b""
        if value.startswith(b"bad"):
            state.put(b"touched by the bad one", b"1")
            if value.startswith(b"bad-defect"):
                raise KeyError("张三 13800000000")
            raise Permanent(ReasonCode.UNPARSABLE, "field x")
        return counting(out)(record, state)

    return handle


async def write_state(bench: Bench, state: InputState) -> None:
    emit = state.emit(bench.board)
    async with AIOKafkaProducer(bootstrap_servers=bench.bootstrap, acks="all") as producer:
        await producer.send_and_wait(emit.topic, emit.value, key=emit.key, partition=0)


async def paused_states(bench: Bench) -> list[InputState]:
    states = {r.key: state for r in await bench.read(bench.board) if (state := input_state(r)) is not None}
    return [state for state in states.values() if state.status is InputStatus.PAUSED]


async def test_a_bad_record_is_dead_lettered_whole_and_leaves_no_trace_in_the_state(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    headers = [("traceparent", b"00-1"), ("dlq_reason", b"forged")]
    await bench.feed([b"a"])
    await bench.feed([b"bad"], headers=headers)
    await bench.feed([b"bad-defect", b"b"])
    await bench.runner(bench.declare(failing(bench.out)), diary).start()
    assert [r.value for r in await bench.wait_for(2)] == [b"a", b"b"]
    records = await bench.read(f"{bench.inputs[0]}.dlq")
    bad, defect = map(DeadLetter.of, records)
    assert (bad.reason, bad.value, bad.key, bad.offset, bad.partition) == (
        ReasonCode.UNPARSABLE, b"bad", b"k", 1, 0,
    )  # fmt: skip
    assert (bad.topic, bad.stage, bad.detail) == (bench.inputs[0], bench.stage, "field x")
    assert bad.headers == (("traceparent", b"00-1"),), "the bus's own headers cannot be forged"
    assert abs(bad.at - WallClock().now_ms()) < 60_000
    assert original(bad) == Emit(bench.inputs[0], 0, b"k", b"bad", (("traceparent", b"00-1"),))
    assert defect.reason is ReasonCode.PROCESSOR_FAILED
    assert defect.detail.startswith("KeyError at test_troubles.py:")
    assert not any(b"138" in (value or b"") for record in records for _, value in record.headers)
    assert {r.key for r in await bench.read(bench.changelog)} == {b"a", b"b"}
    assert not diary.of("aborted")


async def test_a_dead_letter_too_large_for_its_topic_keeps_its_head_and_digest(make_bench: MakeBench) -> None:
    bench = await make_bench()
    value = b"bad" + os.urandom(1_041_300 - 3)
    await bench.feed([value], headers=[("h", b"x" * 7_000)])
    await bench.feed([b"after"])
    await bench.runner(bench.declare(failing(bench.out))).start()
    assert [r.value for r in await bench.wait_for(1)] == [b"after"]
    [letter] = map(DeadLetter.of, await bench.read(f"{bench.inputs[0]}.dlq"))
    assert letter.truncated
    assert letter.value is not None
    assert value.startswith(letter.value)
    assert len(letter.value) > 1_000_000
    assert letter.length == 1_041_300


async def test_past_the_bound_an_input_pauses_alone_and_an_operator_resumes_it(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(inputs=2), Diary()
    noisy, calm = bench.inputs
    stage = bench.declare(failing(bench.out), bound=DeadLetterBound(run=5))
    runner = bench.runner(stage, diary)
    await bench.feed([b"first", *(b"bad%d" % n for n in range(20))], noisy)
    await runner.start()
    await until(lambda: bool(diary.of("paused")))
    await bench.feed(TEN, calm)
    assert len(await bench.wait_for(11)) == 11
    assert diary.of("paused") == [("paused", noisy, 0, "too_many_dead_letters")]
    assert len(await bench.read(f"{noisy}.dlq")) == 4
    assert await bench.committed(noisy) == 5, "the record that tripped the bound was lost"
    [state] = await paused_states(bench)
    assert (state.topic, state.partition, state.offset) == (noisy, 0, 5)
    assert state.reason is PauseReason.TOO_MANY_DEAD_LETTERS
    assert state.detail == "5 dead letters in a row, last unparsable"
    # another process takes over: it must not start what its predecessor stopped
    await runner.stop()
    heir_diary = Diary()
    heir = bench.runner(replace(stage, bound=DeadLetterBound(run=100)), heir_diary)
    await heir.start()
    await heir.wait_ready(10)
    await bench.feed([b"calm-too"], calm)
    assert len(await bench.wait_for(12)) == 12
    assert await bench.committed(noisy) == 5
    await write_state(bench, state.resumed(by="operator", at_ms=WallClock().now_ms()))
    await until(lambda: bool(heir_diary.of("resumed")))
    await bench.feed([b"last"], noisy)
    assert (await bench.wait_for(13))[-1].value == b"last"
    assert len(await bench.read(f"{noisy}.dlq")) == 20
    assert not await paused_states(bench)


async def test_an_operator_may_allow_a_burst_and_no_more_than_it(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    stage = bench.declare(failing(bench.out), bound=DeadLetterBound(run=5))
    await bench.feed([*(b"bad%d" % n for n in range(30)), b"last"])
    await bench.runner(stage, diary).start()
    await until(lambda: bool(diary.of("paused")))
    [state] = await paused_states(bench)
    await write_state(bench, state.resumed(by="operator", at_ms=WallClock().now_ms(), allow=10))
    await until(lambda: len(diary.of("paused")) == 2)
    assert len(await bench.read(f"{bench.inputs[0]}.dlq")) == 4 + 10 + 4
    [state] = await paused_states(bench)
    await write_state(bench, state.resumed(by="operator", at_ms=WallClock().now_ms(), allow=1_000))
    assert [record.value for record in await bench.wait_for(1)] == [b"last"]
    assert len(await bench.read(f"{bench.inputs[0]}.dlq")) == 30


async def test_a_record_that_must_wait_holds_its_own_input_back_and_nothing_is_lost(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(inputs=2), Diary()
    waiting, going = bench.inputs
    release = asyncio.Event()

    def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
        if record.value == b"wait" and not release.is_set():
            raise Temporary(ReasonCode.BACKPRESSURE, delay=0.1)
        if record.value == b"heavy" and not release.is_set():
            raise Overloaded(ReasonCode.BACKPRESSURE)
        return copying(bench.out)(record, state)

    await bench.feed([b"before", b"wait", b"behind", b"heavy"], waiting)
    await bench.feed(TEN, going)
    await bench.runner(bench.declare(handle, changelog=None), diary).start()
    out = await bench.wait_for(11)
    assert sorted(r.value for r in out) == sorted([b"before", *TEN])
    assert await bench.committed(waiting) == 1
    release.set()
    out = await bench.wait_for(14)
    assert [r.value for r in out if r.value not in TEN] == [b"before", b"wait", b"behind", b"heavy"]
    assert not diary.of("dead_letter")
    assert not diary.of("lost")


async def test_before_a_ruleset_is_there_a_turn_waits(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    ready = asyncio.Event()

    class Waiting:
        def begin_turn(self) -> RecordHandler:
            if not ready.is_set():
                raise Temporary(ReasonCode.NO_RULESET, delay=0.05)
            return copying(bench.out)

    await bench.feed(TEN)
    stage = replace(bench.declare(copying(bench.out)), processor=lambda p: Waiting(), changelog=None)
    await bench.runner(stage, diary).start()
    await asyncio.sleep(0.5)
    assert await bench.committed() is None
    ready.set()
    assert [r.value for r in await bench.wait_for(10)] == TEN
    assert not diary.of("lost")


async def test_a_turn_is_cut_before_it_is_too_large_and_goes_on_where_it_was_cut(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    await bench.feed(TEN)

    def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
        return (Emit(bench.out, 0, b"k", (record.value or b"") * 10_000),)

    stage = bench.declare(handle, changelog=None, limits=Limits(bytes_out=25_000))
    await bench.runner(stage, diary).start()
    assert [(r.value or b"")[:1] for r in await bench.wait_for(10)] == TEN
    assert max(report.bytes_out for report in diary.turns) <= 25_000
    assert max(report.records_in for report in diary.turns) == 2


async def test_a_changelog_newer_than_the_worker_ends_the_process(make_bench: MakeBench) -> None:
    bench = await make_bench()
    async with AIOKafkaProducer(bootstrap_servers=bench.bootstrap) as producer:
        await producer.send_and_wait(bench.changelog, b"v", key=b"k", partition=0, headers=[(VERSION_HEADER, b"9")])
    runner = bench.runner(bench.declare(counting(bench.out)))
    await runner.start()
    await until(lambda: bool(bench.exits))
    assert "was written by schema version 9; this worker knows 1: upgrade it" in bench.exits[0]


async def test_a_state_is_restored_with_its_deletions_and_its_aborted_turns_left_out(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()

    def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
        word, _, key = (record.value or b"").partition(b" ")
        if word == b"put":
            state.put(key, b"1")
        elif word == b"delete":
            state.delete(key)
        return (Emit(bench.out, 0, b"k", b"known" if state.get(key) else b"unknown"),)

    stage = bench.declare(handle)
    runner = bench.runner(stage)
    await bench.feed([b"put a", b"put b", b"delete a"])
    await runner.start()
    await bench.wait_for(3)
    await runner.stop()
    dead = AIOKafkaProducer(bootstrap_servers=bench.bootstrap, transactional_id=f"{bench.stage}-0", acks="all")
    await dead.start()
    await dead.begin_transaction()
    await dead.send_and_wait(
        bench.changelog, b"1", key=b"a", partition=0, headers=[(VERSION_HEADER, b"1")]
    )  # left open, as a killed process leaves it
    await bench.feed([b"ask a", b"ask b"])
    await bench.runner(stage, diary).start()
    told = [r.value for r in await bench.wait_for(5)][3:]
    assert told == [b"unknown", b"known"], f"the state remembers an aborted turn: {told}"
    assert diary.of("restored") == [("restored", 0, 2)]
    dead._closed = True
    await dead.client.close()
    dead._sender.sender_task.cancel()


async def test_when_committed_offsets_are_gone_an_operator_decides_and_not_a_default(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    stage = bench.declare(counting(bench.out))
    runner = bench.runner(stage)
    await bench.feed(TEN)
    await runner.start()
    await bench.wait_for(10)
    await runner.stop()
    heir = bench.runner(stage, diary, prefix="other-group-")  # a group that knows nothing, a changelog that does
    await heir.start()
    await until(lambda: bool(diary.of("paused")))
    assert diary.of("paused") == [("paused", bench.inputs[0], 0, "offset_lost")]
    [state] = await paused_states(bench)
    await write_state(bench, state.resumed(by="operator", at_ms=WallClock().now_ms()))
    await until(lambda: bool(diary.of("resumed")))
    await bench.feed([b"new"])
    assert [r.value for r in await bench.wait_for(11)] == [*TEN, b"new"], "what was seen is not done again"


async def test_a_task_gives_its_transaction_up_in_time_when_asked_to_leave(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    await bench.feed(TEN)
    stuck = asyncio.Event()

    async def never(point: str, partition: int) -> None:
        if point == "offsets":
            stuck.set()
            await asyncio.Event().wait()

    stage = bench.declare(counting(bench.out))
    runner = bench.runner(stage, diary, faults=never)
    await runner.start()
    await asyncio.wait_for(stuck.wait(), 10)
    began = asyncio.get_running_loop().time()
    await runner.stop()
    assert asyncio.get_running_loop().time() - began < 5
    assert diary.of("aborted") == [("aborted", "interrupted")]
    await bench.runner(stage).start()
    assert [r.value for r in await bench.wait_for(10)] == TEN


async def test_a_task_that_is_lost_again_and_again_ends_the_process(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    await bench.feed(TEN)

    async def defect(point: str, partition: int) -> None:
        if point == "sent":
            raise ZeroDivisionError

    timeouts = replace(QUICK, retry_limit_s=0.1)
    await bench.runner(bench.declare(copying(bench.out)), diary, faults=defect, timeouts=timeouts).start()
    await until(lambda: bool(bench.exits), within=30)
    assert "was lost 8 times in a row, last: defect: ZeroDivisionError" in bench.exits[0]
    assert await bench.read() == []


async def test_inputs_share_a_turn_and_each_keeps_its_order(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(inputs=2), Diary()
    left, right = bench.inputs
    await bench.feed([b"L%03d" % n for n in range(300)], left)
    await bench.feed([b"R%03d" % n for n in range(30)], right)
    stage = bench.declare(copying(bench.out), changelog=None, limits=Limits(records=40))
    await bench.runner(stage, diary).start()
    values = [r.value or b"" for r in await bench.wait_for(330)]
    assert [v for v in values if v.startswith(b"L")] == [b"L%03d" % n for n in range(300)]
    assert [v for v in values if v.startswith(b"R")] == [b"R%03d" % n for n in range(30)]
    assert values.index(b"R029") < 120, "the short input waited for the long one"
    assert all(report.records_in <= 40 for report in diary.turns)


async def test_offsets_move_behind_transaction_markers_so_that_lag_reads_zero(make_bench: MakeBench) -> None:
    bench, lags = await make_bench(), {}

    class Lags(Diary):
        def lag(self, stage: str, topic: str, partition: int, records: int) -> None:
            lags[topic] = records

    async with AIOKafkaProducer(
        bootstrap_servers=bench.bootstrap, transactional_id=f"{bench.stage}-feeder"
    ) as producer:
        for value in TEN:
            async with producer.transaction():
                await producer.send(bench.inputs[0], value, key=b"k", partition=0)
    await bench.runner(bench.declare(copying(bench.out), changelog=None), Lags()).start()
    assert len(await bench.wait_for(10)) == 10
    await until(lambda: lags.get(bench.inputs[0]) == 0)
    assert await bench.committed() == 20


async def test_a_header_name_that_is_no_text_stops_nobody(make_bench: MakeBench, put_unreadable: Any) -> None:
    bench, diary = await make_bench(inputs=2), Diary()
    careless, careful = bench.inputs
    await bench.feed(TEN[:5], careless, headers=[("x-plain", b"1")])
    await put_unreadable(careless, (b"k", b"5"), (b"k", b"6"), headers=[("first", b"1")])
    await bench.feed(TEN[7:], careless)
    await bench.feed([b"careful"], careful)
    seen: dict[bytes | None, Any] = {}

    def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
        seen[record.value] = tuple(record.headers)
        return copying(bench.out)(record, state)

    await bench.runner(bench.declare(handle, changelog=None), diary).start()
    out = await bench.wait_for(11)
    assert len(out) == 11, f"a header name stopped the stage: {len(out)} outputs for 11"
    assert seen[b"5"] == seen[b"6"] == (("first", b"1"), ("x-??", b"1"))
    assert seen[b"4"] == (("x-plain", b"1"),)
    await bench.feed([b"after"], careless)
    assert (await bench.wait_for(12))[-1].value == b"after"
    assert not diary.of("lost")


async def test_a_header_name_that_is_no_text_on_the_inputs_topic_leaves_the_board_listening(
    make_bench: MakeBench, put_unreadable: Any
) -> None:
    bench, diary = await make_bench(), Diary()
    state = InputState(
        stage=bench.stage, topic=bench.inputs[0], partition=0, status=InputStatus.PAUSED,
        reason=PauseReason.TOO_MANY_DEAD_LETTERS, offset=0, at=WallClock().now_ms(), by="tests",
    )  # fmt: skip
    emit = state.emit(bench.board)
    await put_unreadable(bench.board, (b"junk", b"{"), (emit.key or b"", emit.value))
    await bench.feed(TEN)
    runner = bench.runner(bench.declare(copying(bench.out), changelog=None), diary)
    await runner.start()
    await runner.wait_ready(10)
    assert await bench.wait_for(0) == [], "what was paused stays paused"
    await put_unreadable(bench.board, (b"junk", None))
    await write_state(bench, state.resumed(by="operator", at_ms=WallClock().now_ms()))
    assert len(await bench.wait_for(10)) == 10
    assert not diary.of("lost")


async def test_a_header_name_that_is_no_text_in_a_changelog_keeps_no_task_from_its_state(
    make_bench: MakeBench, put_unreadable: Any
) -> None:
    bench, diary = await make_bench(), Diary()
    await bench.feed(TEN[:1])
    first = bench.runner(bench.declare(counting(bench.out)))
    await first.start()
    assert len(await bench.wait_for(1)) == 1
    await first.stop()
    await put_unreadable(bench.changelog, (b"1", b"1"), (b"2", b"1"), headers=[(VERSION_HEADER, b"1")])
    await bench.feed(TEN)
    await bench.runner(bench.declare(counting(bench.out)), diary).start()
    assert [r.value for r in await bench.wait_for(8)] == [b"0", *TEN[3:]]
    assert not diary.of("lost")


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_publishers_choose_their_compression(make_bench: MakeBench, codec: str) -> None:
    bench = await make_bench()
    async with AIOKafkaProducer(bootstrap_servers=bench.bootstrap, compression_type=codec) as producer:
        for value in TEN:
            await producer.send(bench.inputs[0], value, key=b"k", partition=0)
    await bench.runner(bench.declare(copying(bench.out), changelog=None)).start()
    assert [r.value for r in await bench.wait_for(10)] == TEN


def test_an_input_state_survives_the_wire_and_garbage_is_no_state() -> None:
    state = InputState(
        stage="intake", topic="channel.x.reports.v1", partition=3, status=InputStatus.PAUSED,
        reason=PauseReason.RECORDS_LOST, offset=7, at=1_763_980_000_000, by="intake",
    )  # fmt: skip

    class Kept:
        topic, partition, offset, timestamp, key, headers = "bus.inputs.v1", 0, 0, 0, state.key, ()

        def __init__(self, value: Any) -> None:
            self.value = value

    assert input_state(Kept(state.emit("bus.inputs.v1").value)) == state
    assert input_state(Kept(None)) is None
    assert input_state(Kept(b"{}")) is None
    assert state.key == b"intake/channel.x.reports.v1/3"
