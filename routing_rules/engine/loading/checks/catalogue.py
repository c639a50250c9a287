"""Checks of the catalogue: supervisors, rivals, names that mean something else, and roles that nobody fills."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import combinations

from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.normal import normal
from routing_rules.engine.schema import Agency, Block, Effective, RoleRef, Route, Ruleset
from routing_rules.messages import Level


def check_catalogue(ruleset: Ruleset, catalogue: Catalogue, reading: Reading) -> None:
    """Check jurisdictions and agencies, then the roles that routes lead with."""
    _circles(ruleset, reading)
    _supervisors(ruleset, catalogue, reading)
    _rivals(ruleset, reading)
    _names(ruleset, reading)
    _labels(ruleset, reading)
    for route in ruleset.routes:
        if isinstance(route.lead, RoleRef):
            _unfilled(route, route.lead, ruleset, catalogue, reading)


def _circles(ruleset: Ruleset, reading: Reading) -> None:
    for code, jurisdiction in ruleset.jurisdictions.items():
        seen = {code}
        at = jurisdiction.parent
        while at is not None and at in ruleset.jurisdictions and at not in seen:
            seen.add(at)
            at = ruleset.jurisdictions[at].parent
        if at == code:
            reading.find("RR148", jurisdiction.at, code=code)


def _supervisors(ruleset: Ruleset, catalogue: Catalogue, reading: Reading) -> None:
    tops = [agency for agency in ruleset.agencies.values() if agency.top]
    if len(tops) != 1 and ruleset.agencies:
        at = tops[1].at if tops else next(iter(ruleset.agencies.values())).at
        reading.find("RR123", at, "top", n=str(len(tops)))
    if not tops:
        return
    for code, agency in ruleset.agencies.items():
        chain = catalogue.supervisors(code)
        if not any(ruleset.agencies[above].top for above in chain) or (agency.top and agency.supervisor):
            reading.find("RR123", agency.at, agency=code)


def _rivals(ruleset: Ruleset, reading: Reading) -> None:
    """Note two agencies of one function and tier that list the same place or area at the same time (RR121)."""
    claims: dict[tuple[str, str, str], list[Agency]] = defaultdict(list)
    for agency in ruleset.agencies.values():
        for claim in {*agency.covers, *agency.areas}:
            claims[agency.function, agency.tier, claim].append(agency)
    told = set()
    for rivals in claims.values():
        for a, b in combinations(rivals, 2):
            if (a.code, b.code) not in told and _meet(a.effective, b.effective):
                told.add((a.code, b.code))
                reading.find("RR121", b.at, a=a.code, b=b.code)


def _meet(a: Effective, b: Effective) -> bool:
    starts = max(a.start or date.min, b.start or date.min)
    return starts <= min(a.until or date.max, b.until or date.max)


def _other_meanings(ruleset: Ruleset) -> Iterator[tuple[str, str, str]]:
    """Yield (normal form, what, as written) of names that an agency may not bear: channels' and places'.

    Of a channel the figures in its code and title are a name too: people say 12345 for the hotline.
    """
    for code, channel in ruleset.channels.items():
        figures = [run for text in (code, channel.title) for run in re.findall(r"[A-Za-z0-9]*[0-9][A-Za-z0-9]*", text)]
        for name in (code, channel.title, *figures):
            yield normal(name), "term:channel", channel.title
    for jurisdiction in ruleset.jurisdictions.values():
        if not jurisdiction.synthetic:
            for name in (jurisdiction.name, *jurisdiction.names):
                yield normal(name), "term:place", jurisdiction.name
    for place in ruleset.places:
        yield normal(place.name), "term:place", place.name


def _names(ruleset: Ruleset, reading: Reading) -> None:
    meanings = {name: (what, written) for name, what, written in _other_meanings(ruleset)}
    for agency in ruleset.agencies.values():
        for name in agency.names:
            if normal(name) in meanings:
                what, other = meanings[normal(name)]
                reading.find("RR124", agency.at, name=name, what=what, other=other)


def _labels(ruleset: Ruleset, reading: Reading) -> None:
    for rows in (ruleset.categories.values(), ruleset.jurisdictions.values()):
        first: dict[tuple[str, str], str] = {}
        for row in rows:
            for channel, label in ((channel, label) for channel, labels in row.native.items() for label in labels):
                other = first.setdefault((channel, label), row.code)
                if other != row.code:
                    reading.find("RR147", row.at, channel=channel, label=label, a=other, b=row.code)


def _unfilled(route: Route, role: RoleRef, ruleset: Ruleset, catalogue: Catalogue, reading: Reading) -> None:
    """Note places in which a route's role finds nobody: an error under the root, elsewhere a note (G29, RR120)."""
    inside, outside = _places(route, role, ruleset, catalogue)
    agencies = [agency for agency in ruleset.agencies.values() if _may_fill(agency, role, ruleset.tiers)]
    if not agencies:
        _tell(route, role, [*inside, *outside], Level.ERROR, ruleset, reading)
        return
    by_area = {area for agency in agencies for area in agency.areas}
    covered = {code for agency in agencies for code in agency.covers}
    for places, level in ((inside, Level.ERROR), (outside, Level.NOTE)):
        missing = [
            p
            for p in places
            if not covered & set(catalogue.place_chain(p)) and not _by_area(route, p, by_area, catalogue)
        ]
        if missing:
            _tell(route, role, missing, level, ruleset, reading)


def _tell(route: Route, role: RoleRef, places: list[str], level: Level, ruleset: Ruleset, reading: Reading) -> None:
    name = ruleset.functions.get(role.function, role.function) + (f"\u00b7{role.tier}" if role.tier else "")
    first = ruleset.jurisdictions[places[0]].name if places else ruleset.root
    reading.find("RR120", route.at, "", level, role=name, n=str(len(places)), place=first)


def _may_fill(agency: Agency, role: RoleRef, tiers: tuple[str, ...]) -> bool:
    if agency.function != role.function:
        return False
    lowest = tiers.index(role.tier) if role.tier in tiers else 0
    height = tiers.index(agency.tier)
    return height >= lowest if role.climb else height == lowest


def _places(route: Route, role: RoleRef, ruleset: Ruleset, catalogue: Catalogue) -> tuple[list[str], list[str]]:
    """Return the real places that the route can match: those under the root at or below the role's tier, and the rest.

    A place above the role's tier stands for a matter known no nearer, the root for an unknown place: only a note.
    """
    inside: list[str] = []
    outside: list[str] = []
    height = ruleset.tiers.index(role.tier) if role.tier in ruleset.tiers else len(ruleset.tiers)
    for code, place in ruleset.jurisdictions.items():
        if place.synthetic or not any(_can_be(block, code, catalogue) for block in route.when or (Block(),)):
            continue
        under = code != ruleset.root and ruleset.root in catalogue.place_chain(code)
        (inside if under and ruleset.tiers.index(place.tier) <= height else outside).append(code)
    above = set(catalogue.place_chain(ruleset.root)[1:])
    return inside, [code for code in outside if code not in above]


def _can_be(block: Block, place: str, catalogue: Catalogue) -> bool:
    return block.jurisdiction is None or not block.jurisdiction.isdisjoint(catalogue.place_chain(place))


def _by_area(route: Route, place: str, areas: Iterable[str], catalogue: Catalogue) -> bool:
    """Whether every block that can match there asks for areas, each of which some agency of the role has."""
    blocks = [block for block in route.when if _can_be(block, place, catalogue)]
    return bool(blocks) and all(block.area is not None and block.area <= set(areas) for block in blocks)
