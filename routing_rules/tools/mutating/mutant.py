"""What a mutant is: one rule written otherwise, or two routes in the other order."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar, cast

from routing_rules.engine.reasons import Rule
from routing_rules.engine.schema import Overlay, Route, Ruleset, Status
from routing_rules.messages import Position

R = TypeVar("R", Route, Overlay)


class Operator(StrEnum):
    """What kind of slip a mutant is."""

    RULE = "rule"  # a rule gone
    BLOCK = "block"  # a block of `when` gone
    FIELD = "field"  # a condition of a block gone
    NEGATED = "negated"  # a condition turned round, as an exception
    VALUE = "value"  # one value of a condition gone
    WORD = "word"  # one keyword gone
    COUNT = "count"  # at_least, one more
    TIME = "time"  # an hour more at each end, or a day of the week less
    UNLESS = "unless"  # an exception gone
    UNLESS_FIELD = "unless_field"  # an exception made wider
    LEAD = "lead"  # the lead another
    TARGET = "target"  # a co-handler, an informed agency or one of on_return gone
    URGENCY = "urgency"
    TAG = "tag"
    CONFIDENTIAL = "confidential"
    DEADLINE = "deadline"  # twice as long
    FIXED = "fixed"  # a statutory deadline no longer one
    EFFECTIVE = "effective"  # in force for ever
    ORDER = "order"  # two neighbours in the other order


@dataclass(frozen=True, slots=True)
class Mutant:
    """One slip in `rule` at `at`: `before` became `after`, in the codes and words of the rule.

    `same`: why it decides as the original does, by construction; ""
    where that isn't known. Where the order is `swapped`, `rule` stands behind its successor.
    """

    operator: Operator
    rule: str
    at: Position
    field: str
    before: str
    after: str
    changed: Rule | None = None
    swapped: str = ""
    same: str = ""

    def applied(self, ruleset: Ruleset, number: int) -> Ruleset:
        """Return the ruleset with this slip in it, under a hash of its own: no memory of the original's holds."""
        routes, overlays = ruleset.routes, ruleset.overlays
        if self.swapped:
            routes = _exchanged(routes, self.rule, self.swapped)
        else:
            routes = tuple(self._put(routes))
            overlays = tuple(self._put(overlays))
        numbered = tuple(replace(route, order=n) for n, route in enumerate(routes, 1))
        return replace(ruleset, routes=numbered, overlays=overlays, hash=f"mutant-{number}")

    def _put(self, rules: tuple[R, ...]) -> Iterator[R]:
        for rule in rules:
            if rule.id != self.rule:
                yield rule
            elif self.changed is not None:
                yield cast("R", self.changed)  # a slip makes no route an overlay


def _exchanged(routes: tuple[Route, ...], first: str, second: str) -> tuple[Route, ...]:
    by_id = {route.id: route for route in routes}
    other = {first: second, second: first}
    return tuple(by_id[other.get(route.id, route.id)] for route in routes)


def acts(rule: Rule) -> bool:
    """Say whether a rule can have an effect; slips in one that can't are no one's to notice."""
    return rule.status is Status.ACTIVE or (isinstance(rule, Route) and rule.fallback)
