"""Roles made agencies, and who is above whom."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from contracts.codes import Resolved
from routing_rules.engine.catalogue import Catalogue, Found
from routing_rules.engine.schema import AgencyRef, Area, Effective, FirstReceiver

ON = date(2026, 5, 12)


@pytest.fixture(scope="module")
def catalogue(make: SimpleNamespace) -> Catalogue:
    return Catalogue(make.county())


def test_places_nest_by_parent_and_an_unknown_one_lies_in_the_root(catalogue: Catalogue) -> None:
    assert catalogue.place_chain("d-a-1") == ("d-a-1", "d-a", "d", "c")
    assert catalogue.place_chain("out-1") == ("out-1", "out")
    assert catalogue.place_chain("nowhere") == ("nowhere", "d", "c")


def test_categories_nest_by_path_segment_and_not_by_letters(catalogue: Catalogue) -> None:
    assert catalogue.category_chain("noise/construction") == ("noise/construction", "noise")
    assert "noise" not in catalogue.category_chain("noisex")


@pytest.mark.parametrize(
    ("asked", "place", "areas", "found"),
    [
        (("urban", "town"), "d-a", (), ("urban-a", Resolved.AS_ASKED)),
        (("urban", "town"), "d-a-1", (), ("urban-a", Resolved.AS_ASKED)),  # a village of the town
        (("urban", "town"), "d-b", (), ("urban", Resolved.CLIMBED)),
        (("urban", "town"), "d", (), ("urban", Resolved.CLIMBED)),  # only the district is known
        (("urban", "district"), "d-a", (), ("urban", Resolved.AS_ASKED)),
        (("urban", None), "d-a", (), ("urban-a", Resolved.AS_ASKED)),  # from the lowest
        (("police", "town"), "d", ("lake",), ("police-lake", Resolved.AS_ASKED)),
        (("police", "town"), "d-a", ("lake", "pond"), ("police-pond", Resolved.AS_ASKED)),  # the smaller area
        (("police", "town"), "d-a", (), ("police", Resolved.CLIMBED)),
        (("supervision", None), "out-1", (), ("city-platform", Resolved.AS_ASKED)),
    ],
)
def test_a_role_climbs_from_its_tier_to_the_first_agency(
    catalogue: Catalogue,
    make: SimpleNamespace,
    asked: tuple[str, str | None],
    place: str,
    areas: tuple[str, ...],
    found: tuple[str, Resolved],
) -> None:
    assert catalogue.find(make.role(*asked), "hotline", place, areas, ON) == Found(*found)


def test_a_role_that_may_not_climb_finds_its_own_tier_or_nobody(catalogue: Catalogue, make: SimpleNamespace) -> None:
    assert catalogue.find(make.role("urban", "town", climb=False), "hotline", "d-b", (), ON) is None
    assert catalogue.find(make.role("urban", "town", climb=False), "hotline", "d-a", (), ON) is not None


def test_nobody_serves_a_place_outside(catalogue: Catalogue, make: SimpleNamespace) -> None:
    assert catalogue.find(make.role("urban", "town"), "hotline", "out-1", (), ON) is None


def test_the_first_receiver_is_the_channels_agency(catalogue: Catalogue) -> None:
    found = catalogue.find(FirstReceiver(), "police", "d-a", (), ON)
    assert found == Found("police", Resolved.FIRST_RECEIVER)
    assert catalogue.find(FirstReceiver(), "no-such-channel", "d-a", (), ON) is None


def test_an_agency_serves_only_while_it_is_in_force_the_last_day_included(make: SimpleNamespace) -> None:
    agencies = make.county().agencies
    until = replace(agencies["urban-a"], effective=Effective(until=ON))
    after = replace(agencies["urban-a"], code="urban-new", effective=Effective(start=date(2026, 5, 13)))
    catalogue = Catalogue(make.county(agencies=agencies | {"urban-a": until, "urban-new": after}))
    answers = [
        catalogue.find(make.role("urban", "town"), "hotline", "d-a", (), day)
        for day in (ON, date(2026, 5, 13), ON, date(2026, 5, 14))
    ]
    assert [answer and answer.agency for answer in answers] == ["urban-a", "urban-new", "urban-a", "urban-new"]
    assert catalogue.find(AgencyRef("urban-a"), "hotline", "d-a", (), date(2026, 5, 13)) is None


def test_beneath_takes_in_the_whole_branch(catalogue: Catalogue) -> None:
    assert catalogue.beneath(frozenset({"urban"})) == {"urban", "urban-a"}
    assert {"police", "police-lake"} < catalogue.beneath(frozenset({"inspection"}))
    assert catalogue.supervisors("urban-a") == ("urban-a", "urban", "centre", "city-platform")


def test_a_hole_in_an_area_makes_it_smaller(make: SimpleNamespace) -> None:
    outer = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0), (0.0, 0.0))
    hole = ((0.1, 0.1), (1.9, 0.1), (1.9, 1.9), (0.1, 1.9), (0.1, 0.1))
    inner = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))
    areas = {"lake": Area("lake", "", ((outer, hole),)), "pond": Area("pond", "", ((inner,),))}
    catalogue = Catalogue(make.county(areas=areas))
    found = catalogue.find(make.role("police", "town"), "hotline", "d", ("lake", "pond"), ON)
    assert found is not None
    assert found.agency == "police-lake"
