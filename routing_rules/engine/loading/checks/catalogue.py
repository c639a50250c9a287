"""Checks of the catalogue: circles, supervisors, rivals, names that mean something else, labels that mean two."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import combinations

from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.normal import normal
from routing_rules.engine.schema import Agency, Effective, Ruleset


def check_catalogue(ruleset: Ruleset, reading: Reading) -> None:
    """Check jurisdictions, agencies, and labels that channels use."""
    _circles(ruleset, reading)
    _rivals(ruleset, reading)
    _names(ruleset, reading)
    _labels(ruleset, reading)


def _circles(ruleset: Ruleset, reading: Reading) -> None:
    for code, jurisdiction in ruleset.jurisdictions.items():
        seen = {code}
        at = jurisdiction.parent
        while at is not None and at in ruleset.jurisdictions and at not in seen:
            seen.add(at)
            at = ruleset.jurisdictions[at].parent
        if at == code:
            reading.find("RR148", jurisdiction.at, code=code)


def check_supervisors(ruleset: Ruleset, catalogue: Catalogue, reading: Reading) -> None:
    """Note agencies from which no chain of supervisors ends at the one that is above all (G31)."""
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
    """Note two agencies of one function and tier that list the same place or area at the same time (RR121).

    A place and the area of its name are no rivals: an area comes before any place (G36).
    """
    claims: dict[tuple[str, str, bool, str], list[Agency]] = defaultdict(list)
    for agency in ruleset.agencies.values():
        if not agency.function or not agency.tier:
            continue
        claimed = {*((False, place) for place in agency.covers), *((True, area) for area in agency.areas)}
        for is_area, claim in claimed:
            claims[agency.function, agency.tier, is_area, claim].append(agency)
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
