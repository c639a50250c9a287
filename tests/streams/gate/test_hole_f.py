"""Hole F: two publishers may put one id on different partitions, and neither partition knows the other's memory.

The stage is the real intake over the real broker; the cure is that intake computes the partition itself.
"""

import importlib.util
import time
import zlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from gate_bench import QUICK, Bench, Diary, WallClock

from connectors.channels.hotline_12345.codec import CODEC
from contracts.ids import incident_id
from contracts.partition import partition_of, partition_of_id
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.gate import Cluster, GateRunner, Limits
from streams.rulesets import HeldRuleset
from streams.stages.intake import intake_stage

PARTITIONS = 3


def small_ruleset() -> HeldRuleset:
    """The ruleset that the processors' own tests see through."""
    path = Path(__file__).parents[1] / "processors" / "conftest.py"
    spec = importlib.util.spec_from_file_location("small_ruleset", path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    loaded = module.load({path: text.encode() for path, text in module.FILES.items()})
    return HeldRuleset(module.RulesetInForce(module.compile_ruleset(loaded.ruleset)))


def payload(number: str) -> bytes:
    return orjson.dumps({"市受理编号": number, "标题": "来电", "内容": "工地噪音很大"})


def partitioned_by_everyone(number: str) -> set[int]:
    """Where librdkafka and where Java and aiokafka would put this external id."""
    key = number.encode()
    return {zlib.crc32(key) % PARTITIONS, partition_of(key, PARTITIONS)}


@pytest.fixture
async def topics(fresh_name: Any, make_topics: Any) -> Topics:
    topics = Topics(prefix=f"{fresh_name('f')}.", spine=PARTITIONS)
    inputs = [topics.channel_reports("hotline-12345"), topics.bus("rekeyed-reports")]
    names = [*inputs, *(f"{name}.dlq" for name in inputs), topics.bus("incidents"), topics.bus("feedback")]
    await make_topics(*names, partitions=PARTITIONS)
    await make_topics(topics.bus("intake-state"), partitions=PARTITIONS, configs={"cleanup.policy": "compact"})
    return topics


async def test_f_one_external_id_on_two_partitions_is_one_incident(broker: Any, topics: Topics) -> None:
    reports = topics.channel_reports("hotline-12345")
    numbers = [number for number in map("2026-{:04d}".format, range(60)) if len(partitioned_by_everyone(number)) == 2]
    assert len(numbers) > 10
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for number in numbers:
            for partition in sorted(partitioned_by_everyone(number)):
                await producer.send_and_wait(reports, payload(number), key=number.encode(), partition=partition)
    stage = intake_stage(topics, {"hotline-12345": CODEC}, small_ruleset(), lambda p: TurnCounts(), Limits())
    exits: list[str] = []
    runner = GateRunner(
        stage,
        Cluster(broker.bootstrap),
        clock=WallClock(),
        exit_process=exits.append,
        prefix=topics.prefix,
        observer=Diary(),
        timeouts=QUICK,
    )
    await runner.start()
    eyes = Bench(broker.bootstrap, "intake", (reports,), topics.bus("incidents"), "", "", PARTITIONS)
    try:
        found = await incidents(eyes, len(numbers))
    finally:
        await runner.stop()
    assert not exits
    assert len(found) == len(numbers), f"duplicate: {len(found)} incidents for {len(numbers)} external ids"
    assert {key: partition_of_id(key.decode(), PARTITIONS) for key, _ in found} == dict(found)
    assert {key for key, _ in found} == {incident_id("hotline-12345", number).encode() for number in numbers}


async def incidents(eyes: Bench, count: int) -> list[tuple[bytes, int]]:
    """Keys and partitions of all incidents, once `count` are there and for a second after."""
    until, found = time.monotonic() + 15, []
    settle = 0
    while time.monotonic() < until and settle < 3:
        found = [(r.key, p) for p in range(PARTITIONS) for r in await eyes.read(partition=p)]
        settle += len(found) >= count
    return found
