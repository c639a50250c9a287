"""How a cluster fares: who answers, which partitions have no leader, how far groups lag behind, what disk is left."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.commit import OffsetFetchRequest

from connectors.kafka.clients import Connection, admin, consumer


@dataclass(frozen=True, slots=True)
class ClusterHealth:
    """What the cluster says about itself. A partition is (topic, number)."""

    brokers: tuple[str, ...]
    controller: int | None
    topics: int
    leaderless: tuple[tuple[str, int], ...] = ()
    under_replicated: tuple[tuple[str, int], ...] = ()

    @property
    def sound(self) -> bool:
        """Whether every partition has a leader and all its copies."""
        return not self.leaderless and not self.under_replicated


@dataclass(frozen=True, slots=True)
class Lag:
    """How many records of one partition a group has still to read.

    `committed` is -1 where the group has read nothing yet; the lag then counts from the partition's beginning.
    """

    group: str
    topic: str
    partition: int
    committed: int
    end: int
    lag: int


@dataclass(frozen=True, slots=True)
class Disk:
    """Space where the broker's data lies, in bytes."""

    path: Path
    free: int
    total: int


async def cluster_health(connection: Connection) -> ClusterHealth:
    """Ask the cluster how it is. Raises aiokafka's `KafkaConnectionError` if nobody answers."""
    async with admin(connection) as client:
        cluster = await client.describe_cluster()
        topics = await client.describe_topics()
    partitions = [(topic["topic"], partition) for topic in topics for partition in topic["partitions"]]
    return ClusterHealth(
        brokers=tuple(f"{broker['host']}:{broker['port']}" for broker in cluster["brokers"]),
        controller=cluster.get("controller_id"),
        topics=len(topics),
        leaderless=tuple((name, each["partition"]) for name, each in partitions if each["leader"] < 0),
        under_replicated=tuple((name, each["partition"]) for name, each in partitions if _short(each)),
    )


def _short(partition: dict[str, Any]) -> bool:
    return partition["leader"] >= 0 and len(partition["isr"]) < len(partition["replicas"])


async def consumer_groups(connection: Connection) -> list[str]:
    """Return the names of all consumer groups of the cluster."""
    async with admin(connection) as client:
        return sorted(name for name, *_ in await client.list_consumer_groups())


async def group_lag(connection: Connection, groups: list[str] | None = None) -> list[Lag]:
    """Return the lag of each partition that a group has ever committed; of all groups if none is named.

    Ends are those that a `read_committed` reader sees, so an open transaction does not show as lag.
    """
    async with admin(connection) as client:
        named = sorted(name for name, *_ in await client.list_consumer_groups()) if groups is None else groups
        committed = {group: await committed_offsets(client, group) for group in named}
    every = sorted({partition for offsets in committed.values() for partition in offsets})
    if not every:
        return []
    async with consumer(connection) as reader:
        reader.assign(every)  # the client learns of all topics at once, not of one every 0.1 s
        reader.pause(*every)
        first, last = await reader.beginning_offsets(every), await reader.end_offsets(every)
    return [
        Lag(group, tp.topic, tp.partition, offset, last[tp], last[tp] - max(offset, first[tp]))
        for group, offsets in committed.items()
        for tp, offset in sorted(offsets.items())
    ]


async def committed_offsets(client: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    """Return what a group has committed; raises aiokafka's error where the coordinator refuses to say.

    aiokafka's own call passes over an error that concerns the whole group, and so takes "you may not ask" and "I am
    not its coordinator any more" for "it has never read anything".
    """
    coordinator = await client.find_coordinator(group)
    response = await client._client.send(coordinator, OffsetFetchRequest(group, None))
    found: dict[TopicPartition, int] = {}
    for topic, partitions in response.topics:
        for partition, offset, _, code in partitions:
            if code:
                raise for_code(code)(f"group {group}: {topic}/{partition}")
            if offset >= 0:
                found[TopicPartition(topic, partition)] = offset
    if response.error_code:
        raise for_code(response.error_code)(f"group {group}")
    return found


def disk(path: Path) -> Disk:
    """Return the space left where `path` is or will be."""
    existing = next(folder for folder in [path.absolute(), *path.absolute().parents] if folder.exists())
    usage = shutil.disk_usage(existing)
    return Disk(existing, usage.free, usage.total)
