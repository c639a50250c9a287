"""A report's field as it is read: its original, its normal form, and evidence that points into it."""

from contracts.evidence import Evidence
from routing_rules.engine.reference.texts import found_at, letters, stands_at


class Field:
    """Title, text or address of one report."""

    def __init__(self, name: str, original: str) -> None:
        self.name = name
        self.original = original
        self.letters = letters(original)
        self.form = "".join(letter.char for letter in self.letters)

    def spans(self, word: str) -> list[tuple[int, int]]:
        """Return where a word in normal form stands, as [start, end) of the normal form."""
        return [(i, i + len(word)) for i in found_at(word, self.form)]

    def evidence(self, of: str, value: str, words: str, span: tuple[int, int], points: int | None = None) -> Evidence:
        """Return a ground that stands at `span` of the normal form, with offsets into the original."""
        start, end = self.letters[span[0]].start, self.letters[span[1] - 1].end
        return Evidence(of, value, self.name, words, start, end, points)


def leftmost_longest(names: list[str], field: Field) -> list[tuple[int, int, str]]:
    """Return the names that stand in a field: from the left, the longest first, none over another (G22)."""
    found = []
    i = 0
    while i < len(field.form):
        here = [name for name in names if stands_at(name, field.form, i)]
        if here:
            longest = max(here, key=len)
            found.append((i, i + len(longest), longest))
            i += len(longest)
        else:
            i += 1
    return found
