"""The demo's agencies: simulated, and said to be. They take assignments, say what they do, return, forget, catch up.

What each does with a case follows from a digest of the case, so that every run is the same. They speak as real ones
would: read their own topic `read_committed`, tell facts on their own feedback topic.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from connectors.agencies.client import facts
from connectors.agencies.client.telling import outgoing
from connectors.kafka.publisher import Outgoing, Publisher
from contracts.assignment import Assignment
from contracts.codes import DirectiveKind, FactKind, ReturnReason, Role, Satisfaction
from contracts.directive import Directive
from contracts.envelope import binary_headers
from contracts.feedback import Feedback
from contracts.ids import directive_id, fact_id
from contracts.lifecycle import LifecycleFact
from contracts.notice import ASSIGNMENT_NOTICE, AssignmentNotice
from contracts.partition import partition_of_id
from contracts.serde import read, write
from contracts.topics import Topics
from incidentbus.witness.reading import Seen
from routing_rules.engine.schema import Ruleset

_PERCENT: Final = 100
_RETURNS: Final = 6  # in a hundred: not theirs
_FORGETS: Final = 12  # receives it and does nothing more until reminded
_SLEEPS: Final = 6  # does nothing at all until it is supervised
_DISSATISFIED: Final = 8  # in a hundred follow-ups, the first time


@dataclass(slots=True)
class Followed:
    """What was seen of the cases' life: how many have been closed, missed a deadline, were escalated."""

    opened: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    overdue: set[str] = field(default_factory=set)
    escalated: set[str] = field(default_factory=set)
    facts: Counter[FactKind] = field(default_factory=Counter)
    last: dict[str, LifecycleFact] = field(default_factory=dict)

    @property
    def open(self) -> list[LifecycleFact]:
        """The last word on every case that is not over."""
        return [self.last[incident] for incident in sorted(self.opened - self.closed)]

    def see(self, fact: LifecycleFact) -> None:
        """Take one fact into account."""
        self.facts[fact.fact] += 1
        self.last[fact.incident] = fact
        if fact.fact is FactKind.REGISTERED:
            self.opened.add(fact.incident)
        elif fact.fact in (FactKind.CLOSED, FactKind.WITHDRAWN, FactKind.MERGED):
            self.closed.add(fact.incident)
        elif fact.fact is FactKind.OVERDUE:
            self.overdue.add(fact.incident)
        elif fact.fact is FactKind.ESCALATED:
            self.escalated.add(fact.incident)


