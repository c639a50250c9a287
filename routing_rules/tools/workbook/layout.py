"""Which sheets there are, what each shows of which files, and by which columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from routing_rules.engine.loading import classification, county, directory, rules, shapes, yearly
from routing_rules.tools.testfiles import EXPECT_KEYS
from routing_rules.tools.workbook.columns import FILE, KEY, VALUE, Column, Path, columns_of, orders
from routing_rules.tools.workbook.notation import Holds

_ANYWHERE: Final = Column((FILE,), Holds.CODE, record="workbook")


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet of entries: one row each, or several where a part is repeated.

    `within`: the path of the list or mapping in the file that holds the entries; empty where a file is one entry.
    """

    key: str
    columns: tuple[Column, ...]
    files: str  # a file's name, or its folder with `/`
    within: str = ""
    identity: Path = ("code",)
    repeated: str = ""
    wrapped: bool = True  # the repeated part is a list even where it is one
    suffix: str = ".yaml"
    orders: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)

    def covers(self, file: str) -> bool:
        """Whether a file's entries stand on this sheet."""
        if self.files.endswith("/"):
            return file.startswith(self.files) and file.count("/") == 1 and file.endswith(self.suffix)
        return file == self.files

    @property
    def several(self) -> bool:
        """Whether entries come from several files, so that a column says from which."""
        return self.files.endswith("/")


def _rows(key: str, record: "shapes.Record[Any]", files: str, within: str, **more: Any) -> Layout:
    first = (_ANYWHERE,) if files.endswith("/") else ()
    columns = (*first, *columns_of(record, more.get("repeated", "")))
    return Layout(key, columns, files, within, orders=orders(record), **more)


def _titles(key: str) -> Layout:
    columns = (Column((KEY,), Holds.CODE, record="workbook"), Column((VALUE,), Holds.TEXT, record="workbook"))
    return Layout(key, columns, "ruleset.yaml", key, (KEY,))


def _channels() -> Layout:
    record: Any = county.COUNTY.fields["channels"].type
    columns = (Column((KEY,), Holds.CODE, record="workbook"), *columns_of(record.value))
    return Layout("channels", columns, "ruleset.yaml", "channels", (KEY,), orders=orders(record.value))


_REPORT: Final = (
    "channel", "kind", "title", "text", "category", "native_category", "jurisdiction", "native_place", "address",
    "point", "occurred_at", "received_at", "urgency", "about", "reporter", "tags", "attributes", "reporters", "reports",
)  # fmt: skip
_CASE: Final = ("name", "basis", "given", "modes", "report", "table", "rounds", "expect")
_TEXTS: Final = frozenset({"title", "text", "address"})


def _tests() -> Layout:
    report = [
        Column(("report", each), Holds.TEXT if each in _TEXTS else Holds.ANY, record="report") for each in _REPORT
    ]
    expect = [Column(("expect", each), Holds.ANY, record="expect") for each in EXPECT_KEYS]
    others = [Column((each,), Holds.ANY, record="test") for each in ("table", "rounds", "given", "modes")]
    name, basis = (Column((each,), Holds.TEXT, record="test") for each in ("name", "basis"))
    order = {("report",): _REPORT, ("expect",): EXPECT_KEYS, (): _CASE}
    columns = (_ANYWHERE, name, *report, *others, *expect, basis)
    return Layout("tests", columns, "tests/", "cases", ("name",), suffix=".test.yaml", orders=order)


HEADS: Final = Layout(
    "files",
    (
        _ANYWHERE,
        Column(("owner",), Holds.CODE, "function", "routes"),
        Column(("about",), Holds.TEXT, record="test"),
        Column(("given",), Holds.ANY, record="test"),
        Column(("modes",), Holds.ANY, record="test"),
    ),
    "",
    identity=(FILE,),
    orders={(): ("owner", "about", "given", "modes", "routes", "overlays", "cases")},
)
"""The sheet of files: a row each, with what is said once at a file's head."""

LAYOUTS: Final = (
    _channels(),
    *(_titles(key) for key in ("functions", "tags", "responses")),
    _rows("agencies", directory.AGENCY, "agencies.yaml", "agencies"),
    _rows("routes", rules.ROUTE, "routes/", "routes", identity=("id",), repeated="when", wrapped=False),
    _rows("overlays", rules.OVERLAY, "routes/", "overlays", identity=("id",), repeated="when", wrapped=False),
    _rows("categories", classification.CATEGORY, "categories.yaml", "categories"),
    _rows("jurisdictions", directory.JURISDICTION, "jurisdictions.yaml", "jurisdictions"),
    _rows("places", directory.PLACE, "places/", "places", identity=("name",)),
    _rows("words", classification.WORDS, "words/", "", identity=("id",)),
    _rows("calendars", yearly.CALENDAR, "calendars/", "", identity=(FILE,), repeated="holidays"),
    _tests(),
    HEADS,
)
