"""The field table of a block: the closed list of conditions (RULE-LANGUAGE §3)."""

from enum import StrEnum
from typing import Any, Final

from contracts.codes import ClassifiedBy, Kind, LocatedBy, Mode, ReporterKind, Urgency
from routing_rules.engine.loading.expressions import read_expression
from routing_rules.engine.loading.moments import MOMENT
from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.scalars import Choice, Code, Text, Whole
from routing_rules.engine.loading.shapes import ByKey, Field, Many, OneOrMany, Record, Values
from routing_rules.engine.loading.targets import NAMED
from routing_rules.engine.loading.words import KeywordLists, check_words
from routing_rules.engine.normal import normal
from routing_rules.engine.schema import Block, TextCondition
from routing_rules.engine.source import Node


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


class ExpressionSource:
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
    "expr": Field(ExpressionSource()),
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
