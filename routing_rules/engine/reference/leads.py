"""Who leads: roles resolved (G36), returns, conflicts, adjudication (G29-G34, ADR 0038)."""

from dataclasses import dataclass, field

from contracts.codes import HardRule, Outcome, Resolved
from routing_rules.engine.reference.situation import Situation
from routing_rules.engine.reference.trees import agency_on, area_size, in_force, supervisors, upward
from routing_rules.engine.schema import Agency, AgencyRef, RoleRef, Route, Target


@dataclass(slots=True)
class Lead:
    """The leading agency and how it came to lead."""

    agency: str
    asked: str
    resolved: Resolved
    rule: str
    reason: Outcome
    acted: set[HardRule] = field(default_factory=set)


def written(target: Target) -> str:
    """Return a target as a trace writes it."""
    if isinstance(target, AgencyRef):
        return target.code
    if isinstance(target, RoleRef):
        return target.function if target.tier is None else f"{target.function}/{target.tier}"
    return "first_receiver"


def resolve(target: Target, here: Situation) -> tuple[str, Resolved] | None:
    """Return the agency that a target means for this incident, and how it was found; None where there is none."""
    if isinstance(target, AgencyRef):
        return (target.code, Resolved.NAMED) if agency_on(target.code, here.on, here.ruleset) else None
    if isinstance(target, RoleRef):
        return _resolve_role(target, here)
    channel = here.ruleset.channels.get(here.incident.report.channel)
    agency = agency_on(channel.agency if channel else None, here.on, here.ruleset)
    return (agency.code, Resolved.FIRST_RECEIVER) if agency else None


def _resolve_role(role: RoleRef, here: Situation) -> tuple[str, Resolved] | None:
    tiers = here.ruleset.tiers
    levels = tiers[tiers.index(role.tier) :] if role.tier is not None else tiers
    if not role.climb:
        levels = levels[:1]
    for tier in levels:
        there = [
            agency
            for agency in here.ruleset.agencies.values()
            if agency.function == role.function and agency.tier == tier and in_force(agency.effective, here.on)
        ]
        found = _by_area(there, here) or _by_place(there, here)
        if found is not None:
            return found, Resolved.AS_ASKED if role.tier in {None, tier} else Resolved.CLIMBED
    return None


def _by_area(there: list[Agency], here: Situation) -> str | None:
    """Return the agency whose area holds the incident, the smallest area first."""
    held = [
        (area_size(here.ruleset.areas[area]), agency.code)
        for agency in there
        for area in agency.areas
        if area in here.incident.areas and area in here.ruleset.areas
    ]
    return min(held)[1] if held else None


def _by_place(there: list[Agency], here: Situation) -> str | None:
    """Return the agency that covers the place, the deepest code first."""
    for code in upward(here.incident.jurisdiction, here.ruleset):
        for agency in there:
            if code in agency.covers:
                return agency.code
    return None


def settle(route: Route, here: Situation) -> Lead:
    """Return who leads under a route."""
    state = here.state
    if state.adjudicated_to is not None:
        return _adjudicated(route, here)
    if len(state.returned_by) >= here.ruleset.max_returns:
        lead = _fallback(here, Outcome.ADJUDICATION)
        lead.acted.add(HardRule.RETURNED)
        return lead
    if route.fallback:
        return _fallback(here, Outcome.FALLBACK)
    found = resolve(route.lead, here)
    if found is None:
        return _fallback(here, Outcome.ROLE_UNRESOLVED, written(route.lead))
    lead = Lead(found[0], written(route.lead), found[1], route.id, Outcome.MATCHED)
    if lead.agency in state.returned_by:
        lead.acted.add(HardRule.RETURNED)
        return _next_in_line(route, here, lead)
    return _out_of_conflict(route, here, lead)


def _adjudicated(route: Route, here: Situation) -> Lead:
    """The command centre names the lead: anyone but those complained about (G33)."""
    code = here.state.adjudicated_to
    if code is None or agency_on(code, here.on, here.ruleset) is None:
        return _fallback(here, Outcome.ROLE_UNRESOLVED, code or "")
    lead = Lead(code, code, Resolved.NAMED, route.id, Outcome.ADJUDICATED)
    while lead.agency in here.conflicted:
        lead.acted.add(HardRule.CONFLICT)
        lead.agency, lead.resolved = _above(lead.agency, here), Resolved.SUPERVISOR
    return lead


def _out_of_conflict(route: Route, here: Situation, lead: Lead) -> Lead:
    while lead.agency in here.conflicted:
        lead.acted.add(HardRule.CONFLICT)
        lead.agency, lead.resolved = _above(lead.agency, here), Resolved.SUPERVISOR
    if lead.agency in here.state.returned_by:
        lead.acted.add(HardRule.RETURNED)
        return _next_in_line(route, here, lead)
    return lead


def _above(code: str, here: Situation) -> str:
    """Return the nearest agency in force above another; the one at the top has none above it."""
    for above in supervisors(code, here.ruleset)[1:]:
        if agency_on(above, here.on, here.ruleset):
            return above
    return supervisors(code, here.ruleset)[-1]


def _next_in_line(route: Route, here: Situation, lead: Lead) -> Lead:
    """`on_return` in order: the first that resolves and is neither excluded nor complained about."""
    for target in route.on_return:
        found = resolve(target, here)
        if found is not None and found[0] not in here.state.returned_by and found[0] not in here.conflicted:
            return Lead(found[0], written(target), Resolved.ON_RETURN, route.id, Outcome.MATCHED, lead.acted)
    taken = _fallback(here, Outcome.ADJUDICATION)
    taken.acted |= lead.acted
    return taken


def _fallback(here: Situation, reason: Outcome, asked: str | None = None) -> Lead:
    """Return the fallback's lead; out of a conflict it climbs past those who returned the case, to the top."""
    fallback = next(route for route in here.ruleset.routes if route.fallback)
    code = written(fallback.lead)
    lead = Lead(code, asked or code, Resolved.NAMED, fallback.id, reason)
    climbing = lead.agency in here.conflicted
    while climbing:
        lead.acted.add(HardRule.CONFLICT)
        lead.agency, lead.resolved = _above(lead.agency, here), Resolved.SUPERVISOR
        barred = lead.agency in here.conflicted or lead.agency in here.state.returned_by
        climbing = barred and not here.ruleset.agencies[lead.agency].top
    return lead
