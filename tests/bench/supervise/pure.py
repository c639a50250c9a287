"""Supervise alone, without a broker: facts/s of the processor, µs a fact, and where the time goes."""

import cProfile
import pstats
import time
from collections.abc import Callable
from itertools import count, islice
from typing import Final

from contracts.partition import partition_of_id
from tests.bench.supervise.workload import DictState, Fact, Workload

_TURN: Final = 2_000


def alone(workload: Workload, facts: int, say: Callable[[str], None], profile: bool = True) -> float:
    """Apply so many facts to their cases; say and return how many a CPU second."""
    told = list(islice(workload.facts(count()), facts))
    rate = facts / _apply(workload, told)
    say(f"the processor alone, no broker: {rate:.0f} facts a CPU second, {1e6 / rate:.1f} us a fact")
    if profile:
        profiler = cProfile.Profile()
        profiler.enable()
        _apply(workload, told[: facts // 3])
        profiler.disable()
        for line in hottest(profiler):
            say(line)
    return rate


def _apply(workload: Workload, told: list[Fact]) -> float:
    """Return the CPU seconds that it takes, the making of cases and processors apart: steadier than the clock."""
    tasks = range(workload.topics.spine)
    processors = [workload.supervise(task) for task in tasks]
    states = [DictState() for _ in tasks]
    opened: set[bytes] = set()
    numbers = iter(count())
    wanted = {fact.record.key for fact in told}
    while len(opened) < len(wanted):
        incident, value = workload.case(next(numbers))
        key = incident.encode()
        if key in wanted:
            states[partition_of_id(incident, workload.topics.spine)].put(key, value)
            opened.add(key)
    began = time.process_time()
    handlers = [processor.begin_turn() for processor in processors]
    for number, fact in enumerate(told):
        if number % _TURN == 0:
            handlers = [processor.begin_turn() for processor in processors]
        task = fact.record.partition
        handlers[task](fact.record, states[task])
    return time.process_time() - began


def hottest(profiler: cProfile.Profile, most: int = 14) -> list[str]:
    """Return where own time went, a line a function, most first."""
    stats = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    spent = sorted(
        (
            (own, calls, f"{file.rpartition('/')[2]}:{function}")
            for (file, _, function), (_, calls, own, _, _) in stats.items()
        ),
        reverse=True,
    )
    total = sum(own for own, _, _ in spent)
    lines = [f"  {own / total:4.0%} {calls:9d}x  {name}" for own, calls, name in spent[:most]]
    return ["where the processor's time goes (share of own time, the profiler's own cost included):", *lines]
