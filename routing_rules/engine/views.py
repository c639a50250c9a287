"""Views (G35): what each agency of a decision gets to see. Only the lead learns who the reporter is.

Co-handlers get title and text with telephone, identity and plate numbers masked by pattern, and the reporter's own data
wherever it stands literally; the place only to the town. The informed get no text. Where the matter is confidential, or
the reporter asked for secrecy, only the lead gets text; a confidential title is the category's. Names that a reporter
writes into the text can't be masked reliably: that is what `confidential` is for.
"""

from operator import attrgetter
from typing import Any, Final, NamedTuple

from contracts.assignment import Assignment, AssignmentDue, Ground
from contracts.codes import Role
from contracts.decision import AssignedRole, Decision
from contracts.ids import assignment_id, assignment_id_of, framed
from contracts.incident import Incident
from contracts.report import Reporter
from contracts.serde import write
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.masking import masked
from routing_rules.engine.memo import keep

TOWN: Final = "town"
"""The tier to which others than the lead learn the place; where a ruleset has no such tier, the place stays whole."""

OwnParts = dict[tuple[str, str, str], tuple[bytes, bytes]]
"""By role, agency and rule: what `written` remembers of an assignment under one outcome and round."""

_REPORTER: Final = tuple(Reporter.model_fields)
_told_of: Final = attrgetter(*_REPORTER)

_new: Final = tuple.__new__
"""What a named tuple's constructor calls: three times as fast without the call of Python's own in between."""


class Written(NamedTuple):
    """An assignment as it goes on the wire, with what is needed to address and count it."""

    id: str
    role: Role
    agency: str
    value: bytes


def assignments(decision: Decision, decision_id: str, incident: Incident, compiled: Compiled) -> tuple[Assignment, ...]:
    """Return one assignment for each role of the decision, the lead's first, each with what its agency may see."""
    views = _Views(decision, incident, compiled)
    shared = _shared(decision, decision_id, incident)
    shared["due"] = tuple(AssignmentDue(**due) for due in shared["due"])
    return tuple(
        Assignment(
            id=assignment_id(decision.incident, role.agency, decision.round, role.role),
            **_own(role, decision, compiled), **views.of(role.role), **shared,
        )
        for role in decision.roles
    )  # fmt: skip


def written(decision: Decision, decision_id: str, incident: Incident, compiled: Compiled) -> list[Written]:
    """Return `assignments` as they go on the wire, in a third of the time: what several say is written once.

    An assignment is what all share, its id, what is its own and its view: pieces of JSON laid end to end. No field is
    in two of them, or `assignments` could not be made; all but the id, which is hexadecimal, come from the encoder.
    """
    shared = write(_shared(decision, decision_id, incident))[:-1]
    own = compiled.own_parts.get((decision.reason, decision.round)) or _own_parts(decision, compiled)
    views = _Views(decision, incident, compiled)
    seen: dict[Role, bytes] = {}
    frame = framed(decision.incident)
    made = []
    for given in decision.roles:
        role, agency = given.role, given.agency
        view = seen.get(role)
        if view is None:
            view = seen[role] = write(_plain(views.of(role)))[1:]
        part, fields = own.get((role, agency, given.rule)) or _own_written(given, decision, compiled, own)
        id_ = assignment_id_of(frame, part)
        value = b"".join((shared, b',"id":"', id_.encode(), fields, view))
        made.append(_new(Written, (id_, role, agency, value)))
    return made


def _shared(decision: Decision, decision_id: str, incident: Incident) -> dict[str, Any]:
    """Return the fields that are the same in every assignment of the decision."""
    report = incident.report
    return {
        "incident": decision.incident,
        "decision": decision_id,
        "round": decision.round,
        "channel": report.channel,
        "external_id": report.external_id,
        "kind": incident.kind,
        "category": incident.category,
        "urgency": decision.urgency,
        "lead": decision.lead,
        "decided_at": decision.now,
        "received_at": incident.received_at,
        "tags": decision.tags,
        "due": [{"milestone": due.milestone, "at": due.at, "span": due.span} for due in decision.due],
        "confidential": decision.confidential,
        "exercise": report.exercise,
    }


