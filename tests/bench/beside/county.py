"""Real workers (`incidentbus serve streams`) on the county's ruleset: idle, end to end, and both hops in time."""

import asyncio
import itertools
import os
import pstats
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import orjson

from connectors.kafka.clients import Connection, producer
from connectors.kafka.publisher import report
from connectors.samples import reports as samples
from contracts.ids import incident_id
from contracts.partition import partition_of_id
from contracts.topics import Topics
from incidentbus.clock import utc_now
from incidentbus.publishing import Author, publish
from incidentbus.settings import Settings
from routing_rules.engine.loader import load_directory
from tests.bench.beside.figures import Round
from tests.bench.beside.latency import Latencies, Told, latencies
from tests.bench.rules import workload

CHANNEL: Final = "hotline-12345"
PORT: Final = 9419
ROOMS: Final = (
    "routing_rules/engine/infer", "routing_rules/engine", "streams/gate", "streams/processors", "contracts",
    "connectors", "aiokafka", "pydantic", "incidentbus",
)  # fmt: skip
_TICK: Final = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return what a process has used so far, its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(slots=True)
class Idle:
    """A worker that has nothing to do: share of a core, resident megabytes."""

    share: float
    megabytes: float


@dataclass
class County:
    """The county's ruleset and topics on a broker, and reports for it; every report has a number of its own."""

    bootstrap: str
    folder: Path
    partitions: int = 8
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def connection(self) -> Connection:
        return Connection(self.bootstrap)

    @property
    def topics(self) -> Topics:
        return Topics("county.", self.partitions)

    def prepare(self) -> None:
        """Put the ruleset in force; that makes the topics."""
        directory = Settings().ruleset_dir
        loaded = load_directory(directory)
        assert loaded.ruleset is not None
        self.agencies = [self.topics.agency_assignments(code) for code in loaded.ruleset.agencies]
        asyncio.run(publish(directory, self.connection, self.topics, 1, Author("bench", "speed"), utc_now()))
        first = orjson.loads(samples(CHANNEL)[0])
        texts = workload.texts(2_000)
        bodies = [orjson.loads(raw) for raw in samples(CHANNEL)] or [first]
        self.bodies = [
            {**bodies[n % len(bodies)], "标题": title, "内容": text} for n, (title, text) in enumerate(texts)
        ]
        self.characters = sum(len(text) for _, text in texts) / len(texts)

    def told(self, *, placed: bool = False) -> Iterator[Told]:
        """Yield reports of the hotline with messages of citizens.

        A channel keys by its own number, so that intake must first pass nearly all on to their incident's partition,
        one more transaction; `placed` are those of a publisher that chooses that partition itself.
        """
        time_ = utc_now()
        for number in self.numbers:
            name = f"B{number:09d}"
            payload = orjson.dumps({**self.bodies[number % len(self.bodies)], "市受理编号": name})
            sent = report(self.topics, CHANNEL, name, payload, time_)
            id_ = incident_id(CHANNEL, name)
            partition = partition_of_id(id_, self.partitions) if placed else None
            yield Told(sent.topic, name.encode(), payload, id_.encode(), sent.headers, partition)

    def publish(self, count: int) -> None:
        async def all_of_them() -> None:
            async with producer(self.connection, linger_ms=20, max_batch_size=1 << 18) as client:
                for one in itertools.islice(self.told(), count):
                    await client.send(one.topic, one.value, one.key, headers=list(one.headers))
                await client.flush()

        asyncio.run(all_of_them())

    @contextmanager
    def worker(self, profile: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """Run one worker with the two stages of the hot path until the block is left; cases are another bench's."""
        command = [sys.executable, *(["-m", "cProfile", "-o", str(profile)] if profile else [])]
        command += ["-m", "incidentbus", "serve", "streams", "--stage", "intake,dispatch"]
        environment = {
            "INCIDENTBUS_BOOTSTRAP_SERVERS": self.bootstrap, "INCIDENTBUS_TOPIC_PREFIX": "county.",
            "INCIDENTBUS_PARTITIONS": str(self.partitions), "INCIDENTBUS_METRICS_PORT": str(PORT),
            "INCIDENTBUS_LOG_FORMAT": "json", "INCIDENTBUS_LOG_LEVEL": "WARNING",
        }  # fmt: skip
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            _until(lambda: _page("readyz") is not None, 60, "a worker that is ready")
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def idle(self, settling: float, seconds: float) -> Idle:
        with self.worker() as process:
            time.sleep(settling)
            used, began = cpu_seconds(process.pid), time.monotonic()
            time.sleep(seconds)
            share = (cpu_seconds(process.pid) - used) / (time.monotonic() - began)
            return Idle(share, resident_mb(process.pid))

    def through(self, events: int, profile: Path | None = None) -> Round:
        """Let one worker take as many waiting reports through both stages; the first tenth is not measured."""
        self.publish(events)
        with self.worker(profile) as process:
            _until(lambda: decided() >= events / 10, 120, "the first decisions")
            first, used, began = decided(), cpu_seconds(process.pid), time.monotonic()
            _until(lambda: decided() >= events, 240, "all decisions")
            seconds = time.monotonic() - began
            cpu = cpu_seconds(process.pid) - used
            return Round((decided() - first) / seconds, cpu / seconds)

    def latency(self, rate: int, seconds: float, warming: float, *, placed: bool) -> Latencies:
        told = self.told(placed=placed)
        return asyncio.run(latencies(self.connection, told, self.agencies, rate, seconds, warming))


def decided() -> float:
    """Return how many decisions the worker has counted."""
    page = _page("metrics") or ""
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith("incidentbus_decisions_total{"))


def _page(name: str) -> str | None:
    with suppress(OSError), urlopen(f"http://127.0.0.1:{PORT}/{name}", timeout=5) as answer:
        return str(answer.read().decode())
    return None


def _until(holds: Any, seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.1)


def shares(profile: Path, rooms: int = 12) -> list[tuple[str, float]]:
    """Return where a profiled worker spent its own time, waiting for the network not counted."""
    spent: Counter[str] = Counter()
    stats = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]
    for (file, _, function), (_, _, own, _, _) in stats.items():
        spent[_room(file, function)] += own
    del spent["waiting"], spent["starting"]
    total = sum(spent.values())
    return [(name, seconds / total) for name, seconds in spent.most_common(rooms)]


def _room(file: str, function: str) -> str:
    if "poll" in function or "run_forever" in function or "run_until_complete" in function:
        return "waiting"
    if "importlib" in file or "marshal" in function or "exec" in function or "yaml" in file:
        return "starting"
    for name in ROOMS:
        if name in file:
            return name
    for word, name in (("SchemaValidator", "pydantic_core"), ("orjson", "orjson"), ("append", "appending to batches")):
        if word in function:
            return name
    return "python and the loop"
