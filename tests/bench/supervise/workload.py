"""What `bench-supervise` works on: cases, facts and decisions, each made from what the real processors made.

A few thousand of the demo's reports are understood, dispatched and opened by the code that does so in a deployment.
A million cases are those, each under an id of its own; nothing else in them is changed. No broker here.
"""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Final, NamedTuple

import orjson

from connectors.registry import codecs, outcome_codecs
from contracts.case import read_case
from contracts.codes import FactKind, PartStatus, Role
from contracts.envelope import EventHeaders
from contracts.errors import Permanent
from contracts.ids import assignment_id, fact_id, incident_id
from contracts.incident import incident_bytes
from contracts.moments import instant_of
from contracts.partition import partition_of_id
from contracts.ports import Emit, Headers
from contracts.report import Report
from contracts.topics import Topics
from incidentbus.demo.corpus import corpus
from routing_rules.engine.compiler import Compiled
from streams.counts import TurnCounts
from streams.processors.dispatch import Dispatch
from streams.processors.supervise import Supervise
from streams.rulesets import HeldRuleset, RulesetInForce

TEMPLATES: Final = 1_500
STAGES_OF_LIFE: Final = 3
"""Every third case is as it was dispatched; of the others one half is acknowledged, the other worked on."""
REPEATED, ILLEGAL = 0.02, 0.01
_LEADS_FACTS: Final = 4
_FACT_TYPE: Final = b"incidentbus.feedback.v1"


class Written(NamedTuple):
    """A record to be written, or handed to a processor without a broker: the shape of an inbound record."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Headers
    timestamp: int = 0
    offset: int = 0


class Template(NamedTuple):
    """A case as supervise keeps it, the decision that opened it, and who has a part in it."""

    channel: str
    external_id: bytes
    value: bytes
    decision: bytes
    lead: str
    co_handlers: tuple[str, ...]


class Fact(NamedTuple):
    """A fact's id, what is told, of which case, by which agency, and its record."""

    id: str
    kind: FactKind
    agency: str
    record: Written


class DictState:
    """A task's state without a broker."""

    def __init__(self, kept: dict[bytes, bytes] | None = None) -> None:
        self.kept = {} if kept is None else kept

    def get(self, key: bytes) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        self.kept[key] = value

    def delete(self, key: bytes) -> None:
        self.kept.pop(key, None)


