"""Kind (诉求类型): the channel's, else by words, else the ruleset's default (G16)."""

from contracts.codes import Kind
from contracts.evidence import Evidence
from routing_rules.engine.infer.reading import Lexicon, Reading
from routing_rules.engine.schema import Ruleset

_TITLE = 2  # a word in the title counts double (G16); each word once
_TEXT = 1
_MOST_PROTECTIVE_FIRST = tuple(Kind)


class KindReader:
    """The words of each kind; a tie goes to the more protective, which is the order of `Kind`."""

    def __init__(self, ruleset: Ruleset, lexicon: Lexicon) -> None:
        self._default = ruleset.kind_default
        self._kinds: dict[str, list[Kind]] = {}
        for kind in Kind:
            for word in lexicon.add_all(ruleset.kind_words.get(kind, ())):
                self._kinds.setdefault(word, []).append(kind)
        self._words = frozenset(self._kinds)

    def infer(self, given: Kind | None, title: Reading, text: Reading) -> tuple[Kind, list[Evidence]]:
        """Return the kind and what speaks for it."""
        if given is not None:
            return given, [Evidence("kind", given.value, "channel")]
        found = dict.fromkeys(text.among(self._words), (text, _TEXT))
        found |= dict.fromkeys(title.among(self._words), (title, _TITLE))
        if not found:
            return self._default, []
        scores: dict[Kind, int] = {}
        for word, (_, points) in found.items():
            for kind in self._kinds[word]:
                scores[kind] = scores.get(kind, 0) + points
        best = max((k for k in _MOST_PROTECTIVE_FIRST if k in scores), key=scores.__getitem__)  # the first of equals
        return best, [
            reading.counted("kind", best.value, word, points)
            for word, (reading, points) in found.items()
            if best in self._kinds[word]
        ]
