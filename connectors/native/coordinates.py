"""Coordinates to WGS-84: GCJ-02 (what map services in China give), BD-09 (Baidu's), CGCS2000 (the surveyors').

GCJ-02 is WGS-84 shifted by up to some 600 m, BD-09 shifts once more; the formulas are those in public use since 2013.
CGCS2000 in degrees is WGS-84 to within centimetres; in metres it is a Gauss-Krueger projection in zones of 3 degrees,
the zone written before the easting. Results are rounded to a millionth of a degree (0.1 m).
"""

import math
from enum import StrEnum
from typing import Final, NamedTuple

_A: Final = 6378245.0  # semi-major axis and eccentricity of Krasovsky 1940, on which GCJ-02 computes
_EE: Final = 0.00669342162296594323
_PI: Final = math.pi
_X_PI: Final = _PI * 3000.0 / 180.0
_sin: Final = math.sin
_sqrt: Final = math.sqrt


class System(StrEnum):
    """In what system a channel's coordinates are."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"
    CGCS2000 = "cgcs2000"


_GCJ02: Final = System.GCJ02  # looking a member up by its class costs a tenth of a conversion
_BD09: Final = System.BD09
_CGCS2000: Final = System.CGCS2000

SYSTEMS: Final = {
    "WGS84": System.WGS84, "WGS-84": System.WGS84, "GPS": System.WGS84, "1": System.WGS84,
    "GCJ02": System.GCJ02, "GCJ-02": System.GCJ02, "高德": System.GCJ02, "腾讯": System.GCJ02, "2": System.GCJ02,
    "BD09": System.BD09, "BD-09": System.BD09, "百度": System.BD09, "3": System.BD09,
    "CGCS2000": System.CGCS2000, "CGCS-2000": System.CGCS2000, "国家2000": System.CGCS2000, "4": System.CGCS2000,
}  # fmt: skip
"""Names that channels give to a system, upper case; the digits are the usual order of a drop-down list."""


class Box(NamedTuple):
    """Where a channel's points can be at all, in degrees, edges included."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, longitude: float, latitude: float) -> bool:
        """Say whether the point lies in the box."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north


CHINA_BOX: Final = Box(73.0, 3.0, 136.0, 54.0)  # no longitude of China is a latitude of China: a swap can be seen
"""The whole country. Which county it is, a codec does not know."""


class Located(NamedTuple):
    """A longitude and latitude in WGS-84, and whether the pair had come the wrong way round."""

    longitude: float
    latitude: float
    swapped: bool


def locate(x: float, y: float, system: System, box: Box) -> Located:
    """Return the point that (x = longitude or easting, y = latitude or northing) means, in WGS-84.

    A pair that lies in the box only the other way round is turned. Raises `ValueError` where neither way is in the box:
    zeros, metres without a zone, digits lost.
    """
    if system is _CGCS2000 and x > 1000 and y > 1000:
        return _from_metres(x, y, box)
    if box.holds(x, y):
        return Located(*to_wgs84(x, y, system), False)
    if box.holds(y, x):
        return Located(*to_wgs84(y, x, system), True)
    raise ValueError("not a point of this channel's part of the earth")


def to_wgs84(longitude: float, latitude: float, system: System) -> tuple[float, float]:
    """Return WGS-84 degrees, rounded to a millionth."""
    if system is _BD09:
        longitude, latitude = _bd09_to_gcj02(longitude, latitude)
    if system is _BD09 or system is _GCJ02:
        longitude, latitude = _gcj02_to_wgs84(longitude, latitude)
    return round(longitude, 6), round(latitude, 6)


def wgs84_to_gcj02(longitude: float, latitude: float) -> tuple[float, float]:
    """Return the shifted point, in degrees."""
    east, north = _shift(longitude, latitude)
    return longitude + east, latitude + north


def gcj02_to_bd09(longitude: float, latitude: float) -> tuple[float, float]:
    """Return Baidu's point for a GCJ-02 one, in degrees."""
    z = math.hypot(longitude, latitude) + 0.00002 * math.sin(latitude * _X_PI)
    theta = math.atan2(latitude, longitude) + 0.000003 * math.cos(longitude * _X_PI)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


