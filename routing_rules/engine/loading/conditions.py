"""The field table of a block: the closed list of conditions (RULE-LANGUAGE §3)."""

from enum import StrEnum
from typing import Any, Final

from contracts.codes import ClassifiedBy, Kind, LocatedBy, Mode, ReporterKind, Urgency
from routing_rules.engine.loading.expressions import read_expression
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.scalars import Choice, Clock, Code, Flag, MonthDay, Text, Whole
from routing_rules.engine.loading.shapes import ByKey, Field, Many, OneOrMany, Record, Values
from routing_rules.engine.loading.words import KeywordLists, check_words
from routing_rules.engine.normal import normal
from routing_rules.engine.schema import (
    AgencyRef,
    Block,
    FirstReceiver,
    RoleRef,
    Target,
    TextCondition,
    TimeCondition,
)
from routing_rules.engine.source import Node, Scalar, Table

FIRST_RECEIVER: Final = "first_receiver"


class DayName(StrEnum):
    """What `days` may name."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
    WORKDAY = "workday"
    RESTDAY = "restday"
    HOLIDAY = "holiday"


class Where(StrEnum):
    """Where keywords are looked for."""

    TITLE = "title"
    TEXT = "text"
    BOTH = "both"


class Absent(StrEnum):
    """What `missing` may ask for."""

    OCCURRED_AT = "occurred_at"
    POINT = "point"
    ADDRESS = "address"
    ABOUT = "about"


def _role(values: Values, reading: Reading) -> RoleRef:
    return RoleRef(values.get("function"), values.get("tier"), values.get("climb", True))


ROLE: Final = Record(
    "role",
    {
        "function": Field(Code("function"), required=True),
        "tier": Field(Code("tier")),
        "climb": Field(Flag()),
    },
    _role,
)


class Targets:
    """An agency's code, a role, or (where `first` allows it) first_receiver."""

    def __init__(self, first: bool) -> None:
        self.first = first

    def read(self, node: Node, name: str, reading: Reading) -> Target | None:
        """Return who is meant."""
        if isinstance(node, Table):
            return ROLE.read(node, name, reading)
        if not isinstance(node, Scalar):
            reading.wrong(node, name, "target", f"{name}: {{function: police, tier: town}}")
            return None
        if self.first and node.value == FIRST_RECEIVER:
            return FirstReceiver()
        functions = reading.vocabulary.get("function", {})
        known = reading.vocabulary.get("agency", {})
        if node.value in functions and node.value not in known and "agency" not in reading.blurred:
            reading.find("RR110", node.at, "function", what="term:agency", value=node.value)
            return None
        code = Code("agency").read(node, name, reading)
        return None if code is None else AgencyRef(code)


TARGET: Final = Targets(first=True)
NAMED: Final = Targets(first=False)


def _dates(values: Values, reading: Reading) -> tuple[Any, ...] | None:
    ends: tuple[Any, ...] = values.get("between", ())
    if len(ends) == 2:
        return ends
    reading.wrong(values.nodes["between"], "between", "month_day_pair", '["05-20", "11-30"]')
    return None


def _time(values: Values, reading: Reading) -> TimeCondition:
    between = values.get("between")
    if between is not None and not _window(between, values, reading):
        between = None
    days = frozenset(day.value for day in values.get("days", ()))
    return TimeCondition(between, days, values.get("date"))


def _window(between: tuple[int, ...], values: Values, reading: Reading) -> bool:
    node = values.nodes["between"]
    if len(between) != 2 or between[0] == 1440:
        reading.wrong(node, "between", "clock_pair", '["22:00", "06:00"]')
        return False
    if between[0] == between[1]:
        reading.find("RR113", node.at, v=f"{between[0] // 60:02}:{between[0] % 60:02}")
        return False
    return True


_DATES: Final = Record("date", {"between": Field(Many(MonthDay()), required=True)}, _dates)
MOMENT: Final = Record(
    "moment",
    {
        "between": Field(Many(Clock())),
        "days": Field(Many(Choice(DayName))),
        "date": Field(_DATES),
    },
    _time,
)


def _text(values: Values, reading: Reading) -> TextCondition:
    where = values.get("in", Where.BOTH).value
    condition = TextCondition(values.get("any", ()), values.get("all", ()), values.get("none", ()), where)
    check_words(condition, values, reading)
    return condition


TEXT: Final = Record(
    "text",
    {
        "any": Field(KeywordLists()),
        "all": Field(KeywordLists()),
        "none": Field(KeywordLists()),
        "in": Field(Choice(Where)),
    },
    _text,
)
_AT_LEAST: Final = Record(
    "at_least",
    {"at_least": Field(Whole(1, 10_000), required=True)},
    lambda values, _: values.get("at_least"),
)


class _Expression:
    """A CEL expression, tried on two samples as it is read (G14)."""

    def read(self, node: Node, name: str, reading: Reading) -> str | None:
        """Return the source."""
        source = Text().read(node, name, reading)
        return None if source is None else read_expression(source, node.at, reading)


CONDITIONS: Final = {
    "channel": Field(Many(Code("channel"))),
    "kind": Field(Many(Choice(Kind))),
    "urgency": Field(Many(Choice(Urgency))),
    "reporter": Field(Many(Choice(ReporterKind))),
    "category": Field(Many(Code("category"))),
    "jurisdiction": Field(Many(Code("jurisdiction"))),
    "located_by": Field(Many(Choice(LocatedBy))),
    "classified_by": Field(Many(Choice(ClassifiedBy))),
    "area": Field(Many(Code("area"))),
    "mode": Field(Many(Choice(Mode))),
    "response": Field(Many(Code("response"))),
    "response_level": Field(Many(Whole(1, 4))),
    "occurred_at": Field(MOMENT),
    "received_at": Field(MOMENT),
    "text": Field(TEXT),
    "about": Field(Many(NAMED)),
    "reporters": Field(_AT_LEAST),
    "reports": Field(_AT_LEAST),
    "tags": Field(Many(Code("tag"))),
    "attributes": Field(ByKey(Text(), Many(Text()))),
    "lead": Field(Many(NAMED)),
    "missing": Field(Many(Choice(Absent))),
    "expr": Field(_Expression()),
}
_SETS: Final = frozenset({
    "channel", "kind", "urgency", "reporter", "category", "jurisdiction", "located_by", "classified_by",
    "area", "mode", "response", "response_level", "tags",
})  # fmt: skip


def _block(values: Values, reading: Reading) -> Block:
    given: dict[str, Any] = {name: value for name, value in values.values.items() if value is not None}
    for name in _SETS:
        if name in given:
            given[name] = frozenset(given[name])
    if "missing" in given:
        given["missing"] = frozenset(absent.value for absent in given["missing"])
    if "attributes" in given:
        given["attributes"] = {k: frozenset(map(normal, v)) for k, v in given["attributes"].items()}
    return Block(**given, at=values.at)


BLOCK: Final = Record("when", CONDITIONS, _block)
"""A block of an overlay: every field of the table."""

ROUTE_BLOCK: Final = Record("when", {k: v for k, v in CONDITIONS.items() if k != "lead"}, _block)
"""A block of a route: it makes the lead and so cannot ask for it."""

OVERLAY_BLOCKS: Final = OneOrMany(BLOCK)
ROUTE_BLOCKS: Final = OneOrMany(ROUTE_BLOCK)
