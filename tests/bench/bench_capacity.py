"""`python -m tests.bench.bench_capacity`: the constants of incidentbus/capacity.py, measured with the demo's reports.

Bytes are those of each record alone in its batch, read from the topics; CPU is what the worker's and the broker's
processes used while the reports went through both stages; memory is what a dict of such states takes. On a shared
machine CPU is good to a third, bytes are exact.
"""

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from aiokafka.admin import NewTopic

from connectors.kafka.clients import Connection, admin, producer
from connectors.kafka.embedded import start_broker
from connectors.kafka.publisher import open_publisher, report
from connectors.kafka.recordsize import record_batch_size
from contracts.topics import Topics
from incidentbus.capacity import MEASURED
from incidentbus.clock import utc_now
from incidentbus.demo.corpus import Telling, corpus
from incidentbus.demo.fleet import Fleet
from incidentbus.publishing import Author, publish
from incidentbus.readmodel.reading import existing, read_all
from incidentbus.settings import Settings
from streams.gate import Cluster, Stage
from streams.gate.changelog import VERSION_HEADER, restore

PARTITIONS: Final = 4
AT_ONCE: Final = 256
TICK: Final = os.sysconf("SC_CLK_TCK")
IDS: Final = 500_000


def reports(copies: int) -> Iterator[Telling]:
    """Yield every sound report of the demo, `copies` times under other numbers, from publishers that key as we do."""
    told = {each.external_id: each for each in reversed(corpus()) if each.external_id}
    for copy in range(copies):
        for number, first in told.items():
            name = f"{number}{copy:03d}"
            yield Telling(first.channel, name, first.payload.replace(number.encode(), name.encode()))


def cpu_seconds(pid: int) -> float:
    """Return what a process has used so far, its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident(pid: int) -> int:
    """Return a process's resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def publish_all(connection: Connection, topics: Topics, told: list[Telling]) -> None:
    async with open_publisher(connection) as publisher:
        for start in range(0, len(told), AT_ONCE):
            await asyncio.gather(
                *(
                    publisher.publish(report(topics, each.channel, each.external_id, each.payload, utc_now()))
                    for each in told[start : start + AT_ONCE]
                )
            )


def decided(port: str) -> float:
    """Return how many decisions the worker has counted."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("incidentbus_decisions_total{"))


async def sizes(connection: Connection, count: int) -> dict[str, tuple[float, float]]:
    """Return records and bytes a report, by kind of topic."""
    kinds = {spec.name: spec.example for spec in Topics(spine=PARTITIONS).specs(CHANNELS, [])}
    every = await existing(connection, lambda name: name.startswith(("channel.", "agency.", "bus.")))
    records: Counter[str] = Counter()
    volume: Counter[str] = Counter()
    async for record in read_all(connection, [(name, number) for name, numbers in every.items() for number in numbers]):
        kind = "assignments" if record.topic.startswith("agency.") else kinds.get(record.topic, "other")
        records[kind] += 1
        volume[kind] += record_batch_size(record.key, record.value, record.headers)
    return {kind: (records[kind] / count, volume[kind] / count) for kind in sorted(records)}


CHANNELS: Final = ("hotline-12345", "police-110", "urban-management", "petition")


def bytes_of(key: int, value: int) -> float:
    """Return what one entry of a task's state takes in memory, measured by the process's own growth."""
    gc.collect()
    before = resident(os.getpid())
    state = {os.urandom(key): os.urandom(value) for _ in range(IDS)}
    grown = resident(os.getpid()) - before
    return grown / len(state)


def measure(copies: int) -> None:
    told = list(reports(copies))
    with tempfile.TemporaryDirectory() as home:
        settings = Settings()
        broker = start_broker(Path(home) / "broker", cache_dir=settings.cache_dir, ephemeral=True, leash=True)
        topics, connection = Topics(spine=PARTITIONS), Connection(broker.bootstrap)
        environment = {
            "INCIDENTBUS_BOOTSTRAP_SERVERS": broker.bootstrap,
            "INCIDENTBUS_PARTITIONS": str(PARTITIONS),
            "INCIDENTBUS_METRICS_PORT": "9409",
            "INCIDENTBUS_LOG_FORMAT": "json",
        }
        fleet = Fleet(environment, Path(home) / "logs")
        try:
            author = Author("bench", "capacity")
            asyncio.run(publish(settings.ruleset_dir, connection, topics, 1, author, utc_now()))
            worker = fleet.start().process
            time.sleep(8)
            warm = told[: AT_ONCE * 2]
            asyncio.run(publish_all(connection, topics, warm))
            until_decided(len(warm))
            ours, brokers, began = cpu_seconds(worker.pid), cpu_seconds(broker.pid), time.monotonic()
            asyncio.run(publish_all(connection, topics, told[len(warm) :]))
            until_decided(len(told))
            count = len(told) - len(warm)
            spent = time.monotonic() - began
            say("worker_us", (cpu_seconds(worker.pid) - ours) / count * 1e6, MEASURED.worker_us)
            say("broker_us", (cpu_seconds(broker.pid) - brokers) / count * 1e6, MEASURED.broker_us)
            sys.stdout.write(f"  {count} reports in {spent:.1f} s; worker {resident(worker.pid) >> 20} MiB\n")
            for kind, (records, volume) in asyncio.run(sizes(connection, len(told))).items():
                known = MEASURED.bytes.get(kind)
                sys.stdout.write(f"  {kind:<18} {records:6.2f} records  {volume:8.1f} bytes a report; known {known}\n")
            say("seen_bytes", bytes_of(16, 16), MEASURED.seen_bytes)
            state = MEASURED.bytes["dispatch-state"]
            say("case_bytes", bytes_of(32, int(state) - 120), MEASURED.case_bytes)
            fleet.stop()
            seen = asyncio.run(restored(connection, "bus.restore-seen.v1", 16, 16, 300_000))
            say("seen_restored", seen, MEASURED.seen_restored)
            cases = asyncio.run(restored(connection, "bus.restore-cases.v1", 32, int(state) - 120, 60_000))
            say("cases_restored", cases, MEASURED.cases_restored)
        finally:
            fleet.stop()
            broker.stop()


async def restored(connection: Connection, topic: str, key: int, value: int, count: int) -> float:
    """Return how many states of such a size one task reads back in a second."""
    async with admin(connection) as client:
        await client.create_topics([NewTopic(topic, 1, 1)])
    stage = Stage("bench", (topic,), processor=lambda _: None, changelog=topic)  # type: ignore[arg-type, return-value]
    headers = [(VERSION_HEADER, b"%d" % stage.state_version)]
    async with producer(connection, linger_ms=50, max_batch_size=1 << 19) as client:
        await client.partitions_for(topic)
        for _ in range(count):
            last = await client.send(topic, os.urandom(value), os.urandom(key), headers=headers)
        await last
    began = time.monotonic()
    state, records = await restore(stage, 0, Cluster(connection.bootstrap), progress=lambda: None)
    spent = time.monotonic() - began
    assert len(state) == records == count
    return count / spent


def until_decided(count: int) -> None:
    until = time.monotonic() + 240
    while decided("9409") < count:
        if time.monotonic() > until:
            raise TimeoutError(f"{decided('9409')} of {count} decided")
        time.sleep(0.2)


def say(name: str, value: float, known: float) -> None:
    sys.stdout.write(f"  {name:<18} {value:8.1f}; known {known}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--copies", type=int, default=20)
    measure(parser.parse_args().copies)
