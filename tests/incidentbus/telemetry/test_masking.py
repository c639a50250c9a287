"""What may show of what."""

import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.registry import codecs, native_names
from contracts.errors import Permanent
from contracts.report import Report
from incidentbus.telemetry.masking import PERSONAL, mask, mask_text, outline

SECRET = "甲乙丙丁"  # stands for anything that a reporter said


def nested(leaf: st.SearchStrategy) -> st.SearchStrategy:
    return st.recursive(leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))


@given(st.sampled_from(sorted(PERSONAL)), nested(st.just(SECRET)), st.booleans())
def test_whatever_stands_under_a_personal_key_does_not_show(key: str, value: object, capitals: bool) -> None:
    written = {"outer": [{key.upper() if capitals else key: value}], "stage": "intake"}
    assert SECRET not in repr(mask(written)[("outer")])
    assert mask(written)["stage"] == "intake"


NUMBERS = (
    "13900000000", "+8613900000000", "86 13900000000", "139-0000-0000", "１３９００００００００", "0517-12345678",
    "(0517)1234 5678", "84123456", "320813199001010011", "11010119900101001X", "苏H·A1234", "苏 H A1234", "苏ad12345",
    "example@example.org", "abc0123456789@example.org",
)  # fmt: skip
"""What an agency's copy of a report hides too, in the shapes that people write it in."""


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_that_looks_like_a_person_s_is_struck_out_of_any_sentence(number: str) -> None:
    assert mask_text(f"来电 {number}。") == f"来电 {'*' * len(number)}。"
    assert mask({"why": [f"说：{number}"]}) == {"why": [f"说：{'*' * len(number)}"]}


@given(st.sampled_from(NUMBERS), st.integers(0, 60), st.integers(1, 60), st.text("甲乙，。 ", max_size=400))
def test_no_cut_falls_within_a_number_and_shows_half_of_it(number: str, before: int, limit: int, after: str) -> None:
    text = "长" * before + "，" + number + "。" + after
    shown, *_ = mask_text(text, limit).split("… (")
    assert shown == ("长" * before + "，" + "*" * len(number) + "。" + after)[:limit]


@pytest.mark.parametrize(
    "text",
    [
        "offset 1763980000000", "inc-1390000000012345678901234567", "320813", "2026-11-24T08:00:00.123456Z",
        "channel.petition.reports.v1.dlq/11/1234567890", "ruleset hongze 2026.11 (digest 0123456789ab)", "f" * 64,
        "digest=1234567890123456789012345678901234567890123456789012345678901234", "port=9092, bytes: 12345678",
        "127.0.0.1:9092",
    ],
)  # fmt: skip
def test_an_offset_a_time_an_id_a_digest_and_a_place_stay(text: str) -> None:
    assert mask_text(text) == text


SAID = "这是来件人说的"  # a text without a number: only its key can tell that it is personal


def told(channel: str, fields: dict[str, str]) -> Report | None:
    """Return what the channel's codec makes of fields, or None where it makes nothing of them."""
    try:
        return codecs()[channel].decode(orjson.dumps(fields), {})
    except Permanent:
        return None


def personal(channel: str, fields: dict[str, str]) -> set[str]:
    """Return which of the fields the codec takes into the reporter, the text or the address."""
    found = set()
    for name in fields:
        report = told(channel, fields | {name: SAID})
        if report is not None:
            who = report.reporter.model_dump().values() if report.reporter else ()
            found |= {name} if SAID in (*who, report.text, report.address) else set()
    return found


@pytest.mark.parametrize("channel", sorted(codecs()))
def test_every_native_field_that_tells_of_a_person_or_in_a_person_s_words_is_a_personal_key(channel: str) -> None:
    form = codecs()[channel].form.model_fields  # type: ignore[attr-defined]
    fields = {field.alias or name: "1" for name, field in form.items() if field.annotation == (str | None)}
    found = personal(channel, fields)
    assert found
    found |= personal(channel, fields | dict.fromkeys(found, ""))  # what stands in where the first is blank
    assert {name.lower() for name in found} <= PERSONAL


def test_bytes_become_their_length_and_a_long_text_is_cut() -> None:
    assert mask({"key": b"12345"}) == {"key": "<5 bytes>"}
    assert len(mask_text("长" * 5000)) < 400


@given(nested(st.text(min_size=1) | st.integers() | st.floats() | st.none() | st.booleans()))
def test_an_outline_holds_no_text_and_no_number_of_the_payload(payload: object) -> None:
    def leaves(value: object) -> list[object]:
        if isinstance(value, dict):
            return [leaf for item in value.values() for leaf in leaves(item)]
        return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]

    for leaf in leaves(outline(payload)):
        assert leaf is None or isinstance(leaf, bool) or (isinstance(leaf, str) and leaf.startswith("<"))


def names(shape: object) -> list[str]:
    inner = list(shape.values()) if isinstance(shape, dict) else shape if isinstance(shape, list) else []
    return [*(shape if isinstance(shape, dict) else ()), *(name for item in inner for name in names(item))]


@given(nested(st.integers()))
def test_an_outline_shows_a_field_s_name_only_if_a_form_knows_it_or_it_is_an_identifier(payload: object) -> None:
    for name in names(outline({"外": payload}, {"内容"})):
        assert name == "内容" or re.fullmatch(r"[A-Za-z][A-Za-z_-]*\d{0,3}|<\d+ characters>( #\d+)?", name)


def test_names_that_a_misplaced_table_brings_are_told_apart_by_length_alone() -> None:
    payload = {"张某某": 1, "李某某": 2, "13900000000": 3, "example@example.org": 4, "内容": "短", "eventId": None}
    assert outline(payload, native_names()) == {
        "<3 characters>": "<int>", "<3 characters> #2": "<int>", "<11 characters>": "<int>",
        "<19 characters>": "<int>", "内容": "<1 characters>", "eventId": None,
    }  # fmt: skip
