"""Follows the ruleset in force: outside any group, from the pointer's topic, swapped between turns within 2 s.

A ruleset that does not load or whose content is not what its hash says is refused; the last good one stays in force and
the gauges say so.
"""

import asyncio
from typing import Any, Final

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from connectors.kafka.clients import Connection
from contracts.decision import ModeRecord
from contracts.errors import Permanent
from contracts.ports import InboundRecord
from contracts.ruleset import RulesetBundle, RulesetPointer
from contracts.serde import read
from contracts.telemetry import Meter
from contracts.topics import Topics
from incidentbus.clock import SystemClock
from incidentbus.memory import settle_collector
from incidentbus.telemetry.prometheus import ruleset_refused, ruleset_taken
from streams.gate.mending import MendingConsumer
from streams.rulesets import HeldRuleset, RefusedRuleset, RulesetInForce, open_bundle

log: Final = structlog.get_logger("rulesets")
_POLL_MS: Final = 300
_RETRY_S: Final = 1.0


class RulesetFollower(Service):
    """Keeps `held` at the ruleset that the pointer names, and at the modes that are declared."""

    def __init__(self, held: HeldRuleset, topics: Topics, connection: Connection, meter: Meter) -> None:
        super().__init__()
        self._held = held
        self._connection = connection
        self._meter = meter
        self._bundles = TopicPartition(topics.bus("rulesets"), 0)
        self._pointer = TopicPartition(topics.bus("ruleset-in-force"), 0)
        self._modes = TopicPartition(topics.bus("modes"), 0)
        self._consumer: Any = None
        self._following: asyncio.Task[None] | None = None
        self._offsets: dict[str, int] = {}
        self._declared: dict[bytes, ModeRecord] = {}
        self._wanted: RulesetPointer | None = None
        self._settled = ""  # hash of the pointer that was last acted on
        self._missing = ""  # hash of the pointer whose ruleset was last found missing

    async def on_start(self) -> None:
        """Assign the topics and read them from their beginning."""
        self._consumer = reader_of(self._connection)
        await self._consumer.start()
        partitions = [self._bundles, self._pointer, self._modes]
        self._consumer.assign(partitions)
        await self._consumer.seek_to_beginning(*partitions)
        self._following = asyncio.create_task(self._follow(), name="rulesets")
        self._following.add_done_callback(self._ended)

    async def on_stop(self) -> None:
        """Follow no more, and close the consumer."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        if self._consumer is not None:
            await self._consumer.stop()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.ensure_future(self.crash(error))  # noqa: RUF006 - the service keeps what crashed it

    async def _follow(self) -> None:
        while True:
            try:
                await self._step()
            except (KafkaError, TimeoutError) as error:
                log.warning("rulesets cannot be read; tried again", error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)
            except Exception:  # whatever it is, the last good ruleset stays and the next one must find us listening
                log.exception("a ruleset or mode passed over")
                await asyncio.sleep(_RETRY_S)

    async def _step(self) -> None:
        fetched = await self._consumer.getmany(timeout_ms=_POLL_MS)
        for partition, records in fetched.items():
            for record in records:
                self._note(partition, record)
        if not fetched:
            await self._settle()

    def _note(self, partition: TopicPartition, record: InboundRecord) -> None:
        try:
            self._noted(partition, record.key, record.value, record.offset)
        except Exception:  # one record's fault is not the next one's
            log.exception("record passed over", topic=record.topic, offset=record.offset)

    def _noted(self, partition: TopicPartition, key: bytes | None, value: bytes | None, offset: int) -> None:
        if partition == self._bundles and key is not None and value is not None:
            self._offsets[key.decode("ascii", "replace")] = offset
        elif partition == self._pointer and value is not None:
            self._wanted = self._readable(RulesetPointer, value) or self._wanted
        elif partition == self._modes and key is not None:
            self._declared.pop(key, None)
            record = self._readable(ModeRecord, value) if value is not None else None
            if record is not None:
                self._declared[key] = record
            self._held.declare(self._modes_declared())

    def _readable(self, kind: type[Any], value: bytes) -> Any:
        try:
            return read(kind, value)
        except Permanent as error:
            log.warning("unreadable record passed over", kind=kind.__name__, reason=error.reason.value)
            return None

    async def _settle(self) -> None:
        wanted = self._wanted
        if wanted is None or wanted.hash == self._settled:
            return
        self._settled = wanted.hash
        if wanted.hash not in self._offsets:
            self._settled = ""  # it may still come; until it does, nothing changes
            if self._missing != wanted.hash:
                self._missing = wanted.hash
                self._refused(wanted, "the topic of rulesets does not have it")
            return
        try:
            bundle = await self._fetch(self._offsets[wanted.hash])
            fresh = await asyncio.to_thread(open_bundle, bundle)
        except (RefusedRuleset, Permanent) as error:
            self._refused(wanted, str(error))
            return
        except (KafkaError, TimeoutError):
            self._settled = ""  # asked for again at the next look
            raise
        except Exception as error:
            self._refused(wanted, f"{type(error).__name__} while it was loaded: a defect of the loader")
            return
        self._held.put_in_force(fresh)
        self._held.declare(self._modes_declared())
        settle_collector()
        self._taken(fresh)

    async def _fetch(self, offset: int) -> RulesetBundle:
        reader = reader_of(self._connection)
        try:
            await reader.start()
            reader.assign([self._bundles])
            reader.seek(self._bundles, offset)
            record = await asyncio.wait_for(reader.getone(), timeout=10)
            return read(RulesetBundle, record.value or b"")
        finally:
            await reader.stop()

    def _modes_declared(self) -> tuple[ModeRecord, ...]:
        return tuple(record for _, record in sorted(self._declared.items()))

    def _taken(self, fresh: RulesetInForce) -> None:
        ruleset = fresh.compiled.ruleset
        log.info("ruleset in force", ruleset=ruleset.id, version=ruleset.version, digest=ruleset.hash[:12])
        now = SystemClock().now_ms()
        ruleset_taken(self._meter, id_=ruleset.id, version=ruleset.version, digest=ruleset.hash, at_ms=now)

    def _refused(self, wanted: RulesetPointer, why: str) -> None:
        log.error("ruleset refused; the last good one stays", version=wanted.version, digest=wanted.hash[:12], why=why)
        ruleset_refused(self._meter)


def reader_of(connection: Connection) -> MendingConsumer:
    """Return a reader of what was committed, in no group, that stands where it is told to."""
    return MendingConsumer(
        group_id=None, enable_auto_commit=False, auto_offset_reset="earliest", isolation_level="read_committed",
        fetch_max_wait_ms=500, **connection.options(),
    )  # fmt: skip
