"""`incidentbus capacity`: brokers, disk, workers and memory for so many reports a day."""

from dataclasses import asdict
from typing import Annotated

import typer

from incidentbus.capacity import Load, Need, need
from incidentbus.cli.exits import Misuse, guarded
from incidentbus.cli.printing import ndjson, table


@guarded
def capacity(
    *,
    reports_per_day: Annotated[float, typer.Option("--reports-per-day", help="reports of all channels in a day")],
    agencies: Annotated[int, typer.Option("--agencies", help="agencies, each with topics of its own")] = 88,
    channels: Annotated[int, typer.Option("--channels", help="channels")] = 6,
    copies: Annotated[int, typer.Option("--copies", help="copies of each partition")] = 3,
    peak: Annotated[float, typer.Option("--peak", help="the busiest minute over the day's mean")] = 10.0,
    years: Annotated[float, typer.Option("--years", help="after how many years the figures shall hold")] = 1.0,
    partitions: Annotated[int, typer.Option("--partitions", help="of the spine; 0 lets the figures choose")] = 0,
    case_days: Annotated[
        float,
        typer.Option("--case-days", help="on paper: if cases were let go of after so many days; 0: never, as it is"),
    ] = 0.0,
    broker_disk: Annotated[float, typer.Option("--broker-disk", help="a broker's disk, in TB")] = 8.0,
    worker_memory: Annotated[float, typer.Option("--worker-memory", help="a worker's memory, in GB")] = 16.0,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object, sizes in bytes")] = False,
) -> None:
    """测算 / Work out brokers, disk, workers and memory for so many reports a day. Asks nobody; docs/capacity.md.

    What is kept for how long comes from the registry, what a report costs was measured with the demo's reports, what a
    machine may bear is assumed. Exit codes: 0; 2 for figures that can't be.

    \b
    incidentbus capacity --reports-per-day 10000
    incidentbus capacity --reports-per-day 1000000 --agencies 300 --years 2 --json
    """
    whole = {"--agencies": agencies, "--channels": channels, "--copies": copies}
    some = {"--reports-per-day": reports_per_day, "--years": years, "--broker-disk": broker_disk,
            "--worker-memory": worker_memory}  # fmt: skip
    wrong = [name for name, value in {**whole, **some}.items() if not 0 < value < float("inf")]
    wrong += (
        ["--peak"] * (not 1 <= peak < float("inf"))
        + ["--partitions"] * (partitions < 0)
        + ["--case-days"] * (not case_days >= 0)
    )
    if wrong:
        raise Misuse(f"{', '.join(wrong)}: 要大于零（--peak 至少 1） / must be above zero, --peak 1 at least")
    load = Load(
        reports_per_day, agencies, channels, copies, peak, years, partitions, case_days, broker_disk * 1e12,
        worker_memory * 1e9,
    )  # fmt: skip
    found = need(load)
    if as_json:
        ndjson(asdict(found))
        return
    print("\n".join(told(found)))
    table({"kind": "主题 topic", "day": "每天 a day", "days": "保留 kept", "stored": "存量 stored"}, kept_rows(found))


def told(found: Need) -> list[str]:
    """Return the lines that a person reads, sizes of all copies."""
    load = found.load
    peak, kept = f"{found.peak_a_second:,.1f}/s", f"{size(found.grows_a_year)}"
    decides = f"{found.why_workers}；另备一个 / one to spare"
    seen, cases = size(found.seen_memory), size(found.case_memory)
    rows = {
        "来件 reports": f"{load.reports_a_day:,.0f} 件/天 a day，峰值 at the peak {peak}；{load.years:g} 年后 years on",
        "进程 workers": f"{found.workers}（{decides}），CPU {found.worker_cores:.2f} 核 cores",
        "内存 memory": f"去重 seen ids {seen}，案件 cases {cases}，所有进程合计 over all workers",
        "分区 partitions": f"主干 spine {found.partitions}，全集群含副本 all, with copies {found.cluster_partitions:,}",
        "经纪 brokers": f"{found.brokers}（{found.why_brokers}），CPU {found.broker_cores:.2f} 核 cores",
        "磁盘 disk": f"{size(found.stored)}（{load.copies} 份 copies），其中永久的每年长 for ever, a year {kept}",
        "恢复 restore": f"一个任务 one task {found.restore_s:,.0f} s",
    }
    lines = [f"{name:<16} {what}" for name, what in rows.items()]
    return [*lines, *(f"{'注意 note':<16} {remark}" for remark in found.remarks)]


def kept_rows(found: Need) -> list[dict[str, str]]:
    """Return what lies on each kind of topic, one copy."""
    return [
        {
            "kind": each.kind,
            "day": size(each.a_day),
            "days": "∞" if each.days is None else f"{each.days:g} d",
            "stored": size(each.stored),
        }
        for each in found.kept
    ]


_UNITS = (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def size(number: float) -> str:
    """Return a size to two figures or three."""
    unit, factor = next((each for each in _UNITS if number >= each[1]), ("B", 1.0))
    return f"{number / factor:.3g} {unit}"
