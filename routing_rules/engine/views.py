"""Views (G35): what each agency of a decision gets to see. Only the lead learns who the reporter is.

Co-handlers get title and text with telephone, identity and plate numbers masked by pattern, and the reporter's own data
wherever it stands literally; the place only to the town. The informed get no text. Where the matter is confidential, or
the reporter asked for secrecy, only the lead gets text; a confidential title is the category's. Names that a reporter
writes into the text can't be masked reliably: that is what `confidential` is for.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from contracts.assignment import Assignment, AssignmentDue, Ground
from contracts.codes import Role
from contracts.decision import AssignedRole, Decision
from contracts.ids import assignment_id
from contracts.incident import Incident
from contracts.report import Point, Reporter
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.masking import masked

TOWN: Final = "town"
"""The tier to which others than the lead learn the place; where a ruleset has no such tier, the place stays whole."""


class _Seen(NamedTuple):
    """The part of an assignment that depends on who looks."""

    title: str
    text: str | None
    jurisdiction: str
    address: str | None = None
    point: Point | None = None
    reporter: Reporter | None = None
    attributes: Mapping[str, str] = MappingProxyType({})


def assignments(decision: Decision, decision_id: str, incident: Incident, compiled: Compiled) -> tuple[Assignment, ...]:
    """Return one assignment for each role of the decision, the lead's first, each with what its agency may see."""
    due = tuple(AssignmentDue(due.milestone, due.at, due.span) for due in decision.due)
    views = _Views(decision, incident, compiled)
    return tuple(_assignment(decision, decision_id, role, incident, views, due) for role in decision.roles)


class _Views:
    """The views on one decision, each made once."""

    def __init__(self, decision: Decision, incident: Incident, compiled: Compiled) -> None:
        self.compiled = compiled
        self._decision = decision
        self._incident = incident
        self._made: dict[Role, _Seen] = {}

    def of(self, role: Role) -> _Seen:
        """Return what an agency in this role sees."""
        if role not in self._made:
            self._made[role] = _lead_sees(self._incident) if role is Role.LEAD else self._others_see(role)
        return self._made[role]

    def _others_see(self, role: Role) -> _Seen:
        decision, report = self._decision, self._incident.report
        known = tuple(_known_of(report.reporter))
        withheld = decision.confidential or report.reporter.secrecy or role is Role.INFORMED
        return _Seen(
            title=self._category_title() if decision.confidential else masked(report.title, known),
            text=None if withheld else masked(report.text, known),
            jurisdiction=town_of(self._incident.jurisdiction, self.compiled),
        )

    def _category_title(self) -> str:
        category = self.compiled.ruleset.categories.get(self._incident.category)
        return category.title if category else self._incident.category


def _lead_sees(incident: Incident) -> _Seen:
    report = incident.report
    return _Seen(
        report.title, report.text, incident.jurisdiction, report.address, report.point, report.reporter,
        report.attributes,
    )  # fmt: skip


def _known_of(reporter: Reporter) -> Iterator[str]:
    """Yield the reporter's own data, to be masked wherever it stands literally."""
    for value in (reporter.name, reporter.phone, reporter.id_number, reporter.address):
        if value and len(value) > 1:
            yield value


def town_of(code: str, compiled: Compiled) -> str:
    """Return the place no finer than the town it lies in."""
    ruleset = compiled.ruleset
    if TOWN not in ruleset.tiers:
        return code
    rank = {tier: n for n, tier in enumerate(ruleset.tiers)}
    for place in compiled.catalogue.place_chain(code):
        known = ruleset.jurisdictions.get(place)
        if known is not None and rank.get(known.tier, 0) >= rank[TOWN]:
            return place
    return ruleset.root


def _assignment(
    decision: Decision, decision_id: str, role: AssignedRole, incident: Incident, views: _Views,
    due: tuple[AssignmentDue, ...],
) -> Assignment:  # fmt: skip
    seen = views.of(role.role)
    return Assignment(
        id=assignment_id(decision.incident, role.agency, decision.round, role.role.value),
        incident=decision.incident,
        decision=decision_id,
        round=decision.round,
        role=role.role,
        agency=role.agency,
        channel=incident.report.channel,
        external_id=incident.report.external_id,
        kind=incident.kind,
        category=incident.category,
        jurisdiction=seen.jurisdiction,
        urgency=decision.urgency,
        title=seen.title,
        ground=_ground(decision, role, views.compiled),
        lead=decision.lead,
        decided_at=decision.now,
        received_at=incident.received_at,
        text=seen.text,
        address=seen.address,
        point=seen.point,
        reporter=seen.reporter,
        tags=decision.tags,
        due=due,
        confidential=decision.confidential,
        exercise=incident.report.exercise,
        attributes=dict(seen.attributes),
    )


def _ground(decision: Decision, role: AssignedRole, compiled: Compiled) -> Ground:
    rule = compiled.rules.get(role.rule)
    title, basis = (rule.title, rule.basis) if rule else ("", None)
    return Ground(rule=role.rule, title=title, basis=basis, outcome=decision.reason.value)
