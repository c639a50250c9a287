"""A bus in memory, for the tests that an AGENCY writes of its own work. It is not Kafka and proves nothing about Kafka.

It does on request what a real bus does seldom: deliver twice, deliver again out of order, lose a commit, refuse
feedback. By default the client that it gives remembers nothing, so that every repeat reaches the agency's own code and
its own way of knowing repeats is what the test is about. Iteration ends when nothing more is there.
"""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field

from connectors.agencies.client.agencyclient import AgencyClient
from connectors.agencies.client.blocking import BlockingClient, blocking
from connectors.agencies.client.horizon import Horizon, InMemory
from connectors.agencies.client.letters import Store
from connectors.agencies.client.reading import ASSIGNMENT_TYPE
from connectors.agencies.client.taking import Counts, Drained
from connectors.kafka.publisher import Outgoing
from contracts.assignment import Assignment
from contracts.codes import ReasonCode
from contracts.envelope import binary_headers
from contracts.errors import Temporary
from contracts.feedback import Feedback
from contracts.notice import ASSIGNMENT_NOTICE, AssignmentNotice
from contracts.ports import Headers, InboundRecord
from contracts.serde import read, write
from contracts.topics import Topics


@dataclass(frozen=True, slots=True)
class SimulatedRecord:
    """A record as a consumer hands it over."""

    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int = 0


@dataclass(slots=True)
class SimulatedBus:
    """One agency's topics, in memory. `told` is every feedback as it was sent, repeats among them."""

    agency: str
    told: list[Feedback] = field(default_factory=list)
    _log: list[SimulatedRecord] = field(default_factory=list)
    _again: deque[SimulatedRecord] = field(default_factory=deque)
    _position: int = 0
    _committed: int = 0
    _commits_to_lose: int = 0
    _feedback_to_refuse: int = 0

    @property
    def facts(self) -> list[Feedback]:
        """What the bus makes of `told`: each id once."""
        return list({each.id: each for each in reversed(self.told)}.values())[::-1]

    @property
    def committed(self) -> int:
        """How many records, from the first, need not come again."""
        return self._committed

    def assign(self, *assignments: Assignment) -> None:
        """Put assignments on the agency's topic, in this order. One that is there already is there twice."""
        for each in assignments:
            headers = binary_headers(
                id_=each.id, source="incidentbus/dispatch", type_=ASSIGNMENT_TYPE, time=each.decided_at,
                subject=each.incident,
            )  # fmt: skip
            self.put(write(each), headers, each.incident.encode(), int(each.decided_at.timestamp() * 1000))

    def notify(self, *notices: AssignmentNotice) -> None:
        """Put notices on the agency's topic, in this order, behind what is there."""
        for each in notices:
            headers = binary_headers(
                id_=each.id, source="incidentbus/dispatch", type_=ASSIGNMENT_NOTICE, time=each.at,
                subject=each.incident,
            )  # fmt: skip
            self.put(write(each), headers, each.incident.encode(), int(each.at.timestamp() * 1000))

    def put(self, value: bytes | None, headers: Headers = (), key: bytes | None = None, timestamp_ms: int = 0) -> None:
        """Put a record as it stands, readable or not, on the agency's topic."""
        topic = Topics().agency_assignments(self.agency)
        self._log.append(SimulatedRecord(topic, len(self._log), timestamp_ms, key, value, headers))

    def redeliver(self, *offsets: int) -> None:
        """Deliver these records (by their place, from 0) once more, in this order, before anything new."""
        self._again.extend(self._log[offset] for offset in offsets)

    def lose_commits(self, count: int) -> None:
        """Lose the next commits, as a rebalance does: those records come again to whoever connects next."""
        self._commits_to_lose = count

    def refuse_feedback(self, count: int) -> None:
        """Refuse the next feedback for the moment (`Temporary`), as an outage does."""
        self._feedback_to_refuse = count

    @asynccontextmanager
    async def connect(self, store: Store | None = None, horizon: Horizon | None = None) -> AsyncIterator[AgencyClient]:
        """Connect, as after a start: what is not committed comes again. With neither argument nothing is remembered."""
        self._position = self._committed
        kept = store or InMemory(horizon or Horizon(count=0))
        counts = Counts()
        source = _SimulatedSource(self, counts)
        yield AgencyClient(self.agency, Topics(), source, self._take_feedback, kept, counts)

    def connect_blocking(
        self, store: Store | None = None, horizon: Horizon | None = None
    ) -> AbstractContextManager[BlockingClient]:
        """Connect for a program that doesn't await."""
        return blocking(self.connect)(store, horizon)

    async def _take_feedback(self, record: Outgoing) -> None:
        if self._feedback_to_refuse:
            self._feedback_to_refuse -= 1
            raise Temporary(ReasonCode.BROKER_UNAVAILABLE, record.topic, delay=0.0)
        self.told.append(read(Feedback, record.value or b""))


class _SimulatedSource:
    """The bus as a source of records."""

    def __init__(self, bus: SimulatedBus, counts: Counts) -> None:
        self._bus = bus
        self._counts = counts

    async def record(self) -> InboundRecord:
        bus = self._bus
        if bus._again:
            return bus._again.popleft()
        if bus._position == len(bus._log):
            raise Drained
        bus._position += 1
        return bus._log[bus._position - 1]

    async def commit(self, record: InboundRecord) -> None:
        if self._bus._commits_to_lose:
            self._bus._commits_to_lose -= 1
            self._counts.commits_lost += 1
        else:
            self._bus._committed = max(self._bus._committed, record.offset + 1)

    def passed(self, record: InboundRecord) -> None:
        self._bus._committed = max(self._bus._committed, record.offset + 1)

    async def rewind(self) -> None:
        self._bus._position = self._bus._committed
