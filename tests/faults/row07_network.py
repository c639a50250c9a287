"""Row 7: the network between worker and broker cut, half-open, slowed to 200 ms, limited to 1 Mbit/s; then healed.

Each once for one worker, whose tasks the other may take, and once for all of them, when nobody is left to take over.
Each worker has a path of its own and never gets past it; publisher and witnesses go straight to the broker.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, cast

from connectors.kafka.embedded import start_broker
from connectors.kafka.launching import free_port
from connectors.kafka.serverconfig import Listener
from tests.faults.harness.field import Field
from tests.faults.harness.scenario import BROKER_STALL, Ground, Load, Scenario
from tests.faults.proxy import Network
from tests.faults.row05_broker_killed import cache_dir

PATHS: Final = ("PATH1", "PATH2")
LASTS: Final = 5.0
"""Seconds that a fault lasts; shorter than a session, so that what follows is the worker's own doing."""
BETWEEN: Final = 3.0
DELAY_S: Final = 0.2
BITS_PER_S: Final = 1_000_000


@asynccontextmanager
async def behind_paths(directory: Path) -> AsyncIterator[Ground]:
    """Open a broker with a listener for each path, and the network before them."""
    more = [Listener(name, free_port(), free_port()) for name in PATHS]
    network = Network({each.name: (each.advertised, each.port) for each in more})
    try:
        broker = await asyncio.to_thread(
            start_broker, directory / "broker", cache_dir=cache_dir(), leash=True, quick=True, more=more
        )
        try:
            doors = [f"127.0.0.1:{each.advertised}" for each in more]
            yield Ground(broker.bootstrap, workers=doors[0], kept={"network": network, "doors": doors})
        finally:
            await asyncio.to_thread(broker.stop)
    finally:
        network.stop()


async def fail_network(field: Field) -> None:
    """Put one path, then all, into each condition in turn; heal; let the flow recover."""
    network = cast("Network", field.ground.kept["network"])
    doors = cast("list[str]", field.ground.kept["doors"])
    field.start(INCIDENTBUS_BOOTSTRAP_SERVERS=doors[1])  # the first was started with the first path
    faults: list[tuple[str, Callable[..., int]]] = [
        ("cut", network.cut),
        ("half-open", network.half_open),
        ("200 ms", lambda *names: network.delay(*names, seconds=DELAY_S)),
        ("1 Mbit/s", lambda *names: network.limit(*names, bits_per_s=BITS_PER_S)),
    ]
    await field.flowing()
    await asyncio.sleep(BETWEEN)
    while field.times < field.least or not field.publisher.enough:
        name, fail = faults[field.times % len(faults)]
        whom = PATHS[:1] if field.times // len(faults) % 2 == 0 else PATHS
        count = fail(*whom)
        field.did(f"{name}: {' '.join(whom)}, {count} connections")
        await asyncio.sleep(LASTS)
        network.heal(*PATHS)
        await field.flowing()
        await asyncio.sleep(BETWEEN)


SCENARIO = Scenario(
    number=7, name="network fails and heals", counted="faults", least=8, quick_least=4, act=fail_network,
    stall=BROKER_STALL, load=Load(rate=500, quick_rate=500), workers=1, ground=behind_paths, settle=120.0,
)  # fmt: skip
