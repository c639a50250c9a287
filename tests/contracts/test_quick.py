"""A quick form reads what its model reads, as the model reads it, or leaves it to the model."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import is_dataclass
from datetime import datetime
from functools import partial, reduce
from operator import getitem
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from contracts.errors import Permanent
from contracts.evidence import Evidence
from contracts.incident import Incident, read_incident
from contracts.quick import Quick, quick_form, quick_reader
from contracts.report import Wire
from contracts.serde import read, write
from incidentbus.schemafiles import DIRECTORY

GOLDEN = [
    path.read_bytes()
    for path in sorted((DIRECTORY.parent / "examples" / "incidents").glob("*.json"))
    if not path.name.endswith(".record.json")
]
FULL: dict[str, Any] = json.loads(GOLDEN[0]) | {
    "areas": ["a"], "about": ["b"], "tags": ["c"], "flags": ["reinterpreted"], "reporters": 3, "reports": 4,
    "evidence": [{"of": "place", "value": "v", "field": "text", "words": "w", "start": 0, "end": 1, "points": 3}],
}  # fmt: skip
FULL["report"] |= {
    "category": "noise", "point": {"longitude": 118.87, "latitude": 33.29}, "occurred_on": "2026-05-11",
    "occurred_at": "2026-05-11T01:10:00.5+08:00", "about": ["b"], "tags": ["t"], "flags": ["text_cleaned"],
    "exercise": True,
}  # fmt: skip
FULL["report"]["reporter"] |= {"kind": "enterprise", "id_number": "1", "address": "x", "secrecy": True}

ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 1.5, 10**6, 10**6 + 1, 10**30, 1e300, "", "1", "x" * 64, "x" * 65, "岔" * 257,
    "x" * 2001, "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), [], {}, [1], ["x", None], {"a": 1},
    {"a": "b"}, [{}], [[]], "normal", "NORMAL", "tip", 90.0, 90.000001, -180, "true",
    "2026-05-11T01:10:00Z", "2026-05-11 01:10:00.1234567+08:00", "2026-05-11T01:10:00.9999999Z", "2026-05-11T01:10:00",
    "2026-05-11", "1949-12-31T23:59:59Z", "1950-01-01T00:00:00+14:00", "2100-01-01", "2099-12-31", "0001-01-01",
    "9999-12-31T23:59:59-14:00", "2026-05-11T24:00:00Z", "2026-05-11T01:10Z", "2026-02-29", 1778490600, "1778490600",
)  # fmt: skip
"""What may stand where something else was due: at a limit, beyond it, of another kind, written another way."""


def fields(value: Any) -> Any:
    """Return everything a reader can see of a value, whichever class holds it."""
    if isinstance(value, BaseModel):
        return {name: fields(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Quick):
        return {name: fields(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return tuple(fields(each) for each in value)
    if isinstance(value, datetime):
        return value.isoformat()
    return (type(value), vars(value)) if is_dataclass(value) else (type(value), value)


def outcome(reader: Callable[[bytes], Any], raw: bytes) -> Any:
    try:
        return fields(reader(raw))
    except Permanent as refusal:
        return refusal.reason, refusal.detail


def assert_same(raw: bytes) -> None:
    assert outcome(read_incident, raw) == outcome(lambda raw: read(Incident, raw), raw)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in inner for found in places(each, (*path, key)))]


def put(holder: Any, key: Any, value: Any) -> None:
    holder[key] = value


def changed(path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> bytes:
    """Return the full incident as JSON with `change` made to what holds the value at `path`."""
    whole = json.loads(json.dumps({"": FULL}))
    *before, last = ("", *path)
    change(reduce(getitem, before, whole), last)
    return json.dumps(whole[""]).encode() if "" in whole else b""


@pytest.mark.parametrize("raw", [*GOLDEN, json.dumps(FULL).encode(), json.dumps(FULL, ensure_ascii=False).encode()])
def test_a_sound_incident_is_read_quickly_and_alike(raw: bytes) -> None:
    assert isinstance(read_incident(raw), Quick)
    assert_same(raw)


@pytest.mark.parametrize("path", places(FULL), ids=str)
def test_whatever_stands_in_a_place_is_taken_or_refused_by_both(path: tuple[Any, ...]) -> None:
    for odd in ODD:
        assert_same(changed(path, partial(put, value=odd)))
    assert_same(changed(path, lambda holder, key: holder.pop(key)))


@pytest.mark.parametrize("path", [path for path in places(FULL) if path and isinstance(path[-1], str)], ids=str)
def test_what_a_newer_writer_adds_is_passed_over_by_both(path: tuple[Any, ...]) -> None:
    assert_same(changed(path, lambda holder, key: holder.setdefault("of_a_later_release", [1])))


@pytest.mark.parametrize(
    "unknown",
    [b'"\xff"', b'"\\ud800"', b'"\\x"', b"01", b"-", b"1.", b"NaN", b"[" * 250 + b"]" * 250, b"1" * 5000, b"tru", b""],
    ids=lambda raw: repr(raw[:8]),
)
@pytest.mark.parametrize("before", [b'{"id"', b'"channel"', b'"of"', b'"version"'])
def test_what_is_passed_over_must_be_sound_json_to_both(unknown: bytes, before: bytes) -> None:
    added = b'"later":' + unknown + b","
    assert_same(GOLDEN[0].replace(before, b"{" + added + before[1:] if before[:1] == b"{" else added + before))


@pytest.mark.parametrize("path", [path for path in places(FULL) if path and isinstance(path[-1], str)], ids=str)
def test_of_a_field_told_twice_both_take_the_last(path: tuple[Any, ...]) -> None:
    raw = json.dumps(FULL).encode()
    odds: tuple[Any, ...] = ("岔", "tip", "2026-05-11T01:10:00Z", 1, None, [], {}, [1])
    for odd in odds:
        name = json.dumps(path[-1]).encode() + b": "
        assert_same(raw.replace(name, name + json.dumps(odd).encode() + b", " + name, 1))


@given(st.sampled_from(GOLDEN), st.data())
@settings(max_examples=400)
def test_bytes_that_were_damaged_are_taken_or_refused_by_both(raw: bytes, data: st.DataObject) -> None:
    damaged = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        length = data.draw(st.integers(0, 3))
        damaged[at : at + length] = data.draw(
            st.binary(max_size=2) | st.sampled_from([b'"', b"\\u", b"{}", b"0", b"."])
        )
    assert_same(bytes(damaged))


@given(st.lists(st.tuples(st.sampled_from(places(FULL)[1:]), st.sampled_from(ODD)), min_size=2, max_size=4))
@settings(max_examples=200)
def test_of_several_faults_both_name_the_same(faults: list[tuple[tuple[Any, ...], Any]]) -> None:
    whole = json.loads(json.dumps(FULL))
    for path, odd in faults:
        with suppress(LookupError, TypeError):  # an earlier fault stands where this one would
            put(reduce(getitem, path[:-1], whole), path[-1], odd)
    assert_same(json.dumps(whole).encode())


def test_a_form_does_not_go_on_the_wire() -> None:
    with pytest.raises(TypeError, match="QuickIncident"):
        write(read_incident(GOLDEN[0]))


def refuse_nothing(value: str) -> str:
    return value


class Aliased(Wire):
    name: str = Field(validation_alias="called")


class Patterned(Wire):
    name: str = Field(pattern="a+")


class Strict(Wire):
    model_config = ConfigDict(strict=True)
    name: str


class Stranger(BaseModel):
    name: str


class Decorated(Wire):
    name: str

    @field_validator("name")
    @classmethod
    def refuse_nothing(cls, name: str) -> str:
        return name


class Completed(Wire):
    name: str

    def model_post_init(self, _context: Any) -> None: ...


class Pair(Wire):
    pair: tuple[str, int]


class CheckedWithin(Wire):
    names: tuple[Annotated[str, AfterValidator(refuse_nothing)], ...]


class CheckedOrNone(Wire):
    name: Annotated[str | None, AfterValidator(refuse_nothing)]


class Either(Wire):
    value: str | int


class LoneDataclass(Wire):
    ground: Evidence


class PerhapsDataclass(Wire):
    grounds: tuple[Evidence | None, ...]


class LimitedDataclasses(Wire):
    grounds: tuple[Evidence, ...] = Field(max_length=2)


class NoZone(Wire):
    at: datetime


class Anything(Wire):
    value: Any


@pytest.mark.parametrize(
    "model",
    [
        Aliased, Patterned, Strict, Stranger, Decorated, Completed, Pair, CheckedWithin, CheckedOrNone, Either,
        LoneDataclass, PerhapsDataclass, LimitedDataclasses, NoZone, Anything, int,
    ],
)  # fmt: skip
def test_a_model_that_says_what_no_form_can_has_none(model: type[Any]) -> None:
    with pytest.raises(TypeError, match="quick form"):
        quick_form(model)


class Shouting(Wire):
    name: Annotated[str, AfterValidator(str.upper)]


def test_a_check_that_changes_what_it_is_given_is_left_to_the_model() -> None:
    reader = quick_reader(Shouting)
    assert reader(b'{"name":"a"}') is None


def test_a_form_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        read_incident(GOLDEN[0]).kind = "tip"  # type: ignore[assignment, misc]
