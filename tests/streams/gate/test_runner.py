"""One stage over a real broker: what goes in comes out once, whoever runs it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from gate_bench import QUICK, Diary, MakeBench, copying, counting, until

from streams.gate import StartRefused
from streams.gate.board import InputsBoard
from streams.gate.supply import Supply


async def test_a_record_goes_through_once_and_its_offset_with_it(make_bench: MakeBench) -> None:
    bench = await make_bench()
    diary = Diary()
    await bench.feed([b"%d" % n for n in range(50)])
    runner = bench.runner(bench.declare(counting(bench.out)), diary)
    await runner.start()
    out = await bench.wait_for(50)
    assert [r.value for r in out] == [b"%d" % n for n in range(50)]
    assert await bench.committed() == 50
    assert {r.key for r in await bench.read(bench.changelog)} == {b"%d" % n for n in range(50)}
    assert sum(report.records_in for report in diary.turns) == 50
    assert not bench.exits
    assert runner._ticking is not None
    assert not runner._ticking.done(), "nobody looks after the membership any more"


async def test_two_workers_share_the_tasks_and_a_leaver_hands_over(make_bench: MakeBench) -> None:
    bench = await make_bench(partitions=4)
    stage = bench.declare(counting(bench.out))
    one, two = bench.runner(stage), bench.runner(stage)
    await one.start()
    await one.wait_ready(10)
    assert len(one.tasks) == 4
    await two.start()
    await until(lambda: len(one.tasks) == 2 and len(two.tasks) == 2 and one.ready and two.ready)
    for p in range(4):
        await bench.feed([b"a%d" % n for n in range(20)], partition=p)
    for p in range(4):
        assert len(await bench.wait_for(20, partition=p)) == 20
    began = asyncio.get_running_loop().time()
    await one.stop()
    assert asyncio.get_running_loop().time() - began < 5
    await until(lambda: len(two.tasks) == 4 and two.ready)
    for p in range(4):
        await bench.feed([b"a%d" % n for n in range(20)] + [b"b"], partition=p)
        out = await bench.wait_for(21, partition=p)
        assert [r.value for r in out] == [*(b"a%d" % n for n in range(20)), b"b"]


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
async def test_who_is_stopped_while_it_joins_leaves_at_once_and_the_group_goes_on(
    make_bench: MakeBench, after: float
) -> None:
    bench = await make_bench(partitions=2)
    stage = bench.declare(counting(bench.out))
    one, two = bench.runner(stage), bench.runner(stage)
    await one.start()
    await one.wait_ready(10)
    starting = asyncio.create_task(two.start())  # the group asks `one` to join anew, which takes up to a heartbeat
    await asyncio.sleep(after)
    async with asyncio.timeout(8):
        await two.stop()
        await starting
    assert not two.tasks
    await until(lambda: len(one.tasks) == 2 and one.ready, within=15)
    for p in range(2):
        await bench.feed([b"a"], partition=p)
        assert [r.value for r in await bench.wait_for(1, partition=p)] == [b"a"]


async def test_a_stage_whose_topics_do_not_match_is_refused_at_start(make_bench: MakeBench, make_topics) -> None:
    bench = await make_bench(partitions=2)
    await make_topics(f"{bench.stage}-odd", f"{bench.stage}-odd.dlq", partitions=3)
    stage = bench.declare(copying(bench.out), inputs=(*bench.inputs, f"{bench.stage}-odd"))
    with pytest.raises(StartRefused, match="-odd has 3"):
        await bench.runner(stage).start()


async def test_a_worker_that_expects_another_number_of_partitions_is_refused_at_start(make_bench: MakeBench) -> None:
    bench = await make_bench(partitions=2)
    stage = bench.declare(copying(bench.out), partitions=4)
    with pytest.raises(StartRefused, match="have 2 partitions, this worker expects 4"):
        await bench.runner(stage).start()
    runner = bench.runner(bench.declare(copying(bench.out), partitions=2, outputs=(bench.out,)))
    await runner.start()
    await runner.wait_ready(10)


async def test_a_stage_whose_output_has_other_partitions_is_refused_at_start(make_bench: MakeBench) -> None:
    bench = await make_bench(partitions=2, out_partitions=3)
    with pytest.raises(StartRefused, match="-out has 3"):
        await bench.runner(bench.declare(copying(bench.out), outputs=(bench.out,))).start()


async def test_an_answer_that_never_comes_at_a_start_loses_the_task_and_not_the_process(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, diary = await make_bench(), Diary()
    await bench.feed([b"a"])
    silent = {"locate": 1, "caught_up": 1}

    def once_silent(kind: Any, name: str) -> None:
        answering = getattr(kind, name)

        async def asked(self: Any) -> Any:
            if silent[name]:
                silent[name] -= 1
                await asyncio.sleep(3600)
            return await answering(self)

        monkeypatch.setattr(kind, name, asked)

    once_silent(Supply, "locate")
    once_silent(InputsBoard, "caught_up")
    await bench.runner(bench.declare(copying(bench.out)), diary, timeouts=replace(QUICK, start_s=2.0)).start()
    assert [r.value for r in await bench.wait_for(1)] == [b"a"]
    assert diary.of("lost") == [("lost", "timeout"), ("lost", "timeout")]
    assert not bench.exits


async def test_a_stage_without_one_of_its_topics_is_refused_and_can_be_stopped_all_the_same(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.gate.runner.PATIENCE_S", 0.1)
    bench = await make_bench()
    runner = bench.runner(bench.declare(copying(bench.out), changelog="bus.nowhere.v1"))
    with pytest.raises(StartRefused, match=r"no such topic: bus\.nowhere\.v1"):
        await runner.start()
    await runner.stop()


async def test_a_static_member_commits_under_its_instance_id(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    await bench.feed([b"a", b"b"])
    bench.instance = "pod-1"
    await bench.runner(bench.declare(counting(bench.out)), diary).start()
    assert [r.value for r in await bench.wait_for(2)] == [b"a", b"b"]
    assert await bench.committed() is not None
    assert not diary.of("lost")


async def test_a_turn_given_up_leaves_no_transaction_open(make_bench: MakeBench) -> None:
    bench = await make_bench()
    await bench.feed([b"a"])
    stuck = asyncio.Event()

    async def never(point: str, partition: int) -> None:
        if point == "offsets":
            stuck.set()
            await asyncio.Event().wait()

    runner = bench.runner(bench.declare(copying(bench.out), changelog=None), faults=never)
    await runner.start()
    await asyncio.wait_for(stuck.wait(), 10)
    await runner.stop()
    assert len(await bench.read(isolation="read_uncommitted")) == 1
    await bench.feed([b"from elsewhere"], topic=bench.out)
    assert [r.value for r in await bench.read()] == [b"from elsewhere"], "readers wait for a transaction left open"