@dataclass(slots=True)
class SimulatedAgencies:
    """All agencies of one county at once, and the channels' desks that follow up. `heed` says what they tell next."""

    topics: Topics
    ruleset: Ruleset
    held: dict[str, Assignment] = field(default_factory=dict)
    received: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    followed: Followed = field(default_factory=Followed)
    channels: dict[str, str] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def heed(self, seen: Seen, now: datetime) -> list[Outgoing]:
        """Read one record of an agency's topic, or of the lifecycle, and return what somebody says to that now."""
        value = seen.value or b""
        if ".assignments." not in seen.topic:
            fact = read(LifecycleFact, value)
            ruling = [self._ruling(fact, now)] if fact.fact is FactKind.DISPUTED else []
            return ruling + self._said(self._lived(fact, now))
        if seen.headers.get("ce_type") == ASSIGNMENT_NOTICE.encode():
            return self._said(self._noticed(read(AssignmentNotice, value), now))
        return self._said(self._assigned(read(Assignment, value), now))

    def _said(self, told: Iterator[Feedback]) -> list[Outgoing]:
        return [outgoing(self.topics, fact, fact.agency or "") for fact in told]

    def _ruling(self, fact: LifecycleFact, now: datetime) -> Outgoing:
        """The command centre rules that whoever had the case first keeps it."""
        directive = Directive(
            id=directive_id(DirectiveKind.ADJUDICATE, fact.incident, fact.id), kind=DirectiveKind.ADJUDICATE,
            issued_at=now, issued_by="command-centre", incident=fact.incident, reason="裁定：由首次派单单位办理",
            agency=self.first.get(fact.incident, fact.lead),
        )  # fmt: skip
        headers = binary_headers(
            id_=directive.id, source="/demo/command-centre", type_="incidentbus.directive.v1", time=now,
            subject=fact.incident,
        )  # fmt: skip
        partition = partition_of_id(fact.incident, self.topics.spine)
        return Outgoing(self.topics.bus("directives"), fact.incident.encode(), write(directive), headers, partition)

    async def tell(self, publisher: Publisher, told: list[Outgoing]) -> None:
        """Publish facts in their order."""
        await publisher.publish_many(told)

    def _assigned(self, assignment: Assignment, now: datetime) -> Iterator[Feedback]:
        self.held[assignment.id] = assignment
        self.channels[assignment.incident] = assignment.channel
        if assignment.role is Role.LEAD:
            self.first.setdefault(assignment.incident, assignment.agency)
        if assignment.role is Role.INFORMED or assignment.ground.outcome == "adjudication":
            return  # told only; or a dispute, on which the command centre rules
        chance = _chance(assignment.incident, assignment.agency)
        lead = assignment.role is Role.LEAD
        if _comes_back(assignment):
            if lead:  # whoever helps hears of it and waits for the next round
                yield facts.returned(assignment, ReturnReason.NOT_OUR_DUTY, now)
        elif chance < _RETURNS + _SLEEPS:
            return
        elif chance < _RETURNS + _SLEEPS + _FORGETS:
            self.received.add(assignment.id)
            yield facts.acknowledged(assignment, now)
        else:
            yield from self._work(assignment, now, "1")

    def _work(self, assignment: Assignment, now: datetime, telling: str) -> Iterator[Feedback]:
        """Receive it, if that was not said yet, answer, and be done."""
        if assignment.id not in self.received:
            self.received.add(assignment.id)
            yield facts.acknowledged(assignment, now)
        if assignment.role is Role.LEAD:
            yield facts.responded(assignment, now, telling=telling)
        self.done.add(assignment.id)
        yield facts.resolved(assignment, now, telling=telling)

    def _noticed(self, notice: AssignmentNotice, now: datetime) -> Iterator[Feedback]:
        assignment = self.held.get(notice.assignment)
        if assignment is None or assignment.agency != notice.agency:
            return  # a supervisor that is told of a case that others have
        chance = _chance(assignment.incident, assignment.agency)
        sleeps = chance < _RETURNS + _SLEEPS
        wakes = {DirectiveKind.SUPERVISE, DirectiveKind.ESCALATE} if sleeps else {DirectiveKind.REMIND}
        if notice.notice is DirectiveKind.REOPEN:
            yield facts.resolved(assignment, now, telling=notice.id)
        elif notice.notice in wakes and assignment.id not in self.done:
            yield from self._work(assignment, now, notice.id)

    def _lived(self, fact: LifecycleFact, now: datetime) -> Iterator[Feedback]:
        """The channel's desk verifies what is resolved and calls back whoever reported."""
        self.followed.see(fact)
        channel = self.channels.get(fact.incident, "")
        spec = self.ruleset.channels.get(channel)
        if spec is None or spec.agency is None:
            return
        rules = self.ruleset.lifecycle_by_channel.get(channel, self.ruleset.lifecycle)
        if fact.fact is FactKind.RESOLVED and fact.agency == fact.lead and rules.verify:
            yield _of_desk(spec.agency, fact, FactKind.VERIFIED, now)
        elif fact.fact is FactKind.FOLLOW_UP_DUE:
            unhappy = fact.incident not in self.asked and _chance(fact.incident, "desk") < _DISSATISFIED
            self.asked.add(fact.incident)
            said = Satisfaction.DISSATISFIED if unhappy else Satisfaction.SATISFIED
            yield _of_desk(spec.agency, fact, FactKind.FOLLOWED_UP, now, satisfaction=said)


def _comes_back(assignment: Assignment) -> bool:
    """Say whether the lead of this round hands the case back: in the first round some do."""
    outcome = assignment.ground.outcome
    return assignment.round == 1 and outcome != "fallback" and _chance(assignment.incident, assignment.lead) < _RETURNS


def _of_desk(agency: str, fact: LifecycleFact, kind: FactKind, now: datetime, **more: Any) -> Feedback:
    return Feedback(
        id=fact_id(fact.incident, kind, fact.id), incident=fact.incident, fact=kind, at=now, agency=agency,
        exercise=fact.exercise, **more,
    )  # fmt: skip


def _chance(*parts: str) -> int:
    """Return 0-99 by the digest of the parts: the same in every run."""
    return int.from_bytes(sha256("/".join(parts).encode()).digest()[:4], "big") % _PERCENT
