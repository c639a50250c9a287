"""Who helps and who is told (协办, 知会): the asks of the route and of the overlays made one list (G32, G36-G38)."""

from collections.abc import Sequence
from typing import NamedTuple

from contracts.codes import DroppedBecause, Outcome, Role
from contracts.decision import AssignedRole, Dropped
from routing_rules.engine.catalogue import Found
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.leading import Case, Lead, asked
from routing_rules.engine.memo import keep
from routing_rules.engine.schema import Overlay, Route, Target


class _Ask(NamedTuple):
    """One agency or role that a rule asks for; `asked` is how the rule writes it, `made` what it came to before."""

    role: Role
    target: Target
    rule: str
    asked: str
    made: dict[Found, AssignedRole]

    def given(self, found: Found) -> AssignedRole:
        """Return the role that this ask gives to the agency found."""
        role = self.made.get(found)
        if role is not None:
            return role
        return keep(self.made, found, AssignedRole(self.role, found.agency, self.asked, found.resolved, self.rule))


def merged(
    case: Case, lead: Lead, route: Route, overlays: Sequence[Overlay]
) -> tuple[tuple[AssignedRole, ...], tuple[Dropped, ...]]:
    """Return the roles, the lead first and one an agency, and the asks that came to nothing with the reason.

    An agency asked for twice in the same role is no drop; one that already has a stronger role is.
    """
    roles = [AssignedRole(Role.LEAD, lead.agency, lead.asked, lead.resolved, lead.rule)]
    dropped = _lead_not_found(lead, route)
    taken = {lead.agency: Role.LEAD}
    for ask in _asks(case.compiled, route, overlays):
        found = case.find(ask.target)
        closed = route.confidential and ask.rule != route.id
        because = DroppedBecause.UNRESOLVED if found is None else _why_not(case, found.agency, ask.role, taken, closed)
        if because is not None:
            dropped.append(Dropped(found.agency if found else None, ask.role, because, ask.asked, ask.rule))
        elif found is not None and found.agency not in taken:
            taken[found.agency] = ask.role
            roles.append(ask.given(found))
    return tuple(roles), tuple(dropped)


def _lead_not_found(lead: Lead, route: Route) -> list[Dropped]:
    if lead.reason is not Outcome.ROLE_UNRESOLVED:
        return []
    return [Dropped(None, Role.LEAD, DroppedBecause.UNRESOLVED, lead.asked, route.id)]


def _asks(compiled: Compiled, route: Route, overlays: Sequence[Overlay]) -> list[_Ask]:
    """Return the asks, the stronger role first; in a role the route's first, then the overlays' in file order."""
    rules = [_asks_of(compiled, route), *[_asks_of(compiled, overlay) for overlay in overlays]]
    return [ask for role in (0, 1) for asks in rules for ask in asks[role]]


def _asks_of(compiled: Compiled, rule: Route | Overlay) -> tuple[tuple[_Ask, ...], tuple[_Ask, ...]]:
    """Return whom a rule asks to help and whom to inform; made once a rule."""
    found = compiled.asks.get(rule.id)
    if found is not None:
        return found
    helping = tuple(_Ask(Role.CO_HANDLER, target, rule.id, asked(target), {}) for target in rule.co_handlers)
    informed = tuple(_Ask(Role.INFORMED, target, rule.id, asked(target), {}) for target in rule.inform)
    return keep(compiled.asks, rule.id, (helping, informed))


def _why_not(case: Case, agency: str, role: Role, taken: dict[str, Role], closed: bool) -> DroppedBecause | None:
    """Return why an agency may not have a role. `closed`: an overlay asks to add it to a confidential matter."""
    if agency in case.conflicted:
        return DroppedBecause.CONFLICT
    if agency in taken:
        return None if taken[agency] is role else DroppedBecause.SAME_AGENCY
    if role is Role.CO_HANDLER and agency in case.returned:
        return DroppedBecause.RETURNED
    return DroppedBecause.CONFIDENTIAL if closed else None
