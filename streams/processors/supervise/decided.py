"""A decision comes to its case: the first opens it, a later one moves it, an amendment adds to it."""

from typing import Final

from contracts.case import Case, Part
from contracts.codes import (
    CaseStatus,
    FactKind,
    Milestone,
    Outcome,
    PartStatus,
    ReasonCode,
    Role,
    TimerKind,
)
from contracts.errors import Permanent
from contracts.moments import milliseconds_of
from streams.lifecycle import PART_OVER, Who
from streams.processors.supervise.life import Life, plan_time_limit
from streams.processors.supervise.parts import due_by, lead_of, part_of, start, start_all, still_due, stop
from streams.processors.supervise.reading import Decided
from streams.processors.supervise.told import Told

_MOST_TAGS: Final = 32


def decided(life: Life, decision: Decided, at: int, cause: str) -> None:
    """Let a decision happen to its case. One of an earlier round than the case's says nothing new."""
    case = life.case
    if decision.round < case.round:
        return
    if case.status is CaseStatus.EXPECTED:
        _open(life, decision, at, cause)
    again = decision.round == case.round
    fact = FactKind.AMENDED if again else _fact_of(decision, case)
    told = Told(fact, Who.BUS, at, cause, agency=decision.lead)
    if again:
        _amend(life, decision, at)
    elif case.round and not case.ended_at:
        _leave_round(life, at)
    if not again:
        _begin_round(life, decision, at)
    life.take(told)
    for agency in decision.held:
        part = part_of(case, agency)
        if part is not None and part.status in (PartStatus.ASSIGNED, PartStatus.INFORMED):
            life.take(Told(FactKind.HELD, Who.BUS, at, cause, agency=agency))


def _fact_of(decision: Decided, case: Case) -> FactKind:
    if decision.reason is Outcome.ADJUDICATION:
        return FactKind.DISPUTED
    if decision.reason is Outcome.ADJUDICATED and not case.final and case.round:
        return FactKind.ADJUDICATED
    return FactKind.REASSIGNED if case.round else FactKind.DISPATCHED


def _open(life: Life, decision: Decided, at: int, cause: str) -> None:
    case, subject = life.case, decision.subject
    if subject is None:
        raise Permanent(ReasonCode.MISSING_FIELD, "subject: a first decision says what it is about")
    case.channel, case.external_id, case.kind = subject.channel, subject.external_id, subject.kind
    case.received_at = milliseconds_of(subject.received_at)
    case.exercise = subject.exercise
    case.opened_at = case.first_dispatched_at = at
    case.timers = [timer for timer in case.timers if timer.kind is not TimerKind.EARLY]
    life.rules = life.book.lifecycle(case.channel)
    life.note(Told(FactKind.REGISTERED, Who.BUS, at, cause))


def _leave_round(life: Life, at: int) -> None:
    """The round before is over: whoever handed back keeps that word, all others have no part any more."""
    case = life.case
    lead = lead_of(case)
    if lead is not None and case.return_asked:
        lead.status, lead.done_at = PartStatus.RETURNED, at
        case.returns += 1
    case.return_asked = False
    case.parts = [part for part in case.parts if part.status is PartStatus.RETURNED]


def _begin_round(life: Life, decision: Decided, at: int) -> None:
    case = life.case
    if case.ended_at:
        return
    earlier = case.parts
    _describe(case, decision)
    case.round, case.lead = decision.round, decision.lead
    case.route, case.reason, case.ruleset = decision.route, decision.reason, decision.ruleset.hash[:16]
    case.final = decision.state.adjudicated_to is not None
    case.clocks, case.timers, case.overdue = [], [], []
    case.level, case.stands, case.asked_until, case.plan_until = 0, False, 0, 0
    given = sorted(decision.roles, key=lambda each: each.role is not Role.LEAD)
    case.parts = []
    for each in given:
        _give(life, each.agency, each.role, decision, at)
    case.parts += earlier
    plan_time_limit(life)


def _describe(case: Case, decision: Decided) -> None:
    """Take over what the decision says of the matter as it stands now."""
    if decision.subject is not None:
        case.category, case.jurisdiction = decision.subject.category, decision.subject.jurisdiction
    case.urgency = decision.urgency
    case.tags = list(decision.tags[:_MOST_TAGS])
    case.confidential = decision.confidential


def _give(life: Life, agency: str, role: Role, decision: Decided, at: int) -> None:
    case = life.case
    if role is Role.INFORMED:
        case.parts.append(Part(agency, role, decision.round, PartStatus.INFORMED, at))
        return
    due = {each.milestone: milliseconds_of(each.at) for each in decision.due}
    part = Part(
        agency, role, decision.round, PartStatus.ASSIGNED, at,
        acknowledge_by=due.get(Milestone.ACKNOWLEDGE, 0),
        respond_by=due.get(Milestone.RESPOND, 0) if role is Role.LEAD else 0,
        resolve_by=due.get(Milestone.RESOLVE, 0),
        return_until=life.book.return_until(case.channel, agency, at),
    )  # fmt: skip
    case.parts.append(part)
    start_all(case, life.book, part, at)


def _amend(life: Life, decision: Decided, at: int) -> None:
    """Add who is new, tighten what is tighter; the lead and whoever works already stay (RULE-LANGUAGE G15)."""
    case = life.case
    if case.ended_at:
        return
    _describe(case, decision)
    due = {each.milestone: milliseconds_of(each.at) for each in decision.due}
    for part in [each for each in case.parts if each.round == case.round and each.status not in PART_OVER]:
        for milestone in list(still_due(part)):
            new = due.get(milestone, 0)
            if new and new < due_by(part, milestone):
                _tighten(part, milestone, new)
                start(case, life.book, part, milestone, at)
    for each in decision.roles:
        known = part_of(case, each.agency)
        if known is None:
            _give(life, each.agency, each.role, decision, at)
        elif known.status is PartStatus.INFORMED and each.role is Role.CO_HANDLER:
            case.parts.remove(known)
            stop(case, known.agency)
            _give(life, each.agency, each.role, decision, at)


def _tighten(part: Part, milestone: Milestone, due: int) -> None:
    match milestone:
        case Milestone.ACKNOWLEDGE:
            part.acknowledge_by = due
        case Milestone.RESPOND:
            part.respond_by = due
        case Milestone.RESOLVE:
            part.resolve_by = due
