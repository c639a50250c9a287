"""An idle stage lets the broker wait longer; the first record ends that."""

from types import SimpleNamespace

from gate_bench import Diary, MakeBench, counting, until

from streams.gate.attention import IDLE_WAIT_MS, QUIET_S, Attention


def test_it_is_idle_once_nothing_came_for_a_while_and_busy_with_the_next_record() -> None:
    fetcher, now = SimpleNamespace(_fetch_max_wait_ms=100), [0.0]
    attention = Attention(SimpleNamespace(_fetcher=fetcher), 100, lambda: now[0])
    now[0] = QUIET_S
    attention.look()
    assert not attention.idle
    now[0] += 0.1
    attention.look()
    assert (attention.idle, fetcher._fetch_max_wait_ms) == (True, IDLE_WAIT_MS)
    attention.came()
    assert (attention.idle, fetcher._fetch_max_wait_ms) == (False, 100)
    now[0] += QUIET_S
    attention.look()
    assert not attention.idle


def test_a_consumer_that_has_not_started_is_let_be() -> None:
    now = [0.0]
    attention = Attention(SimpleNamespace(_fetcher=None), 100, lambda: now[0])
    now[0] = 10 * QUIET_S
    attention.look()
    assert not attention.idle


async def test_a_record_that_comes_to_an_idle_stage_does_not_wait(make_bench: MakeBench) -> None:
    bench = await make_bench()
    runner = bench.runner(bench.declare(counting(bench.out)), Diary())
    await runner.start()
    await until(lambda: runner._attention.idle, within=QUIET_S + 10)
    fetcher = runner._membership.consumer._fetcher
    assert fetcher._fetch_max_wait_ms == IDLE_WAIT_MS
    await bench.feed([b"a"])
    assert [r.value for r in await bench.wait_for(1)] == [b"a"]
    assert not runner._attention.idle
    assert fetcher._fetch_max_wait_ms < IDLE_WAIT_MS
