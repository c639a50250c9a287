"""One stage over a real broker: what goes in comes out once, whoever runs it."""

import asyncio

from gate_bench import Diary, MakeBench, copying, counting, until

from streams.gate import StartRefused


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


async def test_a_stage_whose_topics_do_not_match_is_refused_at_start(make_bench: MakeBench, make_topics) -> None:
    bench = await make_bench(partitions=2)
    await make_topics(f"{bench.stage}-odd", f"{bench.stage}-odd.dlq", partitions=3)
    stage = bench.declare(copying(bench.out), inputs=(*bench.inputs, f"{bench.stage}-odd"))
    try:
        await bench.runner(stage).start()
    except StartRefused as error:
        assert "-odd has 3" in str(error)
    else:
        raise AssertionError("started all the same")
