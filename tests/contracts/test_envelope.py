"""CloudEvents in both modes, and bare records."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import ReasonCode
from contracts.envelope import binary_headers, data_of, open_envelope, traceparent_of
from contracts.errors import Permanent

WHEN = datetime(2026, 5, 12, 10, tzinfo=UTC)
STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


def headers() -> list[tuple[str, bytes]]:
    return binary_headers(id_="1", source="/x", type_="t", time=WHEN, subject="s", traceparent="00-ab-cd-01")


def test_binary_mode_gives_attributes_and_the_value_as_it_came() -> None:
    opened = open_envelope(headers(), b"\xff raw")
    assert opened.attributes["id"] == "1"
    assert opened.attributes["subject"] == "s"
    assert opened.data == b"\xff raw"


def test_structured_mode_gives_the_data_as_json() -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data": {"a": "岔河"}}
    opened = open_envelope(STRUCTURED, orjson.dumps(event))
    assert orjson.loads(opened.data or b"") == {"a": "岔河"}
    assert opened.attributes["type"] == "t"


def test_structured_mode_unpacks_base64() -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data_base64": "AAE="}
    assert open_envelope(STRUCTURED, orjson.dumps(event)).data == b"\x00\x01"


def test_the_mode_is_chosen_without_regard_to_case() -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data": 1}
    told = open_envelope([("Content-Type", b"Application/CloudEvents+JSON")], orjson.dumps(event))
    assert told.data == b"1"


def test_a_bare_record_has_no_attributes() -> None:
    assert open_envelope([], b"{}") == ({}, b"{}", "")


def test_a_tombstone_has_no_data() -> None:
    assert open_envelope(headers(), None).data is None


@pytest.mark.parametrize("missing", ["ce_id", "ce_source", "ce_type", "ce_specversion"])
def test_an_incomplete_envelope_is_refused_by_name(missing: str) -> None:
    with pytest.raises(Permanent) as refusal:
        open_envelope([each for each in headers() if each[0] != missing], b"{}")
    assert refusal.value.reason is ReasonCode.MALFORMED_ENVELOPE
    assert missing[3:] in refusal.value.detail


def test_another_version_of_the_specification_is_refused() -> None:
    odd = [(name, b"0.3" if name == "ce_specversion" else raw) for name, raw in headers()]
    with pytest.raises(Permanent, match="specversion"):
        open_envelope(odd, b"{}")


@pytest.mark.parametrize("value", [b"", b"[]", b"{", b'{"specversion":"1.0"}', b'{"id":{},"specversion":"1.0"}'])
def test_a_structured_event_that_is_none_is_refused(value: bytes) -> None:
    with pytest.raises(Permanent) as refusal:
        open_envelope(STRUCTURED, value)
    assert refusal.value.reason is ReasonCode.MALFORMED_ENVELOPE


def test_the_trace_is_found_under_either_name() -> None:
    assert traceparent_of([("traceparent", b"00-1")]) == "00-1"
    assert traceparent_of(headers()) == "00-ab-cd-01"
    assert traceparent_of([]) is None


@given(
    st.lists(st.tuples(st.text(max_size=20), st.none() | st.binary(max_size=40)), max_size=6), st.binary(max_size=80)
)
def test_nothing_but_the_declared_error_comes_of_any_headers(given_headers: list[Any], value: bytes) -> None:
    try:
        open_envelope(given_headers, value)
    except Permanent as refusal:
        assert refusal.reason in (ReasonCode.MALFORMED_ENVELOPE, ReasonCode.NESTED_TOO_DEEP)


def test_data_nested_deeper_than_can_be_written_is_refused_by_name() -> None:
    data = b"[" * 300 + b"]" * 300
    event = b'{"specversion":"1.0","id":"1","source":"/x","type":"t","data":' + data + b"}"
    with pytest.raises(Permanent) as refusal:
        open_envelope(STRUCTURED, event)
    assert refusal.value.reason is ReasonCode.NESTED_TOO_DEEP


NAMES = [name for name, _ in headers()] + ["CE_ID", "ce_Type", "Content-Type", "ce_later", "traceparent", "ce_\u212aey"]
VALUES = [None, b"", b"1.0", b"1", b"0.3", b"application/json", b"application/cloudevents+json", b"\xff", "岔".encode()]


def outcome(opened: Callable[[], Any]) -> Any:
    try:
        return opened()
    except Permanent as refusal:
        return refusal.reason, refusal.detail


@given(
    st.permutations(headers()).flatmap(lambda sound: st.integers(0, 8).map(lambda kept: sound[:kept])),
    st.lists(st.tuples(st.integers(0, 8), st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=3),
)
def test_data_alone_is_given_and_refused_as_the_whole_envelope_is(
    given_headers: list[tuple[str, bytes | None]], more: Sequence[tuple[int, str, bytes | None]]
) -> None:
    told = list(given_headers)
    for at, name, raw in more:
        told.insert(at, (name, raw))
    for value in (b"{}", None):
        assert outcome(lambda: data_of(told, value)) == outcome(lambda: open_envelope(told, value).data)  # noqa: B023


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2099, 12, 31)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_the_time_of_an_event_is_written_as_iso_8601_has_it(moment: datetime, zone: timezone) -> None:
    told = moment.replace(tzinfo=zone)
    assert dict(binary_headers(id_="1", source="s", type_="t", time=told))["ce_time"] == told.isoformat().encode()
