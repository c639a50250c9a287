"""The codes that a ruleset declares, gathered before anything is typed: files may refer to each other freely."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from routing_rules.engine.loading.classification import UNCLASSIFIED
from routing_rules.engine.loading.geography import area_id, properties
from routing_rules.engine.source import Document, Listing, Node, Scalar, Table

ALWAYS: Final = "always"
_OF_COUNTY: Final = {"channel": "channels", "function": "functions", "tag": "tags", "response": "responses"}
_ROWS: Final = {
    "agency": ("agencies.yaml", "agencies", "title"),
    "jurisdiction": ("jurisdictions.yaml", "jurisdictions", "name"),
    "category": ("categories.yaml", "categories", "title"),
}


@dataclass(frozen=True, slots=True)
class Documents:
    """The files of a ruleset, read and sorted by what they are."""

    single: Mapping[str, Document]  # ruleset.yaml, agencies.yaml, …
    places: tuple[Document, ...] = ()
    words: tuple[Document, ...] = ()
    calendars: tuple[Document, ...] = ()
    routes: tuple[Document, ...] = ()
    areas: Mapping[str, dict[str, Any]] = field(default_factory=dict)  # file → JSON
    broken_areas: frozenset[str] = frozenset()

    def root(self, file: str) -> Node | None:
        """Return what a file holds, None where it is missing or unreadable."""
        return self.single[file].root if file in self.single else None


def vocabulary(documents: Documents) -> tuple[dict[str, dict[str, str]], frozenset[str]]:
    """Return code → title for each vocabulary, and which of them could not be read whole."""
    county = documents.root("ruleset.yaml")
    known: dict[str, dict[str, str]] = {what: dict(_keys(county, key)) for what, key in _OF_COUNTY.items()}
    known["tier"] = dict.fromkeys(_items(county, "tiers"), "")
    known["calendar"] = {ALWAYS: "", **dict.fromkeys(_fields(documents.calendars, "calendar"), "")}
    known["words"] = dict(_word_lists(documents.words))
    known["area"] = {
        area_id(file): str(properties(parsed).get("title", "")) for file, parsed in documents.areas.items()
    }
    for what, (file, key, title) in _ROWS.items():
        known[what] = dict(_rows(documents.root(file), key, title))
    known["category"].setdefault(UNCLASSIFIED, "")
    return known, frozenset(_blurred(documents))


def _blurred(documents: Documents) -> Iterator[str]:
    if documents.root("ruleset.yaml") is None:
        yield from (*_OF_COUNTY, "tier")
    for what, (file, _, _) in _ROWS.items():
        if documents.root(file) is None:
            yield what
    if any(document.root is None for document in documents.words):
        yield "words"
    if any(document.root is None for document in documents.calendars):
        yield "calendar"
    if documents.broken_areas:
        yield "area"


def _keys(root: Node | None, key: str) -> Iterator[tuple[str, str]]:
    table = root.get(key) if isinstance(root, Table) else None
    for name, value in table.entries if isinstance(table, Table) else ():
        title = value.get("title") if isinstance(value, Table) else value
        yield name.value, title.value if isinstance(title, Scalar) else ""


def _items(root: Node | None, key: str) -> Iterator[str]:
    listing = root.get(key) if isinstance(root, Table) else None
    if isinstance(listing, Listing):
        yield from (item.value for item in listing.items if isinstance(item, Scalar))


def _rows(root: Node | None, key: str, title: str) -> Iterator[tuple[str, str]]:
    listing = root.get(key) if isinstance(root, Table) else None
    for row in listing.items if isinstance(listing, Listing) else ():
        yield from _pair(row, "code", title)


def _pair(row: Node, code: str, title: str) -> Iterator[tuple[str, str]]:
    name = row.get(code) if isinstance(row, Table) else None
    named = row.get(title) if isinstance(row, Table) else None
    if isinstance(name, Scalar):
        yield name.value, named.value if isinstance(named, Scalar) else ""


def _fields(documents: tuple[Document, ...], key: str) -> Iterator[str]:
    for document in documents:
        value = document.root.get(key) if isinstance(document.root, Table) else None
        if isinstance(value, Scalar):
            yield value.value


def _word_lists(documents: tuple[Document, ...]) -> Iterator[tuple[str, str]]:
    for document in documents:
        for node in document.root.items if isinstance(document.root, Listing) else (document.root,):
            if node is not None:
                yield from _pair(node, "id", "title")