def _gcj02_to_wgs84(longitude: float, latitude: float) -> tuple[float, float]:
    """Turn the shift round: it changes so slowly that two looks at it are good to a centimetre."""
    lon, lat = longitude, latitude
    for _ in range(2):
        east, north = _shift(lon, lat)
        lon, lat = longitude - east, latitude - north
    return lon, lat


def _bd09_to_gcj02(longitude: float, latitude: float) -> tuple[float, float]:
    x, y = longitude - 0.0065, latitude - 0.006
    z = math.hypot(x, y) - 0.00002 * math.sin(y * _X_PI)
    theta = math.atan2(y, x) - 0.000003 * math.cos(x * _X_PI)
    return z * math.cos(theta), z * math.sin(theta)


def _shift(longitude: float, latitude: float) -> tuple[float, float]:
    """Return GCJ-02's shift at a WGS-84 point, in degrees east and north."""
    x, y = longitude - 105.0, latitude - 35.0
    px, py = x * _PI, y * _PI
    root = _sqrt(abs(x))
    ripple = 20.0 * _sin(6.0 * px) + 20.0 * _sin(2.0 * px)
    north = 20.0 * _sin(py) + 40.0 * _sin(py / 3.0) + 160.0 * _sin(py / 12.0) + 320.0 * _sin(py / 30.0)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + (ripple + north) / 1.5
    east = 20.0 * _sin(px) + 40.0 * _sin(px / 3.0) + 150.0 * _sin(px / 12.0) + 300.0 * _sin(px / 30.0)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + (ripple + east) / 1.5
    phi = latitude * _PI / 180.0
    magic = 1.0 - _EE * _sin(phi) ** 2
    per_north = (_A * (1.0 - _EE)) / (magic * _sqrt(magic)) * _PI / 180.0
    per_east = _A / _sqrt(magic) * math.cos(phi) * _PI / 180.0
    return east / per_east, north / per_north


_CGCS_A: Final = 6378137.0
_CGCS_F: Final = 1 / 298.257222101
_NORTHERNMOST: Final = 6_100_000.0  # metres from the equator to 55 degrees
_ZONES: Final = range(25, 46)  # 3-degree zones of China: central meridians 75 to 135 degrees


def _from_metres(x: float, y: float, box: Box) -> Located:
    """Read zone + easting and northing in either order, both usual: surveyors call the northing X."""
    easting, northing = max(x, y), min(x, y)
    zone = int(easting // 1_000_000)
    if zone not in _ZONES:
        raise ValueError("an easting without its zone says nothing")
    if northing > _NORTHERNMOST:
        raise ValueError("metres beyond the country")
    longitude, latitude = _unproject(easting - zone * 1_000_000 - 500_000, northing, zone * 3.0)
    if not box.holds(longitude, latitude):
        raise ValueError("metres of another part of the earth")
    return Located(round(longitude, 6), round(latitude, 6), False)


def _unproject(east: float, north: float, meridian: float) -> tuple[float, float]:
    """Return degrees for metres east of `meridian` and north of the equator: the inverse Gauss-Krueger series."""
    n = _CGCS_F / (2 - _CGCS_F)
    radius = _CGCS_A / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    xi, eta = north / radius, east / radius
    betas = (n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96, n**2 / 48 + n**3 / 15, 17 * n**3 / 480)
    terms = [(2 * (j + 1), beta) for j, beta in enumerate(betas)]
    xi_ = xi - sum(b * math.sin(k * xi) * math.cosh(k * eta) for k, b in terms)
    eta_ = eta - sum(b * math.cos(k * xi) * math.sinh(k * eta) for k, b in terms)
    chi = math.asin(math.sin(xi_) / math.cosh(eta_))
    deltas = (2 * n - 2 * n**2 / 3 - 2 * n**3, 7 * n**2 / 3 - 8 * n**3 / 5, 56 * n**3 / 15)
    latitude = chi + sum(d * math.sin(2 * (j + 1) * chi) for j, d in enumerate(deltas))
    return meridian + math.degrees(math.atan2(math.sinh(eta_), math.cos(xi_))), math.degrees(latitude)


__all__ = ["CHINA_BOX", "SYSTEMS", "Box", "Located", "System", "gcj02_to_bd09", "locate", "to_wgs84", "wgs84_to_gcj02"]
