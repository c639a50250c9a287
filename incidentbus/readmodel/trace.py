"""One report's way across the topics: told, understood, decided, given out, or left among the dead letters.

Everything of one case lies on one partition of the spine, so that partition is read and no other; a channel's own topic
is read whole, for a publisher chooses its partitions as it likes. What is kept of a record are codes, times and places:
no word of the report.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from aiokafka import ConsumerRecord

from connectors.kafka.clients import Connection
from contracts.envelope import open_envelope
from contracts.errors import Permanent
from contracts.ids import incident_id
from contracts.incident import Incident
from contracts.partition import partition_of_id
from contracts.ports import Codec
from contracts.serde import read
from contracts.topics import DLQ_SUFFIX, Topics
from incidentbus.readmodel.reading import existing, read_all
from incidentbus.readmodel.steps import ORDER, Step, step_of

SPINE: Final = ("rekeyed-reports", "incidents", "feedback", "directives", "decisions", "lifecycle")
_SLACK_MS: Final = 60_000  # between two producers' clocks

Progress = Callable[[str], Callable[[int, int], None]]
"""Returns what is called as (offsets passed, of how many) while the named topics are read."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A report's whole way, in the order of time. `incident` is absent where it never became one."""

    id: str
    steps: tuple[Step, ...]
    incident: Incident | None = None


@dataclass(frozen=True, slots=True)
class Follower:
    """Follows reports in one deployment. `codecs` finds a report that came with neither key nor id in its headers."""

    connection: Connection
    topics: Topics
    codecs: Mapping[str, Codec] = field(default_factory=dict)

    async def follow(
        self, id_: str, progress: Progress, *, channel: str | None = None, since_ms: int | None = None
    ) -> Trail:
        """Return the way of incident `id_`; `channel` saves the search through all channels where it never became one.

        `since_ms` leaves out older records of the channel. Raises aiokafka's `KafkaConnectionError` if nobody
        answers.
        """
        spine = [record async for record in self._spine(id_, progress("bus.*"))]
        incident = _last_incident(spine)
        known = incident.report.channel if incident else channel
        told = [record async for record in self._channels(id_, known, since_ms, progress("channel.*"))]
        steps = [step_of(record) for record in (*told, *spine)]
        given = [record async for record in self._agencies(id_, steps, progress("agency.*"))]
        steps += [step_of(record) for record in given]
        return Trail(id_, tuple(sorted(steps, key=lambda step: (step.at, ORDER[step.kind], step.position))), incident)

    async def _spine(self, id_: str, progress: Callable[[int, int], None]) -> AsyncIterator[ConsumerRecord]:
        partition = partition_of_id(id_, self.topics.spine)
        names = [self.topics.bus(noun) for noun in SPINE]
        every = [(name, partition) for topic in names for name in (topic, topic + DLQ_SUFFIX)]
        async for record in read_all(self.connection, every, progress=progress):
            if record.key == id_.encode():
                yield record

    async def _channels(
        self, id_: str, channel: str | None, since: int | None, progress: Callable[[int, int], None]
    ) -> AsyncIterator[ConsumerRecord]:
        kinds = (".reports.v1", ".reports.v1" + DLQ_SUFFIX, ".outcomes.v1")
        stem = f"{self.topics.prefix}channel."
        wanted = f"{stem}{channel}." if channel else stem

        def is_wanted(name: str) -> bool:
            return name.startswith(wanted) and name.endswith(kinds)

        found = await existing(self.connection, is_wanted)
        every = [(name, number) for name, numbers in found.items() for number in numbers]
        async for record in read_all(self.connection, every, since_ms=since, progress=progress):
            if record.key == id_.encode() or self._tells(record, record.topic.removeprefix(stem).split(".")[0], id_):
                yield record

    def _tells(self, record: ConsumerRecord, channel: str, id_: str) -> bool:
        named = [raw for name, raw in record.headers if name == "ce_id" and raw is not None]
        candidates = [raw for raw in (record.key, *named) if raw]
        if candidates:
            return any(incident_id(channel, raw.decode("utf-8", "replace")) == id_ for raw in candidates)
        if channel not in self.codecs:
            return False
        with suppress(Permanent):
            envelope = open_envelope(record.headers, record.value)
            report = self.codecs[channel].decode(envelope.data or b"", envelope.attributes)
            return incident_id(report.channel, report.external_id) == id_
        return False

    async def _agencies(
        self, id_: str, steps: Iterable[Step], progress: Callable[[int, int], None]
    ) -> AsyncIterator[ConsumerRecord]:
        decisions = [step for step in steps if step.decision is not None]
        agencies = {role.agency for step in decisions if step.decision for role in step.decision.roles}
        if not decisions:
            return
        told = {self.topics.agency_feedback(agency) for agency in agencies}
        wanted = {*map(self.topics.agency_assignments, agencies), *told, *(name + DLQ_SUFFIX for name in told)}
        found = await existing(self.connection, wanted.__contains__)
        every = [(name, number) for name, numbers in found.items() for number in numbers]
        since = min(step.at for step in decisions) - _SLACK_MS
        async for record in read_all(self.connection, every, since_ms=since, progress=progress):
            if record.key == id_.encode():
                yield record


def _last_incident(records: Iterable[ConsumerRecord]) -> Incident | None:
    last: Incident | None = None
    for record in records:
        if record.topic.endswith("bus.incidents.v1") and record.value:
            with suppress(Permanent):
                last = read(Incident, record.value)
    return last
