"""The SDK against a real broker: nothing lost, nothing twice within the horizon, whatever breaks off where."""

import asyncio
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.agencies.client import (
    AgencyClient,
    Counts,
    Horizon,
    InMemory,
    NowhereToPut,
    Retry,
    TooManySetAside,
    facts,
)
from connectors.agencies.client.kafkaside import NoSuchTopic, open_source
from connectors.agencies.client.taking import Taking
from connectors.kafka.clients import Connection, consumer
from contracts.codes import ReasonCode, ReturnReason
from contracts.errors import Permanent, Temporary
from contracts.feedback import Feedback
from contracts.serde import read, write

AT = datetime(2026, 5, 12, 2, 30, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
QUICK = Retry(tries=3, first=0.01, ceiling=0.02)


async def test_assignments_come_in_order_and_are_committed_when_the_next_is_asked_for(agency) -> None:
    some = agency.some(3)
    await agency.dispatch(*some)
    async with agency.connect() as client, asyncio.timeout(30):
        iteration = client.assignments()
        assert await anext(iteration) == some[0]
        assert await agency.committed() is None
        assert await anext(iteration) == some[1]
        assert await agency.committed() == 1
    assert client.counts.handled == 1


async def test_what_an_aborted_transaction_wrote_is_never_seen(agency, take, nothing_comes) -> None:
    ghost, real = agency.some(2)
    await agency.dispatch(ghost, abort=True)
    await agency.dispatch(real)
    async with agency.connect() as client:
        assert await take(client, 1) == [real.id]
        assert await nothing_comes(client)
    uncommitted = {"isolation_level": "read_uncommitted"}
    async with consumer(Connection(agency.bootstrap), agency.topic, **uncommitted) as other:
        first = await asyncio.wait_for(other.getone(), 20)
    assert dict(first.headers)["ce_id"] == ghost.id.encode()  # which is what the level is for


async def test_the_level_cannot_be_set_otherwise(agency) -> None:
    with pytest.raises(TypeError, match="isolation_level"):
        async with agency.connect(security={"isolation_level": "read_uncommitted"}):
            pass


async def test_an_error_in_the_loop_leaves_it_unhandled_and_it_comes_again(agency, take) -> None:
    some = agency.some(3)
    await agency.dispatch(*some)
    async with agency.connect() as client:
        await _fail_in_the_loop(client)
        assert await take(client, 1) == [some[0].id]
        assert await agency.committed() == 1
        await _fail_in_the_loop(client)
        assert await take(client, 1) == [some[1].id]
        await _fail_in_the_loop(client)
    async with agency.connect() as client:
        assert await take(client, 1) == [some[2].id]


async def _fail_in_the_loop(client: AgencyClient) -> None:
    try:
        async for _ in client.assignments():
            _broken()
    except ZeroDivisionError:
        return
    raise AssertionError


def _broken() -> None:
    raise ZeroDivisionError


async def test_break_hands_it_out_again_unless_it_was_said_to_be_done(agency, take) -> None:
    some = agency.some(2)
    await agency.dispatch(*some)
    async with agency.connect() as client:
        for done in (False, True):
            async for each in client.assignments():
                assert each == some[0]
                if done:
                    await client.done(each)
                    await client.done(each)
                break
        assert await take(client, 1) == [some[1].id]
        with pytest.raises(ValueError, match="not in hand"):
            await client.done(some[0])


async def test_cancelled_in_the_middle_of_handling_it_comes_again(agency, take) -> None:
    some = agency.some(2)
    await agency.dispatch(*some)
    begun = asyncio.Event()

    async def stuck(_: Any) -> None:
        begun.set()
        await asyncio.sleep(3600)

    async with agency.connect() as client:
        work = asyncio.create_task(client.run(stuck))
        await asyncio.wait_for(begun.wait(), 30)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert await agency.committed() is None
    async with agency.connect() as client:
        assert await take(client, 2) == [each.id for each in some]


async def test_a_wait_broken_off_again_and_again_loses_nothing(agency) -> None:
    some, got = agency.some(40), []

    async def trickle() -> None:
        for each in some:
            await agency.put(_plain(each))

    async with agency.connect() as client, asyncio.timeout(60):
        writing = asyncio.create_task(trickle())
        iteration = client.assignments()
        while len(got) < len(some):
            try:
                got.append((await asyncio.wait_for(anext(iteration), 0.013)).id)
            except TimeoutError:
                continue
        await writing
    assert got == [each.id for each in some]


def _plain(each: Any) -> dict[str, Any]:
    return {"value": write(each), "key": each.incident.encode()}


async def test_a_second_delivery_within_the_horizon_is_passed_over_and_committed(agency, take, nothing_comes) -> None:
    one, two = agency.some(2)
    await agency.put(_plain(one), _plain(one), _plain(two), _plain(one), _plain(two))
    async with agency.connect() as client:
        assert await take(client, 2) == [one.id, two.id]
        assert await nothing_comes(client)
        assert client.counts.repeats >= 3
    assert await agency.committed() == 5


async def test_beyond_the_horizon_it_is_handed_out_again(agency, take) -> None:
    one, two, three = agency.some(3)
    await agency.put(*map(_plain, (one, two, three, one, three)))
    async with agency.connect(horizon=Horizon(count=2)) as client:
        assert await take(client, 4) == [one.id, two.id, three.id, one.id]


async def test_a_restart_keeps_what_was_handled(agency, take, nothing_comes, tmp_path: Path) -> None:
    one, two = agency.some(2)
    await agency.put(_plain(one))
    async with agency.connect(store=tmp_path / "taken.db") as client:
        assert await take(client, 1) == [one.id]
    await agency.put(_plain(one), _plain(two))
    async with agency.connect(store=tmp_path / "taken.db") as client:
        assert await take(client, 1) == [two.id]
        assert await nothing_comes(client)
    async with agency.connect(store=tmp_path / "taken.db", group=f"{agency.group}.anew") as client:
        assert await nothing_comes(client)  # a new group reads from the beginning; the store knows it all
        assert client.counts.repeats >= 3


CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from connectors.agencies.client import AgencyClient

async def main(agency, bootstrap, folder, fatal, how):
    async with AgencyClient.connect(agency=agency, bootstrap=bootstrap, store=Path(folder) / "taken.db") as client:
        async for each in client.assignments():
            with open(Path(folder) / "work", "a") as book:
                book.write(each.id + "\\n")
            if each.external_id == fatal:
                os.kill(os.getpid(), int(how))
                await asyncio.sleep(3600)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
async def test_killed_or_interrupted_in_handling_that_one_comes_again_and_no_other(agency, tmp_path, how) -> None:
    some = agency.some(4)
    await agency.dispatch(*some)
    words = [agency.code, agency.bootstrap, str(tmp_path), some[2].external_id, str(int(how))]
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, *words, cwd=ROOT, stderr=-3)
    assert await asyncio.wait_for(child.wait(), 60) == -how
    worked = (tmp_path / "work").read_text().split()
    assert worked == [each.id for each in some[:3]]
    async with agency.connect(store=tmp_path / "taken.db") as client, asyncio.timeout(90):
        again = []
        async for each in client.assignments():  # the group waits for the dead member's session to end
            again.append(each.id)
            if len(again) == 2:
                break
    assert again == [each.id for each in some[2:]]


