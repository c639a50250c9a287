"""Deciding: the first live route that holds, the overlays, who gets what (RULE-LANGUAGE §5-§7)."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from contracts.codes import DroppedBecause, HardRule, Outcome, Resolved, Role, Urgency
from contracts.decision import (
    AssignedRole,
    Decision,
    DecisionEvidence,
    DecisionState,
    Dropped,
    RulesetStamp,
    Trial,
)
from contracts.incident import Incident
from routing_rules.engine.reference.asking import evidence_of, holding_block
from routing_rules.engine.reference.dues import amended_dues, dues
from routing_rules.engine.reference.leads import Lead, resolve, settle, written
from routing_rules.engine.reference.situation import Situation, situation
from routing_rules.engine.reference.trees import in_force
from routing_rules.engine.schema import AgencyRef, Overlay, Route, Ruleset, Status, Target
from routing_rules.messages import NOWHERE

_GROUPS = {"category": "category", "place": "place", "area": "place", "about": "about"}


def decide(incident: Incident, state: DecisionState, ruleset: Ruleset, now: datetime) -> Decision:
    """Return the decision on an incident, slowly; `now` is aware."""
    here = situation(incident, state, ruleset, now)
    route, block, trial = _first_that_holds(here)
    return _decision(here, _Held(route, block if route.when else None, settle(route, here), trial))


def amend(
    incident: Incident,
    state: DecisionState,
    ruleset: Ruleset,
    now: datetime,
    *,
    lead: str,
    route: str,
    dispatched_at: datetime | None = None,
    confidential: bool = False,
) -> Decision:
    """Return the decision of the same round after an amendment, slowly: lead and route stay, overlays are asked."""
    here = situation(incident, state, ruleset, now)
    known = next((rule for rule in ruleset.routes if rule.id == route), None)
    block = None
    led = Lead(lead, lead, Resolved.NAMED, route, Outcome.MATCHED)
    if known is not None:
        block = holding_block(known, here) if known.when else None
        settled = settle(known, here)
        if known.fallback:
            led.reason = Outcome.FALLBACK
        led = settled if settled.agency == lead else led
    kept = known or Route(route, route, "", NOWHERE, 0, AgencyRef(lead))
    if confidential:
        kept = replace(kept, confidential=True)
    return _decision(here, _Held(kept, block, led, []), _Amended(dispatched_at))


@dataclass(slots=True)
class _Held:
    """The route, the block of it that holds if any, who leads by it, and the routes on trial before it."""

    route: Route
    block: int | None
    lead: Lead
    trial: list[Trial]


@dataclass(slots=True)
class _Amended:
    """That it is an amendment, and when the round was dispatched, where that is known."""

    dispatched_at: datetime | None


def _decision(here: Situation, held: _Held, amended: _Amended | None = None) -> Decision:
    route, lead, ruleset, incident = held.route, held.lead, here.ruleset, here.incident
    here.lead = lead.agency
    overlays, tried = _overlays_that_hold(here)
    urgency = _highest([incident.urgency, route.urgency, *(overlay.urgency for overlay in overlays)])
    roles, dropped = _roles(here, lead, route, overlays)
    if amended is None:
        due = dues(here, lead.agency, route, overlays, urgency)
    else:
        due = amended_dues(here, lead.agency, route, overlays, urgency, amended.dispatched_at)
    tags = [*incident.tags, *route.tags]
    for overlay in overlays:
        tags.extend(overlay.tags)
    flags = [flag.value for flag in incident.flags] + (["about_top"] if here.about_top else [])
    return Decision(
        incident=incident.id,
        round=here.state.round,
        now=here.now,
        ruleset=RulesetStamp(ruleset.id, ruleset.version, ruleset.hash),
        state=_kept(here),
        mode=here.mode,
        responses=here.responses,
        reason=lead.reason,
        route=route.id,
        lead=lead.agency,
        overlays=tuple(overlay.id for overlay in overlays),
        trial=tuple(held.trial + tried),
        roles=tuple(roles),
        dropped=tuple(dropped),
        hard_rules=_hard_rules(here, lead, route, roles, dropped),
        urgency=urgency,
        tags=tuple(dict.fromkeys(tags)),
        confidential=route.confidential,
        due=due,
        route_block=held.block,
        evidence=_evidence(here, route, held.block),
        expr_errors=tuple(dict.fromkeys(here.errors)),
        calendar_gap=tuple(sorted(here.gaps)),
        flags=tuple(dict.fromkeys(flags)),
    )


def _kept(here: Situation) -> DecisionState:
    """Return the state without the records of mode that make no difference to this incident (ADR 0042)."""
    given = here.state
    return DecisionState(
        round=given.round,
        first_dispatched_at=given.first_dispatched_at,
        returned_by=given.returned_by,
        adjudicated_to=given.adjudicated_to,
        reporters=given.reporters,
        reports=given.reports,
        modes=here.records,
    )


def _live(rule: Route | Overlay, here: Situation) -> bool:
    if isinstance(rule, Route) and rule.fallback:
        return True
    return rule.status is not Status.OFF and in_force(rule.effective, here.on)


def _first_that_holds(here: Situation) -> tuple[Route, int, list[Trial]]:
    trial: list[Trial] = []
    for route in here.ruleset.routes:
        block = holding_block(route, here) if _live(route, here) else None
        if block is None:
            continue
        if route.status is not Status.TRIAL or route.fallback:
            return route, block, trial
        trial.append(Trial(route.id, settle(route, here).agency))
    raise ValueError("no fallback")


def _overlays_that_hold(here: Situation) -> tuple[list[Overlay], list[Trial]]:
    held = [
        overlay
        for overlay in here.ruleset.overlays
        if _live(overlay, here) and holding_block(overlay, here) is not None and _in_sample(overlay, here)
    ]
    active = [overlay for overlay in held if overlay.status is Status.ACTIVE]
    return active, [Trial(overlay.id, None) for overlay in held if overlay.status is Status.TRIAL]


def _in_sample(overlay: Overlay, here: Situation) -> bool:
    if overlay.sample is None:
        return True
    digest = sha256(f"{here.incident.id}:{overlay.id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 10_000 < overlay.sample


def _highest(floors: list[Urgency | None]) -> Urgency:
    order = list(Urgency)
    return order[max(order.index(floor) for floor in floors if floor is not None)]


def _roles(
    here: Situation, lead: Lead, route: Route, overlays: list[Overlay]
) -> tuple[list[AssignedRole], list[Dropped]]:
    roles = [AssignedRole(Role.LEAD, lead.agency, lead.asked, lead.resolved, lead.rule)]
    dropped: list[Dropped] = []
    if lead.reason is Outcome.ROLE_UNRESOLVED:
        dropped.append(Dropped(None, Role.LEAD, DroppedBecause.UNRESOLVED, lead.asked, route.id))
    rules: list[Route | Overlay] = [route, *overlays]
    asks: list[tuple[Role, Target, Route | Overlay]] = [
        (Role.CO_HANDLER, target, rule) for rule in rules for target in rule.co_handlers
    ]
    asks += [(Role.INFORMED, target, rule) for rule in rules for target in rule.inform]
    for role, target, rule in asks:
        found = resolve(target, here)
        if found is not None and any(had.role is role and had.agency == found[0] for had in roles):
            continue
        because = _barred(found, role, roles, rule, route, here)
        if because is not None:
            dropped.append(Dropped(found[0] if found else None, role, because, written(target), rule.id))
        elif found is not None:
            roles.append(AssignedRole(role, found[0], written(target), found[1], rule.id))
    return roles, dropped


def _barred(
    found: tuple[str, Resolved] | None,
    role: Role,
    roles: list[AssignedRole],
    rule: Route | Overlay,
    route: Route,
    here: Situation,
) -> DroppedBecause | None:
    """Return the first ground on which a role is not given (ADR 0038)."""
    if found is None:
        return DroppedBecause.UNRESOLVED
    if found[0] in here.conflicted:
        return DroppedBecause.CONFLICT
    if any(had.agency == found[0] for had in roles):
        return DroppedBecause.SAME_AGENCY
    if role is Role.CO_HANDLER and found[0] in here.state.returned_by:
        return DroppedBecause.RETURNED
    if route.confidential and isinstance(rule, Overlay):
        return DroppedBecause.CONFIDENTIAL
    return None


def _hard_rules(
    here: Situation, lead: Lead, route: Route, roles: list[AssignedRole], dropped: list[Dropped]
) -> tuple[HardRule, ...]:
    acted = set(lead.acted)
    for drop in dropped:
        if drop.because is DroppedBecause.CONFLICT:
            acted.add(HardRule.CONFLICT)
        if drop.because is DroppedBecause.RETURNED:
            acted.add(HardRule.RETURNED)
    withheld = route.confidential or here.incident.report.reporter.secrecy
    if withheld and any(given.role is Role.CO_HANDLER for given in roles):
        acted.add(HardRule.IDENTITY)
    return tuple(rule for rule in HardRule if rule in acted)


def _evidence(here: Situation, route: Route, block: int | None) -> DecisionEvidence:
    def of(group: str) -> tuple:  # type: ignore[type-arg]
        return tuple(ground for ground in here.incident.evidence if _GROUPS.get(ground.of) == group)

    conditions = evidence_of(route.when[block], here) if block is not None else ()
    return DecisionEvidence(of("category"), of("place"), of("about"), conditions)
