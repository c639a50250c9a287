"""Hole F: two publishers may put one id on different partitions, and neither partition knows the other's memory.

The stage is the real intake over the real broker; the cure is that intake computes the partition itself.
"""

import importlib.util
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from gate_bench import QUICK, Bench, Diary, WallClock

from connectors.channels.hotline_12345.codec import CODEC
from contracts.deadletter import DeadLetter
from contracts.ids import incident_id
from contracts.partition import partition_of, partition_of_id
from contracts.ports import Emit
from contracts.topics import MAX_MESSAGE_BYTES, Topics
from streams.counts import TurnCounts
from streams.gate import Cluster, GateRunner, Limits
from streams.gate.outputs import exact_size
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
    names = [*inputs, *(f"{name}.dlq" for name in inputs)]
    names += [topics.bus(noun) for noun in ("incidents", "feedback", "intake-state")]
    for spec in topics.specs(["hotline-12345"], []):
        if spec.name in names:
            await make_topics(spec.name, partitions=PARTITIONS, configs=spec.configs())
    return topics


@pytest.fixture
async def intake(broker: Any, topics: Topics) -> AsyncIterator[list[str]]:
    """Intake at work on the topics; gives why its process would have ended."""
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
    yield exits
    await runner.stop()


async def test_f_one_external_id_on_two_partitions_is_one_incident(
    broker: Any, topics: Topics, intake: list[str]
) -> None:
    reports = topics.channel_reports("hotline-12345")
    numbers = [number for number in map("2026-{:04d}".format, range(60)) if len(partitioned_by_everyone(number)) == 2]
    assert len(numbers) > 10
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for number in numbers:
            for partition in sorted(partitioned_by_everyone(number)):
                await producer.send_and_wait(reports, payload(number), key=number.encode(), partition=partition)
    eyes = Bench(broker.bootstrap, "intake", (reports,), topics.bus("incidents"), "", "", PARTITIONS)
    found = await incidents(eyes, len(numbers))
    assert not intake
    assert len(found) == len(numbers), f"duplicate: {len(found)} incidents for {len(numbers)} external ids"
    assert {key: partition_of_id(key.decode(), PARTITIONS) for key, _ in found} == dict(found)
    assert {key for key, _ in found} == {incident_id("hotline-12345", number).encode() for number in numbers}


async def test_f_a_report_as_large_as_its_topic_takes_is_passed_on_or_dead_lettered_whole(
    broker: Any, topics: Topics, intake: list[str]
) -> None:
    reports, rekeyed = topics.channel_reports("hotline-12345"), topics.bus("rekeyed-reports")
    number = "2026-0001"
    [home] = {partition_of_id(incident_id("hotline-12345", number), PARTITIONS)}
    stray = (home + 1) % PARTITIONS
    value = payload(number)
    value += b" " * (MAX_MESSAGE_BYTES - exact_size(Emit(reports, stray, number.encode(), value)))
    while exact_size(Emit(reports, stray, number.encode(), value)) > MAX_MESSAGE_BYTES:
        value = value[:-1]
    junk = b"{" + value[1:-1] + b"{"
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, max_request_size=4 << 20) as producer:
        await producer.send_and_wait(reports, value, key=number.encode(), partition=stray)
        await producer.send_and_wait(reports, junk, key=number.encode(), partition=stray)
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(reports, value + b" ", key=number.encode(), partition=stray)
    eyes = Bench(broker.bootstrap, "intake", (reports,), topics.bus("incidents"), "", "", PARTITIONS)
    assert [key for key, _ in await incidents(eyes, 1)] == [incident_id("hotline-12345", number).encode()]
    assert [r.value for r in await eyes.read(rekeyed, home)] == [value]
    [letter] = map(DeadLetter.of, await eyes.wait_for(1, f"{reports}.dlq", stray))
    assert (letter.value, letter.truncated) == (junk, False)
    assert not intake


async def incidents(eyes: Bench, count: int) -> list[tuple[bytes, int]]:
    """Keys and partitions of all incidents, once `count` are there and for a second after."""
    until, found = time.monotonic() + 15, []
    settle = 0
    while time.monotonic() < until and settle < 3:
        found = [(r.key, p) for p in range(PARTITIONS) for r in await eyes.read(partition=p)]
        settle += len(found) >= count
    return found