async def test_a_temporary_error_is_tried_again_and_nothing_overtakes(agency) -> None:
    some, calls = agency.some(2), []
    await agency.dispatch(*some)

    async def handle(each: Any) -> None:
        calls.append(each.id)
        if len(calls) < 3:
            raise Temporary(ReasonCode.BACKPRESSURE, delay=0.0)
        if each == some[1]:
            raise asyncio.CancelledError

    async with agency.connect() as client, asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await client.run(handle, QUICK)
    assert calls == [some[0].id] * 3 + [some[1].id]
    assert (client.counts.retries, client.counts.handled) == (2, 1)


async def test_after_its_tries_it_is_put_aside_whole_and_the_next_goes_on(agency, tmp_path: Path) -> None:
    bad, worse, good = agency.some(3)
    await agency.dispatch(bad, worse, good)
    calls: list[str] = []

    async def handle(each: Any) -> None:
        calls.append(each.id)
        if each == bad:
            raise ConnectionError("the words of a database, maybe with a name in them")
        if each == worse:
            raise Permanent(ReasonCode.INVALID_VALUE, "due")
        raise asyncio.CancelledError

    async with agency.connect(store=tmp_path / "taken.db") as client, asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await client.run(handle, QUICK)
    assert calls == [bad.id] * 3 + [worse.id, good.id]
    assert await agency.committed() == 2
    async with agency.connect(store=tmp_path / "taken.db") as client:
        first, second = client.letters()
        assert (first.assignment, first.reason, first.detail, first.tries) == (
            bad.id, ReasonCode.PROCESSOR_FAILED, "ConnectionError", 3,
        )  # fmt: skip
        assert (second.assignment, second.reason, second.detail) == (worse.id, ReasonCode.INVALID_VALUE, "due")
        mended: list[Any] = []

        async def mend(each: Any) -> None:
            if each == worse:
                raise ConnectionError
            mended.append(each)

        with pytest.raises(ConnectionError):
            await client.redrive(mend)
        assert mended == [bad]
        assert [each.assignment for each in client.letters()] == [worse.id]


