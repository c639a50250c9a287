"""Surge on Faust: incidents are regrouped by town and category, groups counted, and what the processor tells is sent.

Faust delivers at least once and keeps its tables so: what is told is told before the table takes note, and has an id
and content from the records alone, so a repeat is the same record again. A body that raises keeps the record as a dead
letter of its input and goes on; only where Kafka won't take a record does an agent wait.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import faust

from contracts.codes import ReasonCode
from contracts.deadletter import dead_letter
from contracts.directive import Directive
from contracts.envelope import EventHeaders
from contracts.errors import Permanent
from contracts.partition import partition_of, partition_of_id
from contracts.ports import Clock, Emit, Headers
from contracts.serde import write
from contracts.surge import Surge
from contracts.telemetry import Meter
from contracts.topics import Topics
from streams.processors.surge import SOURCE, Group, Sighting, Watched, due_ms, observe, sighted
from streams.tables import RAW, declared_table

log: Final = logging.getLogger(__name__)
TICK_SECONDS: Final = 10.0
"""How often it is looked whether a surge is over."""
GRACE_MS: Final = 60_000
"""A surge's end waits so long for sightings under way, and while what is read is older than this."""
_RETRY_SECONDS: Final = 1.0
_CE_SOURCE: Final = f"incidentbus/{SOURCE}"


class _Record(NamedTuple):
    """Faust's message in the shape that processors know."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @classmethod
    def of(cls, message: Any) -> "_Record":
        headers = message.headers or ()
        pairs = tuple(headers.items()) if isinstance(headers, Mapping) else tuple(headers)
        stamp = round(message.timestamp * 1000)
        return cls(message.topic, message.partition, message.offset, stamp, message.key, message.value, pairs)


class SurgeWatch:
    """The two agents, the table and the timer of one app."""

    def __init__(self, app: faust.App, topics: Topics, clock: Clock, meter: Meter) -> None:
        self._app, self._topics, self._clock, self._meter = app, topics, clock, meter
        self._sightings = topics.bus("surge-sightings")
        self.groups = declared_table(app, "groups", topics.bus("surge-state"), topics.spine)
        self._caught_up_ms = clock.now_ms() + GRACE_MS
        incidents = app.topic(topics.bus("incidents"), **RAW)
        sightings = app.topic(self._sightings, **RAW)
        self.regroup = app.agent(incidents, name="surge.regroup")(self._regroup)
        self.count = app.agent(sightings, name="surge.count")(self._count)
        app.timer(interval=TICK_SECONDS, name="surge.ends")(self.look_for_ends)

    async def _regroup(self, stream: Any) -> None:
        async for event in stream.events():
            record = _Record.of(event.message)
            try:
                group, sighting = sighted(record)
                out = self._sighting(group.key(), sighting)
            except Exception as error:
                await self._keep(record, error)
                continue
            if sighting.at_ms < self._clock.now_ms() - GRACE_MS:
                self._caught_up_ms = self._clock.now_ms() + GRACE_MS // 2
            await self._send([out])

    async def _count(self, stream: Any) -> None:
        async for event in stream.events():
            record = _Record.of(event.message)
            try:
                key = record.key or b""
                group, sighting = Group.of(key), Sighting.read(record.value or b"")
                state = Watched.read(self.groups.get(key))
                told = observe(group, state, sighting)
                outs = [*map(self._surge, told.surges), *map(self._directive, told.directives)]
                kept = state.to_bytes()
            except Exception as error:
                await self._keep(record, error)
                continue
            await self._send(outs)
            self.groups[key] = kept  # behind what it led to: a crash between the two tells the same again
            if sighting.incident:
                self._meter.count(
                    "incidentbus_surge_sightings_total", result="counted" if told.counted else "passed_over"
                )
            for surge in told.surges:
                self._told(surge)

    def _told(self, surge: Surge) -> None:
        exercise = "true" if surge.exercise else "false"
        self._meter.count("incidentbus_surges_total", status=surge.status.value, exercise=exercise)
        log.warning("surge %s", surge.status.value, extra={"surge": surge.id, "count": surge.count})

    async def look_for_ends(self) -> None:
        """Put the time itself behind the sightings of each group whose surge should be over: its agent ends it."""
        now, ends, going_on = self._clock.now_ms(), [], 0
        for key, raw in list(self.groups.items()):
            state = Watched.read(raw)
            due = due_ms(state)
            if due is None:
                continue
            going_on += not Group.of(key).exercise
            if due + GRACE_MS <= now and now >= self._caught_up_ms:
                ends.append(self._sighting(key, Sighting(now - GRACE_MS)))
        self._meter.set("incidentbus_surges_open", going_on)
        await self._send(ends)

    def _sighting(self, key: bytes, sighting: Sighting) -> Emit:
        return Emit(self._sightings, partition_of(key, self._topics.spine), key, sighting.to_bytes())

    def _surge(self, surge: Surge) -> Emit:
        headers = EventHeaders(source=_CE_SOURCE, time=surge.at, subject=surge.id)
        id_ = f"{surge.id}-{surge.status.value}-{surge.count}"
        told = headers.of(id_, b"incidentbus.surge.v1")
        return Emit(self._topics.bus("surges"), 0, surge.id.encode(), write(surge), told)

    def _directive(self, directive: Directive) -> Emit:
        incident = directive.incident or ""
        headers = EventHeaders(source=_CE_SOURCE, time=directive.issued_at, subject=incident)
        told = headers.of(directive.id, b"incidentbus.directive.v1")
        where = partition_of_id(incident, self._topics.spine)
        return Emit(self._topics.bus("directives"), where, incident.encode(), write(directive), told)

    async def _keep(self, record: _Record, error: Exception) -> None:
        """Keep a record that a body could not take as a dead letter of its input."""
        if isinstance(error, Permanent):
            reason, detail = error.reason, error.detail
        else:
            reason, detail = ReasonCode.PROCESSOR_FAILED, type(error).__name__
        log.error("record kept as a dead letter: %s", reason.value, extra={"topic": record.topic})
        await self._send([dead_letter(record, reason, detail, stage=SOURCE, at_ms=self._clock.now_ms())])
        self._meter.count("incidentbus_surge_sightings_total", result="rejected")

    async def _send(self, emits: Iterable[Emit]) -> None:
        """Return once the broker has every record; until then nothing that follows is taken."""
        await asyncio.gather(*(self._sent(emit) for emit in emits))

    async def _sent(self, emit: Emit) -> None:
        headers: Any = list(emit.headers)
        while True:
            try:
                pending = await self._app.producer.send(
                    emit.topic, emit.key, emit.value, emit.partition, emit.timestamp, headers
                )
                await pending
            except Exception as error:  # an agent that raises has its record skipped: it waits instead
                log.warning("not sent yet: %s", type(error).__name__, extra={"topic": emit.topic})
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return
