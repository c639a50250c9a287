"""Both hops in Kafka Streams, for the latencies: the workload's incidents through `Take` and `Dispatch`."""

import asyncio
import itertools
from collections.abc import Iterator

from connectors.kafka.admin import create
from connectors.kafka.clients import Connection, admin
from connectors.kafka.topicplan import Wanted
from contracts.ids import incident_id
from tests.bench.beside.latency import Latencies, Told, latencies
from tests.bench.beside.load import Load
from tests.bench.beside.streams_peer import StreamsPeer

_NUMBERS = itertools.count(10_000_000)


def told(load: Load, topic: str) -> Iterator[Told]:
    """Yield incidents that nobody has seen, as reports."""
    for number in _NUMBERS:
        one = load.base[number % len(load.base)]
        key = incident_id("hops", str(number)).encode()
        yield Told(topic, key, one.raw.replace(one.incident.id.encode(), key, 1), key)


def streams_latency(
    peer: StreamsPeer, load: Load, connection: Connection, rate: int, seconds: float, warming: float, commit_ms: int
) -> Latencies:
    """Run both hops with this commit interval, at this rate."""
    name = f"hops-{rate}-{commit_ms}"
    first, second = f"{load.prefix}bus.{name}-in.v1", f"{load.prefix}bus.{name}-mid.v1"

    async def make() -> None:
        async with admin(connection) as client:
            await create(client, [Wanted(topic, load.partitions, 1, {}) for topic in (first, second)])
        await asyncio.sleep(2)

    asyncio.run(make())
    peer.tell(f"hops {name} {first} {second} {commit_ms}")
    try:
        return asyncio.run(latencies(connection, told(load, first), load.agency_topics, rate, seconds, warming))
    finally:
        peer.tell("stop")
