"""Fixtures for the runtime's tests; the bench itself is `gate_bench`, found beside this file."""

import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gate_bench import Bench, MakeBench


@pytest.fixture
async def make_bench(broker: Any, make_topics: Any, fresh_name: Any) -> AsyncIterator[MakeBench]:
    """`await make_bench(inputs=2, partitions=3)`; every runner made of it is stopped at the end."""
    benches: list[Bench] = []

    async def make(
        inputs: int = 1,
        partitions: int = 1,
        out_partitions: int | None = None,
        out_configs: dict[str, str] | None = None,
    ) -> Bench:
        name = fresh_name("gate")
        bench = Bench(
            bootstrap=broker.bootstrap,
            stage=name,
            inputs=tuple(f"bus.{name}-in{n}.v1" for n in range(inputs)),
            out=f"{name}-out",
            changelog=f"{name}-state",
            board=f"{name}-inputs",
            partitions=partitions,
        )
        dead = [f"{topic}.dlq" for topic in bench.inputs]
        await make_topics(*bench.inputs, *dead, partitions=partitions)
        await make_topics(bench.out, partitions=out_partitions or partitions, configs=out_configs)
        await make_topics(bench.changelog, partitions=partitions, configs={"cleanup.policy": "compact"})
        await make_topics(bench.board, configs={"cleanup.policy": "compact"})
        benches.append(bench)
        return bench

    yield make
    for bench in benches:
        for runner in bench.runners:
            with contextlib.suppress(Exception):
                await runner.stop()
