"""What may show of what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidentbus.telemetry.masking import MASK, PERSONAL, mask, mask_text, outline

SECRET = "甲乙丙丁"  # stands for anything that a reporter said


def nested(leaf: st.SearchStrategy) -> st.SearchStrategy:
    return st.recursive(leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))


@given(st.sampled_from(sorted(PERSONAL)), nested(st.just(SECRET)), st.booleans())
def test_whatever_stands_under_a_personal_key_does_not_show(key: str, value: object, capitals: bool) -> None:
    written = {"outer": [{key.upper() if capitals else key: value}], "stage": "intake"}
    assert SECRET not in repr(mask(written)[("outer")])
    assert mask(written)["stage"] == "intake"


@pytest.mark.parametrize(
    "number",
    ["13900000000", "+8613900000000", "86 13900000000", "0517-12345678", "320813199001010011", "11010119900101001X"],
)
def test_a_number_that_looks_like_a_person_s_is_struck_out_of_any_sentence(number: str) -> None:
    assert mask_text(f"来电 {number}。") == f"来电 {MASK}。"


@pytest.mark.parametrize(
    "text", ["offset 1763980000000", "inc-13900000000aaaaaaaaaaaa", "320813", "2026-11-24T08:00:00Z"]
)
def test_an_offset_a_time_an_id_and_a_place_stay(text: str) -> None:
    assert mask_text(text) == text


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
