"""Decide: where an incident goes, by when, and on what ground (RULE-LANGUAGE §5).

A function of (incident, state, ruleset, now) and nothing else: the same four give the same Decision years later, which
is how explanation can't drift from decision. The first live route that holds names the lead; every live overlay that
holds adds; hard rules are the engine's own. An amendment asks the overlays again and moves no lead (ADR 0132). No
clock, no chance, no I/O.
"""

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from contracts.codes import URGENCY_ORDER, DroppedBecause, HardRule, Outcome, Resolved, Role, Urgency
from contracts.decision import AssignedRole, Decision, DecisionEvidence, DecisionState, Dropped, Trial
from contracts.evidence import Evidence
from contracts.incident import Incident
from routing_rules.engine.compiler import Compiled, Row, excepted
from routing_rules.engine.conditions import evidence, remaining
from routing_rules.engine.deadlines import Reckoned, Setters, amended, deadlines, who_sets
from routing_rules.engine.leading import Case, Lead, open_case, settle
from routing_rules.engine.memo import keep
from routing_rules.engine.merging import merged
from routing_rules.engine.schema import AgencyRef, Overlay, Route, Status
from routing_rules.messages import NOWHERE


class _Judged(NamedTuple):
    """The rules that hold: the winning row and the overlays, and what those on trial would have done."""

    row: Row[Route]
    overlays: tuple[Overlay, ...]
    trial: tuple[Trial, ...]


class _Round(NamedTuple):
    """A round that is amended: when it was dispatched, where that is known."""

    dispatched_at: datetime | None


class _Common(NamedTuple):
    """What all decisions by the same rules share where roles come to the same agencies.

    `floors` are the urgencies that the rules raise to, `tags` what they add, `calendar` the leading agency's.
    """

    overlays: tuple[str, ...]
    roles: tuple[AssignedRole, ...]
    dropped: tuple[Dropped, ...]
    confidential: bool
    floors: tuple[Urgency, ...]
    tags: tuple[str, ...]
    calendar: str | None
    setters: Setters


def decide(incident: Incident, state: DecisionState, compiled: Compiled, now: datetime) -> Decision:
    """Return the decision on `incident` in the round that `state` says, with the whole of its ground.

    `now` is the broker's stamp in round 1, the directive's `issued_at` later (G30); aware. Never raises for an incident
    that validates and a ruleset that loaded.
    """
    case = open_case(incident, state, compiled, now)
    row, trial = _route(case)
    lead = settle(case, row)
    overlays, tried = _overlays(case, lead)
    return _decision(case, now, lead, _Judged(row, overlays, (*trial, *tried)))


def amend(
    incident: Incident,
    state: DecisionState,
    compiled: Compiled,
    now: datetime,
    *,
    lead: str,
    route: str,
    dispatched_at: datetime | None = None,
    confidential: bool = False,
) -> Decision:
    """Return the decision of the same round with the overlays asked again of the incident as it stands now (G15).

    `incident` is as `correcting.amended` leaves it. `lead` and `route` are the earlier decision's and stay; a rule that
    the ruleset no longer has sets no deadline and the county's hold. `state` is that round's, with the reporters as
    they are now. `dispatched_at` is when the round was dispatched; where it is not told, `acknowledge` runs from `now`
    in a later round. A matter once `confidential` stays so. A deadline that an overlay or the urgency tightens, and
    that would have passed, runs from `now`.
    """
    case = open_case(incident, state, compiled, now)
    row = _kept(case, lead, route)
    kept = _leading_on(case, row, lead)
    if confidential and not row.rule.confidential:
        row = _stand_in(replace(row.rule, confidential=True), row)
        kept = kept._replace(known=None)
    overlays, tried = _overlays(case, kept)
    return _decision(case, now, kept, _Judged(row, overlays, tuple(tried)), _Round(dispatched_at))


def _kept(case: Case, lead: str, id_: str) -> Row[Route]:
    """Return the row of an earlier decision's route that holds now; where none does, the route without a ground."""
    rule = case.compiled.rules.get(id_)
    if not isinstance(rule, Route):
        return _stand_in(Route(id_, id_, "", NOWHERE, 0, AgencyRef(lead)))
    for row in case.compiled.routes.rows_of(id_):
        tests = remaining(rule.when[row.block], rule=id_) if row.block is not None else ()
        if all(test(case.facts) for test in tests) and not excepted(row.unless, case.facts):
            return row
    return _stand_in(rule)


def _stand_in(rule: Route, shown: Row[Route] | None = None) -> Row[Route]:
    """Return a row for a rule, with the ground of another row or with none."""
    row: Row[Route] = Row(rule, 0, shown.shows if shown is not None else (), (), ())
    row.block = None if shown is None else shown.block
    return row


def _leading_on(case: Case, row: Row[Route], lead: str) -> Lead:
    """Return the lead as the rules would have it where they come to the same agency, else as it was named."""
    if row.id in case.compiled.rules:
        found = settle(case, row)
        if found.agency == lead:
            return found
    reason = Outcome.FALLBACK if row.rule.fallback else Outcome.MATCHED
    return Lead(lead, lead, Resolved.NAMED, row.id, reason)


def _route(case: Case) -> tuple[Row[Route], list[Trial]]:
    """Return the first route in force that holds, and those on trial that would have come before it."""
    trial: list[Trial] = []
    for row in case.compiled.routes.holding(case.facts, case.on):
        if not row.on_trial:
            return row, trial
        trial.append(Trial(row.id, settle(case, row).agency))
    raise AssertionError("a ruleset that loaded has a fallback")


