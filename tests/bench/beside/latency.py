"""How long from a report's publication to its first assignment as an agency reads it: `read_committed`, both hops.

Publisher and agencies are one process beside the workers and the broker, on the same machine: what it costs is in the
figures of all sides alike. A report's clock starts when it is due to be sent, so a publisher that falls behind is seen.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.kafka.clients import Connection, consumer, producer
from contracts.ports import Headers
from tests.bench.beside.figures import percentile

TICK: Final = 0.005
LATE: Final = 15.0


class Told(NamedTuple):
    """A record to publish, and the key under which its assignment will come."""

    topic: str
    key: bytes
    value: bytes
    comes_as: bytes
    headers: Headers = ()
    partition: int | None = None


@dataclass(slots=True)
class Latencies:
    """Seconds by report; `offered` were published in `seconds` (wanted: at `rate`)."""

    rate: int
    offered: int = 0
    seconds: float = 0.0
    took: list[float] = field(default_factory=list)

    @property
    def kept_up(self) -> bool:
        """Whether all arrived, at the rate wanted, and none waited for a second."""
        return len(self.took) == self.offered and self.offered >= 0.95 * self.rate * self.seconds and self.p99 < 1000

    @property
    def p99(self) -> float:
        return percentile(self.took, 0.99) * 1000 if self.took else float("inf")

    def line(self, name: str) -> str:
        if not self.took:
            return f"  {name:38s} {self.rate:5,}/s  nothing arrived of {self.offered:,}"
        p50, p99, p999 = (percentile(self.took, share) * 1000 for share in (0.5, 0.99, 0.999))
        late = "" if self.kept_up else f"  DID NOT KEEP UP: {len(self.took):,} of {self.offered:,} in time"
        return f"  {name:38s} {self.rate:5,}/s  p50 {p50:7,.0f}  p99 {p99:7,.0f}  p99.9 {p999:7,.0f} ms{late}"


async def latencies(
    connection: Connection, told: Iterator[Told], agencies: Sequence[str], rate: int, seconds: float, warming: float
) -> Latencies:
    """Publish at a rate, warming apart, and return how long each report took."""
    figures, due, seen = Latencies(rate), dict[bytes, float](), dict[bytes, float]()
    reading = {"fetch_max_wait_ms": 100, "fetch_min_bytes": 1, "max_poll_records": 2000}
    async with consumer(connection, **reading) as agency, producer(connection, linger_ms=0) as client:
        partitions = [TopicPartition(topic, 0) for topic in agencies]
        agency.assign(partitions)
        await agency.seek_to_end(*partitions)
        watch = asyncio.create_task(_watch(agency, seen))
        await asyncio.sleep(0.5)
        began = time.perf_counter()
        count = int(rate * (warming + seconds))
        pending = set()
        for number in range(count):
            at = began + number / rate
            if (wait := at - time.perf_counter()) > 0:
                await asyncio.sleep(max(wait, TICK))
            one = next(told)
            pending.add(await client.send(one.topic, one.value, one.key, one.partition, headers=list(one.headers)))
            due[one.comes_as] = at
        figures.seconds = max(time.perf_counter() - began - warming, 1e-9)
        until = time.perf_counter() + LATE
        while len(seen) < count and time.perf_counter() < until:
            await asyncio.sleep(0.1)
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await asyncio.gather(*pending)
    measured = list(due.items())[int(rate * warming) :]
    figures.offered = len(measured)
    figures.took = [seen[key] - at for key, at in measured if key in seen]
    return figures


async def _watch(agency: AIOKafkaConsumer, seen: dict[bytes, float]) -> None:
    while True:
        for records in (await agency.getmany(timeout_ms=200)).values():
            now = time.perf_counter()
            for record in records:
                seen.setdefault(record.key, now)
