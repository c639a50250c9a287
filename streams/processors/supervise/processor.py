"""Supervise (跟踪督办): decisions, facts and the clock in; the life of every case out, followed until it is done.

A fact is applied once: its id is remembered with the case. One that comes before the decision it speaks of waits in the
case, for a bounded time. What may not be told is a dead letter of whoever told it, and holds nobody else up.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import orjson

from contracts.case import Case, Early, Timer, read_case, write_case
from contracts.codes import (
    CaseStatus,
    DirectiveKind,
    FactKind,
    PartStatus,
    ReasonCode,
    Role,
    TimerKind,
)
from contracts.deadletter import dead_letter
from contracts.directive import Directive
from contracts.dispatch_record import DirectiveOutcome, DirectiveTaken
from contracts.envelope import RECEIVED, data_of, traceparent_of
from contracts.errors import Permanent, Temporary
from contracts.feedback import Feedback
from contracts.ids import assignment_id, content_digest
from contracts.moments import milliseconds_of
from contracts.partition import partition_of_id
from contracts.ports import Emit, Headers, InboundRecord, OutcomeCodec, RecordHandler, State
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.lifecycle import Who, may_tell
from streams.processors.supervise.book import Book
from streams.processors.supervise.decided import decided
from streams.processors.supervise.firing import fire
from streams.processors.supervise.life import Life
from streams.processors.supervise.parts import assignment_of, part_of
from streams.processors.supervise.reading import read_decided, read_fact, read_released, read_taken
from streams.processors.supervise.telling import ISSUER, Telling
from streams.processors.supervise.told import Told
from streams.rulesets import RulesetSource

_TAKEN: Final = b"incidentbus.directive-taken.v1"
_RELEASED: Final = b"incidentbus.assignment-released.v1"
_MOST_EARLY: Final = 100
_MOST_SEEN: Final = 1_000
_COMMANDS: Final[Mapping[DirectiveKind, FactKind]] = {
    DirectiveKind.ACKNOWLEDGE: FactKind.ACKNOWLEDGED,
    DirectiveKind.REMIND: FactKind.REMINDED,
    DirectiveKind.SUPERVISE: FactKind.SUPERVISED,
    DirectiveKind.ESCALATE: FactKind.ESCALATED,
    DirectiveKind.GRANT_EXTENSION: FactKind.EXTENSION_GRANTED,
    DirectiveKind.REFUSE_EXTENSION: FactKind.EXTENSION_REFUSED,
    DirectiveKind.DEFER: FactKind.DEFERRED,
    DirectiveKind.MERGE: FactKind.MERGED,
    DirectiveKind.REOPEN: FactKind.REOPENED,
    DirectiveKind.WITHDRAW: FactKind.WITHDRAWN,
    DirectiveKind.CLOSE: FactKind.CLOSED,
    DirectiveKind.EXCUSE: FactKind.EXCUSED,
    DirectiveKind.REFUSE_RETURN: FactKind.RETURN_REFUSED,
}
"""Directives that dispatch passes on, and the fact that each is to a case."""


class _Letter(NamedTuple):
    """A record to be dead-lettered in another's name, in the shape of one that was read."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Supervise:
    """The processor of one supervise task."""

    def __init__(
        self,
        task: int,
        topics: Topics,
        rulesets: RulesetSource,
        codecs: Mapping[str, OutcomeCodec],
        counts: TurnCounts,
    ) -> None:
        self._task = task
        self._topics = topics
        self._rulesets = rulesets
        self._counts = counts
        self._telling = Telling(task, topics, codecs)
        self._book: Book | None = None
        self._decisions = topics.bus("decisions")

    def begin_turn(self) -> RecordHandler:
        """Return this turn's handler, which holds the rules that are in force now."""
        in_force = self._rulesets.current()
        if in_force is None:
            raise Temporary(ReasonCode.NO_RULESET, "no ruleset is in force yet", delay=0.5)
        self._counts.begin()
        if self._book is None or self._book.ruleset != in_force.compiled.ruleset.hash:
            self._book = Book(in_force.compiled)
        return self._handle

    def on_timer(self, key: bytes, due_ms: int, now_ms: int, state: State) -> Sequence[Emit]:
        """Let what is due of a case happen."""
        value = state.get(key)
        if value is None:
            return ()
        case = read_case(value)
        if case.status is CaseStatus.EXPECTED:
            state.delete(key)
            return [self._never_decided(key, early, now_ms) for early in case.early]
        life = Life(key.decode(), case, self._rules())
        fire(life, due_ms, now_ms)
        for happened in life.facts:
            milestone = happened.told.milestone
            self._counts.tally.count(
                "incidentbus_case_steps_total",
                step=happened.fact.value,
                milestone=milestone.value if milestone else "none",
            )
        return self._kept(life, key, state, None)

    def _rules(self) -> Book:
        if self._book is None:
            raise Temporary(ReasonCode.NO_RULESET, "no ruleset is in force yet", delay=0.5)
        return self._book

    def _handle(self, record: InboundRecord, state: State) -> Sequence[Emit]:
        raw = data_of(record.headers, record.value)
        if not raw:
            raise Permanent(ReasonCode.EMPTY_PAYLOAD, "the record has no value")
        if record.topic != self._decisions:
            return self._fact(record, raw, state)
        kind = next((value for name, value in record.headers if name == "ce_type"), None)
        if kind == _TAKEN:
            return self._command(record, read_taken(raw), state)
        if kind == _RELEASED:
            return self._released(record, raw, state)
        return self._decision(record, raw, state)

    def _decision(self, record: InboundRecord, raw: bytes, state: State) -> Sequence[Emit]:
        decision = read_decided(raw)
        id_ = next((value for name, value in record.headers if name == "ce_id" and value), b"").decode()
        key = decision.incident.encode()
        case = self._case(key, state) or Case(CaseStatus.EXPECTED)
        if not _first_time(case, id_ or f"{decision.round}"):
            return ()
        life = Life(decision.incident, case, self._rules())
        decided(life, decision, record.timestamp, id_)
        letters = self._heed_early(life)
        return [*self._kept(life, key, state, traceparent_of(record.headers)), *letters]

    def _heed_early(self, life: Life) -> list[Emit]:
        """Apply, in order, the facts that waited for this decision; what may not be told is refused now."""
        waiting, life.case.early = life.case.early, []
        letters = []
        for early in waiting:
            fact = read_fact(early.feedback.encode())
            if self._too_early(life, fact):
                life.case.early.append(early)
                continue
            try:
                self._attempt(life, fact, early.at)
            except Permanent as refusal:
                letters.append(self._letter_to_agency(self._early_record(life.incident, early), fact, refusal))
        return letters

    def _attempt(self, life: Life, fact: Feedback, at: int) -> None:
        """Apply one of several facts: refused, it leaves no trace in the case in hand."""
        before = write_case(life.case)
        facts, orders = len(life.facts), len(life.orders)
        try:
            self._tell(life, fact, at)
        except Permanent:
            life.case = read_case(before)
            del life.facts[facts:], life.orders[orders:]
            raise

    def _fact(self, record: InboundRecord, raw: bytes, state: State) -> Sequence[Emit]:
        fact = read_fact(raw)
        key = fact.incident.encode()
        if partition_of_id(fact.incident, self._topics.spine) != self._task:
            raise Permanent(ReasonCode.INVALID_VALUE, "a fact came on another partition than its incident's")
        case = self._case(key, state)
        life = Life(fact.incident, case or Case(CaseStatus.EXPECTED), self._rules())
        if not _first_time(life.case, fact.id):
            self._counts.tally.count("incidentbus_facts_total", fact=fact.fact.value, result="repeated")
            return ()
        try:
            if self._too_early(life, fact):
                self._wait(life, record, raw)
            else:
                self._tell(life, fact, _stamp_of(record))
        except Permanent as refusal:
            self._counts.tally.count("incidentbus_facts_total", fact=fact.fact.value, result="refused")
            if fact.agency is None:
                raise
            return [self._letter_to_agency(record, fact, refusal)]
        return self._kept(life, key, state, traceparent_of(record.headers))

    def _too_early(self, life: Life, fact: Feedback) -> bool:
        """Say whether a fact speaks of a decision that has not come here yet."""
        case = life.case
        if case.status is CaseStatus.EXPECTED:
            return True
        if fact.assignment is None or fact.agency is None:
            return False
        part = part_of(case, fact.agency)
        if part is not None and fact.assignment == assignment_of(life.incident, part.agency, part.round, part.role):
            return False
        later = (assignment_id(life.incident, fact.agency, case.round + 1, role) for role in Role)
        return fact.assignment in later

    def _wait(self, life: Life, record: InboundRecord, raw: bytes) -> None:
        """Keep a fact until its decision comes. Its note stays behind: it may hold personal data."""
        case = life.case
        if len(case.early) >= _MOST_EARLY:
            raise Permanent(ReasonCode.UNKNOWN_INCIDENT, "too many facts wait for a decision")
        body = orjson.loads(raw)
        body.pop("note", None)
        self._counts.tally.count("incidentbus_facts_total", fact=str(body.get("fact")), result="early")
        case.early.append(Early(orjson.dumps(body).decode(), _stamp_of(record), record.offset))
        if case.status is CaseStatus.EXPECTED and not case.timers:
            until = self._rules().after(life.rules.wait_early, record.timestamp)
            case.timers = [Timer(until, TimerKind.EARLY)]

    def _tell(self, life: Life, fact: Feedback, at: int) -> None:
        who = self._who(life, fact)
        until = milliseconds_of(fact.until) if fact.until is not None else 0
        life.take(
            Told(
                fact.fact, who, at, fact.id, agency=fact.agency or "", until=until, return_reason=fact.return_reason,
                satisfaction=fact.satisfaction, notice=fact.notice, system=fact.system or "",
                number=fact.number or "", by=fact.agency or "",
            )
        )  # fmt: skip
        self._counts.tally.count("incidentbus_facts_total", fact=fact.fact.value, result="taken")

    def _who(self, life: Life, fact: Feedback) -> Who:
        """Return in whose name a fact is told. Raises `Permanent` where the agency has nothing to say in the case."""
        if fact.agency is None:
            return Who.BUS
        case, agency = life.case, fact.agency
        receives = agency == life.book.receiver(case.channel)
        part = part_of(case, agency)
        if (
            part is not None
            and part.status is not PartStatus.INFORMED
            and not (receives and not may_tell(Who.LEAD, fact.fact))
        ):
            if fact.assignment not in (None, assignment_of(life.incident, agency, case.round, part.role)):
                raise Permanent(ReasonCode.ILLEGAL_TRANSITION, "the assignment is of an earlier round")
            if part.status is PartStatus.HELD:
                raise Permanent(ReasonCode.ILLEGAL_TRANSITION, "the assignment has not gone out: it is held")
            return Who.LEAD if part.role is Role.LEAD else Who.CO_HANDLER
        if receives:
            return Who.RECEIVER
        raise Permanent(ReasonCode.ILLEGAL_TRANSITION, "the agency has no part in the case as it stands")

    def _command(self, record: InboundRecord, taken: DirectiveTaken, state: State) -> Sequence[Emit]:
        directive = taken.directive
        key = (directive.incident or "").encode()
        case = self._case(key, state) if key else None
        if case is None or not _first_time(case, directive.id):
            return ()
        life = Life(directive.incident or "", case, self._rules())
        told = _command_of(directive, taken.outcome, case, record.timestamp)
        if told is None:
            return ()
        try:
            life.take(told)
        except Permanent as refusal:
            self._counts.tally.count("incidentbus_facts_total", fact=told.fact.value, result="refused")
            return [self._letter_to_operators(record, directive, refusal)]
        self._counts.tally.count("incidentbus_facts_total", fact=told.fact.value, result="taken")
        return self._kept(life, key, state, traceparent_of(record.headers))

    def _released(self, record: InboundRecord, raw: bytes, state: State) -> Sequence[Emit]:
        released = read_released(raw)
        key = released.incident.encode()
        case = self._case(key, state)
        if case is None or not _first_time(case, released.assignment):
            return ()
        life = Life(released.incident, case, self._rules())
        if part_of(case, released.agency) is None:
            return ()
        told = Told(FactKind.RELEASED, Who.BUS, record.timestamp, released.directive, agency=released.agency)
        life.take(told)
        return self._kept(life, key, state, traceparent_of(record.headers))

    def _case(self, key: bytes, state: State) -> Case | None:
        value = state.get(key)
        return None if value is None else read_case(value)

    def _kept(self, life: Life, key: bytes, state: State, traceparent: str | None) -> list[Emit]:
        state.put(key, write_case(life.case))
        return self._telling.emits(life, traceparent)

    # what is refused

    def _letter_to_agency(self, record: InboundRecord, fact: Feedback, refusal: Permanent) -> Emit:
        """Lay a fact that may not be told among the dead letters of the agency that told it."""
        letter = dead_letter(record, refusal.reason, refusal.detail, stage=ISSUER, at_ms=record.timestamp)
        topic = self._topics.dead_letters(self._topics.agency_feedback(fact.agency or ""))
        return letter._replace(topic=topic, partition=partition_of_id(fact.incident, self._topics.feedback))

    def _letter_to_operators(self, record: InboundRecord, directive: Directive, refusal: Permanent) -> Emit:
        letter = dead_letter(record, refusal.reason, refusal.detail, stage=ISSUER, at_ms=record.timestamp)
        return letter._replace(topic=self._topics.dead_letters(self._topics.bus("directives")))

    def _never_decided(self, key: bytes, early: Early, now_ms: int) -> Emit:
        refusal = Permanent(ReasonCode.UNKNOWN_INCIDENT, "no decision came for the incident that the fact speaks of")
        fact = read_fact(early.feedback.encode())
        self._counts.tally.count("incidentbus_facts_total", fact=fact.fact.value, result="refused")
        record = self._early_record(key.decode(), early)
        if fact.agency is None:
            return dead_letter(record, refusal.reason, refusal.detail, stage=ISSUER, at_ms=now_ms)
        return self._letter_to_agency(record, fact, refusal)

    def _early_record(self, incident: str, early: Early) -> _Letter:
        topic = self._topics.bus("feedback")
        return _Letter(topic, self._task, early.offset, early.at, incident.encode(), early.feedback.encode())


