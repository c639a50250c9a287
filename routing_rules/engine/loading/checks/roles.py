"""Checks of the roles that routes lead with: has every place that a route can match an agency for it (G29)?"""

from collections.abc import Iterable
from dataclasses import dataclass

from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.schema import Agency, Block, Effective, RoleRef, Route, Ruleset, Status
from routing_rules.messages import Level


def check_roles(ruleset: Ruleset, catalogue: Catalogue, reading: Reading) -> None:
    """Note leading roles that nobody fills (RR120): an error for real places under the root, a note elsewhere."""
    taken: set[str] = set()
    for route in ruleset.routes:
        if isinstance(route.lead, RoleRef) and route.status is not Status.OFF:
            _unfilled(_Lead(route, route.lead, frozenset(taken)), ruleset, catalogue, reading)
        taken |= _takes_whole(route)


@dataclass(frozen=True, slots=True)
class _Lead:
    """A route, the role that it leads with, and the places of which routes before it leave nothing."""

    route: Route
    role: RoleRef
    taken: frozenset[str]


def _takes_whole(route: Route) -> frozenset[str]:
    """Return the places that a route takes whole, so that no later one can match there."""
    if route.unless or route.status is not Status.ACTIVE or route.effective != Effective():
        return frozenset()
    blocks = [block for block in route.when if block == Block(jurisdiction=block.jurisdiction, at=block.at)]
    return frozenset(code for block in blocks for code in block.jurisdiction or ())


def _unfilled(lead: _Lead, ruleset: Ruleset, catalogue: Catalogue, reading: Reading) -> None:
    inside, outside = _places(lead, ruleset, catalogue)
    agencies = [agency for agency in ruleset.agencies.values() if _may_fill(agency, lead.role, ruleset.tiers)]
    if not agencies:
        _tell(lead, [*inside, *outside], Level.ERROR, ruleset, reading)
        return
    areas = frozenset(area for agency in agencies for area in agency.areas)
    covered = {code for agency in agencies for code in agency.covers}
    for places, level in ((inside, Level.ERROR), (outside, Level.NOTE)):
        bare = (place for place in places if covered.isdisjoint(catalogue.place_chain(place)))
        missing = [place for place in bare if not _by_area(lead.route, place, areas, catalogue)]
        if missing:
            _tell(lead, missing, level, ruleset, reading)


def _tell(lead: _Lead, places: list[str], level: Level, ruleset: Ruleset, reading: Reading) -> None:
    role = lead.role
    name = f"{role.function}\u00b7{role.tier}" if role.tier else role.function
    first = ruleset.jurisdictions[places[0]].name if places else ruleset.root
    reading.find("RR120", lead.route.at, "", level, role=name, n=str(len(places)), place=first)


def _may_fill(agency: Agency, role: RoleRef, tiers: tuple[str, ...]) -> bool:
    if agency.function != role.function or agency.tier not in tiers:
        return False
    lowest = tiers.index(role.tier) if role.tier in tiers else 0
    height = tiers.index(agency.tier)
    return height >= lowest if role.climb else height == lowest


def _places(lead: _Lead, ruleset: Ruleset, catalogue: Catalogue) -> tuple[list[str], list[str]]:
    """Return where the route can match: first the places of which an agency is due, then those of which none is.

    An agency is due of a place beneath the root as fine as the role's tier, or finer. None is due of coarser places, of
    the root (which stands for an unknown place) and beyond it: a person reads those. Nothing is reported of what lies
    above the root.
    """
    tiers = ruleset.tiers
    height = tiers.index(lead.role.tier) if lead.role.tier in tiers else len(tiers)
    above = set(catalogue.place_chain(ruleset.root)[1:])
    inside: list[str] = []
    outside: list[str] = []
    for code, place in ruleset.jurisdictions.items():
        chain = catalogue.place_chain(code)
        if place.synthetic or place.tier not in tiers or code in above or not lead.taken.isdisjoint(chain):
            continue
        if not any(_can_be(block, chain) for block in lead.route.when or (Block(),)):
            continue
        under = code != ruleset.root and ruleset.root in chain
        (inside if under and tiers.index(place.tier) <= height else outside).append(code)
    return inside, outside


def _can_be(block: Block, chain: Iterable[str]) -> bool:
    return block.jurisdiction is None or not block.jurisdiction.isdisjoint(chain)


def _by_area(route: Route, place: str, areas: frozenset[str], catalogue: Catalogue) -> bool:
    """Whether every block that can match there asks for areas, each of which some agency of the role has."""
    blocks = [block for block in route.when if _can_be(block, catalogue.place_chain(place))]
    return bool(blocks) and all(block.area is not None and block.area <= areas for block in blocks)
