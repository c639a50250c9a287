"""Who helps and who is told (协办, 知会): the asks of the route and of the overlays made one list (G32, G36-G38)."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from contracts.codes import DroppedBecause, Outcome, Role
from contracts.decision import AssignedRole, Dropped
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.leading import Case, Lead, Whereabouts, asked
from routing_rules.engine.memo import keep
from routing_rules.engine.schema import Overlay, Route, Target


class _Ask(NamedTuple):
    """One agency or role that a rule asks for; `asked` is how the rule writes it, `made` what it came to where."""

    role: Role
    target: Target
    rule: str
    asked: str
    made: dict[Whereabouts, AssignedRole | None]

    def given(self, case: Case) -> AssignedRole | None:
        """Return the role that this ask gives to the agency it comes to here, or None."""
        where = case.where
        if where in self.made:
            return self.made[where]
        found = case.find(self.target)
        role = found and AssignedRole(self.role, found.agency, self.asked, found.resolved, self.rule)
        return keep(self.made, where, role)


_NOBODY: Final[tuple[tuple[_Ask, ...], tuple[_Ask, ...]]] = ((), ())


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
        given = ask.given(case)
        if given is None:
            dropped.append(Dropped(None, ask.role, DroppedBecause.UNRESOLVED, ask.asked, ask.rule))
            continue
        agency = given.agency
        closed = route.confidential and ask.rule != route.id
        because = _why_not(case, agency, ask.role, taken, closed)
        if because is not None:
            dropped.append(Dropped(agency, ask.role, because, ask.asked, ask.rule))
        elif agency not in taken:
            taken[agency] = ask.role
            roles.append(given)
    return tuple(roles), tuple(dropped)


def _lead_not_found(lead: Lead, route: Route) -> list[Dropped]:
    if lead.reason is not Outcome.ROLE_UNRESOLVED:
        return []
    return [Dropped(None, Role.LEAD, DroppedBecause.UNRESOLVED, lead.asked, route.id)]


def _asks(compiled: Compiled, route: Route, overlays: Sequence[Overlay]) -> list[_Ask]:
    """Return the asks, the stronger role first; in a role the route's first, then the overlays' in file order."""
    rules: tuple[Route | Overlay, ...] = (route, *overlays)
    asks = [_asks_of(compiled, rule) for rule in rules]
    return [ask for role in (0, 1) for of_rule in asks for ask in of_rule[role]]


def _asks_of(compiled: Compiled, rule: Route | Overlay) -> tuple[tuple[_Ask, ...], tuple[_Ask, ...]]:
    """Return whom a rule asks to help and whom to inform; made once a rule."""
    if not (rule.co_handlers or rule.inform):
        return _NOBODY
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