class Workload:
    """Makes cases, facts and decisions by number; the same number is always the same case."""

    def __init__(self, compiled: Compiled, topics: Topics, now_ms: int) -> None:
        self.topics = topics
        self.now_ms = now_ms
        self._held = HeldRuleset(RulesetInForce(compiled))
        self._compiled = compiled
        self.templates = [self._template(number, report) for number, report in enumerate(_reports(TEMPLATES))]

    def supervise(self, task: int) -> Supervise:
        """Return the processor of one task, as a worker has it."""
        return Supervise(task, self.topics, self._held, outcome_codecs(), TurnCounts())

    def _template(self, number: int, report: Report) -> Template:
        id_ = incident_id(report.channel, report.external_id)
        task = partition_of_id(id_, self.topics.spine)
        raw = incident_bytes(self._compiled.interpreter.understand(report, id_, instant_of(self.now_ms)))
        dispatch = Dispatch(task, self.topics, self._held, TurnCounts())
        told = Written(self.topics.bus("incidents"), task, id_.encode(), raw, (), self.now_ms)
        decided = self._decision(dispatch.begin_turn()(told, DictState()))
        state = DictState()
        supervise = self.supervise(task).begin_turn()
        supervise(Written(decided.topic, task, id_.encode(), decided.value or b"", decided.headers, self.now_ms), state)
        made = self._of(number, report, state, decided)
        kinds = (FactKind.ACKNOWLEDGED, FactKind.IN_PROGRESS)[: number % STAGES_OF_LIFE]
        for kind in kinds:
            supervise(self._fact(id_, made.lead, Role.LEAD, kind).record, state)
        return made if not kinds else self._of(number, report, state, decided)

    def _decision(self, emits: object) -> Emit:
        assert isinstance(emits, (list, tuple))
        return next(emit for emit in emits if emit.topic == self.topics.bus("decisions"))

    def _of(self, number: int, report: Report, state: DictState, decided: Emit) -> Template:
        value = next(iter(state.kept.values()))
        case = read_case(value)
        co = tuple(
            part.agency for part in case.parts if part.role is Role.CO_HANDLER and part.status is PartStatus.ASSIGNED
        )
        return Template(report.channel, _external(number).encode(), value, decided.value or b"", case.lead, co)

    def _template_of(self, number: int) -> Template:
        return self.templates[number % len(self.templates)]

    def incident(self, number: int) -> str:
        """Return the id of a case."""
        return incident_id(self._template_of(number).channel, _external(number))

    def case(self, number: int) -> tuple[str, bytes]:
        """Return (incident, value on the cases topic) of one case."""
        made = self._template_of(number)
        external = _external(number)
        return incident_id(made.channel, external), made.value.replace(made.external_id, external.encode(), 1)

    def decision(self, number: int, acknowledge_at: int) -> Written:
        """Return the decision that opens a case, due to be acknowledged at this millisecond."""
        made = self._template_of(number)
        incident = self.incident(number)
        body = orjson.loads(made.decision)
        body["incident"] = incident
        body["subject"]["external_id"] = _external(number)
        body["now"] = _iso(self.now_ms)
        others = [due for due in body["due"] if due["milestone"] != "acknowledge"]
        first = {"milestone": "acknowledge", "at": _iso(acknowledge_at), "span": "1h", "by": "default"}
        body["due"] = [first, *others]
        headers = EventHeaders(source="incidentbus/dispatch", time=instant_of(self.now_ms), subject=incident)
        return Written(
            self.topics.bus("decisions"), partition_of_id(incident, self.topics.spine), incident.encode(),
            orjson.dumps(body), headers.of(f"dec-{number}", b"incidentbus.decision.v1"),
        )  # fmt: skip

    def lead(self, number: int) -> str:
        """Return who leads in a case."""
        return self._template_of(number).lead

    def facts(self, numbers: Iterator[int], seed: int = 1, wave: int = 2_000) -> Iterator[Fact]:
        """Return the facts of these cases' lives, many cases side by side, each case's in order.

        Acknowledged, responded, co-handlers done, in progress, resolved; a fiftieth told twice, a hundredth illegal.
        """
        chance = Random(seed)
        fresh = (number for number in numbers if number % len(self.templates) % STAGES_OF_LIFE == 0)
        while lives := [self._life(number) for _, number in zip(range(wave), fresh, strict=False)]:
            for step in range(max(map(len, lives))):
                for life in lives:
                    if step < len(life):
                        yield life[step]
                        if chance.random() < REPEATED:
                            yield life[step]
            for life in lives:
                if chance.random() < ILLEGAL * len(life):
                    yield self._illegal(life[-1])

    def facts_in(self, cases: int) -> int:
        """Return how many facts the lives of the first so many cases have, repeats and illegal ones left out."""
        each = [
            0 if number % STAGES_OF_LIFE else _LEADS_FACTS + len(made.co_handlers)
            for number, made in enumerate(self.templates)
        ]
        whole, rest = divmod(cases, len(each))
        return whole * sum(each) + sum(each[:rest])

    def _life(self, number: int) -> list[Fact]:
        made, incident = self._template_of(number), self.incident(number)
        lead = [
            self._fact(incident, made.lead, Role.LEAD, kind)
            for kind in (FactKind.ACKNOWLEDGED, FactKind.RESPONDED, FactKind.IN_PROGRESS, FactKind.RESOLVED)
        ]
        helpers = [self._fact(incident, agency, Role.CO_HANDLER, FactKind.RESOLVED) for agency in made.co_handlers]
        return [*lead[:2], *helpers, *lead[2:]]

    def _fact(self, incident: str, agency: str, role: Role, kind: FactKind, said: str = "") -> Fact:
        id_ = fact_id(incident, kind, f"{agency}{said}")
        body = {
            "id": id_, "incident": incident, "fact": kind.value, "at": _iso(self.now_ms), "agency": agency,
            "assignment": assignment_id(incident, agency, 1, role),
        }  # fmt: skip
        headers = EventHeaders(source="incidentbus/feedback", time=instant_of(self.now_ms), subject=incident)
        record = Written(
            self.topics.bus("feedback"), partition_of_id(incident, self.topics.spine), incident.encode(),
            orjson.dumps(body), headers.of(id_, _FACT_TYPE), self.now_ms,
        )  # fmt: skip
        return Fact(id_, kind, agency, record)

    def _illegal(self, last: Fact) -> Fact:
        """A case that is resolved can't be acknowledged: whoever says so is told."""
        incident = last.record.key.decode()
        return self._fact(incident, last.agency, Role.LEAD, FactKind.ACKNOWLEDGED, "again")


def _reports(count: int) -> list[Report]:
    reports = [r for told in corpus() if told.external_id and (r := _decoded(told.channel, told.payload))]
    return [
        reports[number % len(reports)].model_copy(update={"external_id": _external(number)}) for number in range(count)
    ]


def _decoded(channel: str, payload: bytes) -> Report | None:
    try:
        return codecs()[channel].decode(payload, {})
    except Permanent:
        return None


def _external(number: int) -> str:
    return f"B{number:09d}"


def _iso(ms: int) -> str:
    moment: datetime = instant_of(ms)
    return moment.isoformat().replace("+00:00", "Z")
