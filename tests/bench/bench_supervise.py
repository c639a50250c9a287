"""`make bench-supervise`: a million open cases in one supervise process: facts/s, lateness of timers, bytes, recovery.

The cases lie on `bus.cases.v1` of a real broker, made by the real processors; the worker is `incidentbus serve streams
--stage supervise`, as a deployment runs it. A backlog of facts is worked off; then half as many facts a second come
beside hundreds of timers a second; then the worker is killed with `kill -9` amid both. A witness judges what lies on
`bus.lifecycle.v1` and with the dead letters: each fact once, each step once.
"""

import argparse
import asyncio
import os
import socket
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient

from connectors.kafka.clients import Connection, admin, producer
from connectors.kafka.embedded import EmbeddedBroker, start_broker
from contracts.partition import partition_of_id
from incidentbus.clock import utc_now
from incidentbus.demo.fleet import Fleet, Worker
from incidentbus.publishing import Author, publish
from incidentbus.settings import Settings
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load_directory
from tests.bench.page import Page
from tests.bench.supervise.judging import Judged, judge
from tests.bench.supervise.pure import alone
from tests.bench.supervise.topics import BatchWriter, Reader, batch_options, stand_at_beginning, taken_of
from tests.bench.supervise.workload import Fact, Workload, Written

PARTITIONS: Final = 4
CASES, BACKLOG, PURE = 1_000_000, 300_000, 60_000
STEADY_S, KILL_S, LEAD_S, SETTLED_S = 30.0, 20.0, 8.0, 3.0
OPENING: Final = 4
"""Opening a case is reckoned to cost as much as so many facts."""
DUE_PER_S: Final = 500
TICK_S: Final = 0.1
READY_S, DRAIN_S = 180.0, 240.0
FEWEST: Final = 30_000
"""Facts: fewer are worked off before a rate can be told."""
GOAL_FACTS, GOAL_LATE_MS, GOAL_BYTES, GOAL_RECOVERY_S = 15_000, 1_000, 1_024, 60
_STATE: Final = (("state_version", b"1"),)
_MS: Final = 1000
PAGE = Page("bench-supervise", ("aiokafka", "msgspec", "orjson", "uvloop"), "Kafka 4.3.1")


@dataclass
class Bench:
    """One run: its broker, its one worker, what was told so far."""

    broker: EmbeddedBroker
    settings: Settings
    workload: Workload
    fleet: Fleet
    writer: BatchWriter
    admin: AIOKafkaAdminClient
    port: int
    cases: int
    told: list[str] = field(default_factory=list)
    due: dict[str, int] = field(default_factory=dict)
    published: int = 0

    @property
    def group(self) -> str:
        return self.settings.runtime_prefix + "supervise"

    async def start(self) -> tuple[Worker, float]:
        """Start the worker; return it and the seconds until it is ready."""
        began = time.monotonic()
        worker = self.fleet.start("supervise")
        while not await asyncio.to_thread(_ready, self.port):
            if not worker.alive or time.monotonic() - began > READY_S:
                raise SystemExit(f"the worker isn't ready:\n{worker.log.read_text('utf-8')[-2000:]}")
            await asyncio.sleep(0.1)
        return worker, time.monotonic() - began

    def end(self, worker: Worker, *, kill: bool = False) -> None:
        self.fleet.workers.remove(worker)
        if kill:
            worker.process.kill()
        else:
            worker.process.terminate()
        worker.process.wait(60)

    async def drained(self, wanted: int) -> None:
        """Wait until the group has taken so many facts."""
        topic, began, said = self.settings.topics().bus("feedback"), time.monotonic(), 0.0
        while (taken := await taken_of(self.admin, self.group, topic)) < wanted:
            now = time.monotonic()
            if now - began > DRAIN_S:
                raise SystemExit(f"after {DRAIN_S:.0f} s {wanted - taken} facts are not taken")
            if now - said > 10:
                said = now
                progress(f"{taken} of {wanted} facts taken")
            await asyncio.sleep(0.25)


