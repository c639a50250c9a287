"""The field tables of what a ruleset knows: agencies, jurisdictions, categories, places, word lists, calendars."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.rules import EFFECTIVE
from routing_rules.engine.loading.scalars import Choice, Code, Day, Flag, Hours, NewCode, Text, Whole
from routing_rules.engine.loading.shapes import ByKey, Field, Many, Record, Type, Values
from routing_rules.engine.loading.words import Keyword, Keywords
from routing_rules.engine.schema import Agency, Calendar, Category, Effective, Jurisdiction, Place, WordList
from routing_rules.engine.source import Document, Listing, Node, Scalar, Table

T = TypeVar("T")
UNCLASSIFIED: Final = "unclassified"
NO_PLACE: Final = "none"


def _codes(what: str) -> Type[tuple[str, ...]]:
    return Many(Code(what), may_be_empty=True)


_NAMES: Final = Many(Text(), may_be_empty=True)
_NATIVE: Final = ByKey(Code("channel"), Many(Text(), may_be_empty=True))


def _agency(values: Values, reading: Reading) -> Agency:
    return Agency(
        values.get("code"),
        values.get("title"),
        values.get("function"),
        values.get("tier"),
        covers=values.get("jurisdiction", ()),
        areas=values.get("areas", ()),
        supervisor=values.get("supervisor"),
        top=values.get("top", False),
        names=values.get("names", ()),
        effective=values.get("effective", Effective()),
        calendar=values.get("calendar"),
        at=values.at,
    )


AGENCY: Final = Record(
    "agency",
    {
        "code": Field(NewCode(), required=True),
        "title": Field(Text(), required=True),
        "function": Field(Code("function"), required=True),
        "tier": Field(Code("tier"), required=True),
        "jurisdiction": Field(_codes("jurisdiction")),
        "areas": Field(_codes("area")),
        "supervisor": Field(Code("agency")),
        "top": Field(Flag()),
        "names": Field(_NAMES),
        "effective": Field(EFFECTIVE),
        "calendar": Field(Code("calendar")),
    },
    _agency,
)


def _jurisdiction(values: Values, reading: Reading) -> Jurisdiction:
    given = {name: value for name, value in values.values.items() if value is not None}
    return Jurisdiction(**given, at=values.at)


JURISDICTION: Final = Record(
    "jurisdiction",
    {
        "code": Field(NewCode(kebab=False), required=True),
        "name": Field(Text(), required=True),
        "tier": Field(Code("tier"), required=True),
        "parent": Field(Code("jurisdiction")),
        "names": Field(_NAMES),
        "native": Field(_NATIVE),
        "synthetic": Field(Flag()),
    },
    _jurisdiction,
)


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
        "native": Field(_NATIVE),
    },
    _category,
)


class _PlaceCodes:
    """The codes that a name may mean; `none` says that it means no place in particular (G22)."""

    def read(self, node: Node, name: str, reading: Reading) -> tuple[str, ...] | None:
        """Return the codes."""
        if isinstance(node, Scalar) and node.value == NO_PLACE:
            return ()
        return _codes("jurisdiction").read(node, name, reading)


PLACE: Final = Record(
    "place",
    {
        "name": Field(Text(), required=True),
        "is": Field(Text()),
        "in": Field(_PlaceCodes()),
        "area": Field(Code("area")),
    },
    lambda values, _: Place(
        values.get("name"), values.get("is", ""), values.get("in", ()), values.get("area"), values.at
    ),
)
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


class Weekday(StrEnum):
    """Days of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_HOLIDAY: Final = Record(
    "holiday",
    {"name": Field(Text(), required=True), "from": Field(Day(), required=True), "until": Field(Day())},
    lambda values, _: values,
)
CALENDAR: Final = Record(
    "calendar",
    {
        "calendar": Field(NewCode(), required=True),
        "year": Field(Whole(1900, 9999), required=True),
        "source": Field(Text(required=False)),
        "work": Field(Many(Hours()), required=True),
        "week": Field(Many(Choice(Weekday)), required=True),
        "holidays": Field(Many(_HOLIDAY, may_be_empty=True)),
        "working_days": Field(Many(Day(), may_be_empty=True)),
    },
    lambda values, _: values,
)
_ORDER: Final = {day: number for number, day in enumerate(Weekday)}


def _rows(name: str, item: Type[T]) -> Record[tuple[T, ...]]:
    return Record(name, {name: Field(Many(item, may_be_empty=True), required=True)}, lambda values, _: values.get(name))


AGENCIES: Final = _rows("agencies", AGENCY)
JURISDICTIONS: Final = _rows("jurisdictions", JURISDICTION)
CATEGORIES: Final = _rows("categories", CATEGORY)
PLACES: Final = _rows("places", PLACE)


def read_all(documents: Iterable[Document], table: Record[tuple[T, ...]], reading: Reading) -> tuple[T, ...]:
    """Read files of one kind, one after another."""
    rows: list[T] = []
    for document in documents:
        if document.root is not None:
            rows += table.read(document.root, document.file, reading) or ()
    return tuple(rows)


def by_code(rows: Iterable[Any], reading: Reading) -> dict[str, Any]:
    """Return rows by their code; the first of two equal ones stands, the second is a finding."""
    known: dict[str, Any] = {}
    for row in rows:
        if row.code in known:
            at = known[row.code].at
            reading.find("RR108", row.at, "again", id=row.code, where=f"{at.file}:{at.line}")
        known.setdefault(row.code, row)
    return known


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


def read_calendars(documents: Iterable[Document], reading: Reading) -> dict[tuple[str, int], Calendar]:
    """Read the calendars, each year of each its own file named <calendar>-<year>.yaml."""
    calendars: dict[tuple[str, int], Calendar] = {}
    for document in documents:
        values = CALENDAR.read(document.root, document.file, reading) if document.root is not None else None
        if values is None:
            continue
        calendar = _calendar(values, reading)
        name = f"calendars/{calendar.id}-{calendar.year}.yaml"
        if document.file != name:
            written = f"{calendar.id} {calendar.year}"
            reading.find("RR146", values.at, field="calendar", value=written, expected="term:path_year", example=name)
        calendars[calendar.id, calendar.year] = calendar
    return calendars


def _calendar(values: Values, reading: Reading) -> Calendar:
    week = frozenset(_ORDER[day] for day in values.get("week"))
    calendar = Calendar(
        values.get("calendar"),
        values.get("year"),
        week,
        tuple(sorted(values.get("work"))),
        dict(_holidays(values.get("holidays", ()), reading)),
        frozenset(values.get("working_days", ())),
    )
    node = values.nodes.get("working_days")
    for day, at in zip(values.get("working_days", ()), node.items if isinstance(node, Listing) else (), strict=False):
        if day.weekday() in week and day not in calendar.holidays:
            reading.find("RR143", at.at, date=str(day))
    return calendar


def _holidays(rows: Iterable[Values], reading: Reading) -> Iterable[tuple[Any, str]]:
    for row in rows:
        start = row.get("from")
        until = row.get("until", start)
        if start > until:
            reading.find("RR144", row.at, a=str(start), b=str(until))
        elif (until - start).days > 366:
            reading.wrong(row.nodes["until"], "until", "date", str(start))
        else:
            for number in range(start.toordinal(), until.toordinal() + 1):
                yield start.fromordinal(number), row.get("name")
