"""Areas (G24): which polygons hold a point, edges included. WGS-84, longitude first, as GeoJSON has it.

A degree is treated as flat: a county is small, and its polygons are drawn to streets and shores, not to geodesics.
"""

from typing import Final, NamedTuple

from contracts.report import Point
from routing_rules.engine.catalogue import area_size
from routing_rules.engine.schema import Area, Ruleset

Ring = tuple[tuple[float, float], ...]

_EDGE: Final = 1e-9  # degrees, a tenth of a millimetre: what rounding of coordinates may take from an edge


class _Box(NamedTuple):
    west: float
    south: float
    east: float
    north: float

    def holds(self, x: float, y: float) -> bool:
        return self.west - _EDGE <= x <= self.east + _EDGE and self.south - _EDGE <= y <= self.north + _EDGE


class Areas:
    """The polygons of a ruleset, asked by point."""

    def __init__(self, ruleset: Ruleset) -> None:
        drawn = [area for area in ruleset.areas.values() if any(polygon and polygon[0] for polygon in area.polygons)]
        smallest_first = sorted(drawn, key=lambda area: (area_size(area), area.id))
        self._drawn: Final = [(_box(area), area) for area in smallest_first]
        self.ids: Final = frozenset(area.id for area in drawn)

    def holding(self, point: Point) -> tuple[str, ...]:
        """Return the ids of the areas that hold `point`, edge included, smallest first."""
        x, y = point.longitude, point.latitude
        return tuple(area.id for box, area in self._drawn if box.holds(x, y) and holds(area, x, y))


def holds(area: Area, x: float, y: float) -> bool:
    """Whether longitude `x`, latitude `y` is in one of the area's polygons or on its edge."""
    return any(polygon and _in_polygon(polygon, x, y) for polygon in area.polygons)


def _in_polygon(rings: tuple[Ring, ...], x: float, y: float) -> bool:
    if any(_on_edge(ring, x, y) for ring in rings):
        return True
    return _inside(rings[0], x, y) and not any(_inside(hole, x, y) for hole in rings[1:])


def _on_edge(ring: Ring, x: float, y: float) -> bool:
    return any(_on_segment(a, b, x, y) for a, b in zip(ring, (*ring[1:], ring[0]), strict=True))


def _on_segment(a: tuple[float, float], b: tuple[float, float], x: float, y: float) -> bool:
    (ax, ay), (bx, by) = a, b
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else min(1.0, max(0.0, ((x - ax) * dx + (y - ay) * dy) / length))
    off_x, off_y = x - ax - along * dx, y - ay - along * dy
    return off_x * off_x + off_y * off_y <= _EDGE * _EDGE


def _inside(ring: Ring, x: float, y: float) -> bool:
    """Count how often a ray to the east crosses the ring."""
    inside = False
    for (ax, ay), (bx, by) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside


def _box(area: Area) -> _Box:
    xs, ys = zip(*(corner[:2] for polygon in area.polygons if polygon for corner in polygon[0]), strict=True)
    return _Box(min(xs), min(ys), max(xs), max(ys))