async def test_without_a_store_on_disk_it_stops_rather_than_lose_one(agency, take) -> None:
    [bad] = agency.some(1)
    await agency.dispatch(bad)

    async def handle(_: Any) -> None:
        raise OSError

    async with agency.connect() as client, asyncio.timeout(30):
        with pytest.raises(NowhereToPut):
            await client.run(handle, QUICK)
        assert await take(client, 1) == [bad.id]


async def test_a_handler_that_handles_nothing_stops_instead_of_putting_all_aside(agency, tmp_path: Path) -> None:
    some = agency.some(4)
    await agency.dispatch(*some)

    async def broken(_: Any) -> None:
        raise KeyError("column")

    async with agency.connect(store=tmp_path / "taken.db", in_a_row=2) as client, asyncio.timeout(30):
        with pytest.raises(TooManySetAside):
            await client.run(broken, QUICK)
        assert [each.assignment for each in client.letters()] == [each.id for each in some[:2]]
    assert await agency.committed() == 2


async def test_one_that_is_handled_between_shows_that_the_handler_is_not_at_fault(agency, tmp_path: Path) -> None:
    some = agency.some(6)
    await agency.dispatch(*some)

    async def every_other(each: Any) -> None:
        if some.index(each) % 2 == 0:
            raise Permanent(ReasonCode.INVALID_VALUE)
        if each == some[-1]:
            raise asyncio.CancelledError

    async with agency.connect(store=tmp_path / "taken.db", in_a_row=1) as client, asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await client.run(every_other, QUICK)
        assert len(client.letters()) == 3


async def test_what_is_no_assignment_of_this_agency_is_put_aside_with_its_reason(agency, take, tmp_path: Path) -> None:
    good = agency.some(1)[0]
    others = _plain(replace(good, agency="police"))
    two_ids = _plain(good) | {"headers": [
        ("ce_specversion", b"1.0"), ("ce_id", b"x"), ("ce_source", b"s"), ("ce_type", b"incidentbus.assignment.v1"),
    ]}  # fmt: skip
    of_another_type = two_ids | {"headers": [*two_ids["headers"][:3], ("ce_type", b"incidentbus.decision.v1")]}
    bad = [{"value": b"{"}, {"value": None, "key": b"k"}, others, two_ids, of_another_type]
    await agency.put(*bad, _plain(good))
    async with agency.connect(store=tmp_path / "taken.db") as client:
        assert await take(client, 1) == [good.id]
        told = [(each.reason.value, each.value) for each in client.letters()]
        assert [reason for reason, _ in told] == [
            "unparsable", "empty_payload", "invalid_value", "malformed_envelope", "invalid_value",
        ]  # fmt: skip
        assert [value for _, value in told] == [each["value"] for each in bad]
        assert await client.redrive(_unexpected) == 0


async def _unexpected(_: Any) -> None:
    raise AssertionError


