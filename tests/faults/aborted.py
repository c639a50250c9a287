"""Counts transactions that were aborted, from what `read_uncommitted` sees and `read_committed` does not."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition


async def aborted_runs(deployment: Any) -> int:
    """Return how many transactions left aborted records on the spine's topics, at the least.

    A run of neighbouring offsets that only `read_uncommitted` shows is one aborted transaction's, for a task's
    transactions follow each other on its partition.
    """
    topics = deployment.settings.topics()
    found = 0
    for noun in ("incidents", "decisions"):
        visible = await _offsets(deployment, topics.bus(noun), "read_uncommitted")
        committed = await _offsets(deployment, topics.bus(noun), "read_committed")
        for partition, offsets in visible.items():
            gone = sorted(offsets - committed[partition])
            found += sum(1 for i, offset in enumerate(gone) if i == 0 or offset != gone[i - 1] + 1)
    return found


async def _offsets(deployment: Any, topic: str, isolation: str) -> dict[int, set[int]]:
    partitions = [TopicPartition(topic, number) for number in range(deployment.settings.partitions)]
    consumer = AIOKafkaConsumer(
        **deployment.connection.options(), group_id=None, auto_offset_reset="earliest", isolation_level=isolation,
        enable_auto_commit=False,
    )  # fmt: skip
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        offsets: dict[int, set[int]] = {tp.partition: set() for tp in partitions}
        for tp in partitions:
            await consumer.seek_to_beginning(tp)
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                offsets[tp.partition].update(record.offset for record in records)
        return offsets
    finally:
        await consumer.stop()
