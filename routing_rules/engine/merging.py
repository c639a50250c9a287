"""Who helps and who is told (协办, 知会): the asks of the route and of the overlays made one list (G32, G36-G38)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from contracts.codes import DroppedBecause, Outcome, Role
from contracts.decision import AssignedRole, Dropped
from routing_rules.engine.leading import Case, Lead, asked
from routing_rules.engine.schema import Overlay, Route, Target


class _Ask(NamedTuple):
    """One agency or role that a rule asks for. `closed`: it is added to a matter that nobody may be added to."""

    role: Role
    target: Target
    rule: str
    closed: bool


def merged(
    case: Case, lead: Lead, route: Route, overlays: Sequence[Overlay]
) -> tuple[tuple[AssignedRole, ...], tuple[Dropped, ...]]:
    """Return the roles, the lead first and one an agency, and the asks that came to nothing with the reason.

    An agency asked for twice in the same role is no drop; one that already has a stronger role is.
    """
    roles = [AssignedRole(Role.LEAD, lead.agency, lead.asked, lead.resolved, lead.rule)]
    dropped = _lead_not_found(lead, route)
    taken = {lead.agency: Role.LEAD}
    for ask in _asks(route, overlays):
        found = case.find(ask.target)
        agency = found.agency if found else None
        because = _why_not(case, agency, ask, taken)
        if because is not None:
            dropped.append(Dropped(agency, ask.role, because, asked(ask.target), ask.rule))
        elif found is not None and found.agency not in taken:
            taken[found.agency] = ask.role
            roles.append(AssignedRole(ask.role, found.agency, asked(ask.target), found.resolved, ask.rule))
    return tuple(roles), tuple(dropped)


def _lead_not_found(lead: Lead, route: Route) -> list[Dropped]:
    if lead.reason is not Outcome.ROLE_UNRESOLVED:
        return []
    return [Dropped(None, Role.LEAD, DroppedBecause.UNRESOLVED, lead.asked, route.id)]


def _asks(route: Route, overlays: Sequence[Overlay]) -> Iterator[_Ask]:
    """Yield the asks, the stronger role first; in a role the route's first, then the overlays' in file order."""
    for target in route.co_handlers:
        yield _Ask(Role.CO_HANDLER, target, route.id, closed=False)
    for overlay in overlays:
        for target in overlay.co_handlers:
            yield _Ask(Role.CO_HANDLER, target, overlay.id, closed=route.confidential)
    for target in route.inform:
        yield _Ask(Role.INFORMED, target, route.id, closed=False)
    for overlay in overlays:
        for target in overlay.inform:
            yield _Ask(Role.INFORMED, target, overlay.id, closed=route.confidential)


def _why_not(case: Case, agency: str | None, ask: _Ask, taken: dict[str, Role]) -> DroppedBecause | None:
    if agency is None:
        return DroppedBecause.UNRESOLVED
    if agency in case.conflicted:
        return DroppedBecause.CONFLICT
    if agency in taken:
        return None if taken[agency] is ask.role else DroppedBecause.SAME_AGENCY
    if ask.role is Role.CO_HANDLER and agency in case.returned:
        return DroppedBecause.RETURNED
    return DroppedBecause.CONFIDENTIAL if ask.closed else None
