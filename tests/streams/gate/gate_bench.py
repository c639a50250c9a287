"""A workbench for the runtime: topics of a stage, a runner over them, and eyes that see only what was committed."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord

from contracts.ports import Clock, Emit, InboundRecord, Processor, RecordHandler, State
from streams.gate import Cluster, FaultHook, GateRunner, Silent, Stage, Timeouts, TurnReport
from streams.gate.assignor import Holding, TaskAssignor

QUICK = Timeouts(
    session_ms=6_000, heartbeat_ms=300, transaction_step_s=10.0, poll_ms=50, fetch_wait_ms=20, retry_limit_s=1.0
)


class WallClock:
    def now_ms(self) -> int:
        return int(time.time() * 1000)


class Each:
    """A processor made of one function, the same for every turn."""

    def __init__(self, handle: RecordHandler) -> None:
        self._handle = handle

    def begin_turn(self) -> RecordHandler:
        return self._handle


@dataclass
class Diary(Silent):
    """Writes down what the runtime tells."""

    turns: list[TurnReport] = field(default_factory=list)
    facts: list[tuple[Any, ...]] = field(default_factory=list)

    def turn(self, report: TurnReport) -> None:
        self.turns.append(report)

    def dead_letter(self, stage: str, topic: str, partition: int, offset: int, reason: Any) -> None:
        self.facts.append(("dead_letter", reason))

    def aborted(self, stage: str, partition: int, cause: str) -> None:
        self.facts.append(("aborted", cause))

    def lost(self, stage: str, partition: int, cause: str) -> None:
        self.facts.append(("lost", cause))

    def restored(self, stage: str, partition: int, records: int, seconds: float) -> None:
        self.facts.append(("restored", partition, records))

    def assigned(self, stage: str, tasks: int) -> None:
        self.facts.append(("assigned", tasks))

    def paused(self, stage: str, topic: str, partition: int, reason: str) -> None:
        self.facts.append(("paused", topic, partition, reason))

    def resumed(self, stage: str, topic: str, partition: int) -> None:
        self.facts.append(("resumed", topic, partition))

    def timers_fired(self, stage: str, partition: int, lateness_ms: Sequence[int]) -> None:
        self.facts += [("fired", late) for late in lateness_ms]

    def timer_failed(self, stage: str, partition: int, reason: Any) -> None:
        self.facts.append(("timer_failed", reason))

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [fact for fact in self.facts if fact[0] == kind]


def counting(out: str) -> RecordHandler:
    """Every record once, keyed by its value, remembered as seen; a repeat gives nothing."""

    def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
        value = record.value or b""
        if state.get(value) is not None:
            return ()
        state.put(value, b"1")
        return (Emit(out, record.partition, record.key, value),)

    return handle


def copying(out: str) -> RecordHandler:
    """Every record once more, no memory: a repeat shows as a repeat."""

    def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
        return (Emit(out, record.partition, record.key, record.value),)

    return handle


@dataclass
class Bench:
    """Names of one test's topics and the means to fill and read them."""

    bootstrap: str
    stage: str
    inputs: tuple[str, ...]
    out: str
    changelog: str
    board: str
    partitions: int
    instance: str | None = None
    runners: list[GateRunner] = field(default_factory=list)
    exits: list[str] = field(default_factory=list)

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.bootstrap, group_instance_id=self.instance)

    def declare(self, handle: RecordHandler, **changes: Any) -> Stage:
        def processor(partition: int) -> Processor:
            return Each(handle)

        stage = Stage(self.stage, self.inputs, processor, changelog=self.changelog)
        return replace(stage, **changes)

    def runner(
        self,
        stage: Stage,
        diary: Diary | None = None,
        faults: FaultHook | None = None,
        timeouts: Timeouts = QUICK,
        clock: Clock | None = None,
        **more: Any,
    ) -> GateRunner:
        made = GateRunner(
            stage,
            self.cluster,
            clock=clock or WallClock(),
            exit_process=self.exits.append,
            inputs_topic=self.board,
            observer=diary,
            timeouts=timeouts,
            faults=faults,
            **more,
        )
        self.runners.append(made)
        return made

    def assignor(self) -> TaskAssignor:
        """The stage's assignor, for a member that is no runner."""
        return TaskAssignor(Holding)

    async def feed(
        self, values: Sequence[bytes | None], topic: str | None = None, partition: int = 0, **more: Any
    ) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", max_request_size=2 << 20) as producer:
            sent = [
                await producer.send(topic or self.inputs[0], value, key=b"k", partition=partition, **more)
                for value in values
            ]
            await asyncio.gather(*sent)

    async def read(
        self, topic: str | None = None, partition: int = 0, isolation: str = "read_committed"
    ) -> list[ConsumerRecord]:
        """Everything committed so far."""
        tp = TopicPartition(topic or self.out, partition)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            auto_offset_reset="earliest",
            isolation_level=isolation,
            enable_auto_commit=False,
            max_partition_fetch_bytes=4 << 20,
        )
        await consumer.start()
        try:
            consumer.assign([tp])
            await consumer.seek_to_beginning(tp)
            end = (await consumer.end_offsets([tp]))[tp]
            got: list[ConsumerRecord] = []
            while await consumer.position(tp) < end:
                got += (await consumer.getmany(tp, timeout_ms=200)).get(tp, [])
            return got
        finally:
            await consumer.stop()

    async def wait_for(
        self, count: int, topic: str | None = None, partition: int = 0, within: float = 15.0
    ) -> list[ConsumerRecord]:
        """Wait until `count` records are committed, then a little longer for those that should not come."""
        got: list[ConsumerRecord] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while len(got) < count:
                    got = await self.read(topic, partition)
                    await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        return await self.read(topic, partition)

    async def committed(self, topic: str | None = None, partition: int = 0) -> int | None:
        """The group's next offset, as the broker has it."""
        tp = TopicPartition(topic or self.inputs[0], partition)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=self.stage, enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign([tp])
            offset: int | None = await consumer.committed(tp)
            return offset
        finally:
            await consumer.stop()


async def until(condition: Callable[[], bool], within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


MakeBench = Callable[..., Awaitable[Bench]]
