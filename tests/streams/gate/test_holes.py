"""The holes of the naive design, each made to happen against the real broker (docs/gate.md has the table).

Every assertion says the symptom that the naive code shows; `make gate-mutants` takes the cures out one by one and
demands to read it.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from gate_bench import QUICK, Bench, Diary, MakeBench, copying, counting, until

from contracts.codes import ReasonCode
from contracts.deadletter import DeadLetter
from contracts.ports import Emit, InboundRecord, RecordHandler, State
from streams.gate import GateRunner
from streams.gate.errors import TaskLost
from streams.gate.group_commit import GroupMetadata
from streams.gate.outputs import ClusterBook, TopicLimits
from streams.gate.producer import TaskProducer
from streams.gate.transaction import Transactions

TEN = [b"%d" % n for n in range(10)]
FAST = replace(QUICK, session_ms=1_500, heartbeat_ms=200, rebalance_ms=4_000)


class Credulous(ClusterBook):
    """Believes that every topic takes anything, so that only the broker's answer tells."""

    def get(self, topic: str) -> TopicLimits | None:
        known = super().get(topic)
        return None if known is None else TopicLimits(known.partitions, max_bytes=1 << 30, future_ms=1 << 50)

    async def learn(self, topics: Collection[str]) -> None:
        await super().learn(topics)


def spoiling(out: str, how: str) -> RecordHandler:
    """Copies records; of the one that says `bad` it makes something that the broker will not take."""

    def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
        plain = Emit(out, record.partition, record.key, record.value)
        if record.value != b"bad":
            return (plain,)
        return {
            "oversized": (plain._replace(value=b"x" * 1_500_000),),
            "timestamp": (plain._replace(timestamp=int(time.time() * 1000) + 2 * 3_600_000),),
            "null_key": (plain._replace(key=None),),
        }[how]

    return handle


SPOILT = ("oversized", "timestamp", "null_key")
WITH_BAD = [*TEN[:5], b"bad", *TEN[5:9]]


async def bench_for(make_bench: MakeBench, how: str) -> Bench:
    return await make_bench(out_configs={"cleanup.policy": "compact"} if how == "null_key" else None)


@pytest.mark.parametrize("how", SPOILT)
async def test_a_an_output_that_the_broker_refuses_costs_its_own_record_alone(make_bench: MakeBench, how: str) -> None:
    bench, diary = await bench_for(make_bench, how), Diary()
    await bench.feed(WITH_BAD)
    stage = bench.declare(spoiling(bench.out, how))
    await bench.runner(stage, diary, book=Credulous(bench.cluster)).start()
    out = await bench.wait_for(9)
    offset = await bench.committed()
    assert not diary.of("lost"), "sequence numbers ran ahead of the broker's: the task was lost"
    assert len(out) == 9, f"silent loss: {len(out)} outputs for 9, input offset {offset}"
    assert [r.value for r in out] == TEN[:9]
    [letter] = map(DeadLetter.of, await bench.read(f"{bench.inputs[0]}.dlq"))
    assert (letter.reason, letter.value, letter.offset) == (ReasonCode.OUTPUT_REFUSED, b"bad", 5)
    assert offset is not None
    await bench.feed([b"later"])
    assert (await bench.wait_for(10))[-1].value == b"later"


@pytest.mark.parametrize("how", SPOILT)
async def test_a_an_output_that_would_be_refused_is_found_before_the_broker_is_asked(
    make_bench: MakeBench, how: str
) -> None:
    bench, diary = await bench_for(make_bench, how), Diary()
    await bench.feed(WITH_BAD)
    await bench.runner(bench.declare(spoiling(bench.out, how)), diary).start()
    out = await bench.wait_for(9)
    assert not diary.of("aborted"), f"aborted transactions: {len(diary.of('aborted'))}"
    assert [r.value for r in out] == TEN[:9]
    [letter] = map(DeadLetter.of, await bench.read(f"{bench.inputs[0]}.dlq"))
    assert letter.reason is ReasonCode.OUTPUT_REFUSED
    assert letter.detail.startswith(bench.out)


