"""Slips that change nothing, by construction: told apart from those that a test should have noticed.

Only what can be read off the rules is claimed: sets that share nothing, words that contain each other. All else counts
as a mutant that a test could kill.
"""

from collections.abc import Iterable
from typing import Final

from contracts.codes import Mode
from routing_rules.engine.catalogue import Catalogue
from routing_rules.engine.normal import occurs
from routing_rules.engine.reasons import Rule, fields_of
from routing_rules.engine.schema import Block, Route, TextCondition

_SINGLE: Final = ("channel", "kind", "urgency", "reporter", "located_by", "classified_by", "mode")
"""Fields of which an incident has one value, and a block a plain set."""


class Sameness:
    """What can be read off a ruleset's rules, with its tree of places."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def apart(self, one: Block, other: Block) -> bool:
        """Say whether no incident can satisfy both blocks."""
        for name in _SINGLE:
            left, right = getattr(one, name), getattr(other, name)
            if left is not None and right is not None and not left & right:
                return True
        return any(
            (left := getattr(one, name)) is not None
            and (right := getattr(other, name)) is not None
            and not self._meet(name, left, right)
            for name in ("category", "jurisdiction")
        )

    def inside(self, narrow: Block, wide: Block) -> bool:
        """Say whether every incident that satisfies `narrow` satisfies `wide` too."""
        return all(self._inside(name, getattr(narrow, name), getattr(wide, name)) for name in fields_of(wide))

    def _inside(self, name: str, narrow: object, wide: object) -> bool:
        if narrow == wide:
            return True
        if not isinstance(narrow, frozenset) or not isinstance(wide, frozenset):
            return False
        if name in {"category", "jurisdiction"}:
            return all(wide & set(self.above(name, code)) for code in narrow)
        return name in _SINGLE and narrow <= wide

    def above(self, name: str, code: str) -> Iterable[str]:
        """Return a category or place with all that it lies in."""
        chain = self._catalogue.category_chain if name == "category" else self._catalogue.place_chain
        return (code, *chain(code))

    def _meet(self, name: str, left: frozenset[str], right: frozenset[str]) -> bool:
        return any(a in self.above(name, b) or b in self.above(name, a) for a in left for b in right)

    def never_both(self, one: Route, other: Route) -> bool:
        """Say whether no incident can satisfy both rules, so that their order says nothing."""
        return all(
            self.apart(left, right)
            or any(self.inside(left, each) for each in other.unless)
            or any(self.inside(right, each) for each in one.unless)
            for left in one.when
            for right in other.when
        )

    def block(self, rule: Rule, n: int) -> bool:
        """Say whether another block of the rule holds wherever the n-th does."""
        return any(self.inside(rule.when[n], block) for k, block in enumerate(rule.when) if k != n)

    def unless(self, rule: Rule, block: Block) -> bool:
        """Say whether an exception can never meet its rule, or another exception covers it."""
        others = [each for each in rule.unless if each is not block]
        return bool(rule.when) and (
            all(self.apart(each, block) for each in rule.when) or any(self.inside(block, each) for each in others)
        )

    def value(self, name: str, code: object, rest: frozenset[str]) -> bool:
        """Say whether what is left of a set covers the value taken out."""
        return name in {"category", "jurisdiction"} and any(each in rest for each in self.above(name, str(code)))


def field_same(block: Block, name: str) -> bool:
    """Say whether a condition says nothing that the block doesn't say anyhow: a response means an emergency (G49)."""
    return name == "mode" and block.mode == frozenset({Mode.EMERGENCY}) and bool(block.response or block.response_level)


def word_same(condition: TextCondition, part: str, word: str) -> bool:
    """Say whether a keyword adds nothing: one it contains is looked for too, or one that contains it must be there."""
    others = [each for each in getattr(condition, part) if each != word]
    if part == "all":
        return any(occurs(word, each) for each in others)
    return any(occurs(each, word) for each in others)
