"""What supervise writes: facts on the lifecycle, outcomes to channels, directives to the bus; each id from content."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.case import Case
from contracts.directive import Directive
from contracts.envelope import EventHeaders
from contracts.ids import directive_id, fact_id
from contracts.lifecycle import LifecycleFact, lifecycle_bytes
from contracts.moments import instant_of
from contracts.outcome import TOLD, Outcome
from contracts.ports import Emit, OutcomeCodec
from contracts.serde import write
from contracts.topics import Topics
from streams.processors.supervise.life import Happened, Life
from streams.processors.supervise.parts import assignment_of
from streams.processors.supervise.told import Order

SOURCE: Final = "incidentbus/supervise"
ISSUER: Final = "supervise"
_FACT: Final = b"incidentbus.lifecycle-fact.v1"
_OUTCOME: Final = b"incidentbus.outcome.v1"
_DIRECTIVE: Final = b"incidentbus.directive.v1"


@dataclass(frozen=True)
class Telling:
    """Writes for one task. `codecs` put an outcome into a channel's own words; who has none gets it as it is."""

    task: int
    topics: Topics
    codecs: Mapping[str, OutcomeCodec]

    def emits(self, life: Life, traceparent: str | None) -> list[Emit]:
        """Return the records of all that happened and is asked for, in order."""
        key = life.incident.encode()
        made: list[Emit] = []
        for happened in life.facts:
            made += self._of_fact(life, happened, key, traceparent)
        made += [self._directive(life, order, key, traceparent) for order in life.orders]
        return made

    def _of_fact(self, life: Life, happened: Happened, key: bytes, traceparent: str | None) -> Iterator[Emit]:
        fact = _lifecycle_fact(life, happened)
        headers = EventHeaders(source=SOURCE, time=fact.at, subject=life.incident, traceparent=traceparent)
        yield Emit(self.topics.bus("lifecycle"), self.task, key, lifecycle_bytes(fact), headers.of(fact.id, _FACT))
        case = life.case
        if happened.fact in TOLD and fact.agency in (None, happened.lead):
            outcome = _outcome(case, happened, fact)
            codec = self.codecs.get(case.channel)
            value = write(outcome) if codec is None else codec.encode(outcome)
            topic = self.topics.channel_outcomes(case.channel)
            yield Emit(topic, self.task, key, value, headers.of(outcome.id, _OUTCOME))

    def _directive(self, life: Life, order: Order, key: bytes, traceparent: str | None) -> Emit:
        at = instant_of(life.case.changed_at)
        directive = Directive(
            id=directive_id(order.kind, life.incident, order.cause),
            kind=order.kind,
            issued_at=at,
            issued_by=ISSUER,
            incident=life.incident,
            reason=order.reason,
            agency=order.agency or None,
            whose=order.whose or None,
            milestone=order.milestone,
            step=order.step,
            late_s=None if order.late_ms is None else order.late_ms / 1000,
            until=instant_of(order.until) if order.until else None,
            returned_by=order.returned_by or None,
            return_reason=order.return_reason,
        )
        headers = EventHeaders(source=SOURCE, time=at, subject=life.incident, traceparent=traceparent)
        return Emit(
            self.topics.bus("directives"), self.task, key, write(directive), headers.of(directive.id, _DIRECTIVE)
        )


def _lifecycle_fact(life: Life, happened: Happened) -> LifecycleFact:
    told = happened.told
    role = happened.role
    return LifecycleFact(
        id=fact_id(life.incident, happened.fact, f"{told.cause}/{told.agency}"),
        incident=life.incident,
        fact=happened.fact,
        at=instant_of(told.at),
        status=happened.status,
        round=happened.round,
        lead=happened.lead,
        cause=told.cause,
        agency=told.agency or None,
        role=role,
        assignment=assignment_of(life.incident, told.agency, happened.round, role) if role is not None else None,
        milestone=told.milestone,
        step=told.step,
        late_s=None if told.late_ms is None else told.late_ms / 1000,
        until=instant_of(told.until) if told.until else None,
        reason=told.return_reason,
        satisfaction=told.satisfaction,
        notice=told.notice,
        system=told.system or None,
        number=told.number or None,
        by=told.by or None,
        exercise=life.case.exercise,
    )


def _outcome(case: Case, happened: Happened, fact: LifecycleFact) -> Outcome:
    return Outcome(
        id=fact_id(fact.incident, f"outcome:{happened.fact}", fact.id),
        incident=fact.incident,
        channel=case.channel,
        external_id=case.external_id,
        fact=happened.fact,
        at=fact.at,
        lead=happened.lead or None,
        until=fact.until,
        satisfaction=case.satisfaction,
        reopened=case.reopened or None,
        exercise=case.exercise,
    )
