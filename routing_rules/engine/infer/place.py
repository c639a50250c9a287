"""Place (属地): the channel's code, its label, the point, names in the address, the title, the text, else the root.

The first that answers wins and fields are never mixed (G21); a channel's code that says no more than the county answers
last (ADR 0005). Names are taken longest from the left without overlaps;
those of few characters count in the address only (G22, G23).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from contracts.codes import Flag, LocatedBy
from contracts.evidence import Evidence
from contracts.report import Report
from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.infer.area import Areas
from routing_rules.engine.infer.reading import Lexicon, Reading
from routing_rules.engine.normal import Hit, normal
from routing_rules.engine.schema import Ruleset

CONFLICT_TAG: Final = "place-conflict"  # the point lies elsewhere than the channel's code says
AMBIGUOUS_TAG: Final = "place-ambiguous"  # several places named, none beneath another
MENTIONS: Final = 10
"""How often a name is evidence: standing 50,000 times in a text, it made an incident too large to be written."""
ENGINE_TAGS: Final = frozenset({CONFLICT_TAG, AMBIGUOUS_TAG})  # the engine's own, declared by no ruleset


@dataclass
class Placed:
    """What was found: jurisdiction and areas, how the jurisdiction became known, and why."""

    jurisdiction: str
    by: LocatedBy = LocatedBy.DEFAULT
    areas: tuple[str, ...] = ()
    tags: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    def put(self, code: str, by: LocatedBy, evidence: Iterable[Evidence]) -> None:
        """Take an answer."""
        self.jurisdiction, self.by = code, by
        self.evidence.extend(evidence)


@dataclass
class _Name:
    """A name as written, with what it may mean: no codes and no areas = a name that says nothing."""

    written: str
    codes: set[str] = field(default_factory=set)
    areas: set[str] = field(default_factory=set)
    everywhere: bool = False  # counts in title and text too


class PlaceReader:
    """The place names, labels and polygons of a ruleset."""

    def __init__(self, ruleset: Ruleset, lexicon: Lexicon, catalogue: Catalogue, areas: Areas) -> None:
        self._ruleset = ruleset
        self._chain = catalogue.place_chain
        self._areas = areas
        self._native = _native(ruleset)
        self._above = frozenset(self._chain(ruleset.root)[1:])
        self._names = _names(ruleset, lexicon)
        self._mapped = any(area in ruleset.jurisdictions for area in ruleset.areas)
        self._anywhere = frozenset(self._names)
        self._everywhere = frozenset(form for form, name in self._names.items() if name.everywhere)

    def infer(self, report: Report, address: Reading, title: Reading, text: Reading) -> Placed:
        """Return the place of a report."""
        placed = Placed(self._ruleset.root)
        held = self._areas.holding(report.point) if report.point else ()
        if report.point and not held and self._mapped:
            placed.flags.append(Flag.POINT_OUTSIDE)
        counting = ((address, self._anywhere), (title, self._everywhere), (text, self._everywhere))
        named = [(reading, hits) for reading, names in counting if (hits := reading.longest(names))]
        grounds = self._area_grounds(held, named)
        if grounds:
            placed.areas = tuple(area for area in self._ruleset.areas if area in grounds)
        if not (self._told(report, held, placed) or self._found(held, named, placed)) and grounds:
            self._around(grounds, placed)
        if report.jurisdiction == self._ruleset.root and not self._beneath(placed.jurisdiction):
            self._only_the_county(placed)
        placed.evidence.extend(grounds.values())
        return placed

    def _told(self, report: Report, held: tuple[str, ...], placed: Placed) -> bool:
        code = report.jurisdiction
        if code is not None and code not in self._ruleset.jurisdictions:
            placed.flags.append(Flag.PLACE_UNKNOWN)
        elif code is not None and code != self._ruleset.root:
            placed.put(code, LocatedBy.CHANNEL, [Evidence("place", code, "channel", code)])
            if report.point is not None and self._contradicted(code, held):
                placed.tags.append(CONFLICT_TAG)
            return True
        label = report.native_place
        native = None if label is None else self._native.get((report.channel, label))
        if native is None or label is None:
            return False
        placed.put(native, LocatedBy.NATIVE, [Evidence("place", native, "channel", label)])
        return True

    def _beneath(self, code: str) -> bool:
        return self._ruleset.root in self._chain(code)[1:]

    def _only_the_county(self, placed: Placed) -> None:
        """Take the channel at its word: it said the county, and nothing else says where in it (ADR 0005)."""
        root = self._ruleset.root
        placed.tags = [tag for tag in placed.tags if tag != AMBIGUOUS_TAG]
        placed.evidence = []
        placed.put(root, LocatedBy.CHANNEL, [Evidence("place", root, "channel", root)])

    def _found(self, held: tuple[str, ...], named: list[tuple[Reading, list[Hit]]], placed: Placed) -> bool:
        return self._pointed(held, placed) or self._called(named, placed)

    def _contradicted(self, code: str, held: tuple[str, ...]) -> bool:
        """Whether the point lies outside the code's own polygon, or in that of a place neither above nor beneath it."""
        if code in self._areas.ids and code not in held:
            return True
        pointed = (area for area in held if area in self._ruleset.jurisdictions)
        return any(code not in self._chain(at) and at not in self._chain(code) for at in pointed)

    def _smallest(self, held: tuple[str, ...]) -> str | None:
        return next((area for area in held if area in self._ruleset.jurisdictions), None)

    def _pointed(self, held: tuple[str, ...], placed: Placed) -> bool:
        code = self._smallest(held)
        if code is None:
            return False
        placed.put(code, LocatedBy.POINT, [Evidence("place", code, "point")])
        return True

    def _called(self, named: list[tuple[Reading, list[Hit]]], placed: Placed) -> bool:
        for reading, hits in named:
            counted = self._counted(hits)
            deepest = self._deepest({code for codes in counted.values() for code in codes})
            if not deepest:
                continue
            code = self._common(deepest)
            if len(deepest) > 1:
                placed.tags.append(AMBIGUOUS_TAG)
            by = LocatedBy.ADDRESS if reading.field == "address" else LocatedBy.TEXT
            placed.put(code, by, self._named_evidence(reading, counted))
            return True
        return False

    def _counted(self, hits: list[Hit]) -> dict[Hit, list[str]]:
        """Return the codes that each name stands for; those of an ambiguous name only beneath another place named."""
        sure = {code for hit in hits if len(codes := self._names[hit.word].codes) == 1 for code in codes}
        counted: dict[Hit, list[str]] = {}
        for hit in hits:
            possible = sorted(self._names[hit.word].codes)
            if len(possible) > 1:
                possible = [code for code in possible if not sure.isdisjoint(self._chain(code))]
            if possible:
                counted[hit] = possible
        return counted

    def _deepest(self, codes: set[str]) -> list[str]:
        """Return the codes above no other; what lies above the county says nothing of where in it."""
        covering = {above for code in codes for above in self._chain(code)[1:]}
        return sorted(codes - covering - self._above)

    def _common(self, codes: list[str]) -> str:
        """Return the nearest place that holds them all; above the county, or nowhere: the root."""
        first, *others = (self._chain(code) for code in codes)
        found = next((code for code in first if all(code in chain for chain in others)), None)
        return self._ruleset.root if found is None or found in self._above else found

    def _named_evidence(self, reading: Reading, counted: dict[Hit, list[str]]) -> list[Evidence]:
        """Return where each name stands, the first times: a text that repeats one has no more to say for it."""
        times: Counter[str] = Counter()
        found = []
        for hit, codes in counted.items():
            times[hit.word] += 1
            if times[hit.word] <= MENTIONS:
                written = self._names[hit.word].written
                found += [reading.evidence("place", code, written, hit.start, hit.end) for code in codes]
        return found

    def _area_grounds(self, held: tuple[str, ...], named: list[tuple[Reading, list[Hit]]]) -> dict[str, Evidence]:
        """Return each area that holds the point or is named, with the first ground for it."""
        grounds = {area: Evidence("area", area, "point") for area in held}
        for reading, hits in named:
            for hit in hits:
                name = self._names[hit.word]
                for area in sorted(name.areas - grounds.keys()):
                    grounds[area] = reading.evidence("area", area, name.written, hit.start, hit.end)
        return grounds

    def _around(self, grounds: dict[str, Evidence], placed: Placed) -> None:
        """Take the jurisdiction of the areas known, when nothing finer is (G24)."""
        known = {area: self._ruleset.areas[area].jurisdiction for area in grounds if area in self._ruleset.areas}
        codes = {code for code in known.values() if code in self._ruleset.jurisdictions}
        deepest = self._deepest({code for code in codes if code is not None})
        if not deepest:
            return
        ground = next(grounds[area] for area, code in known.items() if code in deepest)
        by = {"point": LocatedBy.POINT, "address": LocatedBy.ADDRESS}.get(ground.field, LocatedBy.TEXT)
        placed.put(self._common(deepest), by, ())


