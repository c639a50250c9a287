"""What `make bench` runs through all sides: incidents, their topics, and the same rules written for the peers.

Incidents are those of `make bench-rules` whose assignments go to the thirty agencies that get most, repeated under ids
of their own. What nobody shall think about (the ceilings, and peers that bring no rules) is decided once and kept.
"""

import asyncio
import base64
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import orjson

from connectors.kafka.admin import create
from connectors.kafka.clients import Connection, admin, producer
from connectors.kafka.topicplan import Wanted
from contracts.ids import incident_id
from contracts.incident import Incident, incident_bytes
from contracts.partition import partition_of_id
from contracts.ports import Emit
from contracts.topics import Topics
from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.compiler import Compiled
from streams.counts import TurnCounts
from streams.processors.dispatch import Dispatch
from streams.rulesets import HeldRuleset, RulesetInForce
from tests.bench.rules import workload
from tests.bench.rules.peer import patterns

AGENCIES: Final = 30
STAMP: Final = 1_778_551_200_000
DRAWN: Final = 4_000


@dataclass(slots=True)
class Kept:
    """A case's state as one decision leaves it."""

    value: bytes = b""

    def get(self, key: bytes) -> bytes | None:
        return None

    def put(self, key: bytes, value: bytes) -> None:
        self.value = value

    def delete(self, key: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Arrived:
    """A record as dispatch takes it."""

    topic: str
    partition: int
    value: bytes
    key: bytes
    offset: int = 0
    timestamp: int = STAMP
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """An incident with what dispatch makes of it: the decision first, then the assignments."""

    incident: Incident
    raw: bytes
    outputs: Sequence[Emit]
    state: bytes

    @property
    def route(self) -> str:
        return str(self._body["route"])

    @property
    def roles(self) -> list[tuple[str, str]]:
        return [(str(each["role"]), str(each["agency"])) for each in self._body["roles"]]

    @property
    def _body(self) -> dict[str, Any]:
        return orjson.loads(self.outputs[0].value or b"{}")  # type: ignore[no-any-return]


@dataclass
class Load:
    """One workload: `rules` of the codes mix, `partitions` of the spine, topics under `prefix`.

    `agencies` at most get assignments; 0 takes all that there are, `invented` of them beside the county's own.
    `padding` bytes are added to each message.
    """

    rules: int = 1_000
    partitions: int = 8
    prefix: str = "codes."
    agencies: int = AGENCIES
    padding: int = 0
    drawn: int = DRAWN
    invented: int = 0

    @property
    def topics(self) -> Topics:
        return Topics(self.prefix, self.partitions)

    @cached_property
    def compiled(self) -> Compiled:
        return workload.compiled(workload.CODES, self.rules, self.invented)

    @cached_property
    def base(self) -> list[Decided]:
        """Return the incidents that are repeated, decided once."""
        every = [self._decided(incident) for incident in workload.incidents(self.drawn)]
        if not self.agencies:
            return every
        gets = Counter(agency for each in every for _, agency in each.roles)
        most = {agency for agency, _ in gets.most_common(self.agencies)}
        return [each for each in every if all(agency in most for _, agency in each.roles)]

    def _decided(self, incident: Incident) -> Decided:
        if self.padding:
            text = incident.report.text + "a" * self.padding
            incident = incident.model_copy(update={"report": incident.report.model_copy(update={"text": text})})
        raw, task, kept = incident_bytes(incident), partition_of_id(incident.id, self.partitions), Kept()
        handle = self.dispatch(task).begin_turn()
        record = Arrived(self.topics.bus("incidents"), task, raw, incident.id.encode())
        return Decided(incident, raw, tuple(handle(record, kept)), kept.value)

    def dispatch(self, task: int) -> Dispatch:
        return Dispatch(task, self.topics, HeldRuleset(RulesetInForce(self.compiled)), TurnCounts())

    @cached_property
    def agency_topics(self) -> list[str]:
        return sorted({emit.topic for each in self.base for emit in each.outputs[1:]})

    def records(self, count: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield (partition, key, value) of as many incidents."""
        for number in range(count):
            one = self.base[number % len(self.base)]
            id_ = incident_id("bench", str(number))
            key = id_.encode()
            yield partition_of_id(id_, self.partitions), key, one.raw.replace(one.incident.id.encode(), key, 1)

    def canned(self, key: bytes) -> Decided:
        """Return what is given for a key without thinking; the peers choose in the same way."""
        return self.base[zlib.crc32(key) % len(self.base)]

    async def prepare(self, connection: Connection, count: int) -> None:
        """Make the topics and publish the incidents."""
        spine = [self.topics.bus(noun) for noun in ("incidents", "directives", "decisions")]
        spine += [self.topics.dead_letters(name) for name in spine[:2]]
        wanted = [Wanted(name, self.partitions, 1, {"retention.ms": "-1"}) for name in spine]
        wanted += [Wanted(name, 1, 1, {}) for name in self.agency_topics]
        async with admin(connection) as client:
            await create(client, wanted)
            await asyncio.sleep(2)  # until every partition is led
        async with producer(connection, linger_ms=20, max_batch_size=1 << 18) as client:
            last = []
            for partition, key, value in self.records(count):
                sent = await client.send(spine[0], value, key, partition=partition)
                last = [*last[-self.partitions * 4 :], sent]
            await client.flush()
            for future in last:
                await future

    async def changelog(self, connection: Connection, name: str) -> str:
        """Make an empty changelog for one round."""
        topic = f"{self.prefix}bus.bench-{name}.v1"
        async with admin(connection) as client:
            await create(client, [Wanted(topic, self.partitions, 1, {"cleanup.policy": "compact"})])
        return topic

    def write(self, folder: Path) -> None:
        """Write what the peers need into a folder: `job.json` and `patterns`."""
        folder.mkdir(parents=True, exist_ok=True)
        ruleset, catalogue = self.compiled.ruleset, Catalogue(self.compiled.ruleset)
        names = [route.id for route in ruleset.routes]
        lines = (line.split(" ", 1) for line in patterns(ruleset, catalogue))
        (folder / "patterns").write_text("\n".join(f"{names.index(name)} {pattern}" for name, pattern in lines))
        agencies = self.agency_topics
        topic_of = {topic: n for n, topic in enumerate(agencies)}
        given = {
            f"{names.index(each.route)} {each.incident.jurisdiction}": [
                (role, agency, topic_of[self.topics.agency_assignments(agency)]) for role, agency in each.roles
            ]
            for each in self.base
        }
        body = orjson.loads(self.base[0].outputs[0].value or b"{}")
        job = {
            "partitions": self.partitions,
            "incidents": self.topics.bus("incidents"), "decisions": self.topics.bus("decisions"), "agencies": agencies,
            "rules": names, "asked": [_asked(route) for route in ruleset.routes], "given": given,
            "places": {code: "/".join(reversed(catalogue.place_chain(code))) for code in ruleset.jurisdictions},
            "stamp": body["ruleset"], "due": body["due"],
            "canned": [
                {
                    "outputs": [(topic_of.get(e.topic, -1), _base64(e.value)) for e in each.outputs],
                    "state": _base64(each.state),
                }
                for each in self.base
            ],
        }  # fmt: skip
        (folder / "job.json").write_bytes(orjson.dumps(job))
        (folder / "events").write_bytes(b"\n".join(each.raw for each in self.base))


def _asked(route: Any) -> list[str]:
    fields = ("channel", "kind", "category", "jurisdiction", "urgency")
    return [name for name in fields if route.when and getattr(route.when[0], name) is not None]


def _base64(raw: bytes | None) -> str:
    return base64.b64encode(raw or b"").decode()
