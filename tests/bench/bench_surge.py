"""Surges over a simulated year: how often one is told where there is none, and how soon where there is.

    python -m tests.bench.bench_surge [--days 365] [--seed 1] [--levels 2]

Ordinary traffic is drawn from the rhythm of a message board: how its messages spread over the hours of a day, the days
of a week and first-level categories; a county's volume; a third of it in the county town. It is less even than chance:
each day, each day's category, and now and then a category in one town are busier or quieter than the mean (rain, a
cold spell, a holiday), and one report in eight is repeated by others within the hour. Prints false surges by month,
the busiest window that was ordinary, and for surges injected at random hours how many are told and how soon.
"""

import argparse
import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.surge import Surge, SurgeStatus
from streams.processors.surge import HOUR_MS, LEVELS, MINUTE_MS, Group, Sighting, Watched, group_of, observe

HOURS: Final = (21, 12, 3, 3, 1, 4, 7, 13, 39, 55, 101, 73, 43, 42, 61, 87, 62, 66, 43, 38, 32, 36, 35, 23)
"""Of a thousand messages so many in each hour, from midnight; of 3,849 on a provincial message board, 2017-2020."""
WEEK: Final = (1.11, 1.31, 1.31, 1.17, 1.0, 0.49, 0.6)
"""Messages of each day of the week from Monday, over the mean; the same board."""
FIRST: Final = (54, 46, 40, 30, 28, 27, 19, 10, 8, 6, 5, 4, 3, 2, 2)
"""Weights of fifteen first-level categories: seven as officials gave them to 244 messages, the rest guessed."""
TOWN_WEIGHTS: Final = {
    "320813001": 36, "320813002": 10, "320813003": 7, "320813101": 8, "320813103": 7, "320813104": 5,
    "320813105": 5, "320813106": 8, "320813110": 8, "320813400": 6,
}  # fmt: skip
"""The ten towns of the model county; a third of all comes from the county town."""
SECOND: Final = 8
"""Second-level categories under each first, each half as frequent as the one before, at the least a tenth."""
VOLUME: Final = 500
START: Final = datetime(2025, 1, 1, tzinfo=UTC) - timedelta(hours=8)


@dataclass(frozen=True)
class Seen:
    """One report of the simulation."""

    at_ms: int
    town: str
    category: str
    name: str


def year(days: int, seed: int) -> Iterator[Seen]:
    """Yield `days` of ordinary reports in order."""
    chance = random.Random(seed)
    categories = {
        f"c{first}/s{second}": weight * max(0.5**second, 0.1)
        for first, weight in enumerate(FIRST)
        for second in range(SECOND)
    }
    names, weights = list(categories), list(categories.values())
    towns, town_weights = list(TOWN_WEIGHTS), list(TOWN_WEIGHTS.values())
    number = 0
    for day in range(days):
        begins = START + timedelta(days=day)
        busy = chance.lognormvariate(0, 0.25)
        mood = {first: chance.lognormvariate(0, 0.3) for first in range(len(FIRST))}
        spell = (chance.randrange(len(FIRST)), chance.choice(towns)) if chance.random() < 0.1 else None
        mean = VOLUME / 1.3 * WEEK[(begins + timedelta(hours=8)).weekday()] * busy
        today: list[Seen] = []
        for _ in range(_poisson(chance, mean)):
            category = chance.choices(names, weights)[0]
            town = chance.choices(towns, town_weights)[0]
            first = int(category[1:].split("/")[0])
            if chance.random() > mood[first] / 2:
                category = chance.choices(names, weights)[0]
            repeated = _poisson(chance, 2.4) if chance.random() < 0.125 else 0
            if spell == (first, town):
                repeated += _poisson(chance, 1.0)
            hour = chance.choices(range(24), HOURS)[0]
            at = int((begins + timedelta(hours=hour)).timestamp() * 1000) + chance.randrange(HOUR_MS)
            for again in range(1 + repeated):
                number += 1
                today.append(Seen(at + (again and chance.randrange(HOUR_MS)), town, category, f"r{number}"))
        yield from sorted(today, key=lambda seen: seen.at_ms)


