"""Notices: what an agency is told of an assignment that it has, behind it on its own topic, each once.

Whom a directive concerns is one table here. Nobody is told of an assignment that waits under a hold, for he has not got
it; and what a notice says of why goes no further than the assignment's own text did (RULE-LANGUAGE G35).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from contracts.codes import DirectiveKind, Milestone, Role
from contracts.directive import Directive
from contracts.envelope import EventHeaders
from contracts.ids import assignment_id, notice_id
from contracts.incident import Incident, read_incident
from contracts.notice import ASSIGNMENT_NOTICE, AssignmentNotice
from contracts.partition import partition_of_id
from contracts.ports import Emit
from contracts.serde import write
from contracts.topics import Topics
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.masking import masked
from streams.processors.dispatch.state import CaseState

_TYPE: Final = ASSIGNMENT_NOTICE.encode()
_HIGHEST: Final = 16  # levels: no county has so many, and a ring of supervisors ends here


class Addressee(NamedTuple):
    """An agency that is told, and the assignment that it is told of: its own, or of whom it stands above."""

    agency: str
    of: str
    role: Role
    level: int = 0
    round: int = 0  # 0: the case's

    @property
    def has_a_part(self) -> bool:
        """Whether the assignment is its own."""
        return self.agency == self.of


class Said(NamedTuple):
    """What is said, whoever hears it. `cause` is the id of what brought it about."""

    kind: DirectiveKind
    cause: str
    at: datetime
    by: str
    reason: str = ""
    milestone: Milestone | None = None
    until: datetime | None = None
    late_s: float | None = None

    @classmethod
    def of(cls, directive: Directive, at: datetime) -> "Said":
        """Return what a directive says, taken at `at`."""
        return cls(
            directive.kind, directive.id, at, directive.issued_by, directive.reason, directive.milestone,
            directive.until, directive.late_s,
        )  # fmt: skip


def addressees(directive: Directive, case: CaseState, compiled: Compiled) -> list[Addressee]:
    """Return whom a directive of a case's life is told to; nobody, where it is none or names a stranger."""
    whom = _WHOM.get(directive.kind)
    return [] if whom is None else list(whom(directive, case, compiled))


def _the_one(directive: Directive, case: CaseState, compiled: Compiled) -> Iterator[Addressee]:
    """The agency that it is said to, which has a part; else the lead."""
    agency = directive.agency or case.lead
    role = case.role_of(agency)
    if role is not None:
        yield Addressee(agency, agency, role)


def _those_above_too(directive: Directive, case: CaseState, compiled: Compiled) -> Iterator[Addressee]:
    """Whoever is late (the lead, where nobody is named), and who stands above: the one named, else the supervisor."""
    late = directive.whose or case.lead
    part = case.role_of(late)
    if part is None:
        return
    yield Addressee(late, late, part)
    chain = _above(late, compiled)
    above = directive.agency or next(iter(chain), None)
    if above is None or above == late or above not in compiled.ruleset.agencies:
        return
    level = chain.index(above) + 1 if above in chain else 0
    role = case.role_of(above)
    yield Addressee(above, late if role is None else above, role or Role.INFORMED, level)


def _above(agency: str, compiled: Compiled) -> list[str]:
    """Return who stands above an agency, the nearest first."""
    agencies, chain = compiled.ruleset.agencies, list[str]()
    while len(chain) < _HIGHEST and agency in agencies:
        above = agencies[agency].supervisor
        if above is None or above in chain:
            break
        chain.append(above)
        agency = above
    return chain


_Whom = Callable[[Directive, CaseState, Compiled], Iterable[Addressee]]

_WHOM: Final[Mapping[DirectiveKind, _Whom]] = {
    DirectiveKind.REMIND: _the_one,
    DirectiveKind.SUPERVISE: _the_one,
    DirectiveKind.ESCALATE: _those_above_too,
    DirectiveKind.GRANT_EXTENSION: _the_one,
    DirectiveKind.REFUSE_EXTENSION: _the_one,
    DirectiveKind.DEFER: _the_one,
    DirectiveKind.REOPEN: _the_one,
    DirectiveKind.ACKNOWLEDGE: _the_one,
    DirectiveKind.EXCUSE: _the_one,
    DirectiveKind.REFUSE_RETURN: _the_one,
}

ENDS: Final = frozenset({DirectiveKind.WITHDRAW, DirectiveKind.CLOSE, DirectiveKind.MERGE})
"""The directives that end a case: everybody is told, of the part that he knows of."""

TOLD: Final = frozenset(_WHOM) | ENDS
"""The directives of which somebody is told as they are; an amendment and a later round say what they change."""


@dataclass(frozen=True)
class Notices:
    """Writes the notices of one deployment's dispatch."""

    topics: Topics

    def emits(
        self, said: Said, case: CaseState, whom: Iterable[Addressee], traceparent: str | None, about: str = ""
    ) -> list[Emit]:
        """Return one record a listener. `about` tells notices of one cause to one agency apart, where there are two."""
        listeners = list(whom)
        if not listeners:
            return []
        incident = read_incident(case.body)
        headers = EventHeaders(
            source="incidentbus/dispatch", time=said.at, subject=incident.id, traceparent=traceparent
        )
        key, partition = incident.id.encode(), partition_of_id(incident.id, self.topics.agency)
        made = []
        for each in listeners:
            notice = _notice(said, case, incident, each, about)
            topic = self.topics.agency_assignments(each.agency)
            made.append(Emit(topic, partition, key, write(notice), headers.of(notice.id, _TYPE)))
        return made


def _notice(said: Said, case: CaseState, incident: Incident, to: Addressee, about: str) -> AssignmentNotice:
    role = to.role if to.has_a_part else case.role_of(to.of) or Role.LEAD
    round_ = to.round or case.round
    return AssignmentNotice(
        id=notice_id(said.cause, to.agency, about),
        incident=incident.id,
        notice=said.kind,
        agency=to.agency,
        assignment=assignment_id(incident.id, to.of, round_, role),
        role=to.role,
        round=round_,
        at=said.at,
        by=said.by,
        reason=_as_heard(said.reason, case, incident, to),
        milestone=said.milestone,
        until=said.until,
        late_s=said.late_s,
        level=to.level,
        exercise=incident.report.exercise,
    )


def _as_heard(reason: str, case: CaseState, incident: Incident, to: Addressee) -> str:
    """Return the reason as far as this agency may read it: the lead all, others what their assignment's text shows."""
    if not reason or (to.has_a_part and to.role is Role.LEAD):
        return reason
    reporter = incident.report.reporter
    if case.confidential or reporter.secrecy or (to.has_a_part and to.role is Role.INFORMED):
        return ""
    return masked(reason, (reporter.name, reporter.phone, reporter.id_number, reporter.address))
