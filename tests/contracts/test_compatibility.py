"""The compatibility check, tried on the real schemas: every kind of change in every place where it can be made."""

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from contracts.compatibility import breaks
from contracts.topics import Topics
from contracts.wire import INTERNAL, MAJORS, MODELS, NATIVE, json_schemas

SCHEMAS = json_schemas()
Schema = dict[str, Any]


def objects(schema: Schema) -> Iterator[tuple[str, ...]]:
    """Yield the way to every object with fields: the whole and its definitions."""
    if "properties" in schema:
        yield ()
    yield from (("$defs", name) for name, item in schema.get("$defs", {}).items() if "properties" in item)


def at(schema: Schema, way: tuple[str, ...]) -> Schema:
    for step in way:
        schema = schema[step]
    return schema


def places(file: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every field of a schema: the way to its object, and its name."""
    for way in objects(SCHEMAS[file]):
        yield from ((way, field) for field in at(SCHEMAS[file], way)["properties"])


@pytest.mark.parametrize("file", SCHEMAS)
def test_a_schema_is_one_and_may_replace_itself(file: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[file])
    assert breaks(SCHEMAS[file], copy.deepcopy(SCHEMAS[file])) == []


@pytest.mark.parametrize("file", SCHEMAS)
def test_no_field_can_be_removed_retyped_or_renamed_unnoticed(file: str) -> None:
    old = SCHEMAS[file]
    for way, field in places(file):
        removed, retyped, renamed = (copy.deepcopy(old) for _ in range(3))
        del at(removed, way)["properties"][field]
        at(retyped, way)["properties"][field] = {"type": "null"}
        properties = at(renamed, way)["properties"]
        properties[f"{field}_"] = properties.pop(field)
        for changed in (removed, retyped, renamed):
            assert field in {each.path.split(".")[-1].strip("[]*") for each in breaks(old, changed)}, (way, field)


@pytest.mark.parametrize("file", SCHEMAS)
def test_a_field_cannot_become_required_or_optional_nor_another_default_be_meant(file: str) -> None:
    old = SCHEMAS[file]
    for way, field in places(file):
        required, defaulted = copy.deepcopy(old), copy.deepcopy(old)
        before = at(required, way).get("required", [])
        at(required, way)["required"] = [*before, field] if field not in before else [n for n in before if n != field]
        at(defaulted, way)["properties"][field]["default"] = "another"
        assert breaks(old, required), (way, field)
        assert breaks(old, defaulted), (way, field)


@pytest.mark.parametrize("file", SCHEMAS)
def test_a_new_field_is_welcome_with_a_default_and_refused_without(file: str) -> None:
    old = SCHEMAS[file]
    for way in objects(old):
        optional = copy.deepcopy(old)
        at(optional, way)["properties"]["brand_new"] = {"type": "string", "default": ""}
        assert breaks(old, optional) == []
        required = copy.deepcopy(optional)
        at(required, way)["required"] = [*at(required, way).get("required", ()), "brand_new"]
        assert "brand_new" in str(breaks(old, required)[0])


ENUMS = [
    (file, name) for file, schema in SCHEMAS.items() for name, item in schema.get("$defs", {}).items() if "enum" in item
]


@pytest.mark.parametrize(("file", "name"), ENUMS)
def test_a_closed_list_may_grow_and_never_lose_a_word(file: str, name: str) -> None:
    old = SCHEMAS[file]
    grown, shrunk = copy.deepcopy(old), copy.deepcopy(old)
    grown["$defs"][name]["enum"].append("a_new_word")
    shrunk["$defs"][name]["enum"].pop()
    assert breaks(old, grown) == []
    assert breaks(old, shrunk)


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        ({"type": "string", "maxLength": 10}, {"type": "string", "maxLength": 20}, False),
        ({"type": "string", "maxLength": 10}, {"type": "string", "maxLength": 9}, True),
        ({"type": "string"}, {"type": "string", "pattern": "^a$"}, True),
        ({"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 2}, True),
        ({"type": "array", "items": {"type": "string"}}, {"type": "array", "items": {"type": "integer"}}, True),
        ({"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}, True),
        ({"type": "string"}, {"type": "string", "enum": ["a"]}, True),
        ({"type": "string"}, {"type": "string", "description": "said better"}, False),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"type": "object", "additionalProperties": {"type": "integer"}},
            True,
        ),
    ],
)
def test_limits_may_widen_and_not_narrow(before: Schema, after: Schema, broken: bool) -> None:
    assert bool(breaks(before, after)) is broken


@pytest.mark.parametrize(
    "new",
    [
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"type": ["string", "number"]}}, "required": ["a"]},
    ],
)
def test_a_form_that_nobody_else_reads_may_ask_for_less_and_take_more(new: Schema) -> None:
    old = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    assert breaks(old, new)
    assert breaks(old, new, read_by_others=False) == []
    assert breaks(new, old, read_by_others=False)


def test_a_schema_that_contains_itself_is_compared_to_its_end() -> None:
    old = {
        "$ref": "#/$defs/Tree",
        "$defs": {"Tree": {"type": "object", "properties": {"of": {"$ref": "#/$defs/Tree"}}}},
    }
    new = copy.deepcopy(old)
    new["$defs"]["Tree"]["properties"]["more"] = {"type": "string", "default": ""}
    assert breaks(old, new) == []
    assert breaks(new, old)


def test_every_topic_of_the_registry_has_a_schema_of_its_major() -> None:
    for spec in Topics().specs(["petition"], ["police"]):
        if spec.schema.startswith((NATIVE, INTERNAL)):
            continue
        major = int(spec.name.removesuffix(".dlq").rsplit(".v", 1)[1])
        assert spec.schema in MODELS, spec.name
        assert MAJORS[spec.schema] == major, spec.name
