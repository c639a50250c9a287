"""The embedded broker: ready means ready, one directory has one broker, and it comes back after a power cut."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import UnknownTopicOrPartitionError

from connectors.kafka.embedded import BrokerFailed, DataKept, DirectoryHeld, EmbeddedBroker, attach, start_broker
from connectors.kafka.launching import free_port
from connectors.kafka.serverconfig import Listener


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[EmbeddedBroker]:
    """A broker of this file's own, in a path with a space and Chinese in it."""
    home = tmp_path_factory.mktemp("联动 中心") / "broker"
    broker = start_broker(home, cache_dir=cache_dir, leash=True, quick=True)
    yield broker
    broker.stop()


@pytest.fixture
def own(started: EmbeddedBroker) -> EmbeddedBroker:
    """The same, running again if the test before has ended it."""
    if not started.running:
        started.restart()
    return started


async def _send(bootstrap: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await producer.send_and_wait(topic, value)


async def _read(bootstrap: str, topic: str, count: int) -> list[bytes | None]:
    options = {"auto_offset_reset": "earliest", "isolation_level": "read_committed"}
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, **options) as consumer:
        return [(await asyncio.wait_for(consumer.getone(), 15)).value for _ in range(count)]


async def test_a_ready_broker_takes_records_at_once(broker, make_topics, topic_name):
    [topic] = await make_topics(topic_name())
    await _send(broker.bootstrap, topic, "涉水井盖".encode())
    assert await _read(broker.bootstrap, topic, 1) == ["涉水井盖".encode()]


async def test_a_topic_nobody_declared_is_not_created_by_writing_to_it(broker, topic_name):
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, request_timeout_ms=2_000) as producer:
        with pytest.raises(UnknownTopicOrPartitionError):
            await producer.send_and_wait(topic_name("misspelt"), b"lost")


async def test_a_broker_that_was_killed_comes_back_on_the_same_port_with_what_was_acknowledged(own):
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    admin = AIOKafkaAdminClient(bootstrap_servers=own.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("bus.kept.v1", 1, 1)])
    await admin.close()
    await _send(own.bootstrap, "bus.kept.v1", b"before the cut")
    before = own.bootstrap, own.pid
    await asyncio.to_thread(own.kill)
    assert not own.running
    await asyncio.to_thread(own.restart)
    assert own.bootstrap == before[0]
    assert own.pid != before[1]
    assert await _read(own.bootstrap, "bus.kept.v1", 1) == [b"before the cut"]


async def test_who_comes_in_by_a_further_listener_is_sent_to_the_port_that_it_advertises(tmp_path, cache_dir):
    inner, advertised = free_port(), free_port()
    more = [Listener("PATH", inner, advertised)]
    started = await asyncio.to_thread(
        start_broker, tmp_path / "b", cache_dir=cache_dir, ephemeral=True, leash=True, quick=True, more=more
    )
    try:
        for door, sent_to in ((inner, advertised), (started.port, started.port)):
            client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{door}")
            await client.bootstrap()
            assert [broker.port for broker in client.cluster.brokers()] == [sent_to]
            await client.close()
    finally:
        await asyncio.to_thread(started.stop)


def test_a_second_start_of_a_directory_is_refused_with_the_pid_that_holds_it(own, cache_dir):
    with pytest.raises(DirectoryHeld, match=str(own.pid)) as caught:
        start_broker(own.directory, cache_dir=cache_dir)
    assert caught.value.pid == own.pid
    assert own.running


def test_a_lock_left_by_a_killed_broker_is_no_obstacle(own, cache_dir):
    os.kill(own.pid, signal.SIGKILL)  # behind its owner's back: broker.json still names the dead
    while own.running:
        time.sleep(0.05)
    assert attach(own.directory) is None
    again = start_broker(own.directory, cache_dir=cache_dir, leash=True, quick=True)
    try:
        assert again.running
        assert again.port == own.port
    finally:
        assert again.stop()


def test_another_process_finds_the_broker_by_its_directory_and_stops_it(own):
    found = attach(own.directory)
    assert found is not None
    assert (found.pid, found.bootstrap) == (own.pid, own.bootstrap)
    assert found.stop()
    assert not own.running
    assert attach(own.directory) is None


def test_ephemeral_data_goes_with_the_broker_and_its_logs_stay(tmp_path, cache_dir):
    started = start_broker(tmp_path / "b", cache_dir=cache_dir, ephemeral=True, leash=True, quick=True)
    assert (tmp_path / "b" / "data" / "meta.properties").exists()
    assert started.stop()
    assert not (tmp_path / "b" / "data").exists()
    assert "started" in (tmp_path / "b" / "logs" / "broker.log").read_text()


def test_an_ephemeral_start_does_not_wipe_data_that_was_to_last(tmp_path, cache_dir):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "kept").write_text("a county's records")
    with pytest.raises(DataKept):
        start_broker(tmp_path, cache_dir=cache_dir, ephemeral=True)
    assert (tmp_path / "data" / "kept").exists()
    assert attach(tmp_path) is None


def test_a_broker_on_a_leash_ends_with_the_process_that_started_it(tmp_path, cache_dir):
    script = (
        "import os, sys, pathlib; from connectors.kafka.embedded import start_broker\n"
        "b = start_broker(pathlib.Path(sys.argv[1]), cache_dir=pathlib.Path(sys.argv[2]), leash=True, quick=True)\n"
        "print(b.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "b"), str(cache_dir)], capture_output=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.strip().isdigit()
    until = time.monotonic() + 5
    while attach(tmp_path / "b") and time.monotonic() < until:
        time.sleep(0.05)
    assert attach(tmp_path / "b") is None


def test_a_broker_that_cannot_start_says_so_with_its_log(tmp_path, cache_dir):
    with pytest.raises(BrokerFailed, match="log\\.segment\\.bytes"):
        start_broker(tmp_path / "b", cache_dir=cache_dir, overrides={"log.segment.bytes": "-1"}, leash=True, quick=True)
    assert attach(tmp_path / "b") is None
