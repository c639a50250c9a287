"""Who leads (主办): the route's role made an agency, and the hard rules on it (G29-G34).

No YAML switches these off: nobody handles a complaint about themselves or about whom they answer to, nobody gets back
what they returned. The fallback's lead always exists; only a conflict moves it, upward.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from contracts.codes import Flag, HardRule, Outcome, Resolved
from contracts.decision import DecisionState
from contracts.incident import Incident
from routing_rules.engine.catalogue import Found
from routing_rules.engine.compiler import Compiled, Moment, Row
from routing_rules.engine.facts import Facts, standing
from routing_rules.engine.memo import keep
from routing_rules.engine.schema import AgencyRef, FirstReceiver, Route, Target

Whereabouts = tuple[str, str, tuple[str, ...], int]
"""All that a role's answer depends on: channel, place, areas, and the period in which no agency comes or goes."""

_NOBODY: Final[frozenset[str]] = frozenset()


class Case(NamedTuple):
    """What one decision is made from: the incident and its state under one ruleset, at one moment.

    `where` is what the answers to roles depend on; `conflicted` may have no role at all; `returned` may not lead or
    co-handle; `plain` says that neither kind of agency is there nor a ruling, so that roles depend on the rules and on
    `where` alone. `flags` are those this adds.
    """

    incident: Incident
    state: DecisionState
    compiled: Compiled
    moment: Moment
    where: Whereabouts
    facts: Facts
    conflicted: frozenset[str]
    returned: frozenset[str]
    plain: bool
    flags: tuple[str, ...]

    @property
    def on(self) -> date:
        """Return the local date."""
        return self.moment.on

    def find(self, target: Target) -> Found | None:
        """Return the agency that a target means here, or None."""
        facts = self.facts
        return self.compiled.catalogue.find(target, facts.channel, facts.jurisdiction, facts.area, self.moment.on)


class Lead(NamedTuple):
    """The leading agency, what was asked for and by which rule, and the hard rules that acted.

    `known` is what others remember of decisions by this lead, by the overlays that hold; None: nothing may be.
    """

    agency: str
    asked: str
    resolved: Resolved
    rule: str
    reason: Outcome
    acted: frozenset[HardRule] = frozenset()
    known: dict[tuple[str, ...], Any] | None = None


def open_case(incident: Incident, state: DecisionState, compiled: Compiled, now: datetime) -> Case:
    """Gather what a decision goes by at `now`. Mode records that make no difference here are not carried along.

    The agency above all others is taken out of `about`: everyone is beneath it (G31).
    """
    mode = standing(incident, state.modes, compiled.catalogue, now)
    if state.modes != mode.records:
        state = replace(state, modes=mode.records)
    top = compiled.catalogue.top
    about = tuple(code for code in incident.about if code != top) if top in incident.about else incident.about
    facts = Facts(incident, about, state, mode, compiled.terms)
    moment = compiled.at(now)
    where = (facts.channel, facts.jurisdiction, facts.area, moment.period)
    conflicted = _conflicted(facts, compiled) if about else _NOBODY
    returned = frozenset(state.returned_by) if state.returned_by else _NOBODY
    plain = not (conflicted or returned) and state.adjudicated_to is None
    flags = () if about is incident.about else (Flag.ABOUT_TOP.value,)
    return Case(incident, state, compiled, moment, where, facts, conflicted, returned, plain, flags)


def _conflicted(facts: Facts, compiled: Compiled) -> frozenset[str]:
    """Return the agencies complained about and all beneath them (G31)."""
    if facts.kind not in compiled.ruleset.conflict.kinds:
        return _NOBODY
    return compiled.catalogue.beneath(frozenset(facts.about))


def settle(case: Case, row: Row[Route]) -> Lead:
    """Return who leads by the route of `row`: adjudication, else the role as written, past returns and conflicts."""
    if not case.plain:
        return _settled(case, row.rule)
    key = (row.id, case.where)
    found: Lead | None = case.compiled.leads.get(key)
    return keep(case.compiled.leads, key, _asked(case, row.rule)._replace(known={})) if found is None else found


