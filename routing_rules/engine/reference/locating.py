"""Where it is: code, label, point, names, areas (G21-G24, ADR 0005, ADR 0036)."""

from dataclasses import dataclass, field

from contracts.codes import Flag, LocatedBy
from contracts.evidence import Evidence
from contracts.report import Report
from routing_rules.engine.reference.fields import Field, leftmost_longest
from routing_rules.engine.reference.texts import normal
from routing_rules.engine.reference.trees import area_holds, area_size, upward
from routing_rules.engine.schema import Ruleset


@dataclass(slots=True)
class Location:
    """Where a matter is, and how that became known."""

    code: str
    by: LocatedBy
    grounds: list[Evidence] = field(default_factory=list)
    areas: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)


@dataclass(slots=True)
class _Name:
    """What one name means: places (several: ambiguous; none: nothing) and areas."""

    written: str
    official: bool = False
    codes: set[str] = field(default_factory=set)
    areas: set[str] = field(default_factory=set)


Hits = list[tuple[int, int, _Name]]


def locate(report: Report, address: Field, title: Field, text: Field, ruleset: Ruleset) -> Location:
    """Return the place that answers first, and every area that is known."""
    names = _names(ruleset)
    named = [(field, _hits(field, names, ruleset)) for field in (address, title, text)]
    flags = []
    mapped = any(area in ruleset.jurisdictions for area in ruleset.areas)
    if (
        mapped
        and report.point is not None
        and not any(area_holds(area, report.point) for area in ruleset.areas.values())
    ):
        flags.append(Flag.POINT_OUTSIDE)
    given = report.jurisdiction
    if given is not None and given not in ruleset.jurisdictions:
        flags.append(Flag.PLACE_UNKNOWN)
        given = None
    if given is not None and given != ruleset.root:
        found = Location(given, LocatedBy.CHANNEL, [Evidence("place", given, "channel", given)])
        if report.point is not None and _contradicts(given, report, ruleset):
            found.tags.append("place-conflict")
    else:
        found = _found(report, named, ruleset)
        beneath = ruleset.root in upward(found.code, ruleset)[1:]
        if given is not None and not beneath:
            found = Location(given, LocatedBy.CHANNEL, [Evidence("place", given, "channel", given)])
    found.flags = flags
    areas = _areas(report, named, ruleset)
    found.areas = [area for area in ruleset.areas if area in areas]
    found.grounds += list(areas.values())
    return found


def _found(report: Report, named: list[tuple[Field, Hits]], ruleset: Ruleset) -> Location:
    """Return the first answer of: native label, point, names field by field, areas, nothing."""
    label = report.native_place
    nodes = [node.code for node in ruleset.jurisdictions.values() if label in node.native.get(report.channel, ())]
    if label is not None and len(nodes) == 1:
        return Location(nodes[0], LocatedBy.NATIVE, [Evidence("place", nodes[0], "channel", label)])
    pointed = _pointed(report, ruleset)
    if pointed:
        return Location(pointed[0], LocatedBy.POINT, [Evidence("place", pointed[0], "point")])
    for field_, hits in named:
        by = LocatedBy.ADDRESS if field_.name == "address" else LocatedBy.TEXT
        answer = _answer(field_, hits, by, ruleset)
        if answer is not None:
            return answer
    return _around(report, named, ruleset)


def _pointed(report: Report, ruleset: Ruleset) -> list[str]:
    """Return the places whose polygon holds the point, the smallest first."""
    if report.point is None:
        return []
    held = [
        (area_size(area), area.id)
        for area in ruleset.areas.values()
        if area.id in ruleset.jurisdictions and area_holds(area, report.point)
    ]
    return [code for _, code in sorted(held)]


def _contradicts(code: str, report: Report, ruleset: Ruleset) -> bool:
    """Say whether the point lies outside the code's own polygon, or in that of a place neither above nor beneath."""
    pointed = _pointed(report, ruleset)
    if code in ruleset.areas and code not in pointed:
        return True
    return any(code not in upward(other, ruleset) and other not in upward(code, ruleset) for other in pointed)


