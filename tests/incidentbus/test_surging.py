"""The surge observer as a process of its own on a real broker: kill -9 in the middle, and aborted records beside."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from connectors.kafka import acl
from connectors.kafka.clients import Connection, admin
from connectors.kafka.embedded import EmbeddedBroker
from contracts.codes import Kind
from contracts.ids import incident_id
from contracts.incident import Incident, RulesetRef, incident_bytes
from contracts.partition import partition_of, partition_of_id
from contracts.report import Report
from contracts.topics import Topics
from incidentbus.clock import utc_now
from streams.processors.surge import UNKNOWN_FLOOR, Group, Sighting, Watched, observe

REPORTS = 30
TOLD_WITHIN = 60.0


def incident(name: str, at: datetime, town: str = "320813106") -> Incident:
    return Incident(
        id=incident_id("hotline-12345", name), received_at=at, kind=Kind.COMPLAINT, category="labour/wages",
        jurisdiction=town, report=Report(channel="hotline-12345", external_id=name, title="拖欠工资"),
        understood_by=RulesetRef(id="hongze", version="1", hash="0"),
    )  # fmt: skip


class County:
    """A deployment's topics, workers on them, and what lies there."""

    def __init__(self, broker: EmbeddedBroker, prefix: str, folder: Path) -> None:
        self.bootstrap, self.topics, self.folder = broker.bootstrap, Topics(prefix, spine=2), folder
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        log = self.folder / f"surge-{len(self.workers)}.log"
        environment = {
            **os.environ,
            "INCIDENTBUS_BOOTSTRAP_SERVERS": self.bootstrap, "INCIDENTBUS_TOPIC_PREFIX": self.topics.prefix,
            "INCIDENTBUS_PARTITIONS": "2", "INCIDENTBUS_SURGE_PORT": "0", "INCIDENTBUS_LOG_FORMAT": "json",
            "INCIDENTBUS_RUN_DIR": str(self.folder / "not" / "there"),
        }  # fmt: skip
        with log.open("ab") as output:
            worker = subprocess.Popen(
                [sys.executable, "-m", "incidentbus", "serve", "surge"], env=environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.workers.append(worker)
        return worker

    def said(self, number: int) -> str:
        number %= len(self.workers)
        return (self.folder / f"surge-{number}.log").read_text()

    async def put(self, incidents: list[Incident], *, abort: bool = False) -> None:
        name = f"{self.topics.prefix}test-{incidents[0].id}"
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, transactional_id=name) as producer:
            await producer.begin_transaction()
            for each in incidents:
                where = partition_of_id(each.id, 2)
                await producer.send(
                    self.topics.bus("incidents"), incident_bytes(each), each.id.encode(), partition=where
                )
            await producer.flush()
            await (producer.abort_transaction() if abort else producer.commit_transaction())

    async def lying_on(self, topic: str) -> list[Any]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, isolation_level="read_committed")
        await consumer.start()
        try:
            parts = [
                TopicPartition(topic, p)
                for p in sorted(consumer.partitions_for_topic(topic) or await _parts(consumer, topic))
            ]
            consumer.assign(parts)
            await consumer.seek_to_beginning(*parts)
            ends = await consumer.end_offsets(parts)
            found = []
            while any([await consumer.position(tp) < ends[tp] for tp in parts]):
                for records in (await consumer.getmany(timeout_ms=300)).values():
                    found += records
            return found
        finally:
            await consumer.stop()

    async def until(self, noun: str, enough: Callable[[list[Any]], bool], seconds: float = 60) -> list[Any]:
        """Wait for what is told. Nobody helps a worker that ends or reads nothing."""
        ends = time.monotonic() + seconds
        while True:
            found = await self.lying_on(self.topics.bus(noun) if not noun.endswith(".dlq") else noun)
            if enough(found):
                return found
            assert self.workers[-1].poll() is None, self.said(len(self.workers) - 1)[-2000:]
            assert time.monotonic() < ends, (noun, len(found), self.said(len(self.workers) - 1)[-2000:])
            await asyncio.sleep(0.2)

    async def behind(self) -> dict[str, int]:
        """Return what the last worker's page says of each input once nothing is left, or after a while."""
        port = next(told["port"] for line in self.said(-1).splitlines() if "port" in (told := orjson.loads(line)))
        ends, found = time.monotonic() + 15, {}
        while time.monotonic() < ends and (not found or any(found.values())):
            await asyncio.sleep(0.5)
            page = await asyncio.to_thread(_page, f"http://127.0.0.1:{port}/metrics")
            lines = re.findall(
                r'^incidentbus_surge_behind_offsets\{topic="[^"]*bus\.([\w-]+)\.v1"\} (\S+)$', page, re.M
            )
            found = {noun: int(float(left)) for noun, left in lines}
        return found

    def stop(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()


def _page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - a page of our own, on loopback
        return bytes(answer.read()).decode()


async def _parts(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    await consumer._client._wait_on_metadata(topic)
    return consumer.partitions_for_topic(topic) or set()


@pytest.fixture
async def county(
    broker: EmbeddedBroker, fresh_name: Callable[[str], str], make_topics: Any, tmp_path: Path
) -> AsyncIterator[County]:
    made = County(broker, f"{fresh_name('county')}.", tmp_path)
    for spec in made.topics.specs((), ()):
        if spec.name.removeprefix(made.topics.prefix).split(".")[1] in (
            "incidents", "directives", "surges", "surge-sightings", "surge-state"
        ):  # fmt: skip
            await make_topics(spec.name, partitions=made.topics.partitions_of(spec), configs=spec.configs())
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.timeout(200)
async def test_thirty_reports_are_one_surge_and_one_amendment_each_over_two_kills_and_an_aborted_transaction(
    county: County,
) -> None:
    now = utc_now()
    real = [incident(f"A{n}", now - timedelta(minutes=40) + timedelta(seconds=80 * n)) for n in range(REPORTS)]
    ghosts = [incident(f"G{n}", now) for n in range(25)]
    first = county.start()
    await county.put(ghosts, abort=True)
    await county.put(real[:15])
    await county.until("surge-sightings", lambda found: len(found) >= 15)
    first.kill()  # some offsets may be committed and others not
    await county.put(real[15:25])
    published = time.monotonic()
    county.start()
    await county.until("surges", lambda found: len(found) >= 1)
    county.workers[-1].kill()
    told_in = time.monotonic() - published
    await county.put(real[25:])
    county.start()
    wanted = {each.id for each in real}
    await county.until("directives", lambda found: {record.key.decode() for record in found} >= wanted)
    await asyncio.sleep(3)
    directives = await county.lying_on(county.topics.bus("directives"))
    surges = [orjson.loads(record.value) for record in await county.lying_on(county.topics.bus("surges"))]
    counted = {orjson.loads(r.value)[1] for r in await county.lying_on(county.topics.bus("surge-sightings"))}
    last = county.workers[-1]
    last.send_signal(signal.SIGTERM)
    code = await asyncio.to_thread(last.wait, 20)
    assert code == 0, county.said(len(county.workers) - 1)[-3000:]
    assert {record.key.decode() for record in directives} == wanted == counted
    by_id = defaultdict(set)
    for record in directives:
        by_id[orjson.loads(record.value)["id"]].add(record.value)
    assert len(by_id) == REPORTS
    assert {len(bodies) for bodies in by_id.values()} == {1}
    assert len({surge["id"] for surge in surges}) == 1
    assert {orjson.dumps(surge) for surge in surges if surge["status"] == "begun"} == {orjson.dumps(surges[0])}
    assert surges[0]["count"] == UNKNOWN_FLOOR
    assert Counter(surge["status"] for surge in surges)["ended"] == 0
    assert told_in < TOLD_WITHIN
    print(f"told {told_in:.1f} s after the twentieth was published, with a start of the worker in between")
    for number in range(len(county.workers)):
        assert "Traceback" not in county.said(number), county.said(number)[-3000:]


@pytest.mark.timeout(120)
async def test_what_was_there_before_a_table_is_restored_is_read_though_nothing_was_committed(county: County) -> None:
    """Faust alone empties its queues behind the restoring, with all that was taken meanwhile (ADR 0177)."""
    now = utc_now()
    incidents = [incident(f"A{n}", now) for n in range(40)]
    await county.put(incidents)
    state, key = Watched(), Group("320813001", "noise/road", False).key()
    observe(Group.of(key), state, Sighting(int(now.timestamp() * 1000), "inc-earlier"))
    async with AIOKafkaProducer(bootstrap_servers=county.bootstrap) as producer:
        topic, where = county.topics.bus("surge-state"), partition_of(key, 2)
        for _ in range(3):
            await producer.send_and_wait(topic, state.to_bytes(), key=key, partition=where)
    county.start()
    found = await county.until("surge-sightings", lambda found: len(found) >= len(incidents), 40)
    assert await county.behind() == {"incidents": 0, "surge-sightings": 0}
    assert {orjson.loads(record.value)[1] for record in found} == {each.id for each in incidents}


@pytest.mark.timeout(120)
async def test_a_record_that_is_no_incident_is_a_dead_letter_and_the_next_is_counted(county: County) -> None:
    county.start()
    topic = county.topics.bus("incidents")
    async with AIOKafkaProducer(bootstrap_servers=county.bootstrap) as producer:
        await producer.send_and_wait(topic, b"{broken", b"inc-x", partition=0)
    await county.put([incident("A1", utc_now())])
    (letter,) = await county.until(f"{topic}.dlq", lambda found: len(found) == 1)
    assert dict(letter.headers)["dlq_stage"] == b"surge"
    assert (letter.key, letter.value, letter.partition) == (b"inc-x", b"{broken", 0)
    await county.until("surge-sightings", lambda found: len(found) == 1)
    async with admin(Connection(county.bootstrap)) as client:
        there = {each["topic"] for each in await client.describe_topics()}
    declared = {spec.name for spec in county.topics.specs((), ())}
    assert {name for name in there if county.topics.prefix in name} <= declared


def test_without_its_topics_it_ends_with_2_and_names_them(
    broker: EmbeddedBroker, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    county = County(broker, f"{fresh_name('bare')}.", tmp_path)
    try:
        assert county.start().wait(60) == 2
        assert "topics are missing" in county.said(0)
        assert county.topics.bus("surge-state") in county.said(0)
    finally:
        county.stop()


def test_an_observer_is_granted_its_group_its_topics_and_no_transactions() -> None:
    topics = Topics("hz.")
    grants = {*acl.topic_grants(topics.specs((), ()), "hz."), *acl.observer_grants("hz.")}
    ours = {(grant.operation, grant.kind, grant.name) for grant in grants if grant.principal == "User:bus.surge"}
    assert ("Read", "group", "hz.surge") in ours
    assert {name for what, kind, name in ours if (what, kind) == ("Write", "topic")} == {
        "hz.bus.directives.v1", "hz.bus.surges.v1", "hz.bus.surge-sightings.v1", "hz.bus.surge-sightings.v1.dlq",
        "hz.bus.surge-state.v1", "hz.bus.incidents.v1.dlq",
    }  # fmt: skip
    assert not [name for _, kind, name in ours if kind == "transactional-id"]
