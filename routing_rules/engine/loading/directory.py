"""The field tables of who and where: agencies, jurisdictions, names of places."""

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from routing_rules.engine.loading.deadlines import EFFECTIVE
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.scalars import Code, Flag, NewCode, Text
from routing_rules.engine.loading.shapes import ByKey, Field, Many, Record, Type, Values
from routing_rules.engine.schema import Agency, Effective, Jurisdiction, Place
from routing_rules.engine.source import Document, Node, Scalar

T = TypeVar("T")
NO_PLACE: Final = "none"


def _codes(what: str) -> Type[tuple[str, ...]]:
    return Many(Code(what), may_be_empty=True)


_NAMES: Final = Many(Text(), may_be_empty=True)
NATIVE: Final = ByKey(Code("channel"), Many(Text(), may_be_empty=True))


def _agency(values: Values, reading: Reading) -> Agency:
    return Agency(
        values.get("code"),
        values.get("title", ""),
        values.get("function", ""),
        values.get("tier", ""),
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
        "title": Field(Text(), required=True, soft=True),
        "function": Field(Code("function"), required=True, soft=True),
        "tier": Field(Code("tier"), required=True, soft=True),
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
        "native": Field(NATIVE),
        "synthetic": Field(Flag()),
    },
    _jurisdiction,
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


def rows_of(name: str, item: Type[T]) -> Record[tuple[T, ...]]:
    """Return the table of a file that holds one list of rows under its own name."""
    return Record(name, {name: Field(Many(item, may_be_empty=True), required=True)}, lambda values, _: values.get(name))


AGENCIES: Final = rows_of("agencies", AGENCY)
JURISDICTIONS: Final = rows_of("jurisdictions", JURISDICTION)
PLACES: Final = rows_of("places", PLACE)


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
