"""Reads topics to their committed end, again and again, and keeps what it saw. Plain consumer, `read_committed`."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


class Seen(NamedTuple):
    """One record as the witness saw it: topic, partition, offset, value, headers."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    headers: Mapping[str, bytes]


class TopicReader:
    """Follows every topic whose name matches `pattern`; `seen` grows with each `catch_up`.

    `consumer` is the class that fetches: where strangers may write, one that a header name in no encoding doesn't stop.
    It is handed in, for the witness itself shares no code with what it judges.
    """

    def __init__(
        self, pattern: str, kafka: Mapping[str, Any], consumer: type[AIOKafkaConsumer] = AIOKafkaConsumer
    ) -> None:
        self._pattern = re.compile(pattern)
        self._kafka = kafka
        self._consumer = consumer(
            group_id=None, enable_auto_commit=False, auto_offset_reset="earliest", isolation_level="read_committed",
            fetch_max_wait_ms=100, **kafka,
        )  # fmt: skip
        self.seen: list[Seen] = []

    async def start(self) -> None:
        """Connect and find the topics; those created later are not followed."""
        partitions = await self._matching()
        await self._consumer.start()
        self._consumer.assign(partitions)
        if partitions:
            await self._consumer.seek_to_beginning(*partitions)

    async def _matching(self) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(**self._kafka)
        await admin.start()
        try:
            described = await admin.describe_topics()
        finally:
            await admin.close()
        return [
            TopicPartition(each["topic"], partition["partition"])
            for each in described
            if self._pattern.fullmatch(each["topic"])
            for partition in each["partitions"]
        ]

    async def stop(self) -> None:
        """Close the consumer."""
        await self._consumer.stop()

    async def catch_up(self, timeout_ms: int = 200) -> int:
        """Take what is there now; return how many records were new."""
        if not self._consumer.assignment():
            return 0
        fetched = await self._consumer.getmany(timeout_ms=timeout_ms)
        before = len(self.seen)
        for partition, records in fetched.items():
            for record in records:
                headers = dict(record.headers)
                self.seen.append(Seen(partition.topic, partition.partition, record.offset, record.value, headers))
        return len(self.seen) - before
