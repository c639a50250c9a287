"""The cheap part of `make accuracy`: our own places, the labelled messages, the city's requests."""

import pytest

from contracts.report import Report
from routing_rules.engine.compiler import Compiled
from routing_rules.engine.schema import Route
from tests.accuracy import measuring
from tests.accuracy.measuring import Share, asks_nothing, wilson
from tests.outside import needs_texts


@pytest.fixture(scope="module")
def hongze() -> Compiled:
    return measuring.ruleset("hongze")


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (174, 244, 0.6534, 0.7662)],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=1e-4)


def test_an_empty_sample_says_nothing() -> None:
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(0, 0).share == 0.0


def test_150_messages_written_by_hand_name_every_town_and_both_lakes(hongze: Compiled) -> None:
    put = measuring.placed(hongze)
    assert len(put) == 150
    towns = {code for code, place in hongze.ruleset.jurisdictions.items() if place.parent == hongze.ruleset.root}
    assert towns <= {each.expected[0] for each in put}
    assert {"hongze-lake", "baima-lake", "hongze-dike"} <= {area for each in put for area in each.expected[1]}
    assert len({each.text for each in put}) == len(put)


def test_of_places_named_nineteen_in_twenty_are_right(hongze: Compiled) -> None:
    put = measuring.placed(hongze)
    wrong = [(each.text, each.actual) for each in put if not each.right]
    assert len(wrong) <= len(put) * 0.05, wrong


def test_a_message_that_names_a_place_is_found_so_the_control_can_fail(hongze: Compiled) -> None:
    told = Report(channel=measuring.BOARD, external_id="1", title="路灯", text="东双沟镇街上的路灯坏了")
    silent = Report(channel=measuring.BOARD, external_id="2", title="路灯", text="A市A3区街上的路灯坏了")
    assert measuring.found_places(hongze, [told, silent]) == Share(1, 2)


def test_routes_that_ask_nothing_of_a_report_count_as_fallback(hongze: Compiled) -> None:
    routes: dict[str, Route] = {route.id: route for route in hongze.ruleset.routes}
    assert asks_nothing(routes["fallback"])
    assert asks_nothing(routes["consult-first-receiver"])  # takes what is unclassified
    assert not asks_nothing(routes["education"])
    assert not asks_nothing(routes["corruption-tip"])


@needs_texts
def test_first_level_categories_are_right_enough_and_seldom_wrong(hongze: Compiled) -> None:
    counted = measuring.categories(hongze)
    assert counted.total() == 244
    assert counted["right"] >= 0.72 * counted.total(), counted
    assert counted["wrong"] <= 0.18 * counted.total(), counted


@needs_texts
def test_no_request_of_the_city_goes_to_a_wrong_agency_and_few_are_left_to_the_desk() -> None:
    requests = measuring.requests(measuring.ruleset("nyc"))
    counted = measuring.leads(requests)
    assert counted["wrong"] == 0
    assert counted["right"] >= 0.98 * len(requests), counted
    odd = measuring.unseen(requests)
    assert odd["wrong"] == 0
    assert 0 < odd["fallback"] < 0.05 * odd.total(), odd  # types that the even rows don't show


@needs_texts
def test_no_place_of_the_county_is_found_in_another_provinces_labelled_messages(hongze: Compiled) -> None:
    assert measuring.found_places(hongze, measuring.board("labelled")).hits == 0
