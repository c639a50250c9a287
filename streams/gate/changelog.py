"""A task's changelog: what its state is rebuilt from, one partition, written in the transaction of each turn.

Every value carries the stage's schema version in a header. A worker that meets a newer one stops with that sentence:
to read half a state would be to forget, and to forget is to repeat.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.ports import Emit, InboundRecord
from streams.gate.cluster import Cluster
from streams.gate.errors import StateTooNew
from streams.gate.mending import MendingConsumer
from streams.gate.stage import Stage
from streams.gate.state import Changes

VERSION_HEADER: Final = "state_version"
_POLL_MS: Final = 1_000
_RECORDS: Final = 5_000


def changelog_emits(stage: Stage, partition: int, changes: Changes) -> list[Emit]:
    """Return the records that put `changes` into the changelog; a deleted key becomes a tombstone."""
    if stage.changelog is None:
        if changes:
            raise TypeError(f"stage {stage.name} keeps state but declares no changelog")
        return []
    headers = ((VERSION_HEADER, b"%d" % stage.state_version),)
    return [Emit(stage.changelog, partition, key, value, headers) for key, value in changes.items()]


def read_value(stage: Stage, record: InboundRecord) -> bytes | None:
    """Return the state value of a changelog record in the stage's own version; None for a tombstone.

    Raises `StateTooNew`, also for an older version that the stage has no `upgrade` for.
    """
    if record.value is None:
        return None
    written = next((value for name, value in record.headers if name == VERSION_HEADER), None)
    version = int(written) if written is not None and written.isdigit() else 0
    if version == stage.state_version:
        return record.value
    where = f"{record.topic}[{record.partition}] at {record.offset}"
    if version > stage.state_version:
        raise StateTooNew(
            f"{where} was written by schema version {version}; this worker knows {stage.state_version}: upgrade it"
        )
    if stage.upgrade is None:
        raise StateTooNew(f"{where} has schema version {version}; stage {stage.name} declares no upgrade from it")
    return stage.upgrade(version, record.value)


async def restore(
    stage: Stage, partition: int, cluster: Cluster, *, progress: Callable[[], None]
) -> tuple[dict[bytes, bytes], int]:
    """Read the changelog up to its end, committed records only; returns the state and how many records it took.

    To be called when the predecessor is fenced: then nothing is open in the partition and its end is the end.
    """
    state: dict[bytes, bytes] = {}
    if stage.changelog is None:
        return state, 0
    consumer = MendingConsumer(
        bootstrap_servers=cluster.bootstrap,
        client_id=f"{cluster.client_id}-restore-{stage.name}-{partition}",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=4 << 20,
        **cluster.security,
    )
    try:
        await consumer.start()
        return state, await _read_into(state, stage, consumer, TopicPartition(stage.changelog, partition), progress)
    finally:
        await consumer.stop()


async def _read_into(
    state: dict[bytes, bytes],
    stage: Stage,
    consumer: AIOKafkaConsumer,
    tp: TopicPartition,
    progress: Callable[[], None],
) -> int:
    consumer.assign([tp])
    await consumer.seek_to_beginning(tp)
    end = (await consumer.end_offsets([tp]))[tp]
    count = 0
    while await consumer.position(tp) < end:
        taken = await consumer.getmany(tp, timeout_ms=_POLL_MS, max_records=_RECORDS)
        for record in taken.get(tp, ()):
            value = read_value(stage, record)
            if value is None:
                state.pop(record.key, None)
            else:
                state[record.key] = value
            count += 1
        progress()
        await asyncio.sleep(0)
    return count
