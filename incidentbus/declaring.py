"""Declares, shows and ends emergencies (急时): the records on `bus.modes.v1` that every decision reads (G49).

One record a place or area, and its last word counts. None is for ever: `until` is demanded and lies within thirty days,
so that no emergency is forgotten. Ending one is a last word too, with who and why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from connectors.kafka.clients import Connection
from connectors.kafka.publisher import Outgoing, open_publisher
from contracts.decision import ModeRecord, mode_wire
from contracts.errors import Permanent
from contracts.serde import read, write
from contracts.topics import Topics
from incidentbus.readmodel.reading import read_all
from routing_rules.engine.schema import Ruleset

LONGEST: Final = timedelta(days=30)


class NotDeclared(ValueError):
    """The record would be wrong; the message says what to write instead, in Chinese and English."""


def checked(record: ModeRecord, ruleset: Ruleset) -> ModeRecord:
    """Return the record if the ruleset knows its words. Raises `NotDeclared`."""
    if (record.jurisdiction is None) == (record.area is None):
        raise NotDeclared("写一个地方：--jurisdiction 或 --area / name one place: --jurisdiction or --area")
    if record.jurisdiction is not None and record.jurisdiction not in ruleset.jurisdictions:
        raise NotDeclared(f"没有这个区划 / no such jurisdiction: {record.jurisdiction}")
    if record.area is not None and record.area not in ruleset.areas:
        raise NotDeclared(f"没有这个区域 / no such area: {record.area}; there are {_listed(ruleset.areas)}")
    for response in record.response:
        if response not in ruleset.responses:
            raise NotDeclared(f"没有这种响应 / no such response: {response}; there are {_listed(ruleset.responses)}")
    if record.from_ is None or record.until is None or not record.from_ < record.until <= record.from_ + LONGEST:
        raise NotDeclared("--until 要晚于开始，且不超过三十天 / --until lies after the start, within thirty days")
    return record


async def declared(connection: Connection, topics: Topics) -> list[ModeRecord]:
    """Return the last word on every place and area, ended ones included. An unreadable record is passed over."""
    last: dict[bytes, ModeRecord] = {}
    async for record in read_all(connection, [(topics.bus("modes"), 0)]):
        if record.key is None:
            continue
        last.pop(record.key, None)
        if record.value is not None:
            try:
                last[record.key] = read(ModeRecord, record.value)
            except Permanent:
                continue
    return [last[key] for key in sorted(last)]


def standing_at(records: Sequence[ModeRecord], now: datetime) -> list[ModeRecord]:
    """Return the emergencies that hold at `now`."""
    return [each for each in records if each.stands_at(now)]


async def declare(connection: Connection, topics: Topics, record: ModeRecord) -> None:
    """Put a record on the topic; workers see it within a second."""
    key = (record.jurisdiction or record.area or "").encode()
    async with open_publisher(connection) as publisher:
        await publisher.publish(Outgoing(topics.bus("modes"), key, write(mode_wire(record)), partition=0))


async def end(
    connection: Connection, topics: Topics, place: str, now: datetime, by: str, reason: str
) -> ModeRecord | None:
    """End the emergency of a place or area; return what was ended, or None where none holds."""
    for record in standing_at(await declared(connection, topics), now):
        if place in (record.jurisdiction, record.area):
            await declare(connection, topics, replace(record, until=now, set_by=by, reason=reason))
            return record
    return None


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
