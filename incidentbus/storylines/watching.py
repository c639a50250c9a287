"""The watch: reads everything that a deployment's topics say, and knows when all of it has been dealt with.

Quiet is a fact of the broker and not of waiting: every topic is read to its end with no transaction open, every stage
has committed beyond the last record of each of its inputs, and no case has anything due by the story's clock.
"""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from connectors.kafka.clients import Connection
from contracts.case import due_of, read_case
from contracts.deadletter import REASON
from contracts.topics import Topics
from incidentbus.storylines.happening import Seen, Standing

_PATIENCE_S: Final = 40.0
_PAUSE_S: Final = 0.01
_POLL_MS: Final = 40
_CODE: Final = re.compile(rb'"([a-z][a-z0-9-]+)"')


class NeverQuiet(Exception):
    """The bus did not come to rest; the message says what was still on its way."""


@dataclass(slots=True)
class Watch:
    """Reads one deployment. `inputs`: by consumer group, the topics that it takes from.

    `above` gives who stands above each agency. To ask for every topic's end costs a third of a second: while a story
    runs, the bus's own topics are read and those of whomever they name; `sweep` reads all.
    """

    connection: Connection
    topics: Topics
    inputs: Mapping[str, Sequence[str]]
    above: Mapping[str, str | None]
    seen: list[Seen] = field(default_factory=list)
    standing: dict[str, Standing] = field(default_factory=dict)
    _committed: Any = None
    _ends: Any = None
    _admin: Any = None
    _at: dict[TopicPartition, int] = field(default_factory=dict)
    _last: dict[TopicPartition, int] = field(default_factory=dict)
    _taken: dict[TopicPartition, int] = field(default_factory=dict)
    _warm: set[TopicPartition] = field(default_factory=set)
    _named: set[str] = field(default_factory=set)

    async def __aenter__(self) -> "Watch":
        """Begin at the beginning of every topic of the deployment."""
        options = self.connection.options()
        self._admin = AIOKafkaAdminClient(**options)
        await self._admin.start()
        there = [each for each in await self._admin.describe_topics() if each["topic"].startswith(self.topics.prefix)]
        partitions = [TopicPartition(each["topic"], part["partition"]) for each in there for part in each["partitions"]]
        self._committed = AIOKafkaConsumer(
            isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=20, **options
        )
        self._ends = AIOKafkaConsumer(enable_auto_commit=False, **options)
        for client in (self._committed, self._ends):
            await client.start()
            client.assign(partitions)
            client.pause(*partitions)
        self._at = await self._committed.beginning_offsets(partitions)
        for tp, offset in self._at.items():
            self._committed.seek(tp, offset)
        self._warm = {
            tp
            for tp in partitions
            if tp.topic.startswith((f"{self.topics.prefix}bus.", f"{self.topics.prefix}channel."))
        }
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Watch no more."""
        for client in (self._committed, self._ends):
            if client is not None:
                await client.stop()
        await self._admin.close()

    async def quiet(self, now_ms: int) -> None:
        """Return once everything has been dealt with by `now_ms`. Raises `NeverQuiet`."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            new = await self.catch_up()
            waits = self._overdue(now_ms) or await self._untaken()
            if not waits and not new and not await self.catch_up():
                return  # what was taken meanwhile has left nothing behind that was not read
            if time.monotonic() > until:
                raise NeverQuiet(f"{_PATIENCE_S:.0f} s 仍未平静 / still busy: {waits or 'records come in'}")
            if waits:
                await asyncio.sleep(_PAUSE_S)

    def next_due(self) -> int | None:
        """Return when something of any case falls due next."""
        return min((each.due for each in self.standing.values() if each.due is not None), default=None)

    def attend(self, topic: str) -> None:
        """Read a topic from now on, and its dead letters."""
        self._warm |= {tp for tp in self._at if tp.topic in (topic, self.topics.dead_letters(topic))}

    async def sweep(self) -> None:
        """Read every topic to its end, whoever may have written there."""
        await self._read(list(self._at))

    async def catch_up(self) -> bool:
        """Read the topics attended to, to where they end now; say whether anything was new.

        What is written but not yet committed is waited for. Whom a record names is attended to from then on.
        """
        new = False
        while await self._read(sorted(self._warm)):
            new = True
        return new

    async def _read(self, partitions: list[TopicPartition]) -> bool:
        ends = await self._ends.end_offsets(partitions)
        behind = [tp for tp, end in ends.items() if end > self._at[tp]]
        if not behind:
            return False
        until = time.monotonic() + _PATIENCE_S
        self._committed.resume(*behind)
        while behind:
            for records in (await self._committed.getmany(*behind, timeout_ms=_POLL_MS)).values():
                for record in records:
                    self._note(record)
            for tp in behind:
                self._at[tp] = await self._committed.position(tp)
            done = [tp for tp in behind if self._at[tp] >= ends[tp]]
            self._committed.pause(*done)
            behind = [tp for tp in behind if tp not in done]
            if behind and time.monotonic() > until:
                raise NeverQuiet(f"a transaction stays open on {behind[0].topic}")
        return True

    def _overdue(self, now_ms: int) -> str:
        late = [incident for incident, each in self.standing.items() if each.due is not None and each.due <= now_ms]
        return f"{late[0]} has something due" if late else ""

    async def _untaken(self) -> str:
        for group, names in self.inputs.items():
            of_it = set(names)
            wanted = {
                tp: last for tp, last in self._last.items() if tp.topic in of_it and last >= self._taken.get(tp, 0)
            }
            if not wanted:
                continue
            told = await self._admin.list_consumer_group_offsets(group, partitions=list(wanted))
            self._taken |= {tp: told[tp].offset for tp in wanted if tp in told}
            for tp, offset in wanted.items():
                if self._taken.get(tp, 0) <= offset:
                    return f"{group} has not taken {tp.topic}/{tp.partition}/{offset}"
        return ""

    def _attend_to_named(self, value: bytes) -> None:
        """Attend to every agency that a record of the bus names, and to whoever stands above it."""
        for word in _CODE.findall(value):
            agency: str | None = word.decode()
            while agency is not None and agency in self.above and agency not in self._named:
                self._named.add(agency)
                self.attend(self.topics.agency_assignments(agency))
                self.attend(self.topics.agency_feedback(agency))
                agency = self.above[agency]

    def _note(self, record: ConsumerRecord) -> None:
        tp = TopicPartition(record.topic, record.partition)
        self._last[tp] = record.offset
        if record.topic.startswith(f"{self.topics.prefix}bus."):
            self._attend_to_named(record.value or b"")
        key = (record.key or b"").decode("utf-8", "replace")
        if record.topic == self.topics.bus("cases"):
            self._stands(key, record.value)
            return
        headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
        type_ = headers.get(REASON) or headers.get("ce_type", "")
        at = record.timestamp
        self.seen.append(Seen(record.topic, record.partition, record.offset, at, key, record.value or b"", type_))

    def _stands(self, incident: str, value: bytes | None) -> None:
        if value is None:
            self.standing.pop(incident, None)
        else:
            self.standing[incident] = Standing(read_case(value), due_of(value))
