"""`make bench-gate`: events/s through dispatch, against the ceiling: the same records in a transaction, no thinking.

One run, one warm broker, one process. Rounds alternate, so that a machine that slows down slows both; what counts is
the ratio of the medians. The ceiling is the same runtime with a processor that looks its outputs up in a dict: the same
topics, records and sizes, and no parsing, no rules, no state to build.
"""

import argparse
import asyncio
import cProfile
import pstats
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import uvloop

from connectors.kafka.clients import Connection
from connectors.kafka.embedded import EmbeddedBroker, start_broker
from connectors.kafka.publisher import Outgoing, open_publisher
from connectors.registry import codecs
from contracts.codes import Outcome
from contracts.errors import Permanent
from contracts.ids import incident_id
from contracts.incident import incident_bytes
from contracts.partition import partition_of_id
from contracts.ports import Emit, InboundRecord, Processor, RecordHandler, State
from contracts.report import Report
from contracts.topics import Topics
from incidentbus.clock import SystemClock, utc_now
from incidentbus.demo.corpus import corpus
from incidentbus.memory import keep_freed_memory, settle_collector
from incidentbus.publishing import Author, publish
from incidentbus.settings import Settings
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load_directory
from streams.counts import TurnCounts
from streams.gate import Cluster, GateRunner, Limits, Silent, Stage, TurnReport
from streams.processors.dispatch import Dispatch
from streams.rulesets import HeldRuleset, RulesetInForce
from streams.stages import dispatch_stage
from tests.bench.page import Page

PARTITIONS = 4


PAGE = Page("bench-gate", ("aiokafka", "orjson", "pydantic", "uvloop"), "Kafka 4.3.1")


class Canned:
    """A processor that thinks nothing: what a record gave rise to was kept when it was first decided."""

    def __init__(self, outputs: dict[bytes, Sequence[Emit]]) -> None:
        self._outputs = outputs

    def begin_turn(self) -> RecordHandler:
        outputs = self._outputs

        def handle(record: InboundRecord, state: State) -> Sequence[Emit]:
            state.put(record.key, outputs[record.key][0].value)
            return outputs[record.key]

        return handle


class Counting(Silent):
    """Notes when the first turn began and when the last ended."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.taken, self.out = wanted, 0, 0
        self.done = asyncio.Event()
        self.began = self.ended = 0.0
        self.cpu_began = self.cpu_ended = 0.0
        self.turns = self.first = 0

    @property
    def cpu(self) -> float:
        """Return µs of this process's CPU an event, the first turn apart: steadier than the clock on a busy machine."""
        return (self.cpu_ended - self.cpu_began) / max(1, self.taken - self.first) * 1e6

    def turn(self, report: TurnReport) -> None:
        now = time.perf_counter()
        self.began = self.began or now - report.seconds
        self.ended = now
        self.cpu_began = self.cpu_began or time.process_time()  # the first turn's end: its own CPU is not counted
        self.cpu_ended = time.process_time()
        self.first = self.first or report.records_in
        self.taken += report.records_in
        self.out += sum(report.records_out.values())
        self.turns += 1
        if self.taken >= self.wanted:
            self.done.set()


@dataclass
class Bench:
    """What every round uses."""

    broker: EmbeddedBroker
    topics: Topics
    compiled: Compiled
    events: int

    @property
    def held(self) -> HeldRuleset:
        return HeldRuleset(RulesetInForce(self.compiled))


def incidents(compiled: Compiled, events: int) -> list[tuple[str, bytes]]:
    """Return (id, bytes) of as many incidents, understood from the demo's reports under ids of their own."""
    reports = [r for told in corpus() if told.external_id and (r := _decoded(told.channel, told.payload))]
    told = []
    for number in range(events):
        report = reports[number % len(reports)].model_copy(update={"external_id": f"B{number:09d}"})
        id_ = incident_id(report.channel, report.external_id)
        told.append((id_, incident_bytes(compiled.interpreter.understand(report, id_, utc_now()))))
    return told


def _decoded(channel: str, payload: bytes) -> Report | None:
    try:
        return codecs()[channel].decode(payload, {})
    except Permanent:
        return None


async def prepare(bench: Bench, settings: Settings) -> None:
    connection = Connection(bench.broker.bootstrap)
    await publish(settings.ruleset_dir, connection, bench.topics, 1, Author("bench"), utc_now())
    topic = bench.topics.bus("incidents")
    records = [
        Outgoing(topic, id_.encode(), raw, (), partition_of_id(id_, PARTITIONS))
        for id_, raw in incidents(bench.compiled, bench.events)
    ]
    async with open_publisher(connection) as publisher:
        await publisher.publish_many(records)


async def changelog(bench: Bench, name: str) -> str:
    from connectors.kafka.admin import create
    from connectors.kafka.clients import admin
    from connectors.kafka.topicplan import Wanted

    topic = f"bus.bench-{name}.v1"
    async with admin(Connection(bench.broker.bootstrap)) as client:
        await create(client, [Wanted(topic, PARTITIONS, 1, {"cleanup.policy": "compact"})])
    return topic


async def one_round(bench: Bench, stage: Stage, name: str) -> Counting:
    """Run a stage over all incidents, from the beginning, under a group and a changelog of its own."""
    stage = replace(stage, changelog=await changelog(bench, name))
    counting = Counting(bench.events)
    runner = GateRunner(
        stage, Cluster(bench.broker.bootstrap), clock=SystemClock(), exit_process=_exit, prefix=f"{name}-",
        observer=counting,
    )  # fmt: skip
    await runner.start()
    try:
        await asyncio.wait_for(counting.done.wait(), timeout=300)
    finally:
        await runner.stop()
    return counting


