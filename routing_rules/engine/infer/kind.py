"""Kind (诉求类型): the channel's, else by words, else the ruleset's default (G16)."""

from contracts.codes import Kind
from contracts.evidence import Evidence
from routing_rules.engine.infer.reading import Lexicon, Reading
from routing_rules.engine.schema import Ruleset

_TITLE = 2  # a word in the title counts double (G16); each word once
_TEXT = 1


class KindReader:
    """The words of each kind; a tie goes to the more protective, which is the order of `Kind`."""

    def __init__(self, ruleset: Ruleset, lexicon: Lexicon) -> None:
        self._default = ruleset.kind_default
        self._kinds: dict[int, list[Kind]] = {}
        for kind in Kind:
            for word in dict.fromkeys(ruleset.kind_words.get(kind, ())):
                number = lexicon.add(word)
                if number is not None and kind not in (kinds := self._kinds.setdefault(number, [])):
                    kinds.append(kind)

    def infer(self, given: Kind | None, title: Reading, text: Reading) -> tuple[Kind, list[Evidence]]:
        """Return the kind and what speaks for it."""
        if given is not None:
            return given, [Evidence("kind", given.value, "channel")]
        found = {number: (text, hit, _TEXT) for number, hit in text.firsts(self._kinds).items()}
        found |= {number: (title, hit, _TITLE) for number, hit in title.firsts(self._kinds).items()}
        scores: dict[Kind, int] = {}
        for number, (_, _, points) in found.items():
            for kind in self._kinds[number]:
                scores[kind] = scores.get(kind, 0) + points
        if not scores:
            return self._default, []
        best = max((kind for kind in Kind if kind in scores), key=scores.__getitem__)  # the first of equals
        return best, [
            reading.evidence("kind", best.value, reading.form.text[start:end], start, end, points)
            for number, (reading, (_, start, end), points) in found.items()
            if best in self._kinds[number]
        ]
