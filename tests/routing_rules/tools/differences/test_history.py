"""Past reports by two rulesets: who moves, grouped by rule and from -> to, and the picture of it."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from contracts.report import Report
from routing_rules.engine.compiler import Compiled
from routing_rules.tools.differences.history import Counted, Group, Moves, both
from routing_rules.tools.differences.sankey import MOST_A_SIDE, flows, page
from routing_rules.tools.differences.telling import Titles, history_lines
from streams.processors.dispatch.shadowing import differences

Files = dict[str, bytes]
AT = datetime(2026, 5, 12, 2, tzinfo=UTC)
TEXTS = ("喇叭叫卖太吵", "广场舞太吵", "喇叭叫卖一整天", "一件说不清的事")


@pytest.fixture
def sides(county: Files, put: Callable[..., Files], build: Callable[[Files], Compiled]) -> tuple[Compiled, Compiled]:
    """The example, and the example where the police lead on hawking."""
    return build(county), build(put("routes/20-topics.yaml", "assign: {lead: urban}", "assign: {lead: police-bureau}"))


def decided(sides: tuple[Compiled, Compiled]) -> Moves:
    moves = Moves()
    for number, text in enumerate(TEXTS):
        report = Report(channel="hotline-12345", external_id=f"r{number}", title=text, text=text)
        one, other = both(report, AT, *sides)
        moves.take(one, other, differences(one, other), report.external_id)
    return moves


def test_a_rule_that_names_another_lead_moves_its_cases_and_no_others(sides: tuple[Compiled, Compiled]) -> None:
    moves = decided(sides)
    assert (moves.decided, moves.differing, moves.moving) == (4, 2, 2)
    ((group, counted),) = moves.largest()
    assert group == Group("hawking", "urban", "police-bureau")
    assert (counted.n, counted.by, counted.examples) == (2, {"hawking": 2}, ["r0", "r2"])
    assert counted.differs["lead"] == 2


def test_two_like_rulesets_move_nothing(county: Files, build: Callable[[Files], Compiled]) -> None:
    moves = decided((build(county), build(county)))
    assert (moves.decided, moves.differing, moves.groups) == (4, 0, {})


def test_parts_counted_apart_come_to_the_whole(sides: tuple[Compiled, Compiled]) -> None:
    whole, again = decided(sides), decided(sides)
    whole.add(again)
    assert (whole.decided, whole.differing) == (8, 4)
    assert whole.largest()[0][1].examples == ["r0", "r2", "r0"]


def test_people_read_titles_and_not_codes(sides: tuple[Compiled, Compiled]) -> None:
    told = list(history_lines(decided(sides), 1, Titles(*sides), "zh"))
    urban, police = (sides[0].ruleset.agencies[code].title for code in ("urban", "police-bureau"))
    assert told[0] == "历史：4 件，2 件判得不一样，其中 2 件换主办，1 行读不了"
    assert told[1].startswith(f"  2 件　{urban} → {police}　《喇叭叫卖》")


def test_the_picture_is_one_page_that_asks_for_nothing_else(sides: tuple[Compiled, Compiled]) -> None:
    html = page(decided(sides), Titles(*sides), "zh")
    assert not re.search(r"<script|<link|@import|\burl\(|src=|href=", html)
    svg = ET.fromstring(  # noqa: S314 - our own page
        html[html.index("<svg") : html.index("</svg>") + len("</svg>")]
    )
    named = {"s": "http://www.w3.org/2000/svg"}
    assert len(svg.findall("s:path", named)) == 1
    labels = [text.text for text in svg.findall("s:text", named)]
    urban, police = (sides[0].ruleset.agencies[code].title for code in ("urban", "police-bureau"))
    assert labels == ["原来主办", "现在主办", f"{urban} 2", f"{police} 2"]


def test_many_agencies_are_drawn_as_few_and_no_case_is_lost(sides: tuple[Compiled, Compiled]) -> None:
    moves = Moves()
    for n in range(40):
        moves.groups[Group("r", f"a{n:02}", f"b{n:02}")] = Counted(n=n + 1)
    html = page(moves, Titles(*sides), "en")
    labels = re.findall(r'text-anchor="end">([^<]+) (\d+)<', html)
    assert len(labels) == MOST_A_SIDE
    assert labels[0][0] == "others"
    assert sum(int(n) for _, n in labels) == sum(flows(moves).values()) == 820


def test_a_title_with_signs_of_markup_stays_a_title(sides: tuple[Compiled, Compiled]) -> None:
    moves = Moves(groups={Group("r", "<b>&", "x"): Counted(n=1)})
    html = page(moves, Titles(*sides), "zh")
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;" in html


def test_a_case_that_keeps_its_lead_is_no_part_of_the_picture(sides: tuple[Compiled, Compiled]) -> None:
    moves = Moves(groups={Group("r", "x", "x"): Counted(n=3)})
    assert "没有来件换主办" in page(moves, Titles(*sides), "zh")
