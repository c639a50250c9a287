"""Keywords: lists put in where `list:<id>` is written, and what is odd about words on their own (G13)."""

from typing import Final

from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.shapes import Many, Values
from routing_rules.engine.normal import normal, occurs
from routing_rules.engine.schema import TextCondition
from routing_rules.engine.source import Listing, Node, Scalar
from routing_rules.messages import Position

LIST: Final = "list:"
MOST_WORDS: Final = 200
_SEPARATORS: Final = "\uff0c\u3001"  # what Chinese puts between items: unquoted in a list it is a slip


class Keyword:
    """One word, in normal form."""

    def read(self, node: Node, name: str, reading: Reading) -> str | None:
        """Return the word's normal form."""
        if not isinstance(node, Scalar) or not normal(node.value):
            reading.wrong(node, name, "text", f"{name}: [ … ]")
            return None
        slip = next((char for char in node.value if char in _SEPARATORS), None) if not node.quoted else None
        if slip:
            reading.find("RR103", node.at, char=slip, ascii=",")
            return None
        return normal(node.value)


class Keywords:
    """A list of words, each once, in the author's order."""

    def __init__(self, may_be_empty: bool = False) -> None:
        self._many = Many(Keyword(), may_be_empty)

    def read(self, node: Node, name: str, reading: Reading) -> tuple[str, ...] | None:
        """Return the words in normal form."""
        if _too_many(node, reading):
            return None
        words = self._many.read(node, name, reading)
        return None if words is None else tuple(dict.fromkeys(words))


class _KeywordOrList:
    """One word, or all words of a named list."""

    def read(self, node: Node, name: str, reading: Reading) -> tuple[str, ...] | None:
        """Return the words."""
        if isinstance(node, Scalar) and node.value.startswith(LIST):
            return self._list(node, reading)
        word = Keyword().read(node, name, reading)
        return None if word is None else (word,)

    def _list(self, node: Scalar, reading: Reading) -> tuple[str, ...] | None:
        code = node.value.removeprefix(LIST)
        if code in reading.word_lists:
            return reading.word_lists[code].words
        known = reading.vocabulary.get("words", {})
        if code not in known and "words" not in reading.blurred:
            reading.unknown("words", Scalar(code, node.at, node.quoted), known)
        return None


class KeywordLists:
    """Keywords of a text condition, lists put in."""

    def read(self, node: Node, name: str, reading: Reading) -> tuple[str, ...] | None:
        """Return the words in normal form, each once."""
        if _too_many(node, reading):
            return None
        groups = Many(_KeywordOrList()).read(node, name, reading)
        if groups is None:
            return None
        return tuple(dict.fromkeys(word for group in groups for word in group))


def _too_many(node: Node, reading: Reading) -> bool:
    """Note a list longer than may be, which is then not read: words are compared each with each."""
    too_many = isinstance(node, Listing) and len(node.items) > MOST_WORDS
    if isinstance(node, Listing) and too_many:
        reading.find("RR137", node.at, what="term:n_words", n=str(len(node.items)), max=str(MOST_WORDS))
    return too_many


def check_words(condition: TextCondition, values: Values, reading: Reading) -> None:
    """Note words that are too short, that say nothing new, or that rule each other out."""
    note_short(values, reading)
    _contained(condition.any, values, reading)
    none = condition.none
    clashing = [word for word in condition.all if any(occurs(ruled_out, word) for ruled_out in none)]
    if condition.any and all(any(occurs(ruled_out, word) for ruled_out in none) for word in condition.any):
        clashing += [word for word in condition.any if word not in clashing]
    for word in clashing:
        reading.find("RR116", _where(word, values), w=word)


def note_short(values: Values, reading: Reading) -> None:
    """Note one-character words of any list of a record (RR114)."""
    for node in values.nodes.values():
        for item in _items(node):
            if isinstance(item, Scalar) and len(normal(item.value)) == 1:
                reading.find("RR114", item.at, w=item.value)


def _contained(words: tuple[str, ...], values: Values, reading: Reading) -> None:
    written = {normal(item.value) for item in _items(values.nodes.get("any")) if isinstance(item, Scalar)}
    for longer in words:
        shorter = next((word for word in words if word != longer and occurs(word, longer)), None)
        if shorter and longer in written:
            reading.find("RR115", _where(longer, values), a=shorter, b=longer)


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Listing) else ()


def _where(word: str, values: Values) -> Position:
    for node in values.nodes.values():
        for item in _items(node):
            if isinstance(item, Scalar) and normal(item.value) == word:
                return item.at
    return values.at
