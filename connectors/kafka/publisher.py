"""The publisher's side: what a channel, the demo or an operator puts on a topic, acknowledged by every replica.

What would be over the topic's limit is refused here with its size and the limit, before a byte is sent. A native
payload is not looked into: that is intake's work, after Kafka has it (raw first).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from connectors.kafka.clients import Connection, producer
from connectors.kafka.recordsize import record_batch_size
from contracts.codes import ReasonCode
from contracts.envelope import binary_headers
from contracts.errors import Permanent, Temporary
from contracts.ids import report_event_id
from contracts.ports import Headers
from contracts.topics import MAX_MESSAGE_BYTES, Topics

IN_FLIGHT: Final = 2_000
REPORT_TYPE: Final = "incidentbus.report.v1"

Progress = Callable[[int, int], None]
"""Called as (done, of how many), now and then and at the end."""


class Outgoing(NamedTuple):
    """One record to publish. Without a partition the client's own choice holds (murmur2 of the key)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
    timestamp_ms: int | None = None


class Placed(NamedTuple):
    """Where an acknowledged record lies."""

    topic: str
    partition: int
    offset: int


@dataclass(slots=True)
class Published:
    """What became of many: how many were acknowledged, and which were refused with what."""

    accepted: int = 0
    refused: list[tuple[Outgoing, Permanent]] = field(default_factory=list)


def report(
    topics: Topics,
    channel: str,
    external_id: str | None,
    payload: bytes,
    time: datetime,
    *,
    content_type: str = "application/json",
    partition: int | None = None,
    traceparent: str | None = None,
) -> Outgoing:
    """Return a channel's native payload as the CloudEvent that goes on its topic, keyed by its external id.

    The event's own id comes from the payload: published again it is the same event, corrected it is another. Without an
    external id (a payload beyond reading) there is no key. `time` is when the channel says that it happened; the
    broker's own stamp is what the bus decides on.
    """
    headers = binary_headers(
        id_=report_event_id(channel, payload),
        subject=external_id,
        source=f"/channels/{channel}",
        type_=REPORT_TYPE,
        time=time,
        traceparent=traceparent,
    )
    typed = [(name, content_type.encode() if name == "content-type" else raw) for name, raw in headers]
    key = None if external_id is None else external_id.encode()
    return Outgoing(topics.channel_reports(channel), key, payload, typed, partition)


class Publisher:
    """Publishes to topics whose limits it knows; made by `open_publisher`."""

    def __init__(self, client: AIOKafkaProducer, limits: Mapping[str, int]) -> None:
        self._client = client
        self._limits = limits

    def check(self, record: Outgoing) -> None:
        """Raise `Permanent(too_large)` if the topic would not take the record for its size."""
        size = record_batch_size(record.key, record.value, record.headers)
        limit = self._limits.get(record.topic, MAX_MESSAGE_BYTES)
        if size > limit:
            raise Permanent(ReasonCode.TOO_LARGE, f"{size} bytes, and {record.topic} takes {limit}")

    async def publish(self, record: Outgoing) -> Placed:
        """Publish one record and wait until every replica has it.

        Raises `Permanent(too_large)`, or `Temporary(broker_unavailable)` when it isn't known to have arrived; sending
        it again is safe, for its id is the same.
        """
        return await self._acknowledged(record, await self._send(record))

    async def publish_many(self, records: Iterable[Outgoing], progress: Progress | None = None) -> Published:
        """Publish in the order given, many at a time, and wait for all; what is refused is told, not raised."""
        todo = list(records)
        told, waiting = Published(), deque[tuple[Outgoing, asyncio.Future[Placed]]]()
        for record in todo:
            try:
                waiting.append((record, await self._send(record)))
            except Permanent as refusal:
                told.refused.append((record, refusal))
            if len(waiting) >= IN_FLIGHT:
                await self._settle(waiting, told, IN_FLIGHT // 2)
                if progress:
                    progress(told.accepted + len(told.refused), len(todo))
        await self._settle(waiting, told, len(waiting))
        if progress:
            progress(told.accepted + len(told.refused), len(todo))
        return told

    async def _settle(
        self, waiting: "deque[tuple[Outgoing, asyncio.Future[Placed]]]", told: Published, count: int
    ) -> None:
        for _ in range(count):
            record, future = waiting.popleft()
            try:
                await self._acknowledged(record, future)
            except Permanent as refusal:
                told.refused.append((record, refusal))
            else:
                told.accepted += 1

    async def _send(self, record: Outgoing) -> "asyncio.Future[Placed]":
        self.check(record)
        try:
            sent: asyncio.Future[Placed] = await self._client.send(
                record.topic,
                value=record.value,
                key=record.key,
                partition=record.partition,
                timestamp_ms=record.timestamp_ms,
                headers=list(record.headers),
            )
        except (KafkaError, OSError) as error:
            raise Temporary(ReasonCode.BROKER_UNAVAILABLE, f"{record.topic}: {type(error).__name__}") from error
        return sent

    async def _acknowledged(self, record: Outgoing, future: "asyncio.Future[Placed]") -> Placed:
        try:
            placed = await future
        except MessageSizeTooLargeError as error:
            raise Permanent(ReasonCode.TOO_LARGE, f"the broker's limit for {record.topic}") from error
        except (KafkaError, OSError) as error:
            raise Temporary(ReasonCode.BROKER_UNAVAILABLE, f"{record.topic}: {type(error).__name__}") from error
        return Placed(placed.topic, placed.partition, placed.offset)


@asynccontextmanager
async def open_publisher(connection: Connection, limits: Mapping[str, int] | None = None) -> AsyncIterator[Publisher]:
    """Open a publisher. `limits`: bytes per topic (`max_message_bytes` of the registry); absent, the default."""
    async with producer(connection) as client:
        yield Publisher(client, limits or {})
