"""The arithmetic of capacity: checked by hand on round figures, and by what must grow with what."""

from dataclasses import replace
from types import MappingProxyType

import orjson
import pytest
import typer

from contracts.topics import DAY_MS, Topics
from incidentbus.capacity import MARKER, MEASURED, Assumed, Load, Measured, need
from incidentbus.cli.capacity import capacity, size

app = typer.Typer()
app.command()(capacity)
ROUND = Measured(
    bytes=MappingProxyType(dict.fromkeys(MEASURED.bytes, 1_000.0)),
    records=MappingProxyType(dict.fromkeys(MEASURED.bytes, 1.0)),
    worker_us=1_000, broker_us=500, seen_bytes=100, case_bytes=1_000, worker_base=0, seen_restored=10_000,
    cases_restored=1_000,
)  # fmt: skip


def test_round_figures_come_out_as_by_hand() -> None:
    found = need(Load(86_400, agencies=2, channels=1, peak=10, years=1), ROUND)
    assert found.peak_a_second == 10
    kept = {each.kind: each for each in found.kept}
    assert kept["reports"].a_day == 86_400_000
    assert kept["incidents"].a_day == 86_400 * (1_000 + MARKER)
    assert kept["rekeyed-reports"].a_day == pytest.approx(86_400 * (1_000 + MARKER) * (1 - 1 / found.partitions))
    assert kept["reports"].stored == 365 * 86_400_000
    assert kept["decisions"].days is None
    assert kept["dispatch-state"].stored == 1.5 * 365 * kept["dispatch-state"].a_day
    assert found.stored == pytest.approx(3 * sum(each.stored for each in found.kept))
    assert found.seen_memory == 86_400 * 365 * 100
    assert found.case_memory == 86_400 * 365 * 1_000
    assert found.worker_cores == pytest.approx(10 * 1_000 / 1e6 / 0.6)
    memory = 86_400 * 365 * 1_100
    assert found.workers == 1 + -(-memory // int(16e9 * 0.7))
    assert found.restore_s == pytest.approx(86_400 * 365 / found.partitions * (1 / 10_000 + 1 / 1_000))
    assert found.grows_a_year == pytest.approx(3 * 365 * 2 * 86_400 * (1_000 + MARKER))


def test_seen_ids_stop_growing_at_their_horizon_and_cases_never_do() -> None:
    two, ten = (need(Load(1e4, 88, years=years)) for years in (2, 10))
    horizon = next(s for s in Topics().specs([], []) if s.name == "bus.intake-state.v1").retention_ms / DAY_MS
    assert two.seen_memory == ten.seen_memory == 1e4 * horizon * MEASURED.seen_bytes
    assert ten.case_memory == 5 * two.case_memory
    reports = [{each.kind: each.stored for each in found.kept}["reports"] for found in (two, ten)]
    assert reports[0] == reports[1]


def test_the_bounds_take_turns() -> None:
    assert need(Load(1e4, 88)).workers == 2
    assert "memory" in need(Load(1e6, 300)).why_workers
    assert need(Load(1e6, 300, case_days=1, worker_memory=1e12, peak=1_000)).why_workers == "CPU"
    assert "three copies" in need(Load(1e4, 88)).why_brokers
    assert "disk" in need(Load(1e6, 88, broker_disk=1e12)).why_brokers
    assert "partitions" in need(Load(1e4, 5_000)).why_brokers
    assert "writes" in need(Load(1e6, 10, peak=1_000, broker_disk=1e15, worker_memory=1e15)).why_brokers


def test_tasks_are_enough_for_every_worker_and_too_many_are_said() -> None:
    for load in (Load(1e4, 88), Load(1e6, 300), Load(1e8, 3_000)):
        found = need(load)
        assert found.partitions >= Assumed().tasks_a_worker * found.workers
        assert found.partitions & (found.partitions - 1) == 0
    assert not need(Load(1e4, 88)).remarks
    assert "several deployments" in need(Load(1e8, 3_000)).remarks[0]
    assert "more workers than tasks" in need(Load(1e6, 300, partitions=8)).remarks[0]
    assert "fewer than three" in need(Load(1e4, 88, copies=1)).remarks[-1]


def test_partitions_of_the_cluster_are_those_of_the_registry() -> None:
    topics = Topics(spine=8)
    specs = topics.specs(["a", "b"], ["x", "y", "z"])
    assert need(Load(1e3, agencies=3, channels=2)).cluster_partitions == 3 * sum(map(topics.partitions_of, specs))


@pytest.mark.parametrize("more", [{"reports_a_day": 2e5}, {"years": 2.0}, {"copies": 5}, {"agencies": 300}])
def test_more_never_needs_less(more) -> None:
    small = Load(1e5, 88)
    less, greater = need(small), need(replace(small, **more))
    for what in ("stored", "brokers", "workers", "cluster_partitions", "case_memory"):
        assert getattr(greater, what) >= getattr(less, what)


def test_the_command_prints_and_gives_json_and_refuses_what_cannot_be(invoke) -> None:
    told = invoke(app, "--reports-per-day", "10000").stdout
    assert "10,000" in told
    assert "dispatch-state" in told
    row = orjson.loads(invoke(app, "--reports-per-day", "10000", "--json").stdout)
    assert (row["workers"], row["brokers"]) == (2, 3)
    assert row["load"]["agencies"] == 88
    for wrong in (("--agencies", "0"), ("--peak", "0.5"), ("--years", "-1"), ("--partitions", "-1"), ("--copies", "0")):
        assert invoke(app, "--reports-per-day", "10000", *wrong).exit_code == 2
    assert invoke(app, "--reports-per-day", "nan").exit_code == 2


@pytest.mark.parametrize(("number", "told"), [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (2.34e12, "2.34 TB")])
def test_sizes_are_told_to_three_figures(number: float, told: str) -> None:
    assert size(number) == told
