"""Bytes to a native form: what is mended, what is refused, and that neither takes long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.native.payload import MAX_DEPTH, Native, parse
from contracts.codes import ReasonCode
from contracts.errors import Permanent


class Form(Native):
    name: str | None = None


def refused(payload):
    with pytest.raises(Permanent) as caught:
        parse(Form, payload)
    return caught.value


def test_a_sound_payload_is_not_mended():
    assert parse(Form, '{"name": "打桩"}'.encode()) == (Form(name="打桩"), False)


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (b'{"name": "a\x00b"}', "ab"),
        (b'{"name": "a\nb"}', "a b"),
        (b'{"name": "a"}\x00\x00', "a"),
        (rb'{"name": "a\ud83d"}', "a\ufffd"),
        (rb'{"name": "a\ud83dz"}', "a\ufffdz"),
        (rb'{"name": "\ude00\ud83d\ude00"}', "\ufffd\U0001f600"),
        (rb'{"name": "\\ud83d\ud83d"}', "\\ud83d\ufffd"),
    ],
)
def test_what_a_person_would_read_through_is_mended_and_said_so(payload, name):
    assert parse(Form, payload) == (Form(name=name), True)


def test_a_byte_order_mark_is_no_damage():
    assert parse(Form, b'\xef\xbb\xbf{"name": "a"}') == (Form(name="a"), False)


def test_numbers_where_text_is_due_are_text():
    assert parse(Form, b'{"name": 20260512}')[0].name == "20260512"


def test_nesting_up_to_the_limit_passes_and_one_more_level_does_not():
    within = b'{"x": ' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    beyond = b'{"x": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"
    assert parse(Form, within)[0] == Form()
    assert refused(beyond).reason is ReasonCode.NESTED_TOO_DEEP


def test_brackets_in_text_and_many_brackets_side_by_side_are_no_depth():
    assert parse(Form, b'{"name": "' + b"[" * 500 + b'\\"{{{"}')[0].name == "[" * 500 + '"{{{'
    assert parse(Form, b'{"x": [' + b"[]," * 500 + b"[]]}")[0] == Form()


@pytest.mark.parametrize("payload", [b"[" * 300_000, b'{"a":' * 100_000, b'["' + b'\\"[' * 200_000, b'"[' * 200_000])
def test_a_hostile_payload_is_refused_in_linear_time(payload):
    began = time.perf_counter()
    assert refused(payload).reason in (ReasonCode.NESTED_TOO_DEEP, ReasonCode.UNPARSABLE)
    assert time.perf_counter() - began < 2.0


def test_an_id_of_five_thousand_digits_is_refused_and_not_choked_on():
    assert refused(b'{"name": ' + b"9" * 5000 + b"}").reason is ReasonCode.UNPARSABLE


@given(st.binary(max_size=200))
def test_any_bytes_give_a_form_or_a_permanent_error(payload):
    try:
        form, _ = parse(Form, payload)
    except Permanent as error:
        assert len(error.detail) <= 250
    else:
        assert isinstance(form, Form)
