"""How much a deployment needs: from reports a day to disk, brokers, workers and memory. Pure arithmetic.

What is kept for how long comes from the registry of topics; what a report costs was measured (`MEASURED`, by
`python -m tests.bench.bench_capacity`); what a machine may bear is assumed and said (`Assumed`). Sizes in bytes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from contracts.topics import DAY_MS, Cleanup, Topics, TopicSpec

_DAY_S: Final = 86_400
_YEAR_D: Final = 365


@dataclass(frozen=True, slots=True)
class Measured:
    """What one report costs, with the demo's reports and the bundled ruleset.

    `bytes`: by kind of topic, all records that a report gives rise to there, each alone in its batch, one copy.
    `seen_bytes`, `case_bytes`: what intake and dispatch hold in memory of each report.
    """

    bytes: Mapping[str, float]
    records: Mapping[str, float]
    worker_us: float
    broker_us: float
    seen_bytes: float
    case_bytes: float
    worker_base: float
    seen_restored: float
    """Seen ids that one task reads back in a second; `cases_restored` likewise."""
    cases_restored: float


MEASURED: Final = Measured(
    bytes=MappingProxyType(
        {
            "reports": 1130, "rekeyed-reports": 1233, "incidents": 1660, "assignments": 3886, "decisions": 2068,
            "intake-state": 116, "dispatch-state": 1602,
        }
    ),
    records=MappingProxyType(
        {
            "reports": 1, "rekeyed-reports": 1, "incidents": 1, "assignments": 2.66, "decisions": 1, "intake-state": 1,
            "dispatch-state": 1,
        }
    ),
    worker_us=720, broker_us=466, seen_bytes=190, case_bytes=1_580, worker_base=190e6, seen_restored=69_000,
    cases_restored=29_000,
)  # fmt: skip
MARKER: Final = 78
"""Bytes of a transaction's marker; where reports come one by one, each partition that each touches gets one."""
_UNMARKED: Final = frozenset({"reports"})  # channels write without transactions


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a machine may bear. Ours to choose, and a reader's to change."""

    core_busy: float = 0.6
    disk_full: float = 0.7
    broker_write: float = 50e6
    """Bytes a second that a broker takes for its copies, at the peak."""
    broker_partitions: int = 4_000
    live: float = 1.5
    """A compacted topic holds that much more than its live records."""
    least_brokers: int = 3
    spare_workers: int = 1
    """What one worker holds must find room in the others when it goes."""
    tasks_a_worker: int = 2
    spine: int = 8


