"""What a publisher may rely on: acknowledged, in order, once; and refused before it is sent when it is too large."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from connectors.kafka.clients import Connection, consumer, producer
from connectors.kafka.embedded import EmbeddedBroker
from connectors.kafka.publisher import Outgoing, Publisher, open_publisher, report
from connectors.kafka.recordsize import record_batch_size
from contracts.codes import ReasonCode
from contracts.envelope import open_envelope
from contracts.errors import Permanent, Temporary
from contracts.topics import MAX_MESSAGE_BYTES, Topics

NOW = datetime(2026, 5, 12, 2, 0, tzinfo=UTC)


@pytest.fixture
def connection(broker: EmbeddedBroker) -> Connection:
    return Connection(broker.bootstrap)


async def _read(connection: Connection, topic: str, count: int) -> list:
    async with consumer(connection, topic) as client:
        return [await asyncio.wait_for(client.getone(), 15) for _ in range(count)]


async def test_what_is_published_lies_where_it_says(connection, make_topics, topic_name):
    [topic] = await make_topics(topic_name(), partitions=3)
    async with open_publisher(connection) as publisher:
        placed = await publisher.publish(Outgoing(topic, b"k", "积水".encode(), [("a", b"b")], partition=2))
    assert placed == (topic, 2, 0)
    [record] = await _read(connection, topic, 1)
    assert (record.partition, record.key, record.value) == (2, b"k", "积水".encode())
    assert list(record.headers) == [("a", b"b")]


async def test_a_record_of_exactly_the_limit_goes_and_one_byte_more_is_refused_unsent(
    connection, make_topics, topic_name
):
    limit = 20_000
    [topic] = await make_topics(topic_name(), configs={"max.message.bytes": str(limit)})
    room = limit - record_batch_size(b"k", b"") - 2  # the value's length takes two bytes more
    async with open_publisher(connection, {topic: limit}) as publisher:
        await publisher.publish(Outgoing(topic, b"k", bytes(room - 2)))
        fits = Outgoing(topic, b"k", bytes(_largest(limit)))
        await publisher.publish(fits)
        with pytest.raises(Permanent, match=f"20001 bytes, and {topic} takes 20000") as caught:
            await publisher.publish(fits._replace(value=bytes(_largest(limit) + 1)))
    assert caught.value.reason is ReasonCode.TOO_LARGE
    assert len(await _read(connection, topic, 2)) == 2


def _largest(limit: int) -> int:
    return max(n for n in range(limit) if record_batch_size(b"k", bytes(n)) <= limit)


async def test_a_limit_that_we_do_not_know_is_still_the_brokers_to_refuse(connection, make_topics, topic_name):
    [topic] = await make_topics(topic_name(), configs={"max.message.bytes": "10000"})
    async with open_publisher(connection) as publisher:
        with pytest.raises(Permanent) as caught:
            await publisher.publish(Outgoing(topic, b"k", bytes(12_000)))
    assert caught.value.reason is ReasonCode.TOO_LARGE


async def test_a_megabyte_and_a_half_is_refused_by_default(connection, make_topics, topic_name):
    [topic] = await make_topics(topic_name())
    async with open_publisher(connection) as publisher:
        with pytest.raises(Permanent, match=f"takes {MAX_MESSAGE_BYTES}"):
            await publisher.publish(Outgoing(topic, b"k", bytes(1_500_000)))


async def test_many_are_published_in_order_and_the_refused_are_told(connection, make_topics, topic_name):
    [topic] = await make_topics(topic_name())
    many = [Outgoing(topic, b"k", str(n).encode()) for n in range(5_000)]
    many.insert(100, Outgoing(topic, b"k", bytes(1_500_000)))
    steps: list[tuple[int, int]] = []
    async with open_publisher(connection) as publisher:
        told = await publisher.publish_many(many, lambda *step: steps.append(step))
    assert told.accepted == 5_000
    assert [(len(record.value or b""), refusal.reason) for record, refusal in told.refused] == [
        (1_500_000, ReasonCode.TOO_LARGE)
    ]
    assert steps[-1] == (5_001, 5_001)
    assert steps == sorted(steps)
    assert len(steps) > 1
    assert [int(record.value) for record in await _read(connection, topic, 5_000)] == list(range(5_000))


async def test_a_report_is_a_cloud_event_keyed_by_its_external_id(connection, make_topics, fresh_name):
    topics = Topics(prefix=f"{fresh_name('county')}.")
    made = report(topics, "hotline-12345", "HZ-7", b"\xb7\xcf not looked into", NOW, traceparent="00-aa-bb-01")
    await make_topics(made.topic, partitions=4)
    async with open_publisher(connection) as publisher:
        await publisher.publish(made)
    [record] = await _read(connection, made.topic, 1)
    assert record.key == b"HZ-7"
    envelope = open_envelope(record.headers, record.value)
    assert envelope.data == b"\xb7\xcf not looked into"
    assert envelope.attributes["subject"] == "HZ-7"
    assert envelope.attributes["source"] == "/channels/hotline-12345"
    assert envelope.attributes["traceparent"] == "00-aa-bb-01"
    assert envelope.content_type == "application/json"


def test_an_event_published_again_is_the_same_and_a_corrected_one_another():
    def event_id(payload: bytes, external_id: str | None = "HZ-7") -> bytes:
        return dict(report(Topics(), "hotline-12345", external_id, payload, NOW).headers)["ce_id"]

    assert event_id(b"{}") == event_id(b"{}")
    assert event_id(b"{}") != event_id(b"{ }")
    assert event_id(b"{", None) != event_id(b"[", None)


async def test_a_topic_that_is_not_there_is_a_temporary_failure(connection, topic_name):
    async with producer(connection, request_timeout_ms=2_000) as client:
        with pytest.raises(Temporary) as caught:
            await Publisher(client, {}).publish(Outgoing(topic_name("absent"), b"k", b"v"))
    assert caught.value.reason is ReasonCode.BROKER_UNAVAILABLE


def test_a_connection_does_not_show_its_password() -> None:
    from connectors.kafka.clients import security

    made = Connection("a:1", security=security("SASL_SSL", "SCRAM-SHA-512", "county", "hidden-word"))
    assert "hidden-word" not in repr(made)
    assert made.options()["sasl_plain_password"] == "hidden-word"
    assert made.options()["ssl_context"].check_hostname


@pytest.mark.parametrize("missing", ["mechanism", "username", "password"])
def test_sasl_without_a_user_is_refused(missing: str) -> None:
    from connectors.kafka.clients import security

    given: dict[str, str] = {"mechanism": "PLAIN", "username": "u", "password": "p"}
    refused: Callable[..., object] = security
    with pytest.raises(ValueError, match="SASL_SSL"):
        refused("SASL_SSL", **{**given, missing: ""})
