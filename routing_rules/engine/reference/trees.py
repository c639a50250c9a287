"""Trees and shapes: what lies beneath what (G8), what holds a point (G24), what is in force (G47)."""

from datetime import date

from contracts.report import Point
from routing_rules.engine.schema import Agency, Area, Effective, Ruleset

Ring = tuple[tuple[float, float], ...]


def in_force(effective: Effective, on: date) -> bool:
    """Say whether a rule or agency is in force on a local date; both ends included."""
    if effective.start is not None and on < effective.start:
        return False
    return effective.until is None or on <= effective.until


def upward(code: str, ruleset: Ruleset) -> list[str]:
    """Return a jurisdiction and those above it, nearest first. One that the ruleset doesn't know lies in the root."""
    chain: list[str] = []
    step: str | None = code if code in ruleset.jurisdictions else ruleset.root
    while step is not None and step in ruleset.jurisdictions and step not in chain:
        chain.append(step)
        step = ruleset.jurisdictions[step].parent
    return chain


def category_within(category: str, node: str) -> bool:
    """Say whether `category` is `node` or beneath it, segment by segment."""
    below, above = category.split("/"), node.split("/")
    return below[: len(above)] == above


def subordinates(bosses: set[str], ruleset: Ruleset) -> set[str]:
    """Return the agencies and all beneath them."""
    return {code for code in ruleset.agencies if bosses & set(supervisors(code, ruleset))} | bosses


def supervisors(code: str, ruleset: Ruleset) -> list[str]:
    """Return an agency and those above it, nearest first."""
    chain: list[str] = []
    step: str | None = code
    while step is not None and step in ruleset.agencies and step not in chain:
        chain.append(step)
        step = ruleset.agencies[step].supervisor
    return chain


def top_of(ruleset: Ruleset) -> str | None:
    """Return the agency above all others."""
    for agency in ruleset.agencies.values():
        if agency.top:
            return agency.code
    return None


def agency_on(code: str | None, on: date, ruleset: Ruleset) -> Agency | None:
    """Return the agency of that code if it is in force on the date."""
    agency = ruleset.agencies.get(code) if code is not None else None
    return agency if agency is not None and in_force(agency.effective, on) else None


def area_holds(area: Area, point: Point) -> bool:
    """Say whether a point is in an area, its edges included, the inside of its holes not."""
    for rings in area.polygons:
        if any(_on_edge(ring, point) for ring in rings):
            return True
        if _inside(rings[0], point) and not any(_inside(hole, point) for hole in rings[1:]):
            return True
    return False


def area_size(area: Area) -> float:
    """Return how large an area is, in square degrees."""
    return sum(_size(rings[0]) - sum(_size(hole) for hole in rings[1:]) for rings in area.polygons)


def _size(ring: Ring) -> float:
    total = 0.0
    for i in range(len(ring)):
        (ax, ay), (bx, by) = ring[i - 1], ring[i]
        total += ax * by - bx * ay
    return abs(total) / 2


def _on_edge(ring: Ring, point: Point) -> bool:
    x, y = point.longitude, point.latitude
    for i in range(len(ring)):
        (ax, ay), (bx, by) = ring[i - 1], ring[i]
        level = (bx - ax) * (y - ay) == (by - ay) * (x - ax)
        if level and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return True
    return False


def _inside(ring: Ring, point: Point) -> bool:
    x, y = point.longitude, point.latitude
    inside = False
    for i in range(len(ring)):
        (ax, ay), (bx, by) = ring[i - 1], ring[i]
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside
