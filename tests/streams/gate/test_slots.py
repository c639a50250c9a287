"""Turns of a stage go on a few at once; what came meanwhile goes with the next, once and in order."""

import asyncio
from collections.abc import Sequence

import pytest
from gate_bench import Bench, Diary, MakeBench, copying, counting, until

from contracts.ports import Emit, InboundRecord, RecordHandler, State
from streams.gate.slots import AT_ONCE, Slots
from streams.gate.supply import Taken


def _never() -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_future()


async def test_no_more_are_under_way_than_there_are_slots_and_all_come_in_turn() -> None:
    slots, inside, most, came = Slots(at_once=2), 0, 0, []

    async def turn(number: int) -> None:
        nonlocal inside, most
        async with slots.one(_never()):
            inside, most = inside + 1, max(most, inside + 1)
            await asyncio.sleep(0.01)
            came.append(number)
            inside -= 1

    await asyncio.gather(*(turn(number) for number in range(9)))
    assert most == 2
    assert came == list(range(9))


async def test_who_is_parked_or_has_waited_long_enough_goes_on_without_one() -> None:
    slots = Slots(at_once=1, patience_s=0.05)
    async with slots.one(_never()):
        parked = _never()
        parked.set_result(None)
        async with asyncio.timeout(1), slots.one(parked):
            pass
        async with asyncio.timeout(1), slots.one(_never()):
            pass
        assert slots._free.locked(), "a slot that was not had was given back"
    assert not slots._free.locked()


async def test_a_turn_that_fails_or_is_cancelled_gives_its_slot_back() -> None:
    slots = Slots(at_once=1, patience_s=60)
    with pytest.raises(ZeroDivisionError):
        async with slots.one(_never()):
            raise ZeroDivisionError
    async with slots.one(_never()):
        waiting = asyncio.create_task(_hold(slots))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.wait([waiting])
    assert not slots._free.locked()


async def _hold(slots: Slots) -> None:
    async with slots.one(_never()):
        await asyncio.sleep(60)


async def _holding_all_slots(bench: Bench, inputs: Sequence[str], handle: RecordHandler) -> Diary:
    """Let a task take a first record of every input, and the others come while it waits for a slot."""
    diary = Diary()
    runner = bench.runner(bench.declare(handle), diary)
    await runner.start()
    await runner.wait_ready(10)
    slots = runner._around.slots
    for _ in range(AT_ONCE):
        await slots._free.acquire()
    for first, topic in enumerate(inputs):
        await bench.feed([b"%d" % n for n in range(first, 40, len(inputs))], topic)
    for _ in range(AT_ONCE):
        slots._free.release()
    return diary


async def test_what_comes_while_a_task_waits_goes_with_its_turn_each_inputs_order_kept(make_bench: MakeBench) -> None:
    bench = await make_bench(inputs=2)

    def by_input(record: InboundRecord, state: State) -> Sequence[Emit]:
        return (Emit(bench.out, 0, record.topic.encode(), record.value),)

    diary = await _holding_all_slots(bench, bench.inputs, by_input)
    out = await bench.wait_for(40)
    for parity, topic in enumerate(bench.inputs):
        assert [int(r.value) for r in out if r.key == topic.encode()] == list(range(parity, 40, 2))
    assert len(diary.turns) <= 4, "records that were there did not go with the turn"
    assert [await bench.committed(topic) for topic in bench.inputs] == [20, 20]


async def test_records_that_cannot_be_read_while_topping_up_are_taken_again_by_the_next_take(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, failures = await make_bench(), 0
    runner = bench.runner(bench.declare(copying(bench.out)), Diary())
    await runner.start()
    await runner.wait_ready(10)
    [task] = runner._tasks.values()
    draw, topping = task._supply._draw_from, False

    async def failing(*given: object, **more: object) -> None:
        nonlocal failures
        if topping and failures < 3:
            failures += 1
            await draw(*given, **more)  # type: ignore[arg-type]
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a header's key")
        await draw(*given, **more)  # type: ignore[arg-type]

    top_up = task._supply.top_up

    async def topped(taken: Taken, limit: int) -> Taken:
        nonlocal topping
        topping = True
        try:
            return await top_up(taken, limit)
        finally:
            topping = False

    monkeypatch.setattr(task._supply, "_draw_from", failing)
    monkeypatch.setattr(task._supply, "top_up", topped)
    await bench.feed([b"%d" % n for n in range(30)])
    assert [int(r.value) for r in await bench.wait_for(30)] == list(range(30)), "lost, repeated or out of order"
    assert failures == 3


async def test_a_worker_that_is_told_to_stop_does_not_wait_for_a_slot(make_bench: MakeBench) -> None:
    bench = await make_bench()
    runner = bench.runner(bench.declare(counting(bench.out)), Diary())
    await runner.start()
    await runner.wait_ready(10)
    slots = runner._around.slots
    for _ in range(AT_ONCE):
        await slots._free.acquire()
    await bench.feed([b"a"])
    await until(lambda: bool(slots._free._waiters))
    async with asyncio.timeout(1.5):
        await runner.stop()
    assert await bench.read() == []
    assert await bench.committed() is None
    heir = bench.runner(bench.declare(counting(bench.out)), Diary())
    await heir.start()
    assert [r.value for r in await bench.wait_for(1)] == [b"a"]