def _overlays(case: Case, lead: Lead) -> tuple[tuple[Overlay, ...], list[Trial]]:
    """Return every overlay in force whose conditions hold; they know who leads, and nothing of one another (G28)."""
    facts = case.facts
    facts.lead = lead.agency
    held = [row.rule for row in case.compiled.overlays.holding(facts, case.on) if _drawn(row.rule, case.incident.id)]
    active = tuple(overlay for overlay in held if overlay.status is Status.ACTIVE)
    return active, [Trial(overlay.id, None) for overlay in held if overlay.status is Status.TRIAL]


def _drawn(overlay: Overlay, incident: str) -> bool:
    """Say whether a sample takes this incident in: by its id, so that a replay draws the same (G39)."""
    if overlay.sample is None:
        return True
    drawn = int.from_bytes(sha256(f"{incident}:{overlay.id}".encode()).digest()[:8], "big")
    return drawn % 10_000 < overlay.sample


def _decision(case: Case, now: datetime, lead: Lead, judged: _Judged, amending: _Round | None = None) -> Decision:
    incident, row, facts = case.incident, judged.row, case.facts
    common = _common(case, lead, row, judged.overlays)
    urgency = _highest(incident.urgency, common.floors)
    due, gaps = _due(case, common, urgency, amending)
    return Decision(
        incident=incident.id,
        round=case.state.round,
        now=now,
        ruleset=case.compiled.stamp,
        state=case.state,
        mode=facts.standing.mode,
        responses=facts.standing.responses,
        reason=lead.reason,
        route=row.id,
        lead=lead.agency,
        overlays=common.overlays,
        trial=judged.trial,
        roles=common.roles,
        dropped=common.dropped,
        hard_rules=_hard_rules(case, lead, common),
        urgency=urgency,
        tags=_united(incident.tags, common.tags),
        confidential=common.confidential,
        due=due,
        route_block=row.block,
        evidence=_evidence(case, row),
        expr_errors=tuple(dict.fromkeys(facts.errors)) if facts.errors else (),
        calendar_gap=tuple(sorted(gaps | facts.gaps)) if gaps or facts.gaps else (),
        flags=_flags(case),
    )


def _due(case: Case, common: _Common, urgency: Urgency, amending: _Round | None) -> Reckoned:
    if amending is None:
        return deadlines(case, common.calendar, common.setters, urgency)
    return amended(case, common.calendar, common.setters, urgency, amending.dispatched_at)


def _common(case: Case, lead: Lead, row: Row[Route], overlays: tuple[Overlay, ...]) -> _Common:
    """Return what the rules that hold come to; in a plain case made once for each lead and set of overlays."""
    ids = tuple([overlay.id for overlay in overlays]) if overlays else ()
    known = lead.known
    found: _Common | None = None if known is None else known.get(ids)
    if found is None:
        found = _made(case, lead, row.rule, overlays, ids)
        if known is not None:
            keep(known, ids, found)
    return found


def _made(case: Case, lead: Lead, route: Route, overlays: tuple[Overlay, ...], ids: tuple[str, ...]) -> _Common:
    rules: tuple[Route | Overlay, ...] = (route, *overlays)
    agency = case.compiled.ruleset.agencies.get(lead.agency)
    return _Common(
        ids,
        *merged(case, lead, route, overlays),
        route.confidential,
        tuple([rule.urgency for rule in rules if rule.urgency is not None]),
        tuple([tag for rule in rules for tag in rule.tags]),
        agency.calendar if agency else None,
        who_sets(route, overlays),
    )


def _highest(urgency: Urgency, floors: tuple[Urgency, ...]) -> Urgency:
    return max((urgency, *floors), key=URGENCY_ORDER.__getitem__) if floors else urgency


def _united(tags: tuple[str, ...], added: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*tags, *added))) if tags or added else ()


def _hard_rules(case: Case, lead: Lead, common: _Common) -> tuple[HardRule, ...]:
    """Return the hard rules that acted, in their order.

    Identity is withheld by the views, always; it is named only where confidence took the text from a co-handler who
    would have had it.
    """
    withheld = common.confidential or case.incident.report.reporter.secrecy
    if not (lead.acted or common.dropped or withheld):
        return ()
    because = {drop.because for drop in common.dropped}
    acted = set(lead.acted)
    if DroppedBecause.CONFLICT in because:
        acted.add(HardRule.CONFLICT)
    if DroppedBecause.RETURNED in because:
        acted.add(HardRule.RETURNED)
    if withheld and any(role.role is Role.CO_HANDLER for role in common.roles):
        acted.add(HardRule.IDENTITY)
    return tuple(rule for rule in HardRule if rule in acted)


def _flags(case: Case) -> tuple[str, ...]:
    flags = case.incident.flags
    return tuple(dict.fromkeys([*(flag.value for flag in flags), *case.flags])) if flags or case.flags else ()


def _evidence(case: Case, row: Row[Route]) -> DecisionEvidence:
    asked = evidence(row.shows, case.facts, case.compiled.grounds)
    grounds = case.incident.evidence
    if not grounds:
        return DecisionEvidence(conditions=asked)
    category: list[Evidence] = []
    place: list[Evidence] = []
    about: list[Evidence] = []
    of = {"category": category, "place": place, "area": place, "about": about}
    for ground in grounds:
        if ground.of in of:
            of[ground.of].append(ground)
    return DecisionEvidence(tuple(category), tuple(place), tuple(about), asked)