def _native(ruleset: Ruleset) -> dict[tuple[str, str], str]:
    """Return (channel, label) → jurisdiction. A label that two claim answers for neither: order never decides."""
    claims: dict[tuple[str, str], set[str]] = {}
    for code, place in ruleset.jurisdictions.items():
        for channel, labels in place.native.items():
            for label in labels:
                claims.setdefault((channel, label), set()).add(code)
    return {key: next(iter(codes)) for key, codes in claims.items() if len(codes) == 1}


def _names(ruleset: Ruleset, lexicon: Lexicon) -> dict[str, _Name]:
    """Return every name by its form. A short one counts in the address only, unless it is a place's official name."""
    names: dict[str, _Name] = {}

    def learn(written: str, codes: Iterable[str], area: str | None, *, official: bool) -> None:
        form = lexicon.add(written)
        if form is None:
            return
        name = names.setdefault(form, _Name(written))
        name.codes.update(codes)
        name.areas.update([area] if area in ruleset.areas and area is not None else [])
        name.everywhere = name.everywhere or official or len(normal(written)) > ruleset.short_name

    for code, place in ruleset.jurisdictions.items():
        if not place.synthetic:
            learn(place.name, [code], None, official=True)
            for alias in place.names:
                learn(alias, [code], None, official=False)
    for entry in ruleset.places:
        learn(entry.name, (code for code in entry.codes if code in ruleset.jurisdictions), entry.area, official=False)
    return names