async def test_feedback_arrives_with_its_headers_and_told_twice_is_the_same_fact(agency) -> None:
    [each] = agency.some(1)
    async with agency.connect() as client:
        for _ in range(2):
            await client.tell(facts.returned(each, ReturnReason.WRONG_PLACE, AT, suggested_agency="police"))
        await client.tell(facts.acknowledged(each, AT))
    async with consumer(Connection(agency.bootstrap), agency.feedback_topic) as reader:
        told = [await asyncio.wait_for(reader.getone(), 20) for _ in range(3)]
    ids = [dict(record.headers)["ce_id"] for record in told]
    assert ids[0] == ids[1] != ids[2]
    headers = dict(told[0].headers)
    assert headers["ce_type"] == b"incidentbus.fact.v1"
    assert headers["ce_source"] == f"incidentbus/{agency.code}".encode()
    assert headers["ce_subject"] == told[0].key == each.incident.encode()
    fact = read(Feedback, told[0].value)
    assert (fact.id.encode(), fact.return_reason, fact.suggested_agency) == (
        ids[0], ReturnReason.WRONG_PLACE, "police",
    )  # fmt: skip


async def test_a_rebalance_in_the_middle_of_handling_loses_nothing_and_repeats_at_most_what_was_in_hand(
    agency, tmp_path: Path
) -> None:
    some = agency.some(4)
    await agency.dispatch(*some)
    store, handled, joined = tmp_path / "taken.db", [], asyncio.Event()

    async def slow(each: Any) -> None:
        handled.append(each.id)
        await joined.wait()

    async def quick(each: Any) -> None:
        handled.append(each.id)

    async with agency.connect(store=store) as one, agency.connect(store=store) as two, asyncio.timeout(90):
        work = [asyncio.create_task(one.run(slow))]
        while not handled:
            await asyncio.sleep(0.05)
        work.append(asyncio.create_task(two.run(quick)))  # it has joined the group: only one of both has the partition
        await asyncio.sleep(4)
        joined.set()
        while await agency.committed() != len(some):
            await asyncio.sleep(0.2)
        for task in work:
            task.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*work, return_exceptions=True)
        )
    assert list(dict.fromkeys(handled)) == [each.id for each in some]
    assert len(handled) <= len(some) + 1
    assert [each for each in handled if handled.count(each) > 1] in ([], [some[0].id] * 2)


async def test_work_that_holds_up_the_heartbeat_loses_its_commit_and_repeats_nothing(agency) -> None:
    some, counts, quick = agency.some(2), Counts(), {"session_timeout_ms": 1_500, "heartbeat_interval_ms": 300}
    await agency.dispatch(*some)
    async with (
        open_source(Connection(agency.bootstrap), agency.topic, agency.group, counts, **quick) as source,
        asyncio.timeout(60),
    ):
        taking = Taking(source, agency.code, InMemory(), counts, 5)
        run = taking.begin()
        assert await taking.next(run) == some[0]
        time.sleep(4)  # work that doesn't await: the group thinks this member dead
        await taking.finish()
        assert counts.commits_lost == 1
        assert await agency.committed() is None
        assert await taking.next(run) == some[1]
        await taking.finish()
        assert await agency.committed() == 2
    assert (counts.handled, counts.taken) == (2, 2)


async def test_a_topic_that_is_not_there_is_said_at_once(broker, fresh_name) -> None:
    with pytest.raises(NoSuchTopic, match="is not there"):
        async with AgencyClient.connect(agency=fresh_name("nobody"), bootstrap=broker.bootstrap):
            pass


async def test_a_notice_between_assignments_is_passed_over_and_committed_with_them(agency, take) -> None:
    one, two = agency.some(2)
    await agency.dispatch(one)
    await agency.remind(one)
    await agency.dispatch(two)
    async with agency.connect() as client:
        assert await take(client, 2) == [one.id, two.id]
        assert (client.counts.passed_over, client.counts.set_aside) == (1, 0)
    assert await agency.committed() == 4  # one, its marker, the notice, two


async def test_messages_come_in_order_once_over_a_restart(agency, tmp_path: Path) -> None:
    one, two = agency.some(2)
    await agency.dispatch(one)
    (notice,) = await agency.remind(one)
    await agency.dispatch(two)
    seen: list[str] = []
    for upto in (2, 3):
        async with agency.connect(store=tmp_path / "taken.db") as client, asyncio.timeout(30):
            async for each in client.messages():
                seen.append(each.id)
                if len(seen) == upto:
                    await client.done(each)
                    break
    assert seen == [one.id, notice.id, two.id]
