"""A cluster's topics: described as they are, and brought to what the registry wants, without losing anything."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaTimeoutError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from connectors.kafka.clients import Connection, admin, consumer
from connectors.kafka.incremental import set_topic_configs
from connectors.kafka.topicplan import Change, Difference, Found, Wanted, is_ours

_TOPIC_OVERRIDE: Final = 1  # config_source of a value that was set on the topic itself
_CREATE_MS: Final = 60_000
_AT_ONCE: Final = 50
_SHOWN_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.1


async def find_topics(connection: Connection, prefix: str = "") -> dict[str, Found]:
    """Describe the topics of this deployment that the cluster has."""
    async with admin(connection) as client:
        found = await described(client, lambda name: is_ours(name, prefix))
    records = await _records(connection, {name: topic.partitions for name, topic in found.items()})
    return {name: replace(topic, records=records[name]) for name, topic in found.items()}


async def described(client: AIOKafkaAdminClient, wanted: Callable[[str], bool]) -> dict[str, Found]:
    """Describe the topics whose name is `wanted`, without counting their records."""
    there = {topic["topic"]: topic for topic in await client.describe_topics() if wanted(topic["topic"])}
    configs = await _configs(client, there)
    return {
        name: Found(
            name=name,
            partitions=len(topic["partitions"]),
            replication=max((len(partition["replicas"]) for partition in topic["partitions"]), default=0),
            configs={key: value for key, (value, _) in configs[name].items()},
            overrides=frozenset(key for key, (_, source) in configs[name].items() if source == _TOPIC_OVERRIDE),
        )
        for name, topic in there.items()
        if name in configs
    }


async def apply(connection: Connection, changes: Iterable[Difference]) -> list[Difference]:
    """Carry out what may be carried out and return it, once the brokers show it.

    A controller says yes some time before the brokers know, and they some time before every log is open: whoever
    writes or checks in between would be told the old.
    Raises aiokafka's error for what the cluster refuses, `KafkaTimeoutError` if the brokers don't come to know it.
    """
    todo = [change for change in changes if not change.by_hand and change.wanted]
    async with admin(connection) as client:
        await create(client, [each.wanted for each in todo if each.change is Change.CREATE and each.wanted])
        grown = {
            each.topic: each.wanted.partitions for each in todo if each.change is Change.PARTITIONS and each.wanted
        }
        if grown:
            await client.create_partitions({name: NewPartitions(total_count=count) for name, count in grown.items()})
        settings: dict[str, dict[str, str]] = {}
        for each in todo:
            if each.change is Change.CONFIG:
                settings.setdefault(each.topic, {})[each.what] = each.want
        await set_topic_configs(client, settings)
        await _until_shown(client, todo)
    with _untold_retries():  # offsets are told once a log is open
        await _records(connection, {each.topic: each.wanted.partitions for each in todo if each.wanted})
    return todo


@contextmanager
def _untold_retries() -> Iterator[None]:
    """Keep the client from logging an error for each try while logs are being opened."""
    fetcher = logging.getLogger("aiokafka.consumer.fetcher")
    before = fetcher.level
    fetcher.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        fetcher.setLevel(before)


async def _until_shown(client: AIOKafkaAdminClient, done: list[Difference]) -> None:
    until = time.monotonic() + _SHOWN_SECONDS
    while not await _shown(client, done):
        if time.monotonic() > until:
            raise KafkaTimeoutError("the brokers have not taken up the changes in time")
        await asyncio.sleep(_PAUSE_SECONDS)


async def _shown(client: AIOKafkaAdminClient, done: list[Difference]) -> bool:
    wanted = {each.topic: each.wanted for each in done if each.wanted}
    if not wanted:
        return True
    described = {topic["topic"]: topic["partitions"] for topic in await client.describe_topics(list(wanted))}
    if any(not _led(described[each.topic], each) for each in done):
        return False
    configs = await _configs(client, wanted)
    return all(_as_set(configs.get(each.topic, {}), each) for each in done)


def _led(partitions: list[dict[str, Any]], done: Difference) -> bool:
    """Return whether every partition that there should be has a leader."""
    expected = done.wanted.partitions if done.wanted and done.change in (Change.CREATE, Change.PARTITIONS) else 1
    return len(partitions) >= expected and all(each["leader"] >= 0 for each in partitions)


def _as_set(configs: Mapping[str, tuple[str, int]], done: Difference) -> bool:
    if done.change is Change.CREATE and done.wanted:
        return all(configs.get(name, ("", 0))[1] == _TOPIC_OVERRIDE for name in done.wanted.configs)
    return done.change is not Change.CONFIG or configs.get(done.what, ("", 0))[0] == done.want


async def create(client: AIOKafkaAdminClient, wanted: list[Wanted]) -> None:
    """Create topics, some at a time; one that somebody else has just created is no error."""
    for start in range(0, len(wanted), _AT_ONCE):
        new = [
            NewTopic(each.name, each.partitions, each.replication, topic_configs=dict(each.configs))
            for each in wanted[start : start + _AT_ONCE]
        ]
        response = await client.create_topics(new, timeout_ms=_CREATE_MS)
        for name, code, message in response.topic_errors:
            if code and code != TopicAlreadyExistsError.errno:
                raise for_code(code)(f"{name}: {message}")


async def _configs(client: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, tuple[str, int]]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    if not resources:
        return {}
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for response in await client.describe_configs(resources):
        for code, message, _, name, entries in response.resources:
            if code == UnknownTopicOrPartitionError.errno:
                continue  # created or deleted this moment
            if code:
                raise for_code(code)(f"{name}: {message}")
            found[name] = {entry[0]: (entry[1] or "", entry[3]) for entry in entries}
    return found


async def _records(connection: Connection, partitions: Mapping[str, int]) -> dict[str, int]:
    every = [TopicPartition(name, number) for name, count in partitions.items() for number in range(count)]
    if not every:
        return {}
    async with consumer(connection) as client:
        client.assign(every)  # the client learns of all topics at once, not of one every 0.1 s
        client.pause(*every)
        first: dict[Any, int] = await client.beginning_offsets(every)
        last: dict[Any, int] = await client.end_offsets(every)
    return {name: sum(last[tp] - first[tp] for tp in every if tp.topic == name) for name in partitions}
