"""Reading a report: every word that the ruleset knows, found in one pass over each field.

Kinds, categories, places and agencies put their words into one lexicon; each then picks its own from what was found.
"""

from collections.abc import Iterable, Set

from contracts.evidence import Evidence
from routing_rules.engine.normal import Hit, NormalText, Words, normal


class Lexicon:
    """The words of all who infer, each once; `words` searches them all at once."""

    def __init__(self) -> None:
        self._forms: dict[str, str] = {}

    def add(self, word: str) -> str | None:
        """Return the normal form of `word`, by which it is found; None where nothing of it is left."""
        form = normal(word)
        return self._forms.setdefault(form, form) if form else None

    def add_all(self, words: Iterable[str]) -> frozenset[str]:
        """Return the normal forms of `words`."""
        return frozenset(form for word in words if (form := self.add(word)) is not None)

    def words(self) -> Words:
        """Return the search over all words so far."""
        return Words(self._forms)


class Reading(NormalText):
    """One field of a report with the words found in it; where they stand is worked out for those asked for."""

    __slots__ = ("_words", "field", "found")

    def __init__(self, field: str, original: str, words: Words) -> None:
        super().__init__(original)
        self._words = words
        self.field = field
        self.found = words.occurring(self.text) if original else {}

    def among(self, words: Set[str]) -> list[str]:
        """Return those of `words` that were found, in the order in which they were."""
        return [] if words.isdisjoint(self.found) else [word for word in self.found if word in words]

    def hits(self, words: Set[str]) -> list[Hit]:
        """Return every occurrence of `words`, by ascending end, the longest first."""
        return self._words.find(self.text, self.among(words))

    def longest(self, words: Set[str]) -> list[Hit]:
        """Return the occurrences of `words` without overlaps: from the left, the longest at each start (G22)."""
        if words.isdisjoint(self.found):
            return []
        chosen: list[Hit] = []
        past = 0
        for hit in sorted(self.hits(words), key=_leftmost_longest):
            if hit.start >= past:
                chosen.append(hit)
                past = hit.end
        return chosen

    def evidence(self, of: str, value: str, words: str, start: int, end: int) -> Evidence:
        """Return the ground for `value` of `of`, with [start, end) of the normal form carried back to the original."""
        begin, finish = self.span(start, end)
        return Evidence(of, value, self.field, words, begin, finish)

    def counted(self, of: str, value: str, word: str, points: int, start: int | None = None) -> Evidence:
        """Return the ground that a word counted is, where it was found first unless it begins at `start`."""
        if start is None:
            start = self._words.first(word, self.text)
        begin, finish = self.span(start, start + len(word))
        return Evidence(of, value, self.field, word, begin, finish, points)


def _leftmost_longest(hit: Hit) -> tuple[int, int]:
    return hit[1], -hit[2]
