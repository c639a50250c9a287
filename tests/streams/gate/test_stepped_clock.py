"""A worker whose clock is a day off: what the broker stamps goes through; what the worker stamps is refused, aloud."""

from gate_bench import Bench, Diary, MakeBench, WallClock, copying

DAY_MS = 86_400_000
VALUES = [b"%d" % number for number in range(10)]


class Ahead(WallClock):
    def __init__(self, by_ms: int) -> None:
        self.by_ms = by_ms

    def now_ms(self) -> int:
        return super().now_ms() + self.by_ms


async def outputs(bench: Bench, clock: WallClock, diary: Diary) -> list[bytes | None]:
    await bench.feed(VALUES)
    await bench.runner(bench.declare(copying(bench.out)), diary, clock=clock).start()
    return [record.value for record in await bench.wait_for(len(VALUES), within=5.0)]


async def test_where_the_broker_stamps_a_clock_a_day_ahead_costs_nothing(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(out_configs={"message.timestamp.type": "LogAppendTime"}), Diary()
    assert await outputs(bench, Ahead(DAY_MS), diary) == VALUES
    assert not diary.of("aborted")


async def test_a_clock_an_hour_behind_costs_nothing_anywhere(make_bench: MakeBench) -> None:
    bench, diary = await make_bench(), Diary()
    assert await outputs(bench, Ahead(-3_600_000), diary) == VALUES
    assert not diary.of("aborted")


async def test_outputs_are_stamped_by_the_clock_that_was_handed_in(make_bench: MakeBench) -> None:
    bench = await make_bench()
    clock = Ahead(-3_600_000)
    await outputs(bench, clock, Diary())
    stamps = [record.timestamp for record in await bench.read()]
    assert all(abs(stamp - clock.now_ms()) < 60_000 for stamp in stamps)


async def test_where_the_worker_stamps_a_clock_a_day_ahead_stops_it_aloud_and_takes_nothing(
    make_bench: MakeBench,
) -> None:
    bench, diary = await make_bench(), Diary()
    assert await outputs(bench, Ahead(DAY_MS), diary) == []
    assert await bench.committed() in {None, 0}, "records were taken that came to nothing"
    assert diary.of("lost"), "the task stands still without a word"
