"""Whatever the bytes: a codec returns a report or raises `Permanent`, and nothing else."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import samples
from connectors.registry import codecs
from contracts.codes import ReasonCode
from contracts.errors import Permanent
from contracts.report import Report

CODECS = list(codecs().values())
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner))
attributes = st.dictionaries(st.sampled_from(["time", "id", "source"]), st.text(max_size=30), max_size=3)
times = st.sampled_from(
    ["2025-06-09 14:05:11", "2025-02-30 10:00", "9999-12-31 24:00:00", "0001-01-01T00:00:00+14:00", "20250609", "0"]
)
numbers = st.sampled_from(["118.87", "33.29", "0", "-1", "NaN", "1e400", "-Infinity", "40488112.5", "3685432.1", ""])


def forms(codec):
    """A sound form with any of its fields replaced by anything, the likely and the absurd."""
    names = [field.alias or name for name, field in codec.form.model_fields.items()]
    sound = json.loads(samples.reports(codec.channel)[0])
    changes = st.dictionaries(st.sampled_from(names), values | times | numbers, max_size=len(names))
    return changes.map(lambda change: {**sound, **change})


def accepts_or_refuses(codec, payload, given_attributes):
    try:
        report = codec.decode(payload, given_attributes)
    except Permanent as error:
        assert error.reason in ReasonCode
    else:
        assert report.channel == codec.channel
        assert Report.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.channel)
@given(payload=st.binary(max_size=300), given_attributes=attributes)
@QUICK
def test_arbitrary_bytes(codec, payload, given_attributes):
    accepts_or_refuses(codec, payload, given_attributes)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.channel)
@given(value=values, given_attributes=attributes)
@QUICK
def test_arbitrary_json(codec, value, given_attributes):
    accepts_or_refuses(codec, json.dumps(value).encode(), given_attributes)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.channel)
@given(data=st.data(), given_attributes=attributes)
@QUICK
def test_a_sound_form_with_any_fields_replaced(codec, data, given_attributes):
    form = data.draw(forms(codec))
    accepts_or_refuses(codec, json.dumps(form, ensure_ascii=False).encode("utf-8", "surrogatepass"), given_attributes)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.channel)
@given(data=st.data())
@QUICK
def test_a_sound_payload_with_bytes_changed_cut_or_repeated(codec, data):
    payload = bytearray(data.draw(st.sampled_from(samples.reports(codec.channel))))
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(payload) - 1))
        payload[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        if not payload:
            break
    accepts_or_refuses(codec, bytes(payload), {})


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.channel)
def test_decoding_is_a_function_of_its_arguments(codec):
    for payload in samples.reports(codec.channel):
        assert codec.decode(payload, {}) == codec.decode(payload, {})
