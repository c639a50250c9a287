"""The catalogue (单位目录, 区划树): who is beneath whom, and which agency a role means in a place (G8, G31, G36).

Trees are followed by their links, never by digits of a code. The answer to a role depends on the place, the areas and
the date alone, so it is worked out once and kept.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from math import cos, radians
from typing import NamedTuple

from contracts.codes import Resolved
from routing_rules.engine.memo import keep
from routing_rules.engine.schema import Agency, AgencyRef, Area, Effective, FirstReceiver, RoleRef, Ruleset, Target

_Key = tuple[RoleRef, str, tuple[str, ...], int]


class Found(NamedTuple):
    """The agency that a target came to, and how."""

    agency: str
    resolved: Resolved


class Catalogue:
    """Agencies, jurisdictions and categories of one ruleset, asked by code."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.agencies = ruleset.agencies
        self.root = ruleset.root
        self.top = next((code for code, agency in ruleset.agencies.items() if agency.top), None)
        self._ruleset = ruleset
        self._sizes = {code: area_size(area) for code, area in ruleset.areas.items()}
        self._places: dict[str, tuple[str, ...]] = {}
        self._categories: dict[str, tuple[str, ...]] = {}
        self._beneath: dict[frozenset[str], frozenset[str]] = {}
        self._named = {code: Found(code, Resolved.NAMED) for code in ruleset.agencies}
        self._roles: dict[_Key, Found | None] = {}
        self._turns = _turning_days(ruleset.agencies.values())

    def place_chain(self, code: str) -> tuple[str, ...]:
        """Return the place and all it lies in, innermost first. A code unknown here lies in the root."""
        found = self._places.get(code)
        if found is None:
            found = keep(self._places, code, self._climb_places(code))
        return found

    def category_chain(self, code: str) -> tuple[str, ...]:
        """Return the category and all above it by path segment, innermost first."""
        found = self._categories.get(code)
        if found is None:
            steps = code.split("/")
            chain = tuple("/".join(steps[:n]) for n in range(len(steps), 0, -1))
            found = keep(self._categories, code, chain)
        return found

    def supervisors(self, code: str) -> tuple[str, ...]:
        """Return the agency and all above it, nearest first; a circle ends where it closes."""
        chain: list[str] = []
        at: str | None = code
        while at is not None and at in self.agencies and at not in chain:
            chain.append(at)
            at = self.agencies[at].supervisor
        return tuple(chain)

    def beneath(self, codes: frozenset[str]) -> frozenset[str]:
        """Return the agencies and all that are beneath one of them through `supervisor` (G31)."""
        found = self._beneath.get(codes)
        if found is None:
            under = frozenset(code for code in self.agencies if not codes.isdisjoint(self.supervisors(code)))
            found = keep(self._beneath, codes, under | codes)
        return found

    def in_force(self, code: str, on: date) -> bool:
        """Say whether the ruleset has this agency on that date."""
        agency = self.agencies.get(code)
        return agency is not None and holds_on(agency.effective, on)

    def period(self, on: date) -> int:
        """Return the number of the period, between two days on which some agency comes or goes, that a day lies in."""
        return bisect_right(self._turns, on)

    def means(self, target: Target, code: str) -> bool:
        """Say whether a condition's target covers the agency: its code, or any agency of a function (and tier)."""
        if isinstance(target, AgencyRef):
            return target.code == code
        agency = self.agencies.get(code)
        if agency is None or isinstance(target, FirstReceiver):
            return False
        return agency.function == target.function and target.tier in {None, agency.tier}

    def find(self, target: Target, channel: str, place: str, areas: tuple[str, ...], on: date) -> Found | None:
        """Return the agency that `target` means for an incident of `channel` at `place` and in `areas`, or None."""
        if isinstance(target, RoleRef):
            return self._role(target, place, areas, on)
        if isinstance(target, AgencyRef):
            return self._named[target.code] if self.in_force(target.code, on) else None
        spec = self._ruleset.channels.get(channel)
        if spec is None or spec.agency is None or not self.in_force(spec.agency, on):
            return None
        return Found(spec.agency, Resolved.FIRST_RECEIVER)

    def _role(self, role: RoleRef, place: str, areas: tuple[str, ...], on: date) -> Found | None:
        key = (role, place, areas, self.period(on))
        if key in self._roles:
            return self._roles[key]
        return keep(self._roles, key, self._climb_tiers(role, place, areas, on))

    def _climb_tiers(self, role: RoleRef, place: str, areas: tuple[str, ...], on: date) -> Found | None:
        tiers = self._ruleset.tiers
        lowest = tiers.index(role.tier) if role.tier in tiers else 0
        for tier in tiers[lowest:] if role.climb else tiers[lowest : lowest + 1]:
            agency = self._at_tier(role.function, tier, place, areas, on)
            if agency is not None:
                asked = role.tier in {None, tier}
                return Found(agency, Resolved.AS_ASKED if asked else Resolved.CLIMBED)
        return None

    def _at_tier(self, function: str, tier: str, place: str, areas: tuple[str, ...], on: date) -> str | None:
        """Return the agency whose area holds the incident (smallest first), else the one covering the deepest place."""
        chain = self.place_chain(place)
        best: tuple[tuple[int, float], str] | None = None
        for code, agency in self.agencies.items():
            if agency.function != function or agency.tier != tier or not holds_on(agency.effective, on):
                continue
            rank = self._rank(agency, chain, areas)
            if rank is not None and (best is None or rank < best[0]):
                best = (rank, code)
        return best[1] if best else None

    def _rank(self, agency: Agency, chain: tuple[str, ...], areas: tuple[str, ...]) -> tuple[int, float] | None:
        held = [self._sizes.get(area, 0.0) for area in agency.areas if area in areas]
        if held:
            return (0, min(held))
        depth = next((depth for depth, code in enumerate(chain) if code in agency.covers), None)
        return None if depth is None else (1, float(depth))

    def _climb_places(self, code: str) -> tuple[str, ...]:
        known = self._ruleset.jurisdictions
        chain = [code]
        at: str | None = known[code].parent if code in known else self.root
        while at is not None and at not in chain:
            chain.append(at)
            at = known[at].parent if at in known else None
        return tuple(chain)


def holds_on(effective: Effective, on: date) -> bool:
    """Say whether a span of days, both ends included, holds on a date (G47)."""
    started = effective.start is None or effective.start <= on
    return started and (effective.until is None or on <= effective.until)


def area_size(area: Area) -> float:
    """Return the size of an area, holes out, in square degrees at the equator's scale: for comparing only."""
    return sum(_ring(polygon[0]) - sum(map(_ring, polygon[1:])) for polygon in area.polygons if polygon)


def _ring(points: tuple[tuple[float, float], ...]) -> float:
    if not points:
        return 0.0
    pairs = zip(points, points[1:] + points[:1], strict=True)
    doubled = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)
    return abs(doubled) / 2 * cos(radians(points[0][1]))


def _turning_days(agencies: Iterable[Agency]) -> tuple[date, ...]:
    """Return the days on which some agency begins, or is gone: between two of them every role keeps its answer."""
    begins = {agency.effective.start for agency in agencies}
    ends = {agency.effective.until for agency in agencies}
    gone = {end + timedelta(days=1) for end in ends if end is not None and end < date.max}
    return tuple(sorted(day for day in begins | gone if day))