def _command_of(directive: Directive, outcome: DirectiveOutcome, case: Case, at: int) -> Told | None:
    """Return what a directive that dispatch took is to its case; None where nothing, or where its decision says it."""
    ours = directive.issued_by == ISSUER
    anew = directive.kind in (DirectiveKind.REDISPATCH, DirectiveKind.ADJUDICATE)
    if ours and anew and outcome is DirectiveOutcome.REFUSED and case.status is CaseStatus.RETURNED:
        return Told(FactKind.RETURN_REFUSED, Who.COMMAND, at, directive.id, agency=case.lead, by=directive.issued_by)
    fact = _COMMANDS.get(directive.kind)
    if ours or fact is None or outcome is not DirectiveOutcome.PASSED_ON:
        return None
    until = milliseconds_of(directive.until) if directive.until is not None else case.asked_until
    return Told(
        fact, Who.COMMAND, at, directive.id, agency=directive.agency or case.lead, milestone=directive.milestone,
        until=until, into=directive.into or "", by=directive.issued_by,
    )  # fmt: skip


def _stamp_of(record: InboundRecord) -> int:
    """Return when the broker took a fact from whoever told it: passed on late, it is not told late."""
    for name, raw in record.headers:
        if name == RECEIVED and raw is not None and raw.isdigit():
            return min(int(raw), record.timestamp)
    return record.timestamp


def _first_time(case: Case, id_: str) -> bool:
    """Note that something reached a case; False where it had already."""
    digest = urlsafe_b64encode(content_digest(id_)[:6]).decode()
    if digest in case.seen:
        return False
    case.seen.append(digest)
    del case.seen[:-_MOST_SEEN]
    return True
