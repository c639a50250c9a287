"""Areas: GeoJSON polygons in WGS-84, longitude first (G24). Their file names are their ids."""

import json
from typing import Any, Final

from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.schema import Area
from routing_rules.engine.source import MOST_BYTES, Scalar, too_much
from routing_rules.messages import Position

Ring = tuple[tuple[float, float], ...]
EXTENSION: Final = ".geojson"


def area_id(file: str) -> str:
    """Return the id that a file's name gives an area: a jurisdiction's code, or a name of its own."""
    return file.rsplit("/", 1)[-1].removesuffix(EXTENSION)


def parse_area(file: str, content: bytes, reading: Reading) -> dict[str, Any] | None:
    """Return a file's JSON object; note why it cannot be read."""
    if len(content) > MOST_BYTES:
        reading.findings.append(too_much(file, 1, "n_bytes", len(content), MOST_BYTES))
        return None
    try:
        parsed = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        reading.find("RR100", Position(file, 1, 1), "encoding")
        return None
    except json.JSONDecodeError as error:
        reading.find("RR100", Position(file, error.lineno, error.colno), detail="yaml:bad json")
        return None
    except (RecursionError, ValueError):
        reading.find("RR100", Position(file, 1, 1), detail="yaml:too deep")
        return None
    return parsed if isinstance(parsed, dict) else {}


def properties(parsed: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a feature, or of a collection's first one."""
    found = parsed.get("properties")
    if not isinstance(found, dict):
        features = parsed.get("features")
        first = features[0] if isinstance(features, list) and features else {}
        found = first.get("properties") if isinstance(first, dict) else None
    return found if isinstance(found, dict) else {}


def read_area(file: str, parsed: dict[str, Any], reading: Reading) -> Area | None:
    """Return the area of a file; note polygons that are none, and a jurisdiction that nothing declares."""
    at = Position(file, 1, 1)
    polygons = _polygons(parsed)
    if not polygons:
        value = str(parsed.get("type", ""))[:40]
        example = "[[[118.3, 33.1], [118.7, 33.0], [118.8, 33.4], [118.3, 33.1]]]"
        reading.find("RR146", at, field="geometry", value=value, expected="term:polygon", example=example)
        return None
    given = properties(parsed)
    jurisdiction = given.get("jurisdiction")
    known = reading.vocabulary.get("jurisdiction", {})
    if jurisdiction is not None and jurisdiction not in known and "jurisdiction" not in reading.blurred:
        reading.unknown("jurisdiction", Scalar(str(jurisdiction), at, True), known)
        jurisdiction = None
    code = area_id(file)
    return Area(code, str(given.get("title", code)), polygons, jurisdiction)


def _polygons(shape: Any) -> tuple[tuple[Ring, ...], ...]:
    """Return the polygons of a geometry, feature or collection; empty where any of them is broken."""
    if not isinstance(shape, dict):
        return ()
    if shape.get("type") == "FeatureCollection" and isinstance(shape.get("features"), list):
        parts = [_polygons(feature) for feature in shape["features"]]
        return tuple(polygon for part in parts for polygon in part) if all(parts) else ()
    if shape.get("type") == "Feature":
        return _polygons(shape.get("geometry"))
    coordinates = shape.get("coordinates")
    many = (
        [coordinates] if shape.get("type") == "Polygon" else coordinates if shape.get("type") == "MultiPolygon" else []
    )
    if not isinstance(many, list):
        return ()
    polygons = [_rings(polygon) for polygon in many]
    return tuple(polygons) if all(polygons) else ()


def _rings(polygon: Any) -> tuple[Ring, ...]:
    rings = [_ring(ring) for ring in polygon] if isinstance(polygon, list) else []
    return tuple(rings) if all(rings) else ()


def _ring(points: Any) -> Ring:
    """Return a closed ring of at least three corners; empty where it is none."""
    if not isinstance(points, list) or len(points) < 4 or points[0] != points[-1]:
        return ()
    return tuple((float(p[0]), float(p[1])) for p in points) if all(map(_is_point, points)) else ()


def _is_point(point: Any) -> bool:
    if not isinstance(point, list) or len(point) < 2:
        return False
    longitude, latitude = point[:2]
    if isinstance(longitude, bool) or isinstance(latitude, bool):
        return False
    if not isinstance(longitude, int | float) or not isinstance(latitude, int | float):
        return False
    return -180 <= longitude <= 180 and -90 <= latitude <= 90
