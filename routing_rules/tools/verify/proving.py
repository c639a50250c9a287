"""Proving: the questions that verify asks of one ruleset, each within its bound, each answer confirmed or covered."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from contracts.codes import DroppedBecause, Outcome
from contracts.decision import Decision
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.leading import asked, open_case
from routing_rules.engine.reasons import verdict
from routing_rules.engine.schema import Overlay, Route, Status, Target
from routing_rules.tools.verify.boxes import Box, Budget, Cover, Cube, Exhausted, disjoint, uncovered
from routing_rules.tools.verify.claims import Claim, Kind, Unproven
from routing_rules.tools.verify.domain import Domain
from routing_rules.tools.verify.gaps import only_the_fallback
from routing_rules.tools.verify.regions import Region, Regions, region
from routing_rules.tools.verify.roles import Roles
from routing_rules.tools.verify.witness import Sample, sample

Answer = Claim | Unproven


class Prover:
    """The proofs of one ruleset. Each question begins a budget of its own; one that ends early is told as unproven."""

    def __init__(self, compiled: Compiled, domain: Domain, budget: Budget) -> None:
        self.compiled = compiled
        self.domain = domain
        self.budget = budget
        self.regions = Regions(compiled, domain)
        overlays = compiled.ruleset.overlays
        self.overlays = [region(domain, compiled, n, overlay) for n, overlay in enumerate(overlays)]
        self.roles = Roles(compiled, domain)
        self.beneath = self._beneath()
        self.dead: set[str] = set()

    def _beneath(self) -> Box:
        """Return all that comes from a known place of the county: beneath the root, where agencies are due (G29)."""
        root, domain = self.compiled.ruleset.root, self.domain
        chain = self.compiled.catalogue.place_chain
        places = [code for code in domain.values["jurisdiction"] if code != root and root in chain(code)]
        one = list(domain.whole.one)
        one[domain.at["jurisdiction"]] = domain.mask("jurisdiction", places)
        return Box(tuple(one))

    @property
    def asking(self) -> list[Region]:
        """The routes and overlays that questions are about: those that are judged on some day."""
        return [each for each in (*self.regions.routes, *self.overlays) if self._is_judged(each)]

    def _is_judged(self, each: Region) -> bool:
        return each.rule.status is not Status.OFF and self.domain.days(each.rule) != 0

    def deaths(self, each: Region) -> Iterator[Answer]:
        """Yield that a rule never acts, if so. To be asked of every rule before `answers` of any."""
        yield from self._asked(each, [self._dead])

    def answers(self, each: Region) -> Iterator[Answer]:
        """Yield what else there is to say of one rule."""
        questions: list[Callable[[Region], Iterator[Answer]]] = []
        if isinstance(each.rule, Route) and each.acts and not each.rule.fallback:
            questions += [self._crossing, self._comes_back]
        yield from self._asked(each, [*questions, self._unfilled])

    def _asked(self, each: Region, questions: Sequence[Callable[[Region], Iterator[Answer]]]) -> Iterator[Answer]:
        for question in questions:
            if each.rule.id in self.dead:
                return
            kind = _KINDS[question.__name__]
            try:
                self.budget.begin()
                yield from question(each)
            except Exhausted:
                yield Unproven(kind, each.rule.id, "budget")

    def _wins(self, each: Region, box: Box, used: set[int] | None = None) -> Box | None:
        """Return reports of a box that a route wins, or that an overlay holds for."""
        if isinstance(each.rule, Route):
            return self.regions.wins(each.place, box, self.budget, used)
        for cube in each.blocks:
            part = box.within(cube)
            found = uncovered(part, tuple(each.excepted()), self.budget, set()) if part is not None else None
            if found is not None:
                return found
        return None

    def _dead(self, each: Region) -> Iterator[Answer]:
        used: set[int] = set()
        if self._wins(each, self.domain.whole, used) is not None:
            return
        self.dead.add(each.rule.id)
        others: tuple[str, ...] = ()
        if isinstance(each.rule, Route):
            others = tuple(self.regions.route(place).id for place in self._fewest(each, used - {each.place}))
        yield Claim(Kind.DEAD, each.rule, others=others)

    def _fewest(self, each: Region, used: set[int]) -> list[int]:
        """Return a covering set of which none can be left out."""
        kept = sorted(used)
        for place in sorted(used, reverse=True):
            fewer = [other for other in kept if other != place]
            covers = [cover for other in fewer for cover in self.regions.routes[other].covers()]
            boxes = [box for cube in each.blocks if (box := self.domain.whole.within(cube)) is not None]
            own = list(each.excepted())
            if all(uncovered(box, [*own, *covers], self.budget, set()) is None for box in boxes):
                kept = fewer
        return kept

    def _crossing(self, each: Region) -> Iterator[Answer]:
        rule = each.rule
        if not isinstance(rule, Route) or rule.gate:
            return
        crossed: list[str] = []
        shown: Sample | None = None
        for other in self.regions.acting[:]:
            later = self.regions.route(other.place)
            if other.place <= each.place or later.fallback or later.lead == rule.lead or later.id in self.dead:
                continue
            box = self._crosses(each, other)
            if box is None:
                continue
            found = sample(self.domain, self.compiled, box)
            if not self._both(found, rule, later):
                yield Unproven(Kind.CROSSING, f"{rule.id} {later.id}", "unconfirmed")
                continue
            crossed.append(later.id)
            shown = shown or found
        if shown is not None:
            told = _told(shown.decided(self.compiled))
            yield Claim(Kind.CROSSING, rule, others=tuple(crossed), n=len(crossed), sample=shown, told=told)

    def _crosses(self, each: Region, other: Region) -> Box | None:
        """Return reports that a route wins, that a later one would take too and lead otherwise; None where there are
        none, or where all that the route wins the later one would take: specific before general."""
        if not any(self._meets(cube_box, other) for cube_box in self._boxes(each)):
            return None
        if self._differently(each, other) is None or self._wins_beyond(each, other) is None:
            return None
        return self._differently(each, other)

    def _boxes(self, each: Region) -> list[Box]:
        return [box for cube in each.blocks if (box := self.domain.whole.within(cube)) is not None]

    def _meets(self, box: Box, other: Region) -> bool:
        return any(not disjoint(box, cube) for cube in other.blocks)

    def _wins_beyond(self, each: Region, other: Region) -> Box | None:
        for n, box in enumerate(self._boxes(each)):
            covers = [*self.regions.ahead(each.place, n), *other.covers()]
            found = uncovered(box, covers, self.budget, set())
            if found is not None:
                return found
        return None

    def _differently(self, each: Region, other: Region) -> Box | None:
        first, second = self.regions.route(each.place), self.regions.route(other.place)
        none = asked(self.compiled.fallback.lead)
        for n, box in enumerate(self._boxes(each)):
            covers = [*self.regions.ahead(each.place, n), *_apart(other)]
            for cube in other.blocks:
                both = box.within(cube)
                if both is None:
                    continue
                for mine in self.roles.of(first.lead):
                    here = both.within(mine.cube)
                    if here is None:
                        continue
                    for theirs in self.roles.of(second.lead):
                        if (mine.agency or none) == (theirs.agency or none):
                            continue
                        part = here.within(theirs.cube)
                        found = uncovered(part, covers, self.budget, set()) if part is not None else None
                        if found is not None:
                            return found
        return None

    def _both(self, found: Sample, rule: Route, later: Route) -> bool:
        """Say whether the engine has it so: the one wins, the other holds too and comes to another agency."""
        if found.decided(self.compiled).route != rule.id:
            return False
        case = open_case(found.incident, found.state, self.compiled, found.now)
        none = asked(self.compiled.fallback.lead)
        leads = [come.agency if (come := case.find(route.lead)) else none for route in (rule, later)]
        return verdict(case, later).holds and leads[0] != leads[1]

    def _unfilled(self, each: Region) -> Iterator[Answer]:
        rule = each.rule
        leads = (rule.lead,) if isinstance(rule, Route) else ()
        for target in dict.fromkeys((*leads, *rule.co_handlers, *rule.inform)):
            places, box = self._places(each, [come.cube for come in self.roles.of(target) if come.agency is None])
            if box is None:
                continue
            found = sample(self.domain, self.compiled, box)
            decision = found.decided(self.compiled)
            name = asked(target)
            if not _went_without(decision, rule, name, target in leads):
                yield Unproven(Kind.UNFILLED, f"{rule.id} {name}", "unconfirmed")
                continue
            cells = tuple((place,) for place in self.domain.few("jurisdiction", places))
            told = _told(decision)
            yield Claim(Kind.UNFILLED, rule, of=name, n=len(cells), cells=cells[:6], sample=found, told=told)

    def _places(self, each: Region, cubes: Sequence[Cube]) -> tuple[int, Box | None]:
        """Return the places where a rule acts within one of some cubes, and one box there."""
        field, shown, places = self.domain.at["jurisdiction"], None, 0
        for cube in cubes:
            rest = self._known(cube)
            while rest is not None:
                box = self._wins(each, rest)
                if box is None:
                    break
                shown, places = shown or box, places | box.one[field]
                one = list(rest.one)
                one[field] &= ~places
                rest = Box(tuple(one), rest.no, rest.yes) if one[field] else None
        return places, shown

    def _comes_back(self, each: Region) -> Iterator[Answer]:
        rule = self.regions.route(each.place)
        for target in rule.on_return:
            leads, after = self.roles.of(rule.lead), self.roles.of(target)
            both = [
                box
                for a in leads
                for b in after
                if a.agency is not None
                and a.agency == b.agency
                and (box := self._known(a.cube)) is not None
                and (box := box.within(b.cube)) is not None
            ]
            box = next((won for part in both if (won := self._wins(each, part)) is not None), None)
            if box is not None:
                yield self._back(rule, target, sample(self.domain, self.compiled, box))

    def _known(self, cube: Cube) -> Box | None:
        """Return what is in a cube and comes from a known place."""
        return self.beneath.within(cube) if self.beneath.one[self.domain.at["jurisdiction"]] else None

    def _back(self, rule: Route, target: Target, found: Sample) -> Answer:
        """Return the claim with what the engine does when the lead returns the case."""
        first = found.decided(self.compiled)
        state = replace(found.state, round=2, returned_by=(first.lead,), first_dispatched_at=found.now)
        again = replace(found, state=state)
        case = open_case(found.incident, found.state, self.compiled, found.now)
        come = case.find(target)
        name = asked(target)
        if first.route != rule.id or come is None or come.agency != first.lead:
            return Unproven(Kind.COMES_BACK, f"{rule.id} {name}", "unconfirmed")
        told = _told(again.decided(self.compiled))
        place = found.incident.jurisdiction
        return Claim(Kind.COMES_BACK, rule, of=name, cells=((place,),), sample=again, told=told)

    def gap(self) -> Iterator[Answer]:
        """Yield what only the fallback catches."""
        try:
            self.budget.begin()
            found = only_the_fallback(self.regions, self.compiled, self.budget)
        except Exhausted:
            yield Unproven(Kind.GAP, self.compiled.fallback.id, "budget")
            return
        if found.box is None:
            return
        shown = sample(self.domain, self.compiled, found.box)
        decision = shown.decided(self.compiled)
        if decision.route != self.compiled.fallback.id:
            yield Unproven(Kind.GAP, self.compiled.fallback.id, "unconfirmed")
            return
        rule = self.compiled.fallback
        yield Claim(Kind.GAP, rule, n=found.n, cells=found.cells, sample=shown, told=_told(decision))

    def idle(self) -> Iterator[Answer]:
        """Yield the agencies that no rule ever assigns: not as any role, not on a return, not by a conflict."""
        try:
            assigned = self._assigned()
        except Exhausted:
            yield Unproven(Kind.IDLE, "", "budget")
            return
        catalogue = self.compiled.catalogue
        if self.compiled.ruleset.conflict.kinds:
            assigned |= {above for agency in assigned for above in catalogue.supervisors(agency)}
        for code in self.compiled.ruleset.agencies:
            if code not in assigned:
                rules = self.compiled.ruleset.rules
                meaning = [rule.id for rule in rules if any(catalogue.means(t, code) for t in _targets(rule))]
                yield Claim(Kind.IDLE, of=code, others=tuple(meaning))

    def _assigned(self) -> set[str]:
        found: set[str] = set()
        for each in self.asking:
            if not each.acts or each.rule.id in self.dead:
                continue
            self.budget.begin()
            for target in _targets(each.rule):
                for come in self.roles.of(target):
                    if come.agency is None or come.agency in found:
                        continue
                    box = self.domain.whole.within(come.cube)
                    if box is not None and self._wins(each, box) is not None:
                        found.add(come.agency)
        return found


_KINDS = {
    "_dead": Kind.DEAD,
    "_crossing": Kind.CROSSING,
    "_comes_back": Kind.COMES_BACK,
    "_unfilled": Kind.UNFILLED,
}


def _apart(other: Region) -> list[Cover]:
    return list(other.excepted())


def _targets(rule: Route | Overlay) -> tuple[Target, ...]:
    leads = (rule.lead, *rule.on_return) if isinstance(rule, Route) else ()
    return (*leads, *rule.co_handlers, *rule.inform)


def _went_without(decision: Decision, rule: Route | Overlay, name: str, leads: bool) -> bool:
    """Say whether a decision shows that a target of a rule came to nobody."""
    if leads:
        return decision.reason is Outcome.ROLE_UNRESOLVED
    holds = decision.route == rule.id or rule.id in decision.overlays or decision.reason is Outcome.ROLE_UNRESOLVED
    return holds and any(each.because is DroppedBecause.UNRESOLVED for each in decision.dropped)


def _told(decision: Decision) -> dict[str, Any]:
    return {"route": decision.route, "lead": decision.lead, "reason": decision.reason.value}