def _names(ruleset: Ruleset) -> dict[str, _Name]:
    """Return every name by its normal form."""
    names: dict[str, _Name] = {}
    for node in ruleset.jurisdictions.values():
        if node.synthetic:
            continue
        for written in (node.name, *node.names):
            name = names.setdefault(normal(written), _Name(written))
            name.codes.add(node.code)
            name.official = name.official or written == node.name
    for place in ruleset.places:
        name = names.setdefault(normal(place.name), _Name(place.name))
        name.codes.update(place.codes)
        if place.area is not None:
            name.areas.add(place.area)
    return names


def _hits(field_: Field, names: dict[str, _Name], ruleset: Ruleset) -> Hits:
    """Return the names in a field; short ones count in the address only, unless official (G23)."""
    counting = [
        form
        for form, name in names.items()
        if field_.name == "address" or name.official or len(form) > ruleset.short_name
    ]
    return [(start, end, names[form]) for start, end, form in leftmost_longest(counting, field_)]


def _answer(field_: Field, hits: Hits, by: LocatedBy, ruleset: Ruleset) -> Location | None:
    """Return what the names of one field say, or None where they say nothing."""
    certain = {code for _, _, name in hits if len(name.codes) == 1 for code in name.codes}
    counted: list[tuple[int, int, _Name, set[str]]] = []
    for start, end, name in hits:
        codes = name.codes
        if len(codes) > 1:
            codes = {code for code in codes if certain & set(upward(code, ruleset))}
        counted.append((start, end, name, codes))
    deepest = _deepest({code for *_, codes in counted for code in codes}, ruleset)
    if not deepest:
        return None
    answer, tags = deepest[0], []
    if len(deepest) > 1:
        answer, tags = _common(deepest, ruleset), ["place-ambiguous"]
    grounds = [
        field_.evidence("place", code, name.written, (start, end))
        for start, end, name, codes in counted
        for code in sorted(codes)
    ]
    return Location(answer, by, grounds, tags=tags)


def _deepest(codes: set[str], ruleset: Ruleset) -> list[str]:
    """Return the places above no other; what lies above the county says nothing of where in it."""
    covering = {above for code in codes for above in upward(code, ruleset)[1:]}
    return sorted(codes - covering - set(upward(ruleset.root, ruleset)[1:]))


def _common(codes: list[str], ruleset: Ruleset) -> str:
    """Return the nearest place above them all; the root where that is above the county or there is none."""
    for code in upward(codes[0], ruleset):
        if all(code in upward(other, ruleset) for other in codes):
            return ruleset.root if code in upward(ruleset.root, ruleset) else code
    return ruleset.root


def _areas(report: Report, named: list[tuple[Field, Hits]], ruleset: Ruleset) -> dict[str, Evidence]:
    """Return the areas that hold the point, and those named in any field."""
    found: dict[str, Evidence] = {}
    for area in ruleset.areas.values():
        if report.point is not None and area_holds(area, report.point):
            found[area.id] = Evidence("area", area.id, "point")
    for field_, hits in named:
        for start, end, name in hits:
            for area_id in sorted(name.areas):
                if area_id not in found:
                    found[area_id] = field_.evidence("area", area_id, name.written, (start, end))
    return found


def _around(report: Report, named: list[tuple[Field, Hits]], ruleset: Ruleset) -> Location:
    """Return the jurisdiction of the areas known, when nothing finer is; the root where they have none."""
    areas = _areas(report, named, ruleset)
    within = {area: ruleset.areas[area].jurisdiction for area in areas}
    deepest = _deepest({code for code in within.values() if code is not None}, ruleset)
    if not deepest:
        return Location(ruleset.root, LocatedBy.DEFAULT)
    seen = next(areas[area].field for area in areas if within[area] in deepest)
    by = {"point": LocatedBy.POINT, "address": LocatedBy.ADDRESS}.get(seen, LocatedBy.TEXT)
    return Location(_common(deepest, ruleset), by)