def _poisson(chance: random.Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


class County:
    """Every group's state, and what was told."""

    def __init__(self, levels: int = LEVELS) -> None:
        self.levels = levels
        self.groups: dict[Group, Watched] = {}
        self.told: list[Surge] = []

    def take(self, seen: Seen) -> tuple[Surge, ...]:
        group = group_of(seen.town, seen.category, False, self.levels)
        state = self.groups.setdefault(group, Watched())
        told = observe(group, state, Sighting(seen.at_ms, seen.name)).surges
        self.told += told
        return told


@dataclass(frozen=True)
class Injected:
    """A surge put into the traffic, and when it was told: minutes from its first report and from its last."""

    size: int
    town: str
    from_first: float | None
    from_last: float | None
    reports: int


def injections(county: County, traffic: list[Seen], size: int, minutes: int, times: int, seed: int) -> list[Injected]:
    """Put surges at random hours of the day into the last days of the traffic, each into a copy of its group."""
    chance = random.Random(seed)
    places = sorted(county.groups, key=lambda group: group.key())
    found = []
    last = traffic[-1].at_ms
    for n in range(times):
        group = chance.choice(places)
        begins = last + chance.randrange(24) * HOUR_MS
        offsets = sorted([0, minutes * MINUTE_MS, *(chance.randrange(minutes * MINUTE_MS) for _ in range(size - 2))])
        state = Watched.read(county.groups[group].to_bytes())
        told_at, used = None, 0
        for used, offset in enumerate(offsets, 1):
            told = observe(group, state, Sighting(begins + offset, f"injected-{n}-{offset}-{used}")).surges
            if any(surge.status is SurgeStatus.BEGUN for surge in told):
                told_at = begins + offset
                break
        if told_at is None:
            found.append(Injected(size, group.town, None, None, size))
            continue
        first, final = begins, begins + offsets[-1]
        found.append(
            Injected(size, group.town, (told_at - first) / MINUTE_MS, (told_at - final) / MINUTE_MS, used)
        )  # fmt: skip
    return found


def false_surges(county: County) -> Counter[str]:
    """Return how many surges were told in each month; all of them false."""
    begun = [surge for surge in county.told if surge.status is SurgeStatus.BEGUN]
    return Counter((surge.began_at + timedelta(hours=8)).strftime("%Y-%m") for surge in begun)


def figures(days: int, seed: int, levels: int) -> None:
    traffic = list(year(days, seed))
    county = County(levels)
    started = time.perf_counter()
    for seen in traffic:
        county.take(seen)
    seconds = time.perf_counter() - started
    months = false_surges(county)
    print(
        f"levels={levels} seed={seed}: {len(traffic):,} ordinary reports in {days} days, {len(county.groups)} groups, "
        f"{seconds / len(traffic) * 1e6:.0f} µs each"
    )
    sizes = sorted(len(state.to_bytes()) for state in county.groups.values())
    print(f"  state a group: median {sizes[len(sizes) // 2]:,} B, largest {sizes[-1]:,} B")
    every = sorted({(START + timedelta(days=d, hours=8)).strftime("%Y-%m") for d in range(days)})
    print("  false surges a month: " + "  ".join(f"{month} {months[month]}" for month in every))
    print(f"  false surges in all: {sum(months.values())}, a month {sum(months.values()) / max(1, days / 30.4):.2f}")
    for size in (10, 15, 20, 30):
        found = injections(county, traffic, size, 40, 400, seed)
        told = [each for each in found if each.from_first is not None]
        line = f"  {size} in 40 minutes: told {len(told) / len(found):.1%}"
        if told:
            first = sorted(each.from_first or 0.0 for each in told)
            final = sorted(each.from_last or 0.0 for each in told)
            used = sorted(each.reports for each in told)
            line += (
                f"; minutes from the first report median {statistics.median(first):.1f},"
                f" p95 {first[len(first) * 95 // 100]:.1f}"
                f"; from the last median {statistics.median(final):.1f}, latest {final[-1]:.1f}"
                f"; at report number median {used[len(used) // 2]}, most {used[-1]}"
            )
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--levels", type=int, action="append")
    told = parser.parse_args()
    for levels in told.levels or [LEVELS]:
        for seed in told.seed or [1]:
            figures(told.days, seed, levels)


if __name__ == "__main__":
    main()
