"""Reading a report: every word that the ruleset knows, found in one pass over each field.

Kinds, categories, places and agencies put their words into one lexicon; each then picks its own hits by index.
"""

from collections.abc import Container, Iterable
from typing import Final, NamedTuple

from contracts.evidence import Evidence
from routing_rules.engine.normal import NormalText, Words, normal


class Hit(NamedTuple):
    """One occurrence: index of the word in the lexicon, and [start, end) in the field's normal form."""

    word: int
    start: int
    end: int


class Lexicon:
    """The words of all who infer, numbered as they come; `words` searches them all at once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def add(self, word: str) -> int | None:
        """Return the number of `word`, in normal form; None where nothing of it is left."""
        form = normal(word)
        return self._numbers.setdefault(form, len(self._numbers)) if form else None

    def add_all(self, words: Iterable[str]) -> frozenset[int]:
        """Return the numbers of `words`."""
        return frozenset(number for word in words if (number := self.add(word)) is not None)

    def words(self) -> Words:
        """Return the search over all words so far, whose indexes are their numbers."""
        return Words(self._numbers)


class Reading:
    """One field of a report with what was found in it."""

    __slots__ = ("field", "form", "hits")

    def __init__(self, field: str, original: str, words: Words) -> None:
        self.field: Final = field
        self.form: Final = NormalText(original)
        self.hits: Final[list[tuple[int, int, int]]] = words.find(self.form.text) if original else []

    def firsts(self, numbers: Container[int]) -> dict[int, tuple[int, int, int]]:
        """Return the first hit of each word among `numbers`."""
        found: dict[int, tuple[int, int, int]] = {}
        for hit in self.hits:
            if hit[0] in numbers and hit[0] not in found:
                found[hit[0]] = hit
        return found

    def longest(self, numbers: Container[int]) -> list[Hit]:
        """Return the hits among `numbers` without overlaps: from the left, the longest at each start (G22)."""
        chosen: list[Hit] = []
        past = 0
        for hit in sorted((hit for hit in self.hits if hit[0] in numbers), key=_leftmost_longest):
            if hit[1] >= past:
                chosen.append(Hit(*hit))
                past = hit[2]
        return chosen

    def evidence(self, of: str, value: str, words: str, start: int, end: int, points: int | None = None) -> Evidence:
        """Return the ground for `value` of `of`, with [start, end) of the normal form carried back to the original."""
        begin, finish = self.form.span(start, end)
        return Evidence(of, value, self.field, words, begin, finish, points)


def _leftmost_longest(hit: tuple[int, int, int]) -> tuple[int, int]:
    return hit[1], -hit[2]