class _Views:
    """The fields of an assignment that depend on who looks; what all but the lead see is worked out once."""

    def __init__(self, decision: Decision, incident: Incident, compiled: Compiled) -> None:
        self._decision = decision
        self._incident = incident
        self._compiled = compiled
        self._informed: dict[str, Any] | None = None
        self._own: tuple[str | None, ...] = ()

    def of(self, role: Role) -> dict[str, Any]:
        """Return what an agency in this role sees."""
        if role is Role.LEAD:
            return _lead_sees(self._incident)
        if self._informed is None:
            self._informed = self._informed_see()
        return self._informed if role is Role.INFORMED else {**self._informed, "text": self._text()}

    def _informed_see(self) -> dict[str, Any]:
        incident, title = self._incident, self._incident.report.title
        reporter = incident.report.reporter
        self._own = (reporter.name, reporter.phone, reporter.id_number, reporter.address)
        return {
            "jurisdiction": town_of(incident.jurisdiction, self._compiled),
            "title": self._category_title() if self._decision.confidential else masked(title, self._own),
            "text": None,
            "address": None,
            "point": None,
            "reporter": None,
            "attributes": {},
        }

    def _text(self) -> str | None:
        """Return the text as co-handlers see it; None where it is to be kept from them."""
        report = self._incident.report
        withheld = self._decision.confidential or report.reporter.secrecy
        return None if withheld else masked(report.text, self._own)

    def _category_title(self) -> str:
        category = self._compiled.ruleset.categories.get(self._incident.category)
        return category.title if category else self._incident.category


def _lead_sees(incident: Incident) -> dict[str, Any]:
    report = incident.report
    return {
        "jurisdiction": incident.jurisdiction,
        "title": report.title,
        "text": report.text,
        "address": report.address,
        "point": report.point,
        "reporter": report.reporter,
        "attributes": report.attributes,
    }


def _plain(view: dict[str, Any]) -> dict[str, Any]:
    """Return a view with mappings for its models, of what these say: quicker than to have the encoder ask for each."""
    reporter, point = view["reporter"], view["point"]
    if reporter is not None:
        told = zip(_REPORTER, _told_of(reporter), strict=True)
        view["reporter"] = {name: value for name, value in told if value is not None}
    if point is not None:
        view["point"] = {"longitude": point.longitude, "latitude": point.latitude}
    return view


def town_of(code: str, compiled: Compiled) -> str:
    """Return the place no finer than the town it lies in."""
    found = compiled.towns.get(code)
    return keep(compiled.towns, code, _climb_to_town(code, compiled)) if found is None else found


def _climb_to_town(code: str, compiled: Compiled) -> str:
    ruleset = compiled.ruleset
    if TOWN not in ruleset.tiers:
        return code
    rank = {tier: n for n, tier in enumerate(ruleset.tiers)}
    for place in compiled.catalogue.place_chain(code):
        known = ruleset.jurisdictions.get(place)
        if known is not None and rank.get(known.tier, 0) >= rank[TOWN]:
            return place
    return ruleset.root


def _own(given: AssignedRole, decision: Decision, compiled: Compiled) -> dict[str, Any]:
    """Return who is given what part, and on what ground."""
    rule = compiled.rules.get(given.rule)
    title, basis = (rule.title, rule.basis) if rule else ("", None)
    ground = Ground(rule=given.rule, title=title, basis=basis, outcome=decision.reason.value)
    return {"role": given.role, "agency": given.agency, "ground": ground}


def _own_parts(decision: Decision, compiled: Compiled) -> OwnParts:
    return keep(compiled.own_parts, (decision.reason, decision.round), {})


def _own_written(given: AssignedRole, decision: Decision, compiled: Compiled, kept: OwnParts) -> tuple[bytes, bytes]:
    """Return an assignment's own part of its id, framed, and its own fields, from the end of the id on."""
    part = framed(given.agency, str(decision.round), given.role)
    fields = b'",' + write(_own(given, decision, compiled))[1:-1] + b","
    return keep(kept, (given.role, given.agency, given.rule), (part, fields))
