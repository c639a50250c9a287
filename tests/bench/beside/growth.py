"""How the cost of an event grows: each axis alone, one worker, CPU an event; a table, and a picture of it.

CPU rather than events a second: on a machine that others use too it is the steadier, and it is what a worker pays.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connectors.kafka.admin import create
from connectors.kafka.clients import Connection, admin, producer
from connectors.kafka.topicplan import Wanted
from streams.gate import Cluster, Stage
from streams.gate.changelog import VERSION_HEADER, restore
from tests.bench.beside.county import resident_mb
from tests.bench.beside.load import Load
from tests.bench.beside.ours import Workers
from tests.bench.page import Page

PICTURE: Final = Path(__file__).resolve().parents[3] / "docs" / "growth.svg"
EVENTS: Final = 12_000
SEEN: Final = (100_000, 1_000_000, 10_000_000)
BATCH: Final = 1 << 19


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement: where on its axis, µs of CPU an event."""

    at: int
    micros: float


def axes() -> Iterator[tuple[str, list[tuple[int, dict[str, Any]]]]]:
    """Yield each axis with its points: the figure on it, and the workload."""
    yield "rules", [(n, {"rules": n}) for n in (10, 100, 1_000, 10_000)]
    yield "agencies", [(30, {}), (60, {"agencies": 0}), (300, {"agencies": 300, "invented": 1_100, "drawn": 3_000})]
    yield "partitions", [(n, {"partitions": n}) for n in (8, 64)]
    yield "bytes added", [(0, {}), (14_000, {"padding": 14_000}), (62_000, {"padding": 62_000})]


def measure(page: Page, bootstrap: str, folder: Path, events: int = EVENTS) -> None:
    """Measure and print every axis, then draw the picture."""
    page.say("")
    page.say("how it grows: CPU of one worker an event, each axis alone")
    drawn: dict[str, list[Point]] = {}
    for axis, points in axes():
        drawn[axis] = [_point(bootstrap, f"{axis.split()[0]}-{at}", at, told, events) for at, told in points]
        first = drawn[axis][0].micros
        told = ", ".join(f"{p.at:,}: {p.micros:.0f} us ({p.micros / first - 1:+.0%})" for p in drawn[axis])
        page.say(f"  {axis:12s} {told}")
    for count in SEEN:
        page.say(f"  seen ids     {seen(bootstrap, count)}")
    PICTURE.write_text(picture(drawn), "utf-8")
    page.say("goal: 10 to 10,000 rules slower by: " + _grown(drawn["rules"]))


def _grown(points: Sequence[Point]) -> str:
    more = points[-1].micros / points[0].micros - 1
    return f"{more:.1%}, wanted <= 5 %: {'yes' if more <= 0.05 else 'NO'}"


def _point(bootstrap: str, name: str, at: int, told: dict[str, Any], events: int) -> Point:
    told = {"prefix": f"grow-{name}.", "drawn": 1_500, **told}
    load, connection = Load(**told), Connection(bootstrap)
    count = events // 4 if told.get("padding") else events
    asyncio.run(load.prepare(connection, count))
    with Workers("dispatch", bootstrap, told) as workers:
        rounds = [
            workers.round(name + str(n), asyncio.run(load.changelog(connection, f"{name}-{n}")), count)
            for n in range(3)
        ]
    return Point(at, min(1e6 / each.per_core for each in rounds))


def seen(bootstrap: str, count: int) -> str:
    """Return what so many seen ids cost: memory each, looking one up, reading them back."""
    before = resident_mb(os.getpid())
    state, seconds = asyncio.run(_restored(Connection(bootstrap), f"bus.grow-seen-{count}.v1", count))
    size = (resident_mb(os.getpid()) - before) / count * 1e6
    keys = list(state)[:: max(1, count // 50_000)]
    began = time.perf_counter()
    for key in keys:
        state.get(key)
    look = (time.perf_counter() - began) / len(keys) * 1e9
    return f"{count:,}: {size:.0f} bytes an id, {look:.0f} ns a look-up, restored in {seconds:.1f} s"


async def _restored(connection: Connection, topic: str, count: int) -> tuple[Any, float]:
    stage = Stage("grow", (topic,), processor=lambda _: None, changelog=topic)  # type: ignore[arg-type, return-value]
    async with admin(connection) as client:
        await create(client, [Wanted(topic, 1, 1, {})])
    await asyncio.sleep(1)
    await _remember(connection, topic, count, [(VERSION_HEADER, b"%d" % stage.state_version)])
    began = time.monotonic()
    state, records = await restore(stage, 0, Cluster(connection.bootstrap), progress=lambda: None)
    assert len(state) == records == count
    return state, time.monotonic() - began


async def _remember(connection: Connection, topic: str, count: int, headers: list[tuple[str, bytes]]) -> None:
    """Write so many ids, a batch at a time: a send for each would take longer than all else."""
    async with producer(connection, max_batch_size=BATCH) as client:
        left = count
        while left:
            batch = client.create_batch()
            while left and batch.append(timestamp=None, key=os.urandom(16), value=os.urandom(16), headers=headers):
                left -= 1
            await (await client.send_batch(batch, topic, partition=0))


def picture(drawn: dict[str, list[Point]]) -> str:
    """Return an SVG with a small chart an axis: bars of µs of CPU an event."""
    width, height, left = 220, 200, 20
    size = f"0 0 {width * len(drawn)} {height + 60}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="11" viewBox="{size}">',
        "<title>CPU of one worker an event, in microseconds, as one thing grows</title>",
    ]
    most = max(point.micros for points in drawn.values() for point in points)
    for n, (axis, points) in enumerate(drawn.items()):
        parts.append(f'<text x="{n * width + left}" y="16" font-weight="bold">{axis}</text>')
        for m, point in enumerate(points):
            tall = point.micros / most * (height - 40)
            x, y = n * width + left + m * 46, height - tall
            parts.append(f'<rect x="{x}" y="{y:.0f}" width="36" height="{tall:.0f}" fill="#4477aa"/>')
            parts.append(f'<text x="{x}" y="{y - 4:.0f}">{point.micros:.0f} µs</text>')
            parts.append(f'<text x="{x}" y="{height + 16}">{point.at:,}</text>')
    return "\n".join([*parts, "</svg>", ""])
