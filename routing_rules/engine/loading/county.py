"""The field table of ruleset.yaml: what is the county's own (区情)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from contracts.codes import Kind, Urgency
from routing_rules.engine.loading.deadlines import SPANS
from routing_rules.engine.loading.following import LIFECYCLE
from routing_rules.engine.loading.reading import Reading, nearest
from routing_rules.engine.loading.scalars import Choice, Code, Flag, NewCode, Text, Whole
from routing_rules.engine.loading.shapes import ByKey, Field, Many, Record, Values
from routing_rules.engine.loading.times import Day, TimeZone
from routing_rules.engine.loading.words import Keywords
from routing_rules.engine.normal import normal
from routing_rules.engine.schema import ChannelSpec, Classify, Conflict, CountyDeadlines
from routing_rules.engine.source import Node, Scalar
from routing_rules.messages import Level


class Gives(StrEnum):
    """Fields of a report that a channel may declare to give."""

    KIND = "kind"
    CATEGORY = "category"
    NATIVE_CATEGORY = "native_category"
    JURISDICTION = "jurisdiction"
    NATIVE_PLACE = "native_place"
    ADDRESS = "address"
    POINT = "point"
    OCCURRED_AT = "occurred_at"
    URGENCY = "urgency"
    ABOUT = "about"
    REPORTER = "reporter"
    TAGS = "tags"
    ATTRIBUTES = "attributes"
    REPORTED_AT = "reported_at"
    TITLE = "title"
    TEXT = "text"


LANGUAGE: Final = 1


class _Given:
    """A field that a channel gives. One that no condition asks of a channel is kept and warned of."""

    def read(self, node: Node, name: str, reading: Reading) -> str | None:
        """Return the field's name."""
        field = Text().read(node, name, reading)
        known = [given.value for given in Gives]
        if field is not None and field not in known:
            near = " ".join(nearest(field, dict.fromkeys(known, "")))
            what = {"what": "term:choice", "value": field, "near": near}
            reading.find("RR110", node.at, "" if near else "bare", Level.WARNING, **what)
        return field


class _LanguageVersion:
    """The version of the rule language; another than ours is not guessed at."""

    def read(self, node: Node, name: str, reading: Reading) -> int | None:
        """Return the version."""
        if isinstance(node, Scalar) and node.value == str(LANGUAGE):
            return LANGUAGE
        reading.wrong(node, name, "language_version", f"{name}: {LANGUAGE}")
        return None


class _Characters:
    """Characters that may not stand between, with or without the brackets of a character class."""

    def read(self, node: Node, name: str, reading: Reading) -> str | None:
        """Return the characters in normal form."""
        text = Text(required=False).read(node, name, reading)
        return None if text is None else normal(text.removeprefix("[").removesuffix("]"))


_CHANNEL: Final = Record(
    "channel",
    {
        "title": Field(Text()),
        "agency": Field(Code("agency")),
        "live": Field(Flag()),
        "gives": Field(Many(_Given(), may_be_empty=True)),
    },
    lambda values, _: values,
    may_be_empty=True,
)
_KINDS: Final = Record(
    "kinds",
    {"default": Field(Choice(Kind)), "words": Field(ByKey(Choice(Kind), Keywords(may_be_empty=True)))},
    lambda values, _: (values.get("default", Kind.HELP), values.get("words", {})),
)
_CLASSIFY: Final = Record(
    "classify",
    {"min_score": Field(Whole(1, 1000)), "margin": Field(Whole(0, 1000)), "title_weight": Field(Whole(1, 100))},
    lambda values, _: Classify(**{name: value for name, value in values.values.items() if value is not None}),
)
_DEADLINES: Final = Record(
    "deadlines",
    {
        "default": Field(SPANS),
        "by_kind": Field(ByKey(Choice(Kind), SPANS)),
        "by_urgency": Field(ByKey(Choice(Urgency), SPANS)),
    },
    lambda values, _: CountyDeadlines(
        values.get("default", {}), values.get("by_kind", {}), values.get("by_urgency", {})
    ),
)


def _conflict(values: Values, reading: Reading) -> Conflict:
    given = {name: value for name, value in values.values.items() if value is not None}
    if "kinds" in given:
        given["kinds"] = frozenset(given["kinds"])
    return Conflict(**given)


_CONFLICT: Final = Record(
    "conflict",
    {
        "kinds": Field(Many(Choice(Kind), may_be_empty=True)),
        "within": Field(Whole(0, 100)),
        "not_between": Field(_Characters()),
        "before": Field(Keywords(may_be_empty=True)),
        "after": Field(Keywords(may_be_empty=True)),
    },
    _conflict,
)
_RETURNS: Final = Record("returns", {"max": Field(Whole(0, 100))}, lambda values, _: values.get("max", 2))
_LOCATE: Final = Record("locate", {"short": Field(Whole(0, 20))}, lambda values, _: values.get("short", 2))
_COVERAGE: Final = Record(
    "coverage",
    {"rules": Field(Whole(0, 100)), "near_miss": Field(Whole(0, 100))},
    lambda values, _: {name: value for name, value in values.values.items() if value is not None},
)
_PUBLISH: Final = Record("publish", {"two_person": Field(Flag())}, lambda values, _: values.get("two_person", False))
TITLES: Final = ByKey(NewCode(), Text())

COUNTY: Final = Record(
    "ruleset",
    {
        "ruleset": Field(NewCode(), required=True),
        "title": Field(Text()),
        "version": Field(Text(), required=True),
        "language": Field(_LanguageVersion()),
        "timezone": Field(TimeZone(), required=True),
        "root": Field(Code("jurisdiction"), required=True),
        "outside": Field(Code("jurisdiction")),
        "tiers": Field(Many(NewCode()), required=True),
        "calendar": Field(Text(), required=True),
        "channels": Field(ByKey(NewCode(), _CHANNEL), required=True),
        "functions": Field(TITLES, required=True),
        "kinds": Field(_KINDS),
        "tags": Field(TITLES),
        "responses": Field(TITLES),
        "locate": Field(_LOCATE),
        "classify": Field(_CLASSIFY),
        "deadlines": Field(_DEADLINES),
        "conflict": Field(_CONFLICT),
        "returns": Field(_RETURNS),
        "coverage": Field(_COVERAGE),
        "retired": Field(Many(Text(), may_be_empty=True)),
        "publish": Field(_PUBLISH),
        "lifecycle": Field(LIFECYCLE),
        "effective_at": Field(Day()),
    },
    lambda values, _: values,
)


def channels_of(county: Values) -> Mapping[str, ChannelSpec]:
    """Return the channels as declared, each with its code."""
    return {
        code: ChannelSpec(
            code,
            values.get("title", code),
            values.get("agency"),
            values.get("live", False),
            frozenset(values.get("gives", ())),
        )
        for code, values in county.get("channels", {}).items()
    }
