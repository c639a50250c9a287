"""The simulated bus does what it says: it finds an agency's code that doesn't know repeats."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.agencies.client import Horizon, Retry, SqliteStore, facts
from connectors.agencies.client.simulated import SimulatedBus
from contracts.assignment import Assignment
from contracts.codes import DirectiveKind, ReasonCode, Role
from contracts.errors import Temporary
from contracts.notice import AssignmentNotice
from contracts.serde import read

AT = datetime(2026, 5, 12, 2, 30, tzinfo=UTC)
EXAMPLES = Path(__file__).resolve().parents[3] / "contracts" / "examples" / "assignments"
LEAD, HELPER, INFORMED = (
    read(Assignment, (EXAMPLES / f"{name}.json").read_bytes()) for name in ("lead", "co-handler", "informed")
)


def three() -> tuple[Assignment, Assignment, Assignment]:
    return LEAD, replace(HELPER, agency=LEAD.agency), replace(INFORMED, agency=LEAD.agency)


@pytest.fixture
def bus() -> SimulatedBus:
    made = SimulatedBus(LEAD.agency)
    made.assign(*three())
    return made


class Careless:
    """An agency's work that counts each delivery."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    async def take(self, each: Assignment) -> None:
        self.opened.append(each.id)


class Careful(Careless):
    """An agency's work that knows what it has opened."""

    async def take(self, each: Assignment) -> None:
        if each.id not in self.opened:
            self.opened.append(each.id)


IDS = [each.id for each in three()]


@pytest.mark.parametrize(("work", "found"), [(Careless(), True), (Careful(), False)])
async def test_repeats_and_repeats_out_of_order_find_work_that_does_not_know_them(bus, work: Any, found: bool) -> None:
    async with bus.connect() as client:
        await client.run(work.take)
        bus.redeliver(2, 0)
        bus.assign(LEAD)
        await client.run(work.take)
    assert (work.opened != IDS) == found
    if found:
        assert work.opened == [*IDS, IDS[2], IDS[0], IDS[0]]


async def test_with_a_horizon_the_client_passes_them_over_itself(bus) -> None:
    work = Careless()
    async with bus.connect(horizon=Horizon()) as client:
        await client.run(work.take)
        bus.redeliver(2, 0)
        await client.run(work.take)
        assert client.counts.repeats == 2
    assert work.opened == IDS


async def test_a_lost_commit_brings_it_again_after_a_start_and_a_store_knows_it(bus, tmp_path: Path) -> None:
    work = Careless()
    bus.lose_commits(3)
    with SqliteStore(tmp_path / "taken.db") as store:
        async with bus.connect(store) as client:
            await client.run(work.take)
            assert client.counts.commits_lost == 3
        assert bus.committed == 0
        async with bus.connect() as client:
            assert [each.id async for each in client.assignments()] == IDS
        bus._committed = 0
        async with bus.connect(store) as client:
            await client.run(work.take)
    assert work.opened == IDS
    assert bus.committed == 3


async def test_what_broke_off_comes_again(bus) -> None:
    async with bus.connect() as client:
        async for each in client.assignments():
            assert each == LEAD
            break
        assert [each.id async for each in client.assignments()] == IDS


async def test_refused_feedback_is_temporary_and_told_again_is_one_fact(bus) -> None:
    bus.refuse_feedback(1)

    async def handle(each: Assignment) -> None:
        await client.tell(facts.acknowledged(each, AT))
        if len(bus.told) == 1:
            raise Temporary(ReasonCode.BACKPRESSURE, delay=0.0)

    async with bus.connect() as client:
        await client.run(handle, Retry(first=0.0))
        assert client.counts.retries == 2
    assert len(bus.told) == 4
    assert [fact.assignment for fact in bus.facts] == IDS


async def test_what_cannot_be_read_is_put_aside_there_too(bus, tmp_path: Path) -> None:
    bus.put(b"{")
    with SqliteStore(tmp_path / "taken.db") as store:
        async with bus.connect(store) as client:
            assert len([each async for each in client.assignments()]) == 3
            assert [letter.reason for letter in client.letters()] == ["unparsable"]


