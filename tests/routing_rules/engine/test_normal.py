"""The normal form, its way back, and the edge rule."""

import re
import unicodedata

import opencc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing_rules.engine.normal import Words, normal, normal_with_offsets, occurrences, occurs

_simplify = opencc.OpenCC("t2s").convert
_HAN = re.compile(
    "[\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
)
_MIXED = st.text(
    st.one_of(
        st.sampled_from(
            "施工打桩Ａ（），。…㎡①２乾發Éﬁß İΣς \t\n\u3000\u00a0\u200b\ufeff\u00ad\u0301\u0323\u3099ｶﾞ각ᄀ\u1161\u11a8¨️"
        ),
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("abcXYZ019.,-_ "),
    ),
    max_size=40,
)


def in_steps(text: str) -> str:
    """G12 to the letter, one step after another."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    text = re.sub(r"\s+", " ", text)
    kept = []
    for index, char in enumerate(text):
        if char == " ":
            near = text[index - 1 : index] + text[index + 1 : index + 2]
            if len(near) < 2 or not all(c.isalnum() and not _HAN.match(c) for c in near):
                continue
        kept.append(char)
    return "".join(_simplify(c) if _HAN.match(c) else c for c in kept)


@settings(max_examples=1500, deadline=None)
@given(_MIXED)
@example("a ¨b")
@example("é ̣x")
@example("ᄀ ᅡ")
@example("薴薴苧")
@example("¨x¨")
@example("".join(map(chr, range(0x1E00, 0x1F00))) + "…\u3000a")
def test_the_fast_form_is_what_the_steps_of_the_language_give(text: str) -> None:
    assert normal(text) == in_steps(text)


@settings(max_examples=1500, deadline=None)
@given(_MIXED)
@example("".join(map(chr, range(0x1E00, 0x1F00))) + "…\u3000a\u2003b 施\u200b。")
def test_every_piece_of_the_original_that_is_underlined_normalises_to_what_was_found_in_it(text: str) -> None:
    found = normal_with_offsets(text)
    assert found.text == normal(text)
    assert len(found.offsets) == len(found.text)
    assert list(found.offsets) == sorted(found.offsets)
    for index, char in enumerate(found.text):
        start, end = found.span(index, index + 1)
        assert start == found.offsets[index]
        assert 0 <= start < end <= len(text)
        if char != " ":
            assert char in in_steps(text[start:end])


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from("施工Ａb… \u200b（"), min_size=1, max_size=20), st.data())
def test_the_original_between_two_offsets_holds_the_whole_word(text: str, data: st.DataObject) -> None:
    found = normal_with_offsets(text)
    if not found.text:
        return
    start = data.draw(st.integers(0, len(found.text) - 1))
    end = data.draw(st.integers(start + 1, len(found.text)))
    begin, finish = found.span(start, end)
    assert found.text[start:end].strip() in normal(text[begin:finish])


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("去ＫＴＶ唱歌", "去ktv唱歌"),
        ("打、桩", "打、桩"),
        ("打 桩\u200b机", "打桩机"),
        ("乾淨", "干净"),
        ("Heat  Hot\tWater", "heat hot water"),
        ("12 栋 3 单元", "12栋3单元"),
        ("夜\u3000间", "夜间"),
        ("㎡…", "m2..."),
        ("", ""),
        ("\x00夜", "\x00夜"),
        ("\ud800夜", "\ufffd夜"),
    ],
)
def test_spellings_of_one_word_meet(text: str, form: str) -> None:
    assert normal(text) == form


def test_the_form_is_stable_for_what_people_write() -> None:
    for text in ("發生噪音 ＫＴＶ　１２点", "Noise – Residential", "①②③ 電梯困人！！"):
        assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("110", "拨打13110号", False),
        ("110", "拨打110报警", True),
        ("110", "1101101 110", True),
        ("ktv", "去ktv唱歌", True),
        ("ktv", "ktvs", False),
        ("打桩", "不打桩打桩", True),
        ("", "x", False),
        ("a", "", False),
        ("é", "café", True),
    ],
)
def test_a_keyword_of_letters_or_digits_stands_alone(word: str, text: str, *, found: bool) -> None:
    assert occurs(word, text) is found
    assert (word in Words([word]).present(text)) is found


def test_overlapping_words_are_all_found_by_their_ends_the_longest_first() -> None:
    words = Words(["夜间施工", "施工", "间施", "施工"])
    assert words.words == ("夜间施工", "施工", "间施")
    assert words.find("夜间施工", words.words) == [("间施", 1, 3), ("夜间施工", 0, 4), ("施工", 2, 4)]
    assert list(words.occurring("夜间施工")) == ["间施", "夜间施工", "施工"]
    assert words.find("夜间施工", ["施工"]) == [("施工", 2, 4)]
    assert Words([]).find("夜间", ()) == []
    assert Words([]).occurring("夜间") == {}


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ab1夜间"), min_size=1, max_size=3), max_size=6),
    st.text(st.sampled_from("ab1夜间 ,"), max_size=20),
)
def test_the_automaton_and_the_plain_search_agree(words: list[str], text: str) -> None:
    assert Words(words).present(text) == {word for word in words if occurs(word, text)}


_SHORT = [first + second for first in "ab1夜间" for second in ("", *"ab1夜间")]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(_SHORT), unique=True), st.text(st.sampled_from("ab1夜间 ,"), max_size=20))
def test_a_few_words_and_many_are_located_alike(wanted: list[str], text: str) -> None:
    hits = Words(_SHORT).find(text, wanted)
    ends = [(end, start) for _, start, end in hits]
    assert ends == sorted(ends)
    slow = [(word, *where) for word in wanted for where in occurrences(word, text)]
    assert sorted(hits) == sorted(slow)


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from("ab1夜间 ,"), max_size=20))
def test_words_occur_in_the_order_of_their_first_ends_and_begin_where_they_are_found_first(text: str) -> None:
    words = Words(_SHORT)
    occurring = words.occurring(text)
    assert list(occurring) == list(dict.fromkeys(hit.word for hit in words.find(text, words.words)))
    assert all(words.first(word, text) == next(occurrences(word, text))[0] for word in occurring)