def _exit(why: str) -> None:
    sys.exit(f"the runtime gave up: {why}")


def canned_outputs(bench: Bench) -> tuple[dict[bytes, Sequence[Emit]], Counter[str]]:
    """Decide everything once without Kafka: the ceiling's outputs, and the mix of what was decided."""
    outputs: dict[bytes, Sequence[Emit]] = {}
    mix: Counter[str] = Counter()
    for id_, raw in incidents(bench.compiled, bench.events):
        task = partition_of_id(id_, PARTITIONS)
        dispatch = Dispatch(task, bench.topics, bench.held, TurnCounts())
        record = _Record(bench.topics.bus("incidents"), task, raw, id_.encode())
        outputs[id_.encode()] = dispatch.begin_turn()(record, _Nothing())
        mix.update(_mix_of(outputs[id_.encode()]))
    return outputs, mix


def _mix_of(emits: Sequence[Emit]) -> list[str]:
    body = orjson.loads(emits[0].value or b"{}")
    fell = "fallback" if body["reason"] == Outcome.FALLBACK else "matched"
    return [fell, *(f"overlay {each}" for each in body["overlays"]), *(f"role {r['role']}" for r in body["roles"])]


@dataclass
class _Record:
    topic: str
    partition: int
    value: bytes
    key: bytes
    offset: int = 0
    timestamp: int = 1_778_551_200_000
    headers: tuple[tuple[str, bytes], ...] = ()


class _Nothing:
    def get(self, key: bytes) -> bytes | None: ...
    def put(self, key: bytes, value: bytes) -> None: ...
    def delete(self, key: bytes) -> None: ...


def real_stage(bench: Bench) -> Stage:
    counts: dict[int, TurnCounts] = {}
    return dispatch_stage(bench.topics, bench.held, lambda p: counts.setdefault(p, TurnCounts()), Limits(records=2000))


def canned_stage(bench: Bench, outputs: dict[bytes, Sequence[Emit]]) -> Stage:
    def processor(_: int) -> Processor:
        return Canned(outputs)

    return replace(real_stage(bench), name="ceiling", processor=processor)


async def run(events: int, rounds: int, profile: bool) -> None:
    PAGE.begin()
    settings = Settings(partitions=PARTITIONS)
    loaded = load_directory(settings.ruleset_dir)
    assert loaded.ruleset is not None
    with tempfile.TemporaryDirectory() as folder:
        broker = await asyncio.to_thread(
            start_broker, Path(folder), cache_dir=settings.cache_dir, ephemeral=True, leash=True
        )
        try:
            bench = Bench(broker, settings.topics(), compile_ruleset(loaded.ruleset), events)
            await _measure(bench, settings, rounds, profile)
        finally:
            await asyncio.to_thread(broker.stop)


async def _measure(bench: Bench, settings: Settings, rounds: int, profile: bool) -> None:
    await prepare(bench, settings)
    outputs, mix = canned_outputs(bench)
    canned, real = canned_stage(bench, outputs), real_stage(bench)
    keep_freed_memory()  # as a worker does
    settle_collector()
    told: dict[str, list[float]] = {"ceiling": [], "dispatch": []}
    for number in range(rounds + 1):  # the first round warms broker and interpreter and is not counted
        for name, stage in (("ceiling", canned), ("dispatch", real)):
            counting = await one_round(bench, stage, f"{name}{number}")
            rate = counting.taken / (counting.ended - counting.began)
            spread = counting.out / counting.taken
            PAGE.say(
                f"round {number}: {name:9s} {rate:8.0f} events/s  {spread:.2f} records out an event"
                f"  {counting.taken / counting.turns:.0f} a turn"
                f"  {counting.cpu:.0f} us CPU an event{'' if number else '  (warm-up, not counted)'}"
            )
            if number:
                told[name].append(rate)
    shares = ", ".join(f"{what} {count / bench.events:.2f}" for what, count in mix.most_common())
    PAGE.say(f"rules' mix over {bench.events} events: {shares}")
    ceiling, dispatch = statistics.median(told["ceiling"]), statistics.median(told["dispatch"])
    PAGE.say(f"bench-gate: ceiling={ceiling:.0f} dispatch={dispatch:.0f} ratio={dispatch / ceiling:.2f}")
    if profile:
        await _profiled(bench, real)


async def _profiled(bench: Bench, stage: Stage) -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    await one_round(bench, stage, "profiled")
    profiler.disable()
    spent: Counter[str] = Counter()
    stats = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    for (file, _, function), (_, _, own, _, _) in stats.items():
        spent[_room(file, function)] += own
    total = sum(spent.values()) - spent["waiting"]
    PAGE.say("where the time goes (share of own time, the profiler's own cost included):")
    for room, seconds in spent.most_common(14):
        if room != "waiting":
            PAGE.say(f"  {room:34s} {seconds / total:5.0%}")


def _room(file: str, function: str) -> str:
    for name in ("routing_rules/engine", "streams/gate", "streams/processors", "contracts", "aiokafka", "pydantic"):
        if name in file:
            return name
    for word in ("orjson", "pydantic_core", "SchemaValidator", "poll", "append", "crc32"):
        if word in function:
            return "waiting" if word == "poll" else word
    return "python and the loop"


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=40_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--no-profile", action="store_true")
    arguments.add_argument("--write", type=Path, help="put what was printed on this page of the documents")
    given = arguments.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(given.events, given.rounds, not given.no_profile))
    if given.write:
        PAGE.write(given.write)
