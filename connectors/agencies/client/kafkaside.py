"""The agency's end of Kafka: a consumer of its one topic, committed records only, that commits when it is told to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from connectors.agencies.client.taking import Counts
from connectors.kafka.clients import Connection, consumer
from contracts.ports import InboundRecord

_LONGEST_HANDLING_MS: Final = 15 * 60 * 1_000
"""A handler that takes longer is thought dead, and its partition given to another member of the group."""


class NoSuchTopic(LookupError):
    """The agency's topic is not there, or this user may not see it."""


class KafkaSource:
    """Records of one topic as a group takes them."""

    def __init__(self, client: AIOKafkaConsumer, counts: Counts) -> None:
        self._client = client
        self._counts = counts
        self._passed: dict[TopicPartition, int] = {}

    async def record(self) -> InboundRecord:
        """Return the next record, waiting for it; what was passed over is committed before a wait begins."""
        if self._passed:
            at_hand = await self._client.getmany(timeout_ms=0, max_records=1)
            for records in at_hand.values():
                found: InboundRecord = records[0]
                return found
            await self._commit({})
        taken: InboundRecord = await self._client.getone()
        return taken

    def passed(self, record: InboundRecord) -> None:
        """Let the next commit note this record too."""
        self._passed[TopicPartition(record.topic, record.partition)] = record.offset + 1

    async def commit(self, record: InboundRecord) -> None:
        """Commit this record and what was passed over. During an outage of the brokers it waits."""
        await self._commit({TopicPartition(record.topic, record.partition): record.offset + 1})

    async def _commit(self, latest: dict[TopicPartition, int]) -> None:
        mine: set[TopicPartition] = self._client.assignment()
        wanted = {**self._passed, **latest}
        kept = {tp: offset for tp, offset in wanted.items() if tp in mine}
        self._passed.clear()
        try:
            if kept:
                await self._client.commit(kept)
            lost = len(kept) < len(wanted)
        except (CommitFailedError, IllegalStateError):
            lost = True
        if lost:  # a rebalance came between: what comes again, here or elsewhere, is known by its id
            self._counts.commits_lost += 1

    async def rewind(self) -> None:
        """Go back to what is committed, or to the beginning where nothing is."""
        self._passed.clear()
        for tp in self._client.assignment():
            committed = await self._client.committed(tp)
            try:
                if committed is None:
                    await self._client.seek_to_beginning(tp)
                else:
                    self._client.seek(tp, committed)
            except IllegalStateError:  # taken away meanwhile: whoever has it now begins at what is committed
                continue


@asynccontextmanager
async def open_source(
    connection: Connection, topic: str, group: str, counts: Counts, **overrides: Any
) -> AsyncIterator[KafkaSource]:
    """Open a source. Raises `NoSuchTopic`, or aiokafka's errors when nobody answers."""
    settings = {"group_id": group, "max_poll_interval_ms": _LONGEST_HANDLING_MS, **overrides}
    async with consumer(connection, **settings, isolation_level="read_committed", enable_auto_commit=False) as client:
        if topic not in await client.topics():
            raise NoSuchTopic(f"{topic} is not there, or this user may not see it")
        client.subscribe([topic])
        yield KafkaSource(client, counts)