async def test_b_what_the_predecessor_commits_during_the_takeover_is_not_done_again(make_bench: MakeBench) -> None:
    bench = await make_bench()
    await bench.feed(TEN)
    tp = TopicPartition(bench.inputs[0], 0)
    predecessor = AIOKafkaProducer(bootstrap_servers=bench.bootstrap, transactional_id=f"{bench.stage}-0", acks="all")
    await predecessor.start()
    await predecessor.begin_transaction()
    for value in TEN:
        await predecessor.send(bench.out, value, key=b"k", partition=0)
    await predecessor.flush()
    await predecessor.send_offsets_to_transaction({tp: 10}, bench.stage)

    async def commit_late(point: str, partition: int) -> None:
        if point == "assigned":
            await asyncio.sleep(0.7)  # the client has long asked where it stands
            await predecessor.commit_transaction()

    stage = bench.declare(copying(bench.out), changelog=None)
    runner = bench.runner(stage, faults=commit_late)
    await runner.start()
    await runner.wait_ready(10)
    out = await bench.wait_for(10)
    await predecessor.stop()
    assert len(out) == 10, f"{len(out)} outputs for 10"
    await bench.feed([b"next"])
    assert (await bench.wait_for(11))[-1].value == b"next"


class Freeze:
    """Stops a worker's heartbeats, as SIGSTOP would, until it is thawed."""

    def __init__(self, coordinator: Any) -> None:
        self._coordinator = coordinator
        self._beat = coordinator._do_heartbeat
        self._thawed = asyncio.Event()
        coordinator._do_heartbeat = self._stuck

    async def _stuck(self) -> bool:
        await self._thawed.wait()
        return bool(await self._beat())

    def thaw(self) -> None:
        self._coordinator._do_heartbeat = self._beat
        self._thawed.set()


async def frozen_owner_with_ten_records(bench: Bench) -> tuple[AIOKafkaConsumer, GroupMetadata, Freeze]:
    """A member that took the ten records and was thrown out before it committed them."""
    owner = AIOKafkaConsumer(
        *bench.inputs,
        bootstrap_servers=bench.bootstrap,
        group_id=bench.stage,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=1_500,
        heartbeat_interval_ms=200,
        partition_assignment_strategy=(bench.assignor(),),
    )
    await owner.start()
    taken: list[Any] = []
    while len(taken) < 10:
        taken += (await owner.getmany(timeout_ms=200)).get(TopicPartition(bench.inputs[0], 0), [])
    coordinator = owner._coordinator
    group = GroupMetadata(bench.stage, coordinator.generation, coordinator.member_id)
    return owner, group, Freeze(coordinator)


