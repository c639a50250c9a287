"""What `make bench` and `make bench-compare` make of their rounds, and what they hand to the peers."""

import json
import random
from pathlib import Path

import orjson
import pytest

from tests.bench.bench_compare import figures, interval
from tests.bench.beside.figures import Round, Side, percentile, ratio
from tests.bench.beside.growth import Point, picture
from tests.bench.beside.latency import Latencies
from tests.bench.beside.load import Load
from tests.bench.beside.ours import Turn, measured


@pytest.fixture(scope="module")
def load() -> Load:
    return Load(rules=50, partitions=4, drawn=120)


def side(*rates: float) -> Side:
    return Side("one", [Round(rate, 0.5) for rate in rates])


def test_a_ratio_is_of_rounds_that_met_the_same_machine() -> None:
    told = ratio(side(100, 10, 50), side(50, 5, 100))
    assert (told.median, told.least, told.greatest) == (2, 0.5, 2)


def test_per_core_counts_what_was_used() -> None:
    assert Round(1000, 0.5).per_core == 2000
    assert ratio(side(10), Side("other", [Round(10, 1.0)]), per_core=True).median == 2


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(1000)]
    assert percentile(values, 0.5) == 500
    assert percentile(values, 0.999) == 999
    assert percentile([3.0], 0.99) == 3


def test_two_workers_are_measured_from_the_first_beginning_to_the_last_end() -> None:
    one = [Turn(0, 0, 5, 0, 0), Turn(1, 0, 5.1, 0, 0), Turn(11, 100, 9, 300, 1000)]
    two = [Turn(0, 0, 7, 0, 0), Turn(2, 0, 7, 0, 0), Turn(9, 60, 11, 180, 600)]
    assert measured([one, two]) == Round(16.0, 0.8, 3.0, 10.0)
    assert measured([one, two[:1]]).rate == 10


def test_who_falls_behind_did_not_keep_up() -> None:
    assert Latencies(100, 100, 1.0, [0.01] * 100).kept_up
    assert not Latencies(100, 100, 1.0, [0.01] * 99).kept_up
    assert not Latencies(100, 100, 2.0, [0.01] * 100).kept_up
    assert not Latencies(100, 100, 1.0, [0.01] * 90 + [3.0] * 10).kept_up


def test_noise_is_no_verdict_and_a_change_is_one() -> None:
    chance = random.Random(3)
    noisy = [100 * chance.uniform(0.8, 1.25) for _ in range(9)]
    same = [each * chance.uniform(0.95, 1.05) for each in noisy]
    assert "no difference" in interval(noisy, same).verdict()
    assert interval([each * 1.3 for each in same], noisy).verdict() == "slower"
    assert "too few" in interval([130.0] * 4, [100.0] * 4).verdict()
    assert interval([each * 0.7 for each in same], noisy).verdict() == "faster"


def test_figures_leave_the_warm_up_out() -> None:
    printed = (
        "round 0: dispatch      3042 events/s  4.74 records out an event  1429 a turn  271 us CPU an event  (warm-up)\n"
        "round 1: ceiling      14462 events/s  4.73 records out an event  1429 a turn  41 us CPU an event\n"
        "round 1: dispatch      3283 events/s  4.74 records out an event  1429 a turn  249 us CPU an event\n"
    )
    assert figures(printed) == [249]


def test_incidents_have_ids_of_their_own_and_the_partition_of_their_id(load: Load) -> None:
    told = list(load.records(300))
    assert len({key for _, key, _ in told}) == 300
    assert all(json.loads(value)["id"].encode() == key for _, key, value in told)
    assert {partition for partition, _, _ in told} == {0, 1, 2, 3}


def test_peers_are_told_where_every_incident_goes(load: Load, tmp_path: Path) -> None:
    load.write(tmp_path)
    job = orjson.loads((tmp_path / "job.json").read_bytes())
    assert len(job["agencies"]) <= 30
    for each in load.base:
        given = job["given"][f"{job['rules'].index(each.route)} {each.incident.jurisdiction}"]
        assert [tuple(one[:2]) for one in given] == each.roles
        topics = [load.topics.agency_assignments(agency) for _, agency in each.roles]
        assert [job["agencies"][one[2]] for one in given] == topics


def test_the_picture_has_a_bar_for_every_point() -> None:
    drawn = picture({"rules": [Point(10, 100.0), Point(100, 110.0)], "agencies": [Point(30, 90.0)]})
    assert drawn.count("<rect") == 3
    assert "110 µs" in drawn