def test_it_serves_programs_that_do_not_await(bus) -> None:
    with bus.connect_blocking() as client:
        for each in client.assignments():
            client.tell(facts.resolved(each, AT, "已处理"))
    assert [fact.assignment for fact in bus.facts] == IDS
    assert bus.committed == 3


def notice(number: int = 1, **fields: Any) -> AssignmentNotice:
    told = {
        "id": f"ntc-{number}", "incident": LEAD.incident, "notice": DirectiveKind.REMIND, "agency": LEAD.agency,
        "assignment": LEAD.id, "role": Role.LEAD, "round": 1, "at": AT, "by": "supervise", **fields,
    }  # fmt: skip
    return AssignmentNotice(**told)


async def test_who_asks_for_assignments_never_trips_over_a_notice(bus: SimulatedBus) -> None:
    bus.notify(notice(1), notice(2))
    bus.assign(replace(LEAD, id="asg-later"))
    async with bus.connect() as client:
        assert [each.id async for each in client.assignments()] == [*IDS, "asg-later"]
        assert (client.counts.passed_over, client.counts.set_aside) == (2, 0)
    assert bus.committed == 6


async def test_messages_brings_both_in_order_and_each_once(bus: SimulatedBus, tmp_path: Path) -> None:
    bus.notify(notice(1))
    told = [*IDS, "ntc-1"]
    with SqliteStore(tmp_path / "taken.db") as store:
        async with bus.connect(store) as client:
            assert [each.id async for each in client.messages()] == told
            bus.redeliver(3, 0, 3)
            assert [each.id async for each in client.messages()] == []
            assert client.counts.repeats == 3


async def test_a_notice_not_handled_comes_again(bus: SimulatedBus, tmp_path: Path) -> None:
    bus.notify(notice(1))
    with SqliteStore(tmp_path / "taken.db") as store:
        async with bus.connect(store) as client:
            async for each in client.messages():
                if isinstance(each, AssignmentNotice):
                    break
        async with bus.connect(store) as client:
            again = [each async for each in client.messages()]
    assert [each.id for each in again] == ["ntc-1"]


async def test_run_hands_notices_to_their_own_handler_and_puts_aside_what_it_cannot_take(
    bus: SimulatedBus, tmp_path: Path
) -> None:
    bus.notify(notice(1), notice(2))
    work, heard = Careless(), list[str]()

    async def hear(each: AssignmentNotice) -> None:
        if each.id == "ntc-1" and not heard:
            raise RuntimeError
        heard.append(each.id)

    with SqliteStore(tmp_path / "taken.db") as store:
        async with bus.connect(store) as client:
            await client.run(work.take, Retry(tries=1), on_notice=hear)
            assert (work.opened, heard) == (IDS, ["ntc-2"])
            assert [letter.assignment for letter in client.letters()] == ["ntc-1"]
            assert await client.redrive(work.take) == 0
            assert await client.redrive(work.take, on_notice=hear) == 1
            assert (heard, client.letters()) == (["ntc-2", "ntc-1"], [])


async def test_another_s_notice_is_put_aside(bus: SimulatedBus, tmp_path: Path) -> None:
    bus.notify(notice(1, agency="another"))
    with SqliteStore(tmp_path / "taken.db") as store:
        async with bus.connect(store) as client:
            assert [each.id async for each in client.messages()] == IDS
            (letter,) = client.letters()
    assert (letter.reason, letter.assignment) == (ReasonCode.INVALID_VALUE, None)


def test_the_blocking_client_takes_both_too(bus: SimulatedBus) -> None:
    bus.notify(notice(1))
    heard: list[str] = []
    with bus.connect_blocking() as client:
        assert [each.id for each in client.messages()] == [*IDS, "ntc-1"]
    with bus.connect_blocking() as client:
        assert list(client.messages()) == []
        bus.redeliver(3, 0)
        client.run(lambda each: heard.append(each.id), on_notice=lambda each: heard.append(each.notice.value))
    assert heard == ["remind", LEAD.id]
