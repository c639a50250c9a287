"""What each agency sees (G35)."""

import re
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.assignment import Assignment
from contracts.ids import assignment_id
from contracts.report import Point, Reporter
from contracts.serde import read, write
from routing_rules.engine.masking import _PATTERNS, _WIDE, masked
from routing_rules.engine.schema import Block
from routing_rules.engine.views import assignments, written

NOISE = Block(category=frozenset({"noise"}))
PHONE = "13800001234"
TEXT = f"My name is Wei Example, call {PHONE}. The site is noisy."


def given_out(make: SimpleNamespace, secrecy: bool = False, **route: Any) -> dict[str, Assignment]:
    """Return what lead, co-handler and informed get, by role."""
    asks = {"co_handlers": make.refs("ecology"), "inform": make.refs("gov-a")}
    bench = make.bench(make.route("r", "urban", NOISE, basis="a law", **asks, **route))
    fields: dict[str, Any] = {
        "category": "noise", "jurisdiction": "d-a-1", "title": f"Noise, {PHONE}", "text": TEXT, "address": "road 1",
        "point": Point(longitude=118.6, latitude=33.2), "attributes": {"caller": PHONE},
        "reporter": Reporter(name="Wei Example", phone=PHONE, secrecy=secrecy), "exercise": True,
    }  # fmt: skip
    decision = bench.decide(**fields)
    made = assignments(decision, "dec-1", make.incident(**fields), bench.compiled)
    assert [a.id for a in made] == [assignment_id("inc-1", a.agency, 1, a.role.value) for a in made]
    wire = [(a.id, a.role, a.agency, orjson.loads(write(a))) for a in made]
    given = written(decision, "dec-1", make.incident(**fields), bench.compiled)
    assert [(each.id, each.role, each.agency, orjson.loads(each.value)) for each in given] == wire
    return {assignment.role.value: assignment for assignment in made}


def test_only_the_lead_learns_who_tells_and_where_exactly(make: SimpleNamespace) -> None:
    seen = given_out(make)
    lead = seen["lead"]
    assert lead.reporter is not None
    assert (lead.reporter.name, lead.text, lead.address, lead.jurisdiction) == ("Wei Example", TEXT, "road 1", "d-a-1")
    for role in ("co_handler", "informed"):
        other = seen[role]
        assert (other.reporter, other.address, other.point, other.attributes) == (None, None, None, {})
        assert other.jurisdiction == "d-a"  # no finer than the town


def test_co_handlers_read_a_masked_text_and_the_informed_none(make: SimpleNamespace) -> None:
    seen = given_out(make)
    told = seen["co_handler"]
    assert told.text == TEXT.replace(PHONE, "*" * 11).replace("Wei Example", "*" * 11)
    assert told.title == "Noise, ***********"
    informed = seen["informed"]
    assert (informed.text, informed.title) == (None, "Noise, ***********")
    assert [due.milestone for due in informed.due] == [due.milestone for due in told.due] != []


def test_a_confidential_matter_shows_others_neither_text_nor_title(make: SimpleNamespace) -> None:
    seen = given_out(make, confidential=True)
    assert seen["lead"].text == TEXT
    for role in ("co_handler", "informed"):
        assert (seen[role].text, seen[role].title) == (None, "title of noise")


def test_who_asked_for_secrecy_is_read_by_the_lead_alone(make: SimpleNamespace) -> None:
    seen = given_out(make, secrecy=True)
    assert seen["lead"].reporter is not None
    assert seen["co_handler"].text is None
    assert seen["co_handler"].title == "Noise, ***********"


def test_each_assignment_names_its_ground_and_the_drill(make: SimpleNamespace) -> None:
    lead = given_out(make)["lead"]
    assert (lead.ground.rule, lead.ground.title, lead.ground.basis) == ("r", "title of r", "a law")
    assert lead.exercise
    assert read(Assignment, write(lead)) == lead


def test_without_a_town_tier_the_place_stays_whole(make: SimpleNamespace) -> None:
    bench = make.bench(tiers=("district", "city"), overlays=(make.overlay("o", inform=make.refs("urban")),))
    decision = bench.decide(jurisdiction="d-a-1")
    informed = assignments(decision, "dec-1", make.incident(jurisdiction="d-a-1"), bench.compiled)[1]
    assert informed.jurisdiction == "d-a-1"