@dataclass(frozen=True, slots=True)
class Load:
    """What comes in. `peak` is the busiest minute over the day's mean; `years`: after so long the figures hold."""

    reports_a_day: float
    agencies: int
    channels: int = 6
    copies: int = 3
    peak: float = 10.0
    years: float = 1.0
    partitions: int = 0
    """Partitions of the spine; 0 lets the figures choose."""
    case_days: float = 0.0
    """On paper: if dispatch let go of a case after so many days. It lets none go: 0."""
    broker_disk: float = 8e12
    worker_memory: float = 16e9


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of topic: bytes a day as written, for how many days they stay (None: for ever), bytes that lie there."""

    kind: str
    a_day: float
    days: float | None
    stored: float


@dataclass(frozen=True, slots=True)
class Need:
    """What the load needs. Sizes of all copies together; `why_*` says which bound decided."""

    load: Load
    peak_a_second: float
    kept: tuple[Kept, ...]
    stored: float
    grows_a_year: float
    partitions: int
    cluster_partitions: int
    brokers: int
    why_brokers: str
    workers: int
    why_workers: str
    worker_cores: float
    broker_cores: float
    seen_memory: float
    case_memory: float
    restore_s: float
    remarks: tuple[str, ...] = field(default=())


def need(load: Load, measured: Measured = MEASURED, assumed: Assumed | None = None) -> Need:
    """Work out what a load needs."""
    bears = assumed or Assumed()
    peak = load.reports_a_day / _DAY_S * load.peak
    specs = {spec.example: spec for spec in Topics().specs(["c"], ["a"]) if not spec.name.endswith(".dlq")}
    seen, cases = _remembered(load, specs)
    memory = seen * measured.seen_bytes + cases * measured.case_bytes
    worker_cores = peak * measured.worker_us / 1e6 / bears.core_busy
    workers, why_workers = _most(
        ("one is enough / 一个就够", 1),
        ("CPU", worker_cores),
        ("memory / 内存", memory / max(1.0, load.worker_memory * bears.disk_full - measured.worker_base)),
    )
    workers += bears.spare_workers
    partitions = load.partitions or _power_of_two(max(bears.spine, workers * bears.tasks_a_worker))
    kept = tuple(_kept(kind, specs[kind], load, measured, partitions, bears) for kind in measured.bytes)
    stored = load.copies * sum(each.stored for each in kept)
    grows = load.copies * _YEAR_D * sum(each.a_day for each in kept if each.days is None)
    restore = seen / partitions / measured.seen_restored + cases / partitions / measured.cases_restored
    every = _partitions(load, partitions) * load.copies
    writes = peak * sum(each.a_day for each in kept) / load.reports_a_day * load.copies
    broker_cores = peak * measured.broker_us / 1e6 * load.copies / bears.core_busy
    brokers, why_brokers = _most(
        ("three copies / 三份", max(bears.least_brokers, load.copies)),
        ("disk / 磁盘", stored / (load.broker_disk * bears.disk_full)),
        ("writes at the peak / 峰值写入", writes / bears.broker_write),
        ("partitions / 分区", every / bears.broker_partitions),
    )
    return Need(
        load, peak, kept, stored, grows, partitions, every, brokers, why_brokers, workers, why_workers, worker_cores,
        broker_cores, seen * measured.seen_bytes, cases * measured.case_bytes, restore,
        _remarks(load, partitions, workers),
    )  # fmt: skip


def _remembered(load: Load, specs: Mapping[str, TopicSpec]) -> tuple[float, float]:
    """Return how many ids intake and how many cases dispatch hold after `years`; cases are never forgotten."""
    days = load.years * _YEAR_D
    horizon = specs["intake-state"].retention_ms / DAY_MS
    return load.reports_a_day * min(days, horizon), load.reports_a_day * min(days, load.case_days or days)


def _kept(kind: str, spec: TopicSpec, load: Load, measured: Measured, partitions: int, bears: Assumed) -> Kept:
    share = (partitions - 1) / partitions if kind == "rekeyed-reports" else 1.0
    marked = 0 if kind in _UNMARKED else measured.records[kind] * MARKER
    a_day = load.reports_a_day * share * (measured.bytes[kind] + marked)
    days = None if spec.retention_ms < 0 else spec.retention_ms / DAY_MS
    if kind == "dispatch-state" and load.case_days:
        days = load.case_days
    lies = load.years * _YEAR_D if days is None else min(days, load.years * _YEAR_D)
    return Kept(kind, a_day, days, a_day * lies * (1.0 if spec.cleanup is Cleanup.DELETE else bears.live))


def _partitions(load: Load, partitions: int) -> int:
    topics = Topics(spine=partitions)
    specs = topics.specs(map(str, range(load.channels)), map(str, range(load.agencies)))
    return sum(topics.partitions_of(spec) for spec in specs)


def _most(*bounds: tuple[str, float]) -> tuple[int, str]:
    why, most = max(bounds, key=lambda each: math.ceil(each[1]))
    return math.ceil(most), why


def _power_of_two(least: float) -> int:
    return int(2 ** math.ceil(math.log2(least)))


_MOST_PARTITIONS: Final = 1_000  # of INCIDENTBUS_PARTITIONS


def _remarks(load: Load, partitions: int, workers: int) -> tuple[str, ...]:
    told = []
    if partitions > _MOST_PARTITIONS:
        told.append(
            f"{partitions} 个分区超过上限 {_MOST_PARTITIONS} / more than INCIDENTBUS_PARTITIONS takes: "
            "按市县分成几套，各用一个前缀 / several deployments, a prefix each"
        )
    if partitions < workers:
        told.append(f"{workers} 个进程分不到 {partitions} 个任务 / more workers than tasks: raise --partitions")
    if load.case_days:
        told.append("只是纸面：现在的版本不忘记案件 / on paper: this release forgets no case (--case-days 0)")
    if load.copies < Assumed().least_brokers:
        told.append("不足三份，坏一块盘就会丢 / fewer than three copies: a lost disk loses records")
    return tuple(told)
