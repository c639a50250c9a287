"""An agency on the real broker: its two topics, a dispatch that writes to them in transactions, and its store."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.agencies.client import AgencyClient
from connectors.kafka.clients import Connection, producer
from contracts.assignment import Assignment
from contracts.codes import DirectiveKind
from contracts.envelope import binary_headers
from contracts.ids import assignment_id, incident_id, notice_id
from contracts.notice import ASSIGNMENT_NOTICE, AssignmentNotice
from contracts.serde import read, write
from contracts.topics import Topics

GOLDEN = Path(__file__).resolve().parents[3] / "contracts" / "examples" / "assignments" / "lead.json"
AT = datetime(2026, 5, 12, 2, 30, tzinfo=UTC)
LEAD = read(Assignment, GOLDEN.read_bytes())


def assignment(agency: str, number: int) -> Assignment:
    incident = incident_id("hotline-12345", f"HA{number}")
    id_ = assignment_id(incident, agency, 1, "lead")
    return replace(LEAD, id=id_, incident=incident, agency=agency, lead=agency, external_id=f"HA{number}")


def record_of(each: Assignment) -> dict[str, Any]:
    """Return the record as dispatch writes it."""
    headers = binary_headers(
        id_=each.id, source="incidentbus/dispatch", type_="incidentbus.assignment.v1", time=each.decided_at,
        subject=each.incident,
    )  # fmt: skip
    return {"value": write(each), "key": each.incident.encode(), "headers": headers}


def notice_of(each: Assignment, number: int = 1) -> AssignmentNotice:
    """Return a reminder of an assignment."""
    return AssignmentNotice(
        id=notice_id(f"dir-{number}", each.agency), incident=each.incident, notice=DirectiveKind.REMIND,
        agency=each.agency, assignment=each.id, role=each.role, round=each.round, at=AT, by="supervise",
    )  # fmt: skip


def record_of_notice(each: AssignmentNotice) -> dict[str, Any]:
    """Return the record as dispatch writes it."""
    headers = binary_headers(
        id_=each.id, source="incidentbus/dispatch", type_=ASSIGNMENT_NOTICE, time=each.at, subject=each.incident
    )
    return {"value": write(each), "key": each.incident.encode(), "headers": headers}


@dataclass
class Agency:
    """One agency of this test's own."""

    code: str
    bootstrap: str
    transactional_id: str

    @property
    def topic(self) -> str:
        return Topics().agency_assignments(self.code)

    @property
    def feedback_topic(self) -> str:
        return Topics().agency_feedback(self.code)

    @property
    def group(self) -> str:
        return f"agency.{self.code}"

    def some(self, count: int, first: int = 1) -> list[Assignment]:
        return [assignment(self.code, first + n) for n in range(count)]

    def connect(self, **options: Any) -> AbstractAsyncContextManager[AgencyClient]:
        return AgencyClient.connect(agency=self.code, bootstrap=self.bootstrap, **options)

    async def dispatch(self, *assignments: Assignment, abort: bool = False) -> None:
        """Write assignments in one transaction, as dispatch does."""
        connection = Connection(self.bootstrap)
        async with producer(connection, transactional_id=self.transactional_id) as client:
            await client.begin_transaction()
            for each in assignments:
                await client.send_and_wait(self.topic, **record_of(each))
            await (client.abort_transaction() if abort else client.commit_transaction())

    async def remind(self, *assignments: Assignment) -> list[AssignmentNotice]:
        """Write a reminder of each."""
        notices = [notice_of(each) for each in assignments]
        await self.put(*map(record_of_notice, notices))
        return notices

    async def put(self, *records: dict[str, Any], partition: int | None = None) -> None:
        """Write records as a plain producer does."""
        async with producer(Connection(self.bootstrap)) as client:
            for each in records:
                await client.send_and_wait(self.topic, partition=partition, **each)

    async def committed(self) -> int | None:
        """Return the group's committed offset on partition 0."""
        client = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=self.group, enable_auto_commit=False)
        await client.start()
        try:
            return await client.committed(TopicPartition(self.topic, 0))
        finally:
            await client.stop()


@pytest.fixture
async def agency(broker, make_topics, fresh_name) -> Agency:
    code = fresh_name("urban")
    await make_topics(Topics().agency_assignments(code), Topics().agency_feedback(code))
    return Agency(code, broker.bootstrap, fresh_name("dispatch"))


Take = Callable[[AgencyClient, int], Awaitable[list[str]]]


@pytest.fixture
def take() -> Take:
    """`await take(client, n)`: handle `n` assignments, and return their ids."""

    async def taken(client: AgencyClient, count: int) -> list[str]:
        ids: list[str] = []
        async with asyncio.timeout(30):
            async for each in client.assignments():
                ids.append(each.id)
                if len(ids) == count:
                    await client.done(each)
                    return ids
        raise AssertionError

    return taken


@pytest.fixture
def nothing_comes() -> Callable[[AgencyClient], Awaitable[bool]]:
    """`await nothing_comes(client)`: whether no assignment comes within a second and a half."""

    async def waited(client: AgencyClient) -> bool:
        try:
            await asyncio.wait_for(anext(client.assignments()), 1.5)
        except TimeoutError:
            return True
        return False

    return waited


@pytest.fixture
def make_record() -> Callable[[str], tuple[Assignment, dict[str, Any]]]:
    """`make_record(agency)`: an assignment and its record as dispatch writes it."""
    return lambda agency: (assignment(agency, 1), record_of(assignment(agency, 1)))