async def test_c_a_thawed_owner_that_fences_the_new_one_still_commits_nothing(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    await bench.feed(TEN)
    owner, stale, freeze = await frozen_owner_with_ten_records(bench)
    runner = bench.runner(bench.declare(copying(bench.out)), diary, timeouts=FAST)
    await runner.start()
    assert len(await bench.wait_for(10)) == 10
    zombie = TaskProducer(bench.cluster, f"{bench.stage}-0", FAST)
    await zombie.start()  # fences the healthy owner, as a thawed process might
    outputs = [Emit(bench.out, 0, b"k", value) for value in TEN]
    transactions = Transactions(zombie, ClusterBook(bench.cluster), FAST, 0)
    told = "accepted"
    try:
        await transactions.commit(outputs, {TopicPartition(bench.inputs[0], 0): 10}, stale)
    except TaskLost as lost:
        told = lost.cause
    out = await bench.read()
    assert len(out) == 10, f"{len(out)} outputs for 10: the frozen owner's commit was {told}"
    assert told == "generation"
    await zombie.shut(1.0)
    await bench.feed([b"next"])  # the fenced owner comes back through a rejoin
    assert [r.value for r in await bench.wait_for(11)] == [*TEN, b"next"]
    assert diary.of("lost") == [("lost", "fenced")]
    freeze.thaw()
    await owner.stop()


async def test_c_a_fenced_owner_lets_go_and_never_fences_back(make_bench: MakeBench) -> None:
    bench, old_diary, new_diary = await make_bench(), Diary(), Diary()
    await bench.feed(TEN)
    go_on = asyncio.Event()
    in_hand = asyncio.Event()

    async def freeze_in_transaction(point: str, partition: int) -> None:
        if point == "before_commit" and not in_hand.is_set():
            in_hand.set()
            await go_on.wait()

    stage = bench.declare(copying(bench.out))
    old = bench.runner(stage, old_diary, faults=freeze_in_transaction, timeouts=FAST)
    await old.start()
    await asyncio.wait_for(in_hand.wait(), 10)
    freeze = Freeze(old._membership.consumer._coordinator)
    new = bench.runner(stage, new_diary, timeouts=FAST)
    await new.start()
    assert len(await bench.wait_for(10)) == 10
    epoch = new._tasks[0]._producer._txn_manager.producer_epoch
    freeze.thaw()
    go_on.set()
    await until(lambda: bool(old_diary.of("lost")))
    await bench.feed([b"next"])
    out = await bench.wait_for(11)
    probe = TaskProducer(bench.cluster, f"{bench.stage}-0", FAST)
    await probe.start()
    fences = probe._txn_manager.producer_epoch - epoch - 1
    await probe.shut(1.0)
    assert fences == 0, f"the frozen owner fenced the new owner: {fences} fences too many"
    assert old_diary.of("lost") == [("lost", "fenced")]
    assert not new_diary.of("lost")
    assert [r.value for r in out] == [*TEN, b"next"]


async def test_d_a_slow_restore_does_not_cost_the_membership(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(partitions=2), Diary()
    await bench.feed(TEN)

    async def slow(point: str, partition: int) -> None:
        if point == "initialised":
            await asyncio.sleep(2.5)  # the session is 1.5 s

    runner = bench.runner(bench.declare(counting(bench.out)), diary, faults=slow, timeouts=FAST)
    await runner.start()
    out = await bench.wait_for(10, within=8)
    rounds = len(diary.of("assigned"))
    assert rounds == 1, f"endless rebalancing: {rounds} assignments, {len(out)} outputs for 10"
    assert len(out) == 10


async def test_e_all_inputs_of_a_task_have_one_owner(make_bench: MakeBench) -> None:
    bench = await make_bench(inputs=2, partitions=3)
    stage = bench.declare(counting(bench.out))
    runners = [bench.runner(stage), bench.runner(stage)]
    await runners[0].start()
    await runners[1].start()
    await until(lambda: sum(len(runner.tasks) for runner in runners) >= 3 and all(map(_owns_something, runners)))
    await asyncio.sleep(0.5)
    split = [
        sorted((bench.inputs.index(tp.topic), tp.partition) for tp in runner._membership.consumer.assignment())
        for runner in runners
    ]
    for of_one in split:
        left, right = ({p for topic, p in of_one if topic == which} for which in (0, 1))
        assert left == right, f"two owners of one state: {split}"
    for p in range(3):
        await bench.feed(TEN, bench.inputs[0], p)
        await bench.wait_for(10, partition=p)
        await bench.feed([*TEN, b"other"], bench.inputs[1], p)
        out = await bench.wait_for(11, partition=p)
        assert [r.value for r in out] == [*TEN, b"other"]


def _owns_something(runner: GateRunner) -> bool:
    return bool(runner._membership.consumer.assignment())


async def test_g_an_aborted_turn_is_done_again_in_full(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    await bench.feed(TEN)
    struck: list[str] = []

    async def fail_once(point: str, partition: int) -> None:
        if point == "offsets" and not struck:
            struck.append(point)
            raise KafkaError("the broker had a bad moment")

    await bench.runner(bench.declare(counting(bench.out)), diary, faults=fail_once).start()
    out = await bench.wait_for(10, within=6)
    assert diary.of("aborted") == [("aborted", "broker")]
    assert len(out) == 10, f"loss: {len(out)} outputs for 10 after an abort"
    assert await bench.committed() is not None


async def test_h_what_was_aborted_is_not_published_by_the_next_commit(make_bench: MakeBench) -> None:
    bench = await make_bench()
    producer = TaskProducer(bench.cluster, f"{bench.stage}-0", QUICK)
    await producer.start()
    await producer.begin()
    await producer.send_and_wait(bench.out, b"aborted", key=b"k", partition=0)
    producer._txn_manager.error_transaction(KafkaError("an abortable error"))
    await producer.abort({TopicPartition(bench.out, 0): 1})
    await producer.begin()
    await producer.send_and_wait(bench.out, b"committed", key=b"k", partition=0)
    await producer.commit_transaction()
    out = [r.value for r in await bench.read()]
    await producer.shut(1.0)
    assert out == [b"committed"], f"an aborted record was published: {out}"
