"""Follows the ruleset in shadow, apart from the one in force: what goes wrong here reaches nothing that is live.

The book of acts says what is in shadow. It is taken only if it loads and the topic of differences can be written to,
for a record that the broker refuses would hold up the live decision beside it. A shadow that dispatch dropped is told
in the log, on a metric, and in the book, so that every other worker drops it too.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from connectors.kafka.clients import Connection
from connectors.kafka.publisher import Outgoing, open_publisher
from contracts.errors import Permanent, Temporary
from contracts.rulesetact import Act, DropReason, RulesetAct, Standing
from contracts.serde import read
from contracts.telemetry import Meter
from contracts.topics import Topics
from incidentbus.clock import utc_now
from incidentbus.memory import settle_collector
from incidentbus.publishing.book import bundle_of
from incidentbus.readmodel.reading import existing
from incidentbus.rulesets import reader_of
from streams.rulesets import HeldRuleset, RefusedRuleset, open_bundle
from streams.shadows import ALLOWANCE, Shadow

log: Final = structlog.get_logger("shadow")
_POLL_MS: Final = 300
_RETRY_S: Final = 1.0
_LOOK_S: Final = 3.0  # how soon the book is found that a later release brings to the cluster
_DIGITS: Final = 12


class ShadowFollower(Service):
    """Keeps the shadow of `held` at what the book says. `clock` measures what decisions take, in seconds."""

    def __init__(
        self,
        held: HeldRuleset,
        topics: Topics,
        connection: Connection,
        meter: Meter,
        clock: Callable[[], float] = time.thread_time,
        allowance: float = ALLOWANCE,
    ) -> None:
        super().__init__()
        self._held = held
        self._topics = topics
        self._connection = connection
        self._meter = meter
        self._clock = clock
        self._allowance = allowance
        self._book = TopicPartition(topics.bus("ruleset-acts"), 0)
        self._consumer: AIOKafkaConsumer | None = None
        self._standing = Standing()
        self._settled: RulesetAct | None = None
        self._following: asyncio.Task[None] | None = None

    async def on_start(self) -> None:
        """Begin to follow; nobody waits for it."""
        self._following = asyncio.create_task(self._follow(), name="shadow")

    async def on_stop(self) -> None:
        """Follow no more, and close the consumer."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        if self._consumer is not None:
            await self._consumer.stop()

    async def _follow(self) -> None:
        while True:
            try:
                await self._step()
            except (KafkaError, TimeoutError, Temporary) as error:
                log.warning("the book of rulesets can't be read or written; tried again", error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)
            except Exception:  # whatever it is: the next act must find us listening
                log.exception("an act of the book passed over")
                await asyncio.sleep(_RETRY_S)

    async def _step(self) -> None:
        if self._consumer is None and not await self._opened():
            await asyncio.sleep(_LOOK_S)
            return
        assert self._consumer is not None  # noqa: S101 - opened above
        fetched = await self._consumer.getmany(timeout_ms=_POLL_MS)
        for records in fetched.values():
            for record in records:
                self._take(record.value)
        if not fetched:
            await self._settle()
        await self._tell_dropped()

    async def _opened(self) -> bool:
        if not await existing(self._connection, self._book.topic.__eq__):
            return False
        consumer = reader_of(self._connection)
        try:
            await consumer.start()
            consumer.assign([self._book])
            await consumer.seek_to_beginning(self._book)
        except BaseException:
            await consumer.stop()
            raise
        self._consumer = consumer
        return True

    def _take(self, value: bytes | None) -> None:
        try:
            self._standing.take(read(RulesetAct, value or b""))
        except Permanent as error:
            log.warning("unreadable act passed over", reason=error.reason.value)

    async def _settle(self) -> None:
        wanted = self._standing.shadow
        if wanted is self._settled:
            return
        self._withdraw()
        if wanted is not None:
            shadow = await self._open(wanted)
            self._held.put_in_shadow(shadow)
            if shadow.because is None:
                self._taken(shadow, wanted)
        self._settled = wanted

    async def _open(self, wanted: RulesetAct) -> Shadow:
        bundle = await bundle_of(self._connection, self._topics, wanted.hash)
        live = self._held.current()
        if bundle is None or live is None:
            raise TimeoutError  # it may still come
        try:
            opened = await asyncio.to_thread(open_bundle, bundle)
        except Exception as error:
            said = str(error) if isinstance(error, RefusedRuleset) else type(error).__name__
            stand_in = Shadow(live.compiled, self._clock)
            stand_in.drop(DropReason.REFUSED, said)
            return stand_in
        settle_collector()
        shadow = Shadow(opened.compiled, self._clock, self._allowance)
        if (why := await self._unwritable()) is not None:
            shadow.drop(DropReason.NOT_WRITABLE, why)
        return shadow

    async def _unwritable(self) -> str | None:
        """Say why the topic of differences can't be written to: by writing a record that says nothing to it."""
        topic = self._topics.bus("shadow-decisions")
        found = await existing(self._connection, topic.__eq__)
        if len(found.get(topic, ())) < self._topics.spine:
            return "no such topic, or fewer partitions than dispatch has tasks"
        try:
            async with open_publisher(self._connection) as publisher:
                await publisher.publish(Outgoing(topic, b"armed", None, partition=0))
        except (Permanent, Temporary) as error:
            return f"{topic}: {error.reason.value}"
        return None

    def _taken(self, shadow: Shadow, wanted: RulesetAct) -> None:
        log.info("ruleset in shadow", ruleset=wanted.ruleset, version=wanted.version, digest=wanted.hash[:_DIGITS])
        self._meter.set(
            "incidentbus_shadow_info", 1, id=wanted.ruleset, version=wanted.version, digest=shadow.hash[:_DIGITS]
        )

    def _withdraw(self) -> None:
        if self._held.shadow is not None:
            self._held.put_in_shadow(None)
            self._meter.forget("incidentbus_shadow_info")
            log.info("no ruleset in shadow any more")

    async def _tell_dropped(self) -> None:
        shadow, wanted = self._held.shadow, self._settled
        if shadow is None or wanted is None or shadow.because is None:
            return
        told = wanted.model_copy(
            update={"act": Act.DROPPED, "at": utc_now(), "by": "dispatch", "reason": "", "effect": None,
                    "because": shadow.because, "detail": shadow.detail}
        )  # fmt: skip
        self._held.put_in_shadow(None)
        self._meter.forget("incidentbus_shadow_info")
        self._meter.count("incidentbus_shadow_drops_total", because=shadow.because.value)
        log.error(
            "ruleset in shadow dropped; the one in force goes on", version=wanted.version,
            digest=wanted.hash[:_DIGITS], because=shadow.because.value, detail=shadow.detail,
        )  # fmt: skip
        async with open_publisher(self._connection) as publisher:
            await publisher.publish(Outgoing(self._book.topic, told.hash.encode(), told.model_dump_json().encode()))