NUMBERS = [
    "13812345678", "138 1234 5678", "138-1234-5678", "+86 13812345678", "1381 234 5678", "１３８１２３４５６７８",
    "0517-87221234", "(0517)87221234", "（０５１７）８７２２１２３４", "0517 8722 1234", "87221234", "8722123",
    "320829199001011234", "32082919900101123X", "32082919900101123x", "320829 1990 0101 1234", "320829900101123",
    "苏H12345", "苏H·12345", "苏h1234挂", "苏HD12345", "苏 H A1234", "6222021234567890123", "212-555-0123",
    "(212) 555-0123", "someone@example.org", "一三八一二三四五六七八", "幺三八零零零零一二三四",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("frame", ["联系电话{}谢谢", "{}", "电话:{}，车", "我住3栋 {} 401室"])
def test_a_personal_number_is_masked_wherever_it_stands(number: str, frame: str) -> None:
    before, after = frame.split("{}")
    hidden = masked(frame.format(number))
    assert number not in hidden
    assert hidden.startswith(before)
    assert hidden.endswith(after)
    assert len(hidden) == len(frame.format(number))
    assert sum(char.isalnum() for char in hidden[len(before) : len(hidden) - len(after)]) <= len("+86")


PLAIN = [
    "2026年5月12日10时30分，3栋401室，开发区18号", "20260512 起施工", "涉及 120 户 3500 元", "拨打 12345 和 110 没人管",
    "GB12523-2011 标准", "执行 GB12523-2011", "一二三四五", "高良涧街道KTV太吵", "编号 A12", "5.5万元", "第3次反映了",
]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_dates_sums_and_house_numbers_stay(text: str) -> None:
    assert masked(text) == text


@given(st.text(alphabet="0123456789-() 苏H·abX电话:@.１２一二三", max_size=40))
def test_masking_keeps_the_length_and_hides_no_more_a_second_time(text: str) -> None:
    hidden = masked(text)
    assert len(hidden) == len(text)
    assert all(new in {old, "*"} for old, new in zip(text, hidden, strict=True))


@given(st.text(alphabet="0123456789 苏H电话", max_size=30), st.from_regex(r"1[3-9]\d{9}", fullmatch=True))
def test_a_mobile_number_between_words_never_gets_through(around: str, number: str) -> None:
    assert number not in masked(f"{around}：{number}，{around}")


MAIL = r"(?=([A-Za-z\d._%+-]+@[A-Za-z\d-]+(?:\.[A-Za-z\d-]+)+))"
"""One address may begin in the domain of another."""


def masked_without_a_look_before(text: str, known: Iterable[str | None]) -> str:
    """Mask as the rule says it: every literal occurrence, then each number, then each address, wherever it stands."""
    for value in known:
        if value is not None and len(value) > 1:
            text = text.replace(value, "*" * len(value))
    hidden = list(text)
    for pattern, group in (("|".join(_PATTERNS), 0), (MAIL, 1)):
        for found in re.finditer(pattern, text.translate(_WIDE)):
            hidden[found.start(group) : found.end(group)] = "*" * len(found[group])
    return "".join(hidden)


DIGITS = "0123456789１２９\u0663\u0969\U0001d7d8"
"""Of several scripts: all of them are digits to a pattern."""

PIECES = st.one_of(
    st.text(alphabet=DIGITS, min_size=1, max_size=8), st.text(alphabet="一二三零〇幺两玖", min_size=1, max_size=8),
    st.text(alphabet="abXHhＡ苏京学警挂沪电话栋，。:；", max_size=3), st.sampled_from([*NUMBERS, *PLAIN]),
    st.text(alphabet="@＠.·•-–_+%()（） \t\n\u3000\u00a0*", min_size=1, max_size=2), st.text(max_size=3),
)  # fmt: skip
WRITTEN = st.lists(PIECES, max_size=8).map("".join)


@st.composite
def texts_and_known(draw: st.DrawFn) -> tuple[str, list[str | None]]:
    """A text, and what is known of its reporter: pieces of it, other things, nothing."""
    text = draw(WRITTEN)
    cuts = st.tuples(st.integers(0, len(text)), st.integers(0, 12)).map(lambda cut: text[cut[0] : cut[0] + cut[1]])
    return text, draw(st.lists(st.one_of(st.none(), st.text(max_size=2), cuts, PIECES), max_size=4))


@given(texts_and_known())
@example(("苏HD1A2B3，" + "\U0001d7d8" * 7, []))
@example(("苏H1ABC23", []))
@example(("苏H12ABC3", []))
@example(("一三八一二三四", []))
@example(("a＠b.c", [None, "", "a"]))
@example(("打一三八一二三四，" * 3, ["一三", "*"]))
@example(("someone@example.orgsomeone@example.org", []))
def test_the_look_that_spares_a_text_the_patterns_spares_none_that_they_would_mask(
    drawn: tuple[str, list[str | None]],
) -> None:
    text, known = drawn
    assert masked(text, known) == masked_without_a_look_before(text, known)


@example("8722123a.b@c.example")
@given(st.text(alphabet="ab1.-@＠_苏 ", max_size=30))
def test_an_address_goes_whole_also_where_a_number_stands_in_it(text: str) -> None:
    assert masked(text) == masked_without_a_look_before(text, ())


@pytest.mark.parametrize(
    "piece", ["a", "1a", "a.", "a@", "@a", "-", "苏a", "苏 ", "1-", "(0", "+86", "一", "１", "a.b@"]
)
def test_a_million_characters_of_anything_are_masked_and_do_not_hang(piece: str) -> None:
    """Were a pattern quadratic, this would take a quarter of an hour, and a hostile report would stop its partition."""
    text = "123 x@y.z " + piece * (1_000_000 // len(piece)) + " 13800001234"
    hidden = masked(text)
    assert len(hidden) == len(text)
    assert hidden.startswith("123 *****")
    assert hidden.endswith("***********")


ADDRESSES = [f"{first}a{first}b@c-d.example" for first in "._%+-Z5"] + ["a_b@c.example", "x@y.z"]


@pytest.mark.parametrize("number", [*NUMBERS, *ADDRESSES])
@pytest.mark.parametrize("frame", ["{}", "请回{}。", "（{}）", "1 {} 2"])
def test_a_number_is_masked_alike_whichever_of_its_characters_are_wide(number: str, frame: str) -> None:
    wide = number.translate({narrow: full for full, narrow in _WIDE.items() if full != 0xA0})
    mixed = [number[:n] + wide[n] + number[n + 1 :] for n in range(len(number))]
    for form in (number, wide, *mixed):
        text = frame.format(form)
        assert masked(text) == masked_without_a_look_before(text, ())
        assert form not in masked(text)