def progress(line: str) -> None:
    print(f"   {time.strftime('%H:%M:%S')} {line}", flush=True)


def _ready(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def resident(worker: Worker) -> int:
    """Return the bytes that a worker has in memory."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def cpu_seconds(worker: Worker) -> float:
    """Return the CPU seconds that a worker has used so far: steadier than the clock on a busy machine."""
    told = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def opened(cases: int, compiled: Compiled, folder: Path) -> Any:
    """Open broker, topics, ruleset; whatever was started is ended."""
    given = Settings(partitions=PARTITIONS)
    broker = await asyncio.to_thread(
        start_broker, folder / "broker", cache_dir=given.cache_dir, ephemeral=True, leash=True, quick=True
    )
    fleet = Fleet({}, folder / "logs")
    try:
        settings = given.model_copy(update={"bootstrap_servers": broker.bootstrap})
        connection, port = Connection(broker.bootstrap, "bench"), _free_port()
        await publish(settings.ruleset_dir, connection, settings.topics(), 1, Author("bench"), utc_now())
        workload = Workload(compiled, settings.topics(), time.time_ns() // 1_000_000)
        fleet.environment = {
            "INCIDENTBUS_BOOTSTRAP_SERVERS": broker.bootstrap, "INCIDENTBUS_PARTITIONS": str(PARTITIONS),
            "INCIDENTBUS_METRICS_PORT": str(port), "INCIDENTBUS_LOG_FORMAT": "json",
        }  # fmt: skip
        async with producer(connection, **batch_options()) as client, admin(connection) as asked:
            yield Bench(broker, settings, workload, fleet, BatchWriter(client), asked, port, cases)
    finally:
        await asyncio.to_thread(fleet.stop)
        await asyncio.to_thread(broker.stop)


async def write_cases(bench: Bench) -> float:
    """Write the cases; return the bytes of key and value of one, on the average."""
    topic, writer = bench.settings.topics().bus("cases"), bench.writer
    inputs = [bench.settings.topics().bus(name) for name in ("decisions", "feedback")]
    await stand_at_beginning(bench.broker.bootstrap, bench.group, inputs, PARTITIONS)
    began, writer.bytes = time.monotonic(), 0
    for number in range(bench.cases):
        incident, value = bench.workload.case(number)
        await writer.add(topic, partition_of_id(incident, PARTITIONS), incident.encode(), value, _STATE)
        if number % 200_000 == 199_999:
            progress(f"{number + 1} cases written, {time.monotonic() - began:.0f} s")
    await writer.flush()
    return writer.bytes / bench.cases


async def backlog(bench: Bench, facts: list[Fact]) -> float:
    """Have the worker take up a backlog; return facts/s, by the broker's stamps on the lifecycle.

    It is written within a few seconds while the worker begins on it, and read when it is worked off.
    """
    (worker,) = bench.fleet.workers
    before = cpu_seconds(worker)
    await tell(bench, facts)
    await bench.drained(bench.published)
    used = (cpu_seconds(worker) - before) / len(facts) * 1e6
    reader = await reading(bench, "lifecycle")
    await reader.quiet()
    await reader.stop()
    took = (max(reader.stamps) - min(reader.stamps)) / _MS
    PAGE.say(f"backlog: {len(facts)} facts in {took:.1f} s, {used:.0f} us of the worker's CPU a fact")
    return len(facts) / took


async def tell(bench: Bench, facts: list[Fact]) -> None:
    bench.told += [fact.id for fact in facts]
    bench.published += len(facts)
    await bench.writer.write(fact.record for fact in facts)


async def reading(bench: Bench, *names: str) -> Reader:
    topics = bench.settings.topics()
    reader = Reader(bench.broker.bootstrap, [topics.bus(name) for name in names], PARTITIONS)
    await reader.start()
    return reader


async def open_timed(bench: Bench, begin_ms: int, seconds: float) -> None:
    """Open cases whose acknowledgement falls due one after the other from `begin_ms` on."""
    decisions: list[Written] = []
    for number in range(int(seconds * DUE_PER_S)):
        at = begin_ms + number * 1000 // DUE_PER_S
        decisions.append(bench.workload.decision(bench.cases + number, at))
        bench.due[bench.workload.incident(bench.cases + number)] = at
    await bench.writer.write(decisions)


async def steadily(bench: Bench, facts: Iterator[Fact], rate: float, begin: float, until: float) -> None:
    """Tell so many facts a second, from a little before `begin` on until then."""
    await asyncio.sleep(max(0.0, begin - SETTLED_S - time.time()))
    began, told = time.monotonic(), 0
    while time.time() < until:
        wanted = int((time.monotonic() - began) * rate) - told
        if now := list(islice(facts, wanted)):
            told += len(now)
            await tell(bench, now)
        await asyncio.sleep(TICK_S)


@dataclass
class Under:
    """What happened under load: the moments, seconds since the epoch, and what was judged."""

    begun: float
    killed: float
    again: float
    ready_s: float
    judged: Judged
    rate: float
    """Facts told a second."""


class Plan(NamedTuple):
    """How many facts are worked off as a backlog, and how many are left to be told steadily."""

    backlog: int
    steady: int


def planned(workload: Workload, cases: int, facts: int) -> Plan:
    """Plan the facts by the cases that there are: one of a case that was never opened would wait for its decision.

    Raises `SystemExit` where so few cases can't take what is to be measured.
    """
    there = workload.facts_in(cases)
    if there < FEWEST:
        raise SystemExit(f"{cases} cases take {there} facts: at least {FEWEST} are needed; give --cases more")
    backlog = min(facts, there // 2)
    return Plan(backlog, there - backlog)


async def under_load(bench: Bench, facts: Iterator[Fact], rate: float) -> Under:
    """Load the worker steadily while timers fall due, kill it, let the next go on, and judge it all."""
    (worker,) = bench.fleet.workers
    reader = await reading(bench, "lifecycle")
    await reader.quiet()
    before = len(reader.values)
    ahead = list(islice(facts, int(rate * (STEADY_S + KILL_S + LEAD_S))))
    begun = time.time() + LEAD_S + (STEADY_S + KILL_S) * DUE_PER_S * OPENING / (2 * rate)
    await open_timed(bench, int(begun * _MS), STEADY_S + KILL_S)
    progress(f"steady: {rate:.0f} facts/s beside {DUE_PER_S} cases falling due a second, {STEADY_S:.0f} s")
    told = asyncio.create_task(steadily(bench, iter(ahead), rate, begun, begun + STEADY_S + KILL_S))
    await asyncio.sleep(begun + STEADY_S - time.time())
    bench.end(worker, kill=True)
    killed = time.time()
    progress("kill -9; the next worker starts")
    worker, ready = await bench.start()
    await told
    await bench.drained(bench.published)
    await reader.quiet(3.0)
    await reader.stop()
    after = [at for at in reader.seen_at[before:] if at > killed + 1.0]  # what the dead one committed is read by then
    judged = judge(bench.told, bench.due, reader.values, await letters(bench), reader.seen_at)
    bench.end(worker)
    return Under(begun, killed, after[0] if after else float("inf"), ready, judged, rate)


async def letters(bench: Bench) -> list[bytes]:
    """Return every dead letter of an agency's."""
    found = [each["topic"] for each in await bench.admin.describe_topics()]
    reader = Reader(bench.broker.bootstrap, [each for each in found if each.endswith(".feedback.v1.dlq")], 1)
    await reader.start()
    await reader.quiet(1.5)
    await reader.stop()
    return reader.values


async def measure(bench: Bench, facts: int) -> bool:
    worker, _ = await bench.start()
    empty = resident(worker)
    bench.end(worker)
    stored = await write_cases(bench)
    progress("the worker restores")
    worker, restored = await bench.start()
    held = (resident(worker) - empty) / bench.cases
    PAGE.say(f"restore: {restored:.1f} s until ready with {bench.cases} cases")
    PAGE.say(f"a case: {stored:.0f} bytes on the topic (key and value), {held:.0f} in memory with its timers")
    stream, plan = bench.workload.facts(iter(range(bench.cases))), planned(bench.workload, bench.cases, facts)
    rate = await backlog(bench, list(islice(stream, plan.backlog)))
    under = await under_load(bench, stream, min(rate / 2, plan.steady / (STEADY_S + KILL_S + LEAD_S)))
    _tell(bench, rate, held, under)
    return under.judged.clean


def _tell(bench: Bench, rate: float, held: float, under: Under) -> None:
    late = sorted(late for at, late in under.judged.lateness if under.begun <= at < under.killed - 1.0)
    later = max((late for at, late in under.judged.lateness if at >= under.killed - 1.0), default=0.0)
    cut = statistics.quantiles(late, n=100)
    p99 = cut[98] * _MS
    recovery = under.again - under.killed
    PAGE.say(
        f"timers: {len(late)} steps in {under.killed - under.begun:.0f} s beside {under.rate:.0f} facts/s, seen by a "
        f"reader after they fell due: p50 {cut[49] * _MS:.0f} ms, p99 {p99:.0f} ms, worst {late[-1] * _MS:.0f} ms"
    )
    PAGE.say(
        f"kill -9: {recovery:.1f} s until facts are applied again, ready after {under.ready_s:.1f} s; "
        f"the latest step of that time came {later:.1f} s late"
    )
    judged = under.judged
    PAGE.say(
        f"witness: {len(set(bench.told))} facts told, {judged.applied} applied, {judged.refused} refused to whoever "
        f"told them, {judged.steps} steps of ladders; lost={len(judged.lost)} twice={len(judged.twice)}"
    )
    for what in [*judged.lost[:5], *judged.twice[:5]]:
        PAGE.say(f"  {what}")
    for goal, met in (
        (f"{GOAL_FACTS} facts/s: {rate:.0f}", rate >= GOAL_FACTS),
        (f"p99 of lateness at most {GOAL_LATE_MS} ms: {p99:.0f}", p99 <= GOAL_LATE_MS),
        (f"at most {GOAL_BYTES} bytes in memory a case with its timers: {held:.0f}", held <= GOAL_BYTES),
        (f"recovery within {GOAL_RECOVERY_S} s: {recovery:.1f}", recovery <= GOAL_RECOVERY_S),
    ):
        PAGE.say(f"goal {goal} {'yes' if met else 'no'}")
    PAGE.say(
        f"bench-supervise: cases={bench.cases} facts_per_s={rate:.0f} lateness_p99_ms={p99:.0f} "
        f"bytes_per_case={held:.0f} recovery_s={recovery:.0f}"
    )


async def run(cases: int, facts: int, compiled: Compiled) -> bool:
    """Return whether nothing was lost and nothing done twice."""
    planned(Workload(compiled, Settings(partitions=PARTITIONS).topics(), 0), cases, facts)  # before anything is begun
    with tempfile.TemporaryDirectory(prefix="bench-supervise-") as folder:
        async with opened(cases, compiled, Path(folder)) as bench:
            return await measure(bench, facts)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cases", type=int, default=CASES)
    arguments.add_argument("--facts", type=int, default=BACKLOG)
    arguments.add_argument("--pure", action="store_true", help="the processor alone, without a broker")
    arguments.add_argument("--write", type=Path, help="put what was printed on this page of the documents")
    given = arguments.parse_args()
    PAGE.begin()
    loaded = load_directory(Settings().ruleset_dir)
    assert loaded.ruleset is not None
    rules = compile_ruleset(loaded.ruleset)
    alone(Workload(rules, Settings(partitions=PARTITIONS).topics(), time.time_ns() // 1_000_000), PURE, PAGE.say)
    sound = given.pure or asyncio.run(run(given.cases, given.facts, rules))
    if given.write:
        PAGE.write(given.write)
    sys.exit(0 if sound else 1)
