"""Views (G35): what each agency of a decision gets to see. Only the lead learns who the reporter is.

Co-handlers get title and text with telephone, identity and plate numbers masked by pattern, and the reporter's own data
wherever it stands literally; the place only to the town. The informed get no text. Where the matter is confidential, or
the reporter asked for secrecy, only the lead gets text; a confidential title is the category's. Names that a reporter
writes into the text can't be masked reliably: that is what `confidential` is for.
"""

from typing import Any, Final, NamedTuple

from contracts.assignment import Assignment, AssignmentDue, Ground
from contracts.codes import Outcome, Role
from contracts.decision import Decision
from contracts.ids import assignment_id
from contracts.incident import Incident
from contracts.serde import Raw, raw, write
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.masking import masked
from routing_rules.engine.memo import keep

TOWN: Final = "town"
"""The tier to which others than the lead learn the place; where a ruleset has no such tier, the place stays whole."""


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
        Assignment(**{
            **shared,
            **views.of(role.role),
            "id": assignment_id(decision.incident, role.agency, decision.round, role.role),
            "agency": role.agency,
            "ground": _ground(compiled, role.rule, decision.reason),
        })
        for role in decision.roles
    )  # fmt: skip


def written(decision: Decision, decision_id: str, incident: Incident, compiled: Compiled) -> list[Written]:
    """Return `assignments` as they go on the wire, in a third of the time: no objects, deadlines written once."""
    views = _Views(decision, incident, compiled)
    shared = _shared(decision, decision_id, incident)
    shared["due"] = raw(shared["due"])
    made = []
    for role in decision.roles:
        wire = shared | views.of(role.role)
        wire["id"] = id_ = assignment_id(decision.incident, role.agency, decision.round, role.role)
        wire["agency"] = role.agency
        wire["ground"] = _ground_written(compiled, role.rule, decision.reason)
        made.append(Written(id_, role.role, role.agency, write(wire)))
    return made


def _shared(decision: Decision, decision_id: str, incident: Incident) -> dict[str, Any]:
    """Return the fields of an assignment in their order; None where they are the agency's own or its view's."""
    report = incident.report
    return {
        "id": None,
        "incident": decision.incident,
        "decision": decision_id,
        "round": decision.round,
        "role": None,
        "agency": None,
        "channel": report.channel,
        "external_id": report.external_id,
        "kind": incident.kind,
        "category": incident.category,
        "jurisdiction": None,
        "urgency": decision.urgency,
        "title": None,
        "ground": None,
        "lead": decision.lead,
        "decided_at": decision.now,
        "received_at": incident.received_at,
        "text": None,
        "address": None,
        "point": None,
        "reporter": None,
        "tags": decision.tags,
        "due": [{"milestone": due.milestone, "at": due.at, "span": due.span} for due in decision.due],
        "confidential": decision.confidential,
        "exercise": report.exercise,
        "attributes": {},
    }


class _Views:
    """The fields of an assignment that depend on who looks; what all but the lead see is worked out once."""

    def __init__(self, decision: Decision, incident: Incident, compiled: Compiled) -> None:
        self._compiled = compiled
        self._decision = decision
        self._incident = incident
        self._known: list[str] | None = None
        self._informed: dict[str, Any] | None = None

    def of(self, role: Role) -> dict[str, Any]:
        """Return what an agency in this role sees."""
        if role is Role.LEAD:
            return _lead_sees(self._incident)
        if self._informed is None:
            self._informed = self._informed_see()
        return self._informed if role is Role.INFORMED else self._informed | self._co_handlers_see()

    def _informed_see(self) -> dict[str, Any]:
        confidential, incident = self._decision.confidential, self._incident
        return {
            "role": Role.INFORMED,
            "jurisdiction": town_of(incident.jurisdiction, self._compiled),
            "title": self._category_title() if confidential else masked(incident.report.title, self._reporters_own()),
        }

    def _co_handlers_see(self) -> dict[str, Any]:
        """Return what co-handlers see besides: the text, where nothing is to be kept from them."""
        report = self._incident.report
        withheld = self._decision.confidential or report.reporter.secrecy
        return {"role": Role.CO_HANDLER, "text": None if withheld else masked(report.text, self._reporters_own())}

    def _reporters_own(self) -> list[str]:
        """Return the reporter's own data, to be masked wherever it stands literally."""
        if self._known is None:
            reporter = self._incident.report.reporter
            given = (reporter.name, reporter.phone, reporter.id_number, reporter.address)
            self._known = [value for value in given if value and len(value) > 1]
        return self._known

    def _category_title(self) -> str:
        category = self._compiled.ruleset.categories.get(self._incident.category)
        return category.title if category else self._incident.category


def _lead_sees(incident: Incident) -> dict[str, Any]:
    report = incident.report
    return {
        "role": Role.LEAD,
        "jurisdiction": incident.jurisdiction,
        "title": report.title,
        "text": report.text,
        "address": report.address,
        "point": report.point,
        "reporter": report.reporter,
        "attributes": dict(report.attributes),
    }


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


def _ground(compiled: Compiled, rule_id: str, outcome: Outcome) -> Ground:
    rule = compiled.rules.get(rule_id)
    title, basis = (rule.title, rule.basis) if rule else ("", None)
    return Ground(rule=rule_id, title=title, basis=basis, outcome=outcome.value)


def _ground_written(compiled: Compiled, rule_id: str, outcome: Outcome) -> Raw:
    found = compiled.grounds.get((rule_id, outcome))
    if found is not None:
        return found
    return keep(compiled.grounds, (rule_id, outcome), raw(_ground(compiled, rule_id, outcome)))
