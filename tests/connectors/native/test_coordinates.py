"""Coordinates to WGS-84."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.native.coordinates import (
    CHINA_BOX,
    System,
    gcj02_to_bd09,
    locate,
    to_wgs84,
    wgs84_to_gcj02,
)

TOWN = (118.8735, 33.2942)
eastings = st.floats(75, 134)
northings = st.floats(18, 53)


def metres(a, b):
    """How far apart two points are, near enough for a few hundred metres."""
    east = (a[0] - b[0]) * 111_320 * math.cos(math.radians(a[1]))
    return math.hypot(east, (a[1] - b[1]) * 110_540)


@given(eastings, northings)
def test_gcj02_and_back_is_the_same_spot(longitude, latitude):
    back = to_wgs84(*wgs84_to_gcj02(longitude, latitude), System.GCJ02)
    assert metres((longitude, latitude), back) < 0.2


@given(eastings, northings)
def test_bd09_and_back_is_the_same_spot(longitude, latitude):
    back = to_wgs84(*gcj02_to_bd09(*wgs84_to_gcj02(longitude, latitude)), System.BD09)
    assert metres((longitude, latitude), back) < 1.0


def test_the_shift_is_of_the_size_that_makes_converting_worth_while():
    assert 300 < metres(TOWN, wgs84_to_gcj02(*TOWN)) < 700
    assert 900 < metres(TOWN, gcj02_to_bd09(*wgs84_to_gcj02(*TOWN))) < 1600


def test_wgs84_and_cgcs2000_degrees_pass_as_they_are():
    assert to_wgs84(*TOWN, System.WGS84) == TOWN
    assert to_wgs84(*TOWN, System.CGCS2000) == TOWN


def test_metres_in_a_zone_are_read_in_either_order():
    # 3-degree zone 40 (central meridian 120 E), reckoned with the classical meridian-arc series, apart from the code
    easting, northing = 40395073.02, 3685943.17
    straight = locate(easting, northing, System.CGCS2000, CHINA_BOX)
    assert metres(straight[:2], (118.8735, 33.2942)) < 0.5
    assert locate(northing, easting, System.CGCS2000, CHINA_BOX) == straight
    assert not straight.swapped


def test_a_point_on_the_central_meridian_is_on_it():
    found = locate(40_500_000.0, 3_685_000.0, System.CGCS2000, CHINA_BOX)
    assert found.longitude == 120.0


def test_a_swapped_pair_is_turned_and_said_to_be():
    assert locate(TOWN[1], TOWN[0], System.WGS84, CHINA_BOX) == (*TOWN, True)
    turned = locate(*reversed(wgs84_to_gcj02(*TOWN)), System.GCJ02, CHINA_BOX)
    assert turned.swapped
    assert metres(turned[:2], TOWN) < 0.2


@pytest.mark.parametrize(
    "pair",
    [(0.0, 0.0), (118.87, 0.0), (0.0, 33.29), (math.nan, 33.29), (math.inf, 33.29), (-118.87, 33.29), (11.887, 33.29),
     (395073.02, 3685943.17), (99e6, 3685943.17), (40395073.02, 9e6)],
)  # fmt: skip
@pytest.mark.parametrize("system", list(System))
def test_what_is_no_point_of_the_country_is_refused(pair, system):
    with pytest.raises(ValueError):  # noqa: PT011
        locate(*pair, system, CHINA_BOX)


@given(st.floats(), st.floats(), st.sampled_from(System))
def test_any_pair_is_a_point_of_the_earth_or_a_value_error(x, y, system):
    try:
        found = locate(x, y, system, CHINA_BOX)
    except ValueError:
        return
    assert -180 <= found.longitude <= 180
    assert -90 <= found.latitude <= 90
