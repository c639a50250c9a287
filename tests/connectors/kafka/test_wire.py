"""An outsider reads an assignment with tools that share no code with us: kcat, Kafka's own, the CloudEvents SDK."""

import asyncio
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings import kafka as binding
from cloudevents.core.v1.event import CloudEvent

from connectors.kafka import jvm
from connectors.kafka.clients import Connection, consumer, producer
from connectors.kafka.jars import TOOLS, ensure_jars
from contracts.assignment import Assignment
from contracts.envelope import open_envelope
from contracts.serde import read, write

CONSOLE_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"
GOLDEN = Path(__file__).resolve().parents[3] / "contracts" / "examples" / "assignments"


def _golden(name: str) -> tuple[str, bytes, dict[str, str]]:
    """Return key, value and headers of an assignment as dispatch made it; the examples' own tests hold it to that."""
    record = json.loads((GOLDEN / f"{name}.record.json").read_text("utf-8"))
    return record["key"], (GOLDEN / f"{name}.json").read_bytes(), record["headers"]


KEY, VALUE, HEADERS = _golden("lead")
BODY = json.loads(VALUE)


@pytest.fixture
async def topic(broker, make_topics, topic_name, fresh_name) -> str:
    """An agency's topic with one aborted assignment and one that was committed after it."""
    [name] = await make_topics(topic_name("assignments"))
    async with producer(Connection(broker.bootstrap), transactional_id=fresh_name("dispatch")) as client:
        for which, kept in (("informed", False), ("lead", True)):
            key, value, headers = _golden(which)
            await client.begin_transaction()
            told = [(name_, text.encode()) for name_, text in headers.items()]
            await client.send_and_wait(name, value, key=key.encode(), headers=told)
            await (client.commit_transaction() if kept else client.abort_transaction())
    return name


async def _run(*command: str) -> str:
    ended = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=90, check=False)
    assert ended.returncode == 0, ended.stderr.decode()[-2000:]
    return ended.stdout.decode()


@pytest.mark.kcat
@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed (apt-get install kcat)")
async def test_kcat_reads_the_committed_assignment_with_its_headers(broker, topic):
    out = await _run("kcat", "-b", broker.bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J")
    [told] = [json.loads(line) for line in out.splitlines()]
    assert told["key"] == KEY
    headers = dict(zip(told["headers"][::2], told["headers"][1::2], strict=True))
    assert headers == HEADERS
    assert json.loads(told["payload"]) == BODY


async def test_kafkas_own_consumer_reads_it_too(broker, topic, cache_dir: Path):
    options = ["--bootstrap-server", broker.bootstrap, "--topic", topic, "--from-beginning", "--max-messages", "1"]
    options += ["--isolation-level", "read_committed", "--timeout-ms", "60000"]
    for shown in ("print.key", "print.headers", "print.partition"):
        options += ["--formatter-property", f"{shown}=true"]
    jars = await asyncio.to_thread(ensure_jars, cache_dir, TOOLS)
    out = await _run(*jvm.java(jars, CONSOLE_CONSUMER, options, heap_mb=96, flags=["-XX:TieredStopAtLevel=1"]))
    partition, headers, key, payload = out.rstrip("\n").split("\t")
    assert partition == "Partition:0"
    assert {f"{name}:{HEADERS[name]}" for name in ("ce_id", "ce_type", "ce_subject")} <= set(headers.split(","))
    assert key == KEY
    assert json.loads(payload) == BODY


async def _consumed(broker: Any, topic: str) -> Any:
    async with consumer(Connection(broker.bootstrap), topic) as client:
        return await asyncio.wait_for(client.getone(), 15)


async def test_the_cloudevents_sdk_finds_a_valid_event_in_what_we_produce(broker, topic):
    record = await _consumed(broker, topic)
    event = binding.from_kafka_event(binding.KafkaMessage(dict(record.headers), record.key, record.value))
    assert isinstance(event, CloudEvent)  # its constructor checks every attribute of the specification
    assert (event.get_id(), event.get_source()) == (HEADERS["ce_id"], "incidentbus/dispatch")
    assert (event.get_type(), event.get_subject()) == ("incidentbus.assignment.v1", KEY)
    assert event.get_time() == datetime.fromisoformat(HEADERS["ce_time"])
    data = event.get_data()
    assert isinstance(data, dict)
    assert read(Assignment, write(data)) == read(Assignment, VALUE)


@pytest.mark.parametrize("mode", [binding.to_binary_event, binding.to_structured_event])
async def test_we_read_what_the_sdk_produces_in_either_mode(broker, make_topics, topic_name, mode):
    [name] = await make_topics(topic_name())
    given = {"工单编号": "HZ-1", "内容": "路灯不亮 💡"}
    attributes = {
        "id": "HZ-1", "source": "/channels/hotline-12345", "type": "incidentbus.report.v1", "specversion": "1.0",
        "time": datetime(2026, 5, 12, 2, 0, tzinfo=UTC), "datacontenttype": "application/json", "partitionkey": "HZ-1",
    }  # fmt: skip
    message = mode(CloudEvent(attributes, given))
    key = message.key.encode() if isinstance(message.key, str) else message.key
    async with producer(Connection(broker.bootstrap)) as client:
        await client.send_and_wait(name, message.value, key=key, headers=list(message.headers.items()))
    record = await _consumed(broker, name)
    envelope = open_envelope(record.headers, record.value)
    assert envelope.attributes["id"] == "HZ-1"
    assert envelope.attributes["source"] == "/channels/hotline-12345"
    assert json.loads(envelope.data or b"") == given
