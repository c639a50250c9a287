"""Dispatch and feedback as they run: on a real broker, over a restart in the middle of a hold, with the witness."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from connectors.kafka.clients import Connection
from contracts.codes import DirectiveKind
from contracts.directive import Directive
from contracts.feedback import Feedback
from contracts.incident import incident_bytes
from contracts.moments import instant_of
from contracts.partition import partition_of_id
from contracts.serde import write
from contracts.topics import Topics
from incidentbus.witness import Ledger, TopicReader, judge
from incidentbus.witness.reading import Seen
from streams.counts import TurnCounts
from streams.gate import Cluster, GateRunner, Limits, Stage
from streams.processors.dispatch import holding
from streams.rulesets import HeldRuleset
from streams.stages import dispatch_stage, feedback_stage
from tests.streams.processors.counter import Counter, case_of

D = DirectiveKind
AGENCIES = ("command-centre", "police", "urban-management", "gov-gaoliangjian")
CASES = 30


class WallClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class Bus:
    """A county's topics on the broker, and what runs over them."""

    def __init__(self, bootstrap: str, prefix: str, rulesets: HeldRuleset) -> None:
        self.topics = Topics(prefix=prefix, spine=2, agency=1, feedback=1)
        self.bootstrap = bootstrap
        self.rulesets = rulesets
        self.ledger = Ledger()
        self.died: list[str] = []

    @asynccontextmanager
    async def running(self, stage: Stage) -> AsyncIterator[GateRunner]:
        runner = GateRunner(
            stage, Cluster(self.bootstrap, f"test-{stage.name}"), clock=WallClock(), exit_process=self.died.append,
            prefix=self.topics.prefix,
        )  # fmt: skip
        await runner.start()
        try:
            yield runner
        finally:
            await runner.stop()

    def dispatch(self) -> Stage:
        return dispatch_stage(self.topics, self.rulesets, lambda task: TurnCounts(), Limits())

    async def put(self, topic: str, key: str, value: bytes, partition: int) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all") as producer:
            await producer.send_and_wait(topic, value, key.encode(), partition=partition)

    async def incidents(self, first: int, count: int) -> None:
        counter = Counter(self.rulesets)
        for number in range(first, first + count):
            incident = counter.incident(f"A{number}")
            partition = partition_of_id(incident.id, self.topics.spine)
            await self.put(self.topics.bus("incidents"), incident.id, incident_bytes(incident), partition)
            self.ledger.note("hotline-12345", f"A{number}", ("reports", 0, number))

    async def everywhere(self, kind: DirectiveKind, agency: str) -> None:
        for partition in range(self.topics.spine):
            await self.command(kind, None, partition, agency=agency)

    async def command(self, kind: DirectiveKind, case: str | None, partition: int = 0, **more: Any) -> None:
        incident = None if case is None else case_of(case)
        made = Directive(
            id=f"dir-{kind}-{case}", kind=kind, issued_at=instant_of(WallClock().now_ms()),
            issued_by="command-centre", incident=incident, **more,
        )  # fmt: skip
        there = partition if incident is None else partition_of_id(incident, self.topics.spine)
        await self.put(self.topics.bus("directives"), made.id, write(made), there)

    async def read(self, noun: str, until: Callable[[list[Seen]], bool]) -> list[Seen]:
        """Follow topics until what was seen satisfies `until`, and a moment longer: nothing more may come."""
        reader = TopicReader(self.topics.prefix.replace(".", r"\.") + noun, Connection(self.bootstrap).options())
        await reader.start()
        try:
            async with asyncio.timeout(40):
                while not until(reader.seen):
                    assert not self.died
                    await reader.catch_up()
            await reader.catch_up(500)
            return reader.seen
        finally:
            await reader.stop()


@pytest.fixture
async def bus(broker: Any, make_topics: Any, fresh_name: Any, held: HeldRuleset) -> Bus:
    made = Bus(broker.bootstrap, f"{fresh_name('county')}.", held)
    topics = made.topics
    spine = [topics.bus(noun) for noun in ("incidents", "directives", "decisions", "feedback")]
    await make_topics(*spine, *(f"{topic}.dlq" for topic in spine), partitions=2)
    await make_topics(topics.bus("dispatch-state"), partitions=2, configs={"cleanup.policy": "compact"})
    for agency in AGENCIES:
        told = topics.agency_feedback(agency)
        await make_topics(topics.agency_assignments(agency), told, f"{told}.dlq")
    return made


def of_type(seen: list[Seen], noun: str) -> list[Seen]:
    return [each for each in seen if each.headers["ce_type"] == f"incidentbus.{noun}.v1".encode()]


async def test_what_waited_under_a_hold_goes_out_in_parts_over_a_restart_each_once(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "MOST_RELEASED", 4)
    police = r"agency\.police\.assignments\.v1"
    async with bus.running(bus.dispatch()):
        await bus.everywhere(D.HOLD, "police")
        await bus.read(r"bus\.decisions\.v1", lambda seen: len(of_type(seen, "directive-taken")) == 2)
        await bus.incidents(0, CASES)
        await bus.command(D.WITHDRAW, "A0")
        await bus.command(D.AMEND, "A1", correction={"tags": ("surge",)})
        await bus.command(D.REMIND, "A2")
        before = await bus.read(r"bus\.decisions\.v1", lambda seen: len(of_type(seen, "directive-taken")) == 5)
        assert len(of_type(before, "decision")) == CASES + 1
        assert await bus.read(police, lambda seen: True) == []
    async with bus.running(bus.dispatch()):
        await bus.everywhere(D.RELEASE, "police")
        await bus.read(police, lambda seen: len(seen) == CASES - 1)
        assignments = await bus.read(r"agency\..+\.assignments\.v1", lambda seen: len(seen) >= 3 * CASES + 3)
    decisions = await bus.read(
        r"bus\.decisions\.v1", lambda seen: len(of_type(seen, "assignment-released")) == CASES - 1
    )
    verdict = judge(bus.ledger, assignments, decisions, [])
    assert verdict.clean, verdict
    assert verdict.notices == 3  # A0's helper and its town, and A1's helper of an earlier deadline
    assert bus.died == []


async def test_a_fact_reaches_the_partition_of_its_case_and_a_strangers_the_dead_letters(bus: Bus) -> None:
    topics = bus.topics
    stage = feedback_stage(topics, AGENCIES, lambda task: TurnCounts(), Limits())
    async with bus.running(stage):
        for number, speaker in enumerate(("police", "urban-management")):
            told = Feedback(
                id=f"f-{number}", incident=case_of(f"A{number}"), fact="acknowledged",
                at=instant_of(WallClock().now_ms()), agency="police",
            )  # fmt: skip
            await bus.put(topics.agency_feedback(speaker), told.incident, write(told), 0)
        (fact,) = await bus.read(r"bus\.feedback\.v1", lambda seen: len(seen) == 1)
        (letter,) = await bus.read(r"agency\..+\.dlq", lambda seen: len(seen) == 1)
    assert fact.partition == partition_of_id(case_of("A0"), topics.spine)
    assert letter.headers["dlq_reason"] == b"not_the_owner"
    assert letter.topic == topics.dead_letters(topics.agency_feedback("urban-management"))
