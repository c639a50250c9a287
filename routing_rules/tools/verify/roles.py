"""Roles over the domain: which agency a target comes to, where; asked of the catalogue place by place.

A target's answer hangs on the channel, the place, the areas that some agency of its function has, and the day.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final, NamedTuple

from routing_rules.engine.compiler import Compiled
from routing_rules.engine.schema import FirstReceiver, RoleRef, Target
from routing_rules.tools.verify.boxes import Cube, Exhausted
from routing_rules.tools.verify.domain import Atom, Domain

_AREAS: Final = 8
"""Areas of one function's agencies that are told apart, each being there or not; beyond it nothing is proven."""


class Comes(NamedTuple):
    """Where a target comes to one agency, or to nobody."""

    agency: str | None
    cube: Cube


class Roles:
    """The answers of one ruleset's catalogue, each target's worked out once."""

    def __init__(self, compiled: Compiled, domain: Domain) -> None:
        self._compiled = compiled
        self._domain = domain
        self._seen: dict[Target, tuple[Comes, ...]] = {}

    def of(self, target: Target) -> tuple[Comes, ...]:
        """Return the parts of the domain by the agency a target comes to there. Raises Exhausted."""
        if target not in self._seen:
            self._seen[target] = tuple(self._parts(target))
        return self._seen[target]

    def _parts(self, target: Target) -> Iterator[Comes]:
        domain = self._domain
        areas = self._areas(target)
        day, asked = domain.at["day"], "channel" if isinstance(target, FirstReceiver) else "jurisdiction"
        for there in product((False, True), repeat=len(areas)):
            present = tuple(area for area, holds in zip(areas, there, strict=True) if holds)
            no = sum(domain.bit[Atom("area", area)] for area in areas if area not in present)
            yes = tuple(domain.bit[Atom("area", area)] for area in present)
            for n, _ in enumerate(domain.values["day"]):
                for agency, mask in self._by_agency(target, asked, present, n).items():
                    yield Comes(agency, Cube(((domain.at[asked], mask), (day, 1 << n)), no, yes))

    def _by_agency(self, target: Target, asked: str, areas: tuple[str, ...], day: int) -> dict[str | None, int]:
        found: dict[str | None, int] = {}
        on, root = self._domain.values["day"][day], self._compiled.ruleset.root
        for n, value in enumerate(self._domain.values[asked]):
            channel, place = (value, root) if asked == "channel" else ("", value)
            come = self._compiled.catalogue.find(target, channel, place, areas, on)
            agency = come.agency if come is not None else None
            found[agency] = found.get(agency, 0) | 1 << n
        return found

    def _areas(self, target: Target) -> tuple[str, ...]:
        if not isinstance(target, RoleRef):
            return ()
        agencies = self._compiled.ruleset.agencies.values()
        held = dict.fromkeys(area for each in agencies if each.function == target.function for area in each.areas)
        areas = tuple(area for area in held if area in self._compiled.ruleset.areas)
        if len(areas) > _AREAS:
            raise Exhausted
        return areas