def _settled(case: Case, route: Route) -> Lead:
    lead = _asked(case, route)
    if lead.reason is Outcome.ADJUDICATED:
        return _unconflicted(case, lead)
    if case.state.adjudicated_to is None:  # a ruling that names nobody is told as such, whatever was returned before
        lead = _unreturned(case, route, lead)
    climbed = _unconflicted(case, lead)
    if climbed.agency in case.returned and not _of_fallback(case, climbed):
        return _unconflicted(case, _elsewhere(case, route, climbed.acted))
    return climbed


def asked(target: Target) -> str:
    """Return a target as a rule writes it: a code, `function`, `function/tier` or `first_receiver`."""
    if isinstance(target, AgencyRef):
        return target.code
    if isinstance(target, FirstReceiver):
        return "first_receiver"
    return target.function if target.tier is None else f"{target.function}/{target.tier}"


def _asked(case: Case, route: Route) -> Lead:
    named = case.state.adjudicated_to
    if named is not None:
        found = case.find(AgencyRef(named))
        if found is None:
            return _fallback(case, Outcome.ROLE_UNRESOLVED, named)
        return Lead(named, named, Resolved.NAMED, route.id, Outcome.ADJUDICATED)
    found = case.find(route.lead)
    if route.fallback:
        return _fallback(case, Outcome.FALLBACK)
    if found is None:
        return _fallback(case, Outcome.ROLE_UNRESOLVED, asked(route.lead))
    return Lead(found.agency, asked(route.lead), found.resolved, route.id, Outcome.MATCHED)


def _fallback(case: Case, reason: Outcome, wanted: str = "", acted: frozenset[HardRule] = frozenset()) -> Lead:
    route = case.compiled.fallback
    code = asked(route.lead)
    return Lead(code, wanted or code, Resolved.NAMED, route.id, reason, acted)


def _of_fallback(case: Case, lead: Lead) -> bool:
    return lead.rule == case.compiled.fallback.id and lead.reason is not Outcome.ADJUDICATED


def _unreturned(case: Case, route: Route, lead: Lead) -> Lead:
    """Pass the lead on where it returned the case before, or where returns are used up (G33)."""
    returns = len(case.state.returned_by)
    if not returns:
        return lead
    if returns >= case.compiled.ruleset.max_returns:
        return _adjudication(case, frozenset())
    if lead.agency in case.returned and not _of_fallback(case, lead):
        return _elsewhere(case, route, frozenset())
    return lead


def _elsewhere(case: Case, route: Route, acted: frozenset[HardRule]) -> Lead:
    """Return the first of `on_return` that may lead; failing all, the fallback's lead adjudicates."""
    for target in route.on_return:
        found = case.find(target)
        if found and found.agency not in case.returned and found.agency not in case.conflicted:
            acted |= {HardRule.RETURNED}
            return Lead(found.agency, asked(target), Resolved.ON_RETURN, route.id, Outcome.MATCHED, acted)
    return _adjudication(case, acted)


def _adjudication(case: Case, acted: frozenset[HardRule]) -> Lead:
    return _fallback(case, Outcome.ADJUDICATION, acted=acted | {HardRule.RETURNED})


def _unconflicted(case: Case, lead: Lead) -> Lead:
    """Climb to the first supervisor in force that is not complained about (G31).

    Where the fallback's lead has to climb, those who returned the case are passed over too, the last one excepted.
    """
    if lead.agency not in case.conflicted:
        return lead
    chain = case.compiled.catalogue.supervisors(lead.agency)
    above = [code for code in chain if code not in case.conflicted and case.find(AgencyRef(code))]
    fresh = [code for code in above if code not in case.returned] if _of_fallback(case, lead) else above
    agency = next(iter(fresh or above[-1:]), case.compiled.catalogue.top or lead.agency)
    return lead._replace(agency=agency, resolved=Resolved.SUPERVISOR, acted=lead.acted | {HardRule.CONFLICT})
