"""A month of simulated traffic: at most one false surge, and thirty reports in forty minutes always told in time."""

import pytest

from streams.processors import surge
from tests.bench.bench_surge import VOLUME, County, false_surges, injections, year

DAYS = 30


def test_an_ordinary_month_has_at_most_one_false_surge_and_thirty_reports_are_told_before_the_thirtieth() -> None:
    traffic = list(year(DAYS, seed=7))
    assert 0.8 * VOLUME * DAYS < len(traffic) < 1.25 * VOLUME * DAYS
    county = County()
    for seen in traffic:
        county.take(seen)
    assert sum(false_surges(county).values()) <= 1
    found = injections(county, traffic, 30, 40, 150, seed=7)
    assert all(each.from_last is not None and each.from_last <= 0 for each in found)
    twenty = injections(county, traffic, 20, 40, 150, seed=7)
    assert sum(each.from_last is not None for each in twenty) >= 0.97 * len(twenty)


def test_the_simulation_would_show_a_threshold_that_is_too_low(monkeypatch: pytest.MonkeyPatch) -> None:
    surge._threshold.cache_clear()
    for name, low in (("CHANCE", 0.05), ("FLOOR", 2), ("UNKNOWN_FLOOR", 2)):
        monkeypatch.setattr(surge, name, low)
    county = County()
    for seen in year(10, seed=7):
        county.take(seen)
    surge._threshold.cache_clear()
    assert sum(false_surges(county).values()) > 50
