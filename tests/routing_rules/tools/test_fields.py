"""The field table as JSON Schema: right rulesets pass, wrong forms don't, and every field says what it is for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from routing_rules.engine.loader import load, read_bundle
from routing_rules.engine.source import plain, read
from routing_rules.messages.fields import FIELDS, FileKind
from routing_rules.tools.fields import TABLES, codes_of, schema_of

REPO = Path(__file__).parents[3]
EXAMPLE = read_bundle(REPO / "docs" / "rules" / "example")
FOLDERS = {
    "routes": FileKind.ROUTES,
    "places": FileKind.PLACES,
    "words": FileKind.WORDS,
    "calendars": FileKind.CALENDARS,
}


def kind_of(file: str) -> FileKind:
    return FOLDERS.get(file.split("/", maxsplit=1)[0]) or FileKind(file.removesuffix(".yaml"))


def content(text: bytes) -> object:
    root = read("x.yaml", text).root
    assert root is not None
    return plain(root)


def complaints(kind: FileKind, text: bytes, codes: Any = None) -> list[str]:
    return [error.message for error in Draft202012Validator(schema_of(kind, codes)).iter_errors(content(text))]


@pytest.mark.parametrize("kind", FileKind)
def test_a_schema_is_a_schema(kind: FileKind) -> None:
    Draft202012Validator.check_schema(schema_of(kind))


YAML_FILES = [file for file in EXAMPLE if file.endswith(".yaml") and not file.startswith("tests/")]


@pytest.mark.parametrize("file", YAML_FILES)
def test_what_the_loader_takes_the_schema_takes_with_the_rulesets_codes_too(file: str) -> None:
    ruleset = load(EXAMPLE).ruleset
    assert ruleset is not None
    assert complaints(kind_of(file), EXAMPLE[file]) == []
    assert complaints(kind_of(file), EXAMPLE[file], codes_of(ruleset)) == []


@pytest.mark.parametrize(
    "rule",
    [
        "{id: x, when: {catagory: [noise]}, assign: {lead: urban}}",
        "{id: x, when: {channel: petition}, assign: {lead: urban}}",
        "{id: x, when: {channel: []}, assign: {lead: urban}}",
        "{id: x, when: {kind: [wish]}, assign: {lead: urban}}",
        "{id: x, when: {kind: [tip]}, assign: {lead: urban}, deadline: {resolve: 5days}}",
        "{id: Bad Id, when: {kind: [tip]}, assign: {lead: urban}}",
        "{id: x, when: {kind: [tip]}}",
        "{id: x, when: {lead: [urban]}, assign: {lead: urban}}",
    ],
)
def test_a_wrong_form_is_refused_while_it_is_typed(rule: str) -> None:
    assert complaints(FileKind.ROUTES, f"routes:\n- {rule}\n".encode())


def test_an_unknown_code_is_refused_once_the_ruleset_is_known() -> None:
    ruleset = load(EXAMPLE).ruleset
    assert ruleset is not None
    text = b"routes:\n- {id: x, when: {category: [nosie]}, assign: {lead: urban}}\n"
    assert complaints(FileKind.ROUTES, text) == []
    assert complaints(FileKind.ROUTES, text, codes_of(ruleset))


def described(schema: Any) -> Iterator[tuple[str, str]]:
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            yield name, value.get("description", "")
        for value in schema.values():
            yield from described(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from described(value)


@pytest.mark.parametrize("kind", FileKind)
def test_every_field_says_in_chinese_what_it_is_for(kind: FileKind) -> None:
    assert [name for name, text in described(schema_of(kind)) if not text] == []


def test_the_table_of_texts_names_no_record_that_there_is_not() -> None:
    text = " ".join(str(schema_of(kind)) for kind in TABLES)
    assert [words for fields in FIELDS.values() for words in fields.values() if words not in text] == []
