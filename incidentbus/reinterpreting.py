"""Has raw reports understood anew: each put on `bus.rekeyed-reports` as it came, marked with the directive that asks.

Raw reports are kept a year on their channels' topics; what they became then is decided anew by dispatch, once for each
directive. The directive itself is put on the topic of commands too, to be recorded with who and why (DESIGN D8).
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from aiokafka import ConsumerRecord

from connectors.kafka.clients import Connection
from connectors.kafka.publisher import Outgoing
from contracts.envelope import RECEIVED, open_envelope
from contracts.errors import Permanent
from contracts.ids import incident_id
from contracts.partition import partition_of_id
from contracts.ports import Codec
from contracts.topics import Topics
from incidentbus.readmodel.reading import Position, Progress, existing, read_all, silent
from streams.processors.intake import ORIGIN, REINTERPRET

_OURS: Final = frozenset({ORIGIN, RECEIVED, REINTERPRET})
MOST: Final = 10_000


class NotReinterpreted(Exception):
    """What was asked for can't be: the message is the sentence for who asked."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A raw report that was found, and the incident that it is about."""

    record: ConsumerRecord
    channel: str
    incident: str

    @property
    def position(self) -> Position:
        """Return where it lies."""
        return Position(self.record.topic, self.record.partition, self.record.offset)


@dataclass(frozen=True, slots=True)
class Reinterpreting:
    """Finds raw reports of one deployment. `codecs` by channel read whose matter each is."""

    connection: Connection
    topics: Topics
    codecs: Mapping[str, Codec]

    async def at(self, positions: Iterable[Position], progress: Progress = silent) -> list[Raw]:
        """Return the raw reports at these places. Raises `NotReinterpreted` where one isn't there or isn't one."""
        wanted = set(positions)
        by_partition: dict[tuple[str, int], set[int]] = {}
        for each in wanted:
            self._channel_of(each.topic)
            by_partition.setdefault((each.topic, each.partition), set()).add(each.offset)
        found = [
            self._raw(record)
            async for record in read_all(self.connection, by_partition, progress=progress)
            if record.offset in by_partition[(record.topic, record.partition)]
        ]
        missing = wanted - {each.position for each in found}
        if missing:
            raise NotReinterpreted(f"{min(missing)}: 没有这条 / no record there (kept a year)")
        return found

    async def between(
        self, channel: str, since_ms: int, until_ms: int, progress: Progress = silent
    ) -> AsyncIterator[Raw]:
        """Yield a channel's raw reports that came from `since_ms` on and before `until_ms`; unreadable ones are not."""
        topic = self.topics.channel_reports(channel)
        found = await existing(self.connection, topic.__eq__)
        every = [(name, number) for name, numbers in found.items() for number in numbers]
        async with aclosing(read_all(self.connection, every, since_ms=since_ms, progress=progress)) as records:
            async for record in records:
                if since_ms <= record.timestamp < until_ms:
                    try:
                        yield self._raw(record)
                    except NotReinterpreted:
                        continue

    def _channel_of(self, topic: str) -> str:
        for channel in self.codecs:
            if topic == self.topics.channel_reports(channel):
                return channel
        raise NotReinterpreted(f"{topic}: 不是渠道来件主题 / not a channel's topic of reports")

    def _raw(self, record: ConsumerRecord) -> Raw:
        channel = self._channel_of(record.topic)
        try:
            envelope = open_envelope(record.headers, record.value)
            report = self.codecs[channel].decode(envelope.data or b"", envelope.attributes)
        except Permanent as error:
            at = Position(record.topic, record.partition, record.offset)
            raise NotReinterpreted(f"{at}: 仍读不出 / still can't be read: {error.reason.value}") from error
        return Raw(record, channel, incident_id(channel, report.external_id))


def rekeyed(raw: Raw, topics: Topics, directive: str) -> Outgoing:
    """Return a raw report as intake takes it again: same bytes and headers, where it came from, and who asks."""
    record = raw.record
    headers = [
        *((name, value) for name, value in record.headers if name not in _OURS),
        (ORIGIN, str(raw.position).encode()),
        (RECEIVED, str(record.timestamp).encode()),
        (REINTERPRET, directive.encode()),
    ]
    partition = partition_of_id(raw.incident, topics.spine)
    return Outgoing(topics.bus("rekeyed-reports"), raw.incident.encode(), record.value, headers, partition)


def last_of_each(found: Sequence[Raw]) -> list[Raw]:
    """Return the last telling of each matter: one directive has each understood anew once."""
    last = {each.incident: each for each in sorted(found, key=lambda each: (each.record.timestamp, each.position))}
    return list(last.values())
