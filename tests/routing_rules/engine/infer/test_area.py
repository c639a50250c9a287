"""Polygons: inside, on the edge, in a hole, smallest first."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.incident import Incident
from contracts.report import Point
from routing_rules.engine.infer.area import Areas, holds
from routing_rules.engine.schema import Area, Ruleset

Read = Callable[..., Incident]


@pytest.mark.parametrize(
    ("x", "y", "ids"),
    [
        (1.5, 1.5, ("east", "lake", "county")),
        (2, 2, ("east", "lake", "county")),  # a corner is in
        (0, 1, ("east", "county")),  # an edge is in
        (5, 5, ("county",)),
        (7.5, 7.5, ()),  # in the hole
        (7, 7.5, ("county",)),  # on the hole's edge
        (15, 2, ("lake",)),
        (30.5, 30.5, ("pond",)),
        (-0.001, 1, ()),
        (100, 1, ()),
    ],
)
def test_a_point_is_in_every_area_that_holds_it(ruleset: Ruleset, x: float, y: float, ids: tuple[str, ...]) -> None:
    assert Areas(ruleset).holding(Point(longitude=x, latitude=y)) == ids


_degrees = st.floats(-20, 20, allow_nan=False).map(lambda d: round(d, 4))


@given(st.lists(st.tuples(_degrees, _degrees), min_size=3, max_size=8), st.integers(0, 7), st.floats(0, 1))
def test_every_point_of_an_edge_is_in(corners: list[tuple[float, float]], side: int, along: float) -> None:
    ring = (*corners, corners[0])
    (ax, ay), (bx, by) = ring[side % len(corners)], ring[side % len(corners) + 1]
    area = Area("a", "a", ((ring,),))
    assert holds(area, ax + along * (bx - ax), ay + along * (by - ay))


@given(_degrees, _degrees, _degrees, _degrees, _degrees, _degrees)
def test_a_rectangle_holds_what_lies_between_its_sides(
    x1: float, y1: float, x2: float, y2: float, x: float, y: float
) -> None:
    west, east, south, north = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    assert holds(Area("a", "a", ((ring,),)), x, y) is (west <= x <= east and south <= y <= north)


def test_areas_are_those_that_hold_the_point_and_those_named(read: Read) -> None:
    incident = read(point=Point(longitude=5, latitude=5), title="小塘水面有死鱼", text="大湖水面也有")
    assert incident.areas == ("county", "lake", "pond")
    grounds = {e.value: (e.field, e.words) for e in incident.evidence if e.of == "area"}
    assert grounds == {"county": ("point", ""), "pond": ("title", "小塘水面"), "lake": ("text", "大湖水面")}
