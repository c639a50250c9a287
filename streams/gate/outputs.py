"""What a topic takes, and whether a record would be taken: asked before the broker is, for one refused record fails its
whole batch and costs the turn (hole A).

The limits are the cluster's own, read from it and kept for a while: a limit that changed meanwhile shows as a refusal,
after which they are read again.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from contracts.ports import Emit, Headers
from streams.gate.cluster import Cluster

BATCH_HEADER = 61  # bytes of a record batch before its first record
RECORD_MARGIN = 40  # varints and attributes of one record, at most
HEADER_MARGIN = 10  # varints of one header, at most
_ASK_MS = 10_000
_ILL_TYPED = -(1 << 40)
BATCH_LIMIT = (1 << 20) - 1024
"""Bytes of one batch at most: under a broker's default `message.max.bytes` of 1,048,588."""


@dataclass(frozen=True, slots=True)
class TopicLimits:
    """What a topic takes. `future_ms` and `past_ms` bound a record's own timestamp; None where the broker stamps."""

    partitions: int
    max_bytes: int = 1_048_588
    compacted: bool = False
    future_ms: int | None = 3_600_000
    past_ms: int | None = None


class TopicBook(Protocol):
    """Knows the limits of topics."""

    def get(self, topic: str) -> TopicLimits | None:
        """Return what is known of `topic`; None if it is not known or does not exist."""

    async def learn(self, topics: Collection[str]) -> None:
        """Find out about `topics`, unless it has been done of late."""

    async def refresh(self) -> None:
        """Find out again about what was learned too long ago."""

    def forget(self) -> None:
        """Take nothing known for granted any more."""


def weigh(emit: Emit, limits: TopicLimits | None, now_ms: int) -> int | str:
    """Return the bytes of the record at most, or say why the broker would not take it.

    Names the topic and the limit, never the content. It runs for every record written: hence one pass, few calls.
    """
    topic, partition, key, value, headers, timestamp = emit
    if limits is None:
        return f"{topic}: no such topic"
    if type(partition) is not int or not 0 <= partition < limits.partitions:
        return f"{topic}: partition {partition!r:.20} of {limits.partitions}"
    if (key is not None and type(key) is not bytes) or (value is not None and type(value) is not bytes):
        return f"{topic}: key and value are bytes or nothing"
    if key is None and limits.compacted:
        return f"{topic}: a compacted topic needs a key"
    size = RECORD_MARGIN + (len(key) if key else 0) + (len(value) if value else 0)
    if headers and (size := size + _weigh_headers(headers)) < 0:
        return f"{topic}: header names are text, header values bytes or nothing"
    if timestamp is not None and (wrong := _refused_stamp(emit, limits, now_ms)) is not None:
        return wrong
    if size + BATCH_HEADER > limits.max_bytes and exact_size(emit) > limits.max_bytes:
        return f"{topic}: {exact_size(emit)} bytes, at most {limits.max_bytes} taken"
    return size


def _weigh_headers(headers: Headers) -> int:
    size = 0
    for name, value in headers:
        if type(name) is not str or (value is not None and type(value) is not bytes):
            return _ILL_TYPED
        size += HEADER_MARGIN + (len(name) if name.isascii() else _weigh_name(name))
        if value is not None:
            size += len(value)
    return size


def _weigh_name(name: str) -> int:
    try:
        return len(name.encode())
    except UnicodeEncodeError:  # half a surrogate pair
        return _ILL_TYPED


def exact_size(emit: Emit) -> int:
    """Return the bytes of a batch that holds this record alone (record batch format, magic 2)."""
    body = 3 + _sized(emit.key) + _sized(emit.value) + _varint(len(emit.headers))
    body += sum(_sized(name.encode()) + _sized(value) for name, value in emit.headers)
    return BATCH_HEADER + _varint(body) + body


def _sized(field: bytes | None) -> int:
    return 1 if field is None else _varint(len(field)) + len(field)


def _varint(number: int) -> int:
    """Return how many bytes a length takes: zigzag, seven bits to a byte."""
    return max((number * 2).bit_length() + 6, 7) // 7


def _refused_stamp(emit: Emit, limits: TopicLimits, now_ms: int) -> str | None:
    if type(emit.timestamp) is not int:
        return f"{emit.topic}: a timestamp is a whole number of milliseconds"
    if limits.future_ms is not None and emit.timestamp > now_ms + limits.future_ms:
        return f"{emit.topic}: timestamp more than {limits.future_ms} ms ahead"
    if emit.timestamp < 0 or (limits.past_ms is not None and emit.timestamp < now_ms - limits.past_ms):
        return f"{emit.topic}: timestamp too old"
    return None


class ClusterBook:
    """Reads limits from the cluster and keeps them for `keep_s`, a topic that is missing for `retry_s`."""

    def __init__(self, cluster: Cluster, *, keep_s: float = 300.0, retry_s: float = 5.0) -> None:
        self._cluster = cluster
        self._keep_s, self._retry_s = keep_s, retry_s
        self._known: dict[str, TopicLimits | None] = {}
        self._learned: dict[str, float] = {}
        self._lock = asyncio.Lock()

    def get(self, topic: str) -> TopicLimits | None:
        """Return the limits last read."""
        return self._known.get(topic)

    def forget(self) -> None:
        """Read every topic's limits again at the next refresh."""
        self._learned = dict.fromkeys(self._learned, float("-inf"))

    async def refresh(self) -> None:
        """Read again those that were read too long ago."""
        now = asyncio.get_running_loop().time()
        if any(now - at > self._keep_s for at in self._learned.values()):
            await self.learn(list(self._learned))

    async def learn(self, topics: Collection[str]) -> None:
        """Read the limits of those not read of late, in one request; raises aiokafka's `KafkaError`."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if wanted := [topic for topic in topics if self._stale(topic, now)]:
                self._known.update(await self._read(wanted))
                self._learned.update(dict.fromkeys(wanted, now))

    def _stale(self, topic: str, now: float) -> bool:
        age = now - self._learned.get(topic, float("-inf"))
        return age > (self._retry_s if self._known.get(topic) is None else self._keep_s)

    async def _read(self, topics: list[str]) -> dict[str, TopicLimits | None]:
        admin = AIOKafkaAdminClient(
            bootstrap_servers=self._cluster.bootstrap, request_timeout_ms=_ASK_MS, **self._cluster.security
        )
        try:
            await admin.start()
            counts = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics(topics)}
            asked = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics if counts.get(topic)]
            answers = await admin.describe_configs(asked) if asked else []
        finally:
            await admin.close()
        configs = {name: dict(_pairs(entries)) for answer in answers for _, _, _, name, entries in answer.resources}
        return {topic: _limits(counts.get(topic, 0), configs.get(topic, {})) for topic in topics}


def _pairs(entries: Iterable[Any]) -> Iterable[tuple[str, str]]:
    return ((entry[0], entry[1]) for entry in entries)


def _limits(partitions: int, config: Mapping[str, str]) -> TopicLimits | None:
    if not partitions:
        return None
    stamped_by_us = config.get("message.timestamp.type", "CreateTime") == "CreateTime"
    past = int(config.get("message.timestamp.before.max.ms", _FOREVER))
    return TopicLimits(
        partitions=partitions,
        max_bytes=int(config.get("max.message.bytes", 1_048_588)),
        compacted="compact" in config.get("cleanup.policy", "delete"),
        future_ms=int(config.get("message.timestamp.after.max.ms", 3_600_000)) if stamped_by_us else None,
        past_ms=past if stamped_by_us and past < _FOREVER else None,
    )


_FOREVER = 9_223_372_036_854_775_807
