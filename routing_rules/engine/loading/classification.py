"""The field tables of what a matter is: categories with their weighted words, and named word lists (G17, G18, G20)."""

from collections.abc import Iterable, Mapping
from typing import Final

from routing_rules.engine.loading.directory import NATIVE, rows_of
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.scalars import Code, NewCode, Text, Whole
from routing_rules.engine.loading.shapes import Field, Record, Values
from routing_rules.engine.loading.words import Keyword, Keywords, note_short
from routing_rules.engine.schema import Category, WordList
from routing_rules.engine.source import Document, Listing, Node, Scalar, Table

UNCLASSIFIED: Final = "unclassified"


class _Weight:
    """The weight of a word, 1 to 5; not written it is 1."""

    def read(self, node: Node, name: str, reading: Reading) -> int | None:
        """Return the weight."""
        if isinstance(node, Scalar) and not node.value and not node.quoted:
            return 1
        return Whole(1, 5).read(node, name, reading)


class _WeightedWords:
    """Words with weights: a mapping, or a list of words that weigh 1 each. Two spellings of one word: the heavier."""

    def read(self, node: Node, name: str, reading: Reading) -> Mapping[str, int] | None:
        """Return weight by word in normal form."""
        if not isinstance(node, Table):
            return dict.fromkeys(Keywords(may_be_empty=True).read(node, name, reading) or (), 1)
        weights: dict[str, int] = {}
        for key, value in node.entries:
            word, weight = Keyword().read(key, name, reading), _Weight().read(value, key.value, reading)
            if word and weight:
                weights[word] = max(weight, weights.get(word, 0))
        return weights


def _category(values: Values, reading: Reading) -> Category:
    return Category(
        values.get("code"),
        values.get("title"),
        values.get("owner"),
        values.get("words", {}),
        values.get("not", ()),
        values.get("native", {}),
        values.at,
    )


CATEGORY: Final = Record(
    "category",
    {
        "code": Field(NewCode(kebab=False), required=True),
        "title": Field(Text(), required=True),
        "owner": Field(Code("function")),
        "words": Field(_WeightedWords()),
        "not": Field(Keywords(may_be_empty=True)),
        "native": Field(NATIVE),
    },
    _category,
)
CATEGORIES: Final = rows_of("categories", CATEGORY)
WORDS: Final = Record(
    "words",
    {
        "id": Field(NewCode(), required=True),
        "title": Field(Text()),
        "owner": Field(Code("function")),
        "words": Field(Keywords(), required=True),
    },
    lambda values, _: values,
)


def read_words(documents: Iterable[Document], reading: Reading) -> None:
    """Read the word lists into `reading`; two files may stand for one list only by mistake."""
    where: dict[str, str] = {}
    for document in documents:
        for node in _each(document.root):
            values = WORDS.read(node, document.file, reading)
            if values is None:
                continue
            code = values.get("id")
            if code in where:
                reading.find("RR108", values.at_of("id"), "again", id=code, where=where[code])
                continue
            note_short(values, reading)
            where[code] = f"{document.file}:{values.at.line}"
            if not values.get("owner"):
                reading.find("RR109", values.at, id=code)
            reading.word_lists[code] = WordList(
                code, values.get("title", code), values.get("owner", ""), values.get("words")
            )


def _each(root: Node | None) -> tuple[Node, ...]:
    """Return the lists of a file: it holds one, or a list of them."""
    if isinstance(root, Listing):
        return root.items
    return () if root is None else (root,)
