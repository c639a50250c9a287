"""Connections that the other side has forgotten: nobody answers and nobody closes. Only a time-out of our own tells."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from gate_bench import QUICK, MakeBench, copying

from connectors.kafka.embedded import EmbeddedBroker, start_broker
from connectors.kafka.launching import free_port
from connectors.kafka.serverconfig import Listener
from tests.faults.proxy import Network

PATH = Listener("PATH", free_port(), free_port())
GOES_ON_WITHIN_S = 20.0  # a session and 2 s for an answer, as much to join again; aiokafka's own 40 s are far from it


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[EmbeddedBroker]:
    """A broker with a second way in, which leads through the network."""
    home = tmp_path_factory.mktemp("kafka")
    started = start_broker(home, cache_dir=cache_dir, ephemeral=True, leash=True, quick=True, more=[PATH])
    yield started
    started.stop()


@pytest.fixture
def network() -> Iterator[Network]:
    made = Network({PATH.name: (PATH.advertised, PATH.port)})
    yield made
    made.stop()


async def test_a_worker_whose_connections_were_forgotten_goes_on_by_itself(
    network: Network, make_bench: MakeBench
) -> None:
    bench = await make_bench()
    direct, bench.bootstrap = bench.bootstrap, f"127.0.0.1:{PATH.advertised}"
    runner = bench.runner(bench.declare(copying(bench.out)), timeouts=QUICK)
    bench.bootstrap = direct
    await runner.start()
    await runner.wait_ready(15)
    await bench.feed([b"before"])
    await bench.wait_for(1)
    assert network.half_open(PATH.name) > 0
    await bench.feed([b"after"])
    await asyncio.sleep(1.0)
    network.heal(PATH.name)  # for new connections: those that are open stay dead
    out = await bench.wait_for(2, within=GOES_ON_WITHIN_S)
    assert [record.value for record in out] == [b"before", b"after"]
    assert bench.exits == []
