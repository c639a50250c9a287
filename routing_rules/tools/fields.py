"""The field table as JSON Schema: what an editor needs to complete, check and explain a ruleset's files.

One schema a kind of file, from the same table that the loader reads by. With a ruleset's own codes the editor offers
them by name. A schema is laxer than the loader: it knows forms and codes, not the whole.
"""

from collections.abc import Mapping
from functools import singledispatchmethod
from typing import Any, Final

from routing_rules.engine.loading import (
    classification,
    conditions,
    county,
    directory,
    following,
    rules,
    scalars,
    shapes,
    targets,
    times,
    words,
    yearly,
)
from routing_rules.engine.schema import Ruleset
from routing_rules.messages.fields import FIELDS, FileKind

Schema = dict[str, Any]
Codes = Mapping[str, Mapping[str, str]]


TABLES: Final[Mapping[FileKind, shapes.Record[Any]]] = {
    FileKind.RULESET: county.COUNTY,
    FileKind.AGENCIES: directory.AGENCIES,
    FileKind.JURISDICTIONS: directory.JURISDICTIONS,
    FileKind.CATEGORIES: classification.CATEGORIES,
    FileKind.PLACES: directory.PLACES,
    FileKind.WORDS: classification.WORDS,
    FileKind.CALENDARS: yearly.CALENDAR,
    FileKind.ROUTES: rules.FILE,
}
_SPAN: Final = r"[1-9][0-9]{0,4}[mh]|[1-9][0-9]{0,2}(wh|bd|d)"
_TEXT: Final[Schema] = {"type": ["string", "number", "boolean"]}  # an editor reads 22 and true where we read text


def schema_of(kind: FileKind, codes: Codes | None = None) -> Schema:
    """Return the JSON Schema (draft 2020-12) of a kind of file. `codes`: vocabulary → code → title, to be offered."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_Writer(codes or {}).of(TABLES[kind])}


def field_schema(type_: Any, codes: Codes | None = None) -> Schema:
    """Return the schema of one type out of a table: what a single field may hold."""
    return _Writer(codes or {}).of(type_)


def codes_of(ruleset: Ruleset) -> Codes:
    """Return the codes that a ruleset declares, with their titles."""
    return {
        "channel": {code: channel.title for code, channel in ruleset.channels.items()},
        "function": ruleset.functions,
        "tag": ruleset.tags,
        "response": ruleset.responses,
        "tier": dict.fromkeys(ruleset.tiers, ""),
        "agency": {code: agency.title for code, agency in ruleset.agencies.items()},
        "jurisdiction": {code: place.name for code, place in ruleset.jurisdictions.items()},
        "category": {code: category.title for code, category in ruleset.categories.items()},
        "area": {code: area.title for code, area in ruleset.areas.items()},
    }


class _Writer:
    """Writes the schema of a type; a type that it has no words for may hold anything."""

    def __init__(self, codes: Codes) -> None:
        self.codes = codes

    @singledispatchmethod
    def of(self, type_: Any) -> Schema:
        """Return the schema of a type."""
        return {}

    @of.register
    def _record(self, type_: shapes.Record) -> Schema:  # type: ignore[type-arg]
        texts = FIELDS.get(type_.name, {})
        known = {name: field for name, field in type_.fields.items() if not field.instead}
        properties = {
            name: {**self.of(field.type), "description": texts.get(name, "")} for name, field in known.items()
        }
        required = [name for name, field in known.items() if field.required]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    @of.register
    def _many(self, type_: shapes.Many) -> Schema:  # type: ignore[type-arg]
        return {"type": "array", "items": self.of(type_.item), "minItems": 0 if type_.may_be_empty else 1}

    @of.register
    def _one_or_many(self, type_: shapes.OneOrMany) -> Schema:  # type: ignore[type-arg]
        return {"anyOf": [self.of(type_.item), {"type": "array", "items": self.of(type_.item), "minItems": 1}]}

    @of.register
    def _by_key(self, type_: shapes.ByKey) -> Schema:  # type: ignore[type-arg]
        names = self.of(type_.key).get("enum")
        keys: Schema = {"propertyNames": {"enum": names}} if names else {}
        return {"type": "object", "additionalProperties": self.of(type_.value), **keys}

    @of.register
    def _code(self, type_: scalars.Code) -> Schema:
        known = self.codes.get(type_.what)
        return _offered(known) if known else dict(_TEXT)

    @of.register
    def _choice(self, type_: scalars.Choice) -> Schema:  # type: ignore[type-arg]
        return {"enum": [choice.value for choice in type_.choices]}

    @of.register
    def _new_code(self, type_: scalars.NewCode) -> Schema:
        return {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"} if type_.kebab else dict(_TEXT)

    @of.register
    def _text(self, type_: scalars.Text) -> Schema:
        return dict(_TEXT)

    @of.register
    def _flag(self, type_: scalars.Flag) -> Schema:
        return {"enum": [True, False, "true", "false"]}

    @of.register
    def _whole(self, type_: scalars.Whole) -> Schema:
        return {"type": ["integer", "string"], "minimum": type_.least, "maximum": type_.most}

    @of.register
    def _percent(self, type_: scalars.Percent) -> Schema:
        return {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,2})?%$"}

    @of.register
    def _duration(self, type_: times.Duration) -> Schema:
        return {"type": "string", "pattern": f"^(none|{_SPAN})$" if type_.none else f"^({_SPAN})$"}

    @of.register
    def _rung_at(self, type_: following.RungAt) -> Schema:
        return {"type": "string", "pattern": rf"^(due|[1-9][0-9]?%|\+({_SPAN}))$"}

    @of.register
    def _target(self, type_: targets.Targets) -> Schema:
        agencies = self.codes.get("agency")
        first = {targets.FIRST_RECEIVER: ""} if type_.first else {}
        code: Schema = _offered({**agencies, **first}) if agencies else {"type": "string"}
        return {"anyOf": [code, self.of(targets.ROLE)]}

    @of.register
    def _keywords(self, type_: words.Keywords) -> Schema:
        return {"type": "array", "items": dict(_TEXT), "maxItems": words.MOST_WORDS}

    @of.register
    def _keyword_lists(self, type_: words.KeywordLists) -> Schema:
        return {"type": "array", "items": dict(_TEXT), "minItems": 1, "maxItems": words.MOST_WORDS}

    @of.register
    def _expression(self, type_: conditions.ExpressionSource) -> Schema:
        return {"type": "string", "maxLength": 200}


def _offered(codes: Mapping[str, str]) -> Schema:
    """Return the choice among codes, with the titles that editors show beside them where there are any."""
    titles = list(codes.values())
    return {"enum": list(codes), **({"enumDescriptions": titles} if any(titles) else {})}
