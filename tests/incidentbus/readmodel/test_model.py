"""The read model over real topics: rows, and the same rows again however they are read."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text, update

from contracts.case import Case, Part, write_case
from contracts.codes import CaseStatus, DirectiveKind, FactKind, Outcome, PartStatus, Role
from contracts.directive import Directive
from contracts.dispatch_record import DirectiveOutcome, DirectiveTaken
from contracts.envelope import binary_headers
from contracts.ids import fact_id, incident_id
from contracts.lifecycle import LifecycleFact, lifecycle_bytes
from contracts.moments import instant_of
from contracts.partition import partition_of_id
from contracts.ports import Emit
from contracts.topics import BUS, Topics
from incidentbus.clock import SystemClock
from incidentbus.readmodel import asking
from incidentbus.readmodel.following import catch_up, follow, freshen, rebuild
from incidentbus.readmodel.store import ReadModelUnfit, Store, engine_of
from incidentbus.readmodel.tables import ABOUT, SCHEMA

T0 = 1_780_000_000_000
HOUR = 3_600_000


def a_case(number: int, **more: Any) -> Case:
    part = Part(
        "urban-management-bureau",
        Role.LEAD,
        1,
        PartStatus.ASSIGNED,
        T0,
        acknowledge_by=T0 + HOUR,
        resolve_by=T0 + 9 * HOUR,
    )
    told = {
        "channel": "hotline-12345", "external_id": f"N{number}", "category": "noise", "jurisdiction": "320813",
        "lead": part.agency, "round": 1, "route": "noise.night", "ruleset": "a" * 16, "opened_at": T0 + number,
        "changed_at": T0 + number, "parts": [part, Part("town-jiangba", Role.CO_HANDLER, 1, PartStatus.ASSIGNED, T0)],
        "numbers": {"province": f"SX{number}"}, "reason": Outcome.MATCHED,
    }  # fmt: skip
    return Case(CaseStatus.DISPATCHED, **(told | more))


def incident(number: int) -> str:
    return incident_id("hotline-12345", f"N{number}")


def on(topics: Topics, noun: str, id_: str, value: bytes | None, type_: str, event: str) -> Emit:
    headers = binary_headers(id_=event, source="test", type_=type_, time=instant_of(T0), subject=id_)
    return Emit(topics.bus(noun), partition_of_id(id_, topics.spine), id_.encode(), value, headers)


def kept(topics: Topics, number: int, case: Case | None) -> Emit:
    value = write_case(case) if case else None
    return on(topics, "cases", incident(number), value, "incidentbus.case.v1", f"c{number}")


def happened(topics: Topics, number: int, kind: FactKind, at: int, cause: str = "x") -> Emit:
    id_ = incident(number)
    fact = LifecycleFact(
        fact_id(id_, kind, cause), id_, kind, instant_of(at), CaseStatus.ACKNOWLEDGED, 1, "urban-management-bureau",
        cause, agency="urban-management-bureau", late_s=1.5 if kind is FactKind.REMINDED else None,
    )  # fmt: skip
    return on(topics, "lifecycle", id_, lifecycle_bytes(fact), "incidentbus.lifecycle-fact.v1", fact.id)


def commanded(topics: Topics, number: int, kind: DirectiveKind, at: int) -> Emit:
    id_ = incident(number)
    directive = Directive(
        id=f"dir-{number}-{kind}", kind=kind, issued_at=instant_of(at), issued_by="command-centre", incident=id_,
        reason="three days without a word",
    )  # fmt: skip
    taken = DirectiveTaken(directive=directive, kind=kind, outcome=DirectiveOutcome.PASSED_ON, taken_at=instant_of(at))
    value = taken.model_dump_json(exclude_none=True).encode()
    return on(topics, "decisions", id_, value, "incidentbus.directive-taken.v1", directive.id)


def some(topics: Topics) -> list[Emit]:
    told: list[Emit] = []
    for number in range(12):
        told += [
            kept(topics, number, a_case(number)),
            happened(topics, number, FactKind.DISPATCHED, T0 + number),
            happened(topics, number, FactKind.ACKNOWLEDGED, T0 + number + 5),
        ]
    told += [
        kept(topics, 3, _closed(3)),
        commanded(topics, 5, DirectiveKind.REMIND, T0 + 100_000),
        happened(topics, 5, FactKind.REMINDED, T0 + 101_000, "dir-5-remind"),
        kept(topics, 7, None),
    ]
    return told


def _closed(number: int) -> Case:
    case = a_case(number, ended_at=T0 + HOUR)
    case.status = CaseStatus.CLOSED
    return case


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, database_url: Callable[[str], str], deployment: Any) -> Iterator[Store]:
    made = Store(engine_of(database_url(request.param)), deployment.topics.prefix)
    assert made.open() is False
    yield made
    made.close()


@pytest.fixture
def filled(deployment: Any) -> Any:
    deployment.create(*(spec for spec in _specs(deployment.topics)))
    deployment.put(*some(deployment.topics))
    return deployment


def _specs(topics: Topics) -> Any:
    every = topics.specs((), ())
    return [spec for spec in every if spec.name in {topics.bus(noun) for noun in ("cases", "decisions", "lifecycle")}]


def caught_up(deployment: Any, store: Store) -> Any:
    return deployment.run(catch_up(deployment.connection, deployment.topics, store))


def test_rows_are_what_the_topics_say(filled: Any, store: Store) -> None:
    feed = caught_up(filled, store)
    assert (feed.taken, feed.unreadable) == (len(some(filled.topics)), 0)
    rows = asking.cases(store, asking.Wanted(sort="opened"))
    assert [row["external_id"] for row in rows] == [f"N{n}" for n in (11, 10, 9, 8, 6, 5, 4, 3, 2, 1, 0)]
    assert [row["open"] for row in rows if row["external_id"] == "N3"] == [False]
    case = asking.whole(store, incident(5))
    assert case is not None
    assert (case["due_at"], case["due_milestone"]) == (T0 + HOUR, "acknowledge")
    assert [part["agency"] for part in case["parts"]] == ["urban-management-bureau", "town-jiangba"]
    steps = [(row["step"], row.get("fact") or row.get("kind")) for row in asking.timeline(store, incident(5))]
    assert steps == [("fact", "dispatched"), ("fact", "acknowledged"), ("directive", "remind"), ("fact", "reminded")]
    assert asking.whole(store, incident(7)) is None


def test_within_one_second_a_story_goes_by_causes() -> None:
    ruled = [
        {"id": "dec-1", "when": 1_000_900},
        {"id": "dir-1", "when": 1_005_950},
        {"id": "dec-2", "when": 1_005_100},
        {"id": "dir-2", "when": 1_006_000},
    ]
    facts = [
        {"id": "registered", "cause": "dec-1", "when": 1_000_000},
        {"id": "acknowledged", "cause": "feedback", "when": 1_000_000},
        {"id": "returned", "cause": "feedback", "when": 1_005_000},
        {"id": "reassigned", "cause": "dec-2", "when": 1_005_000},
        {"id": "closed", "cause": "timer", "when": 1_007_000},
    ]
    told = [row["id"] for row in asking._woven(ruled, facts)]
    assert told == [
        "dec-1", "registered", "acknowledged", "returned", "dir-1", "dec-2", "reassigned", "dir-2", "closed",
    ]  # fmt: skip


def test_a_case_is_found_by_any_of_its_numbers(filled: Any, store: Store) -> None:
    caught_up(filled, store)
    for word in (incident(4), "N4", "SX4"):
        assert asking.found(store, word) == [incident(4)]
    assert asking.found(store, "SX7") == []


def test_lists_are_narrowed_by_every_filter(filled: Any, store: Store) -> None:
    caught_up(filled, store)

    def count(**wanted: Any) -> int:
        return len(asking.cases(store, asking.Wanted(**wanted)))

    assert count() == 11
    assert count(open_only=True) == 10
    assert count(statuses=("closed",)) == 1
    assert (count(agency="town-jiangba"), count(agency="town")) == (11, 0)
    assert (count(town="320813"), count(town="320800"), count(town="330000")) == (11, 11, 0)
    assert (count(rule="noise.night"), count(rule="noise")) == (11, 0)
    assert (count(ruleset="aaaa"), count(ruleset="b")) == (11, 0)
    assert (count(since_ms=T0 + 6), count(limit=4)) == (5, 4)
    assert (count(due_until=T0 + HOUR), count(due_until=T0 + HOUR - 1), count(due_after=T0 + HOUR)) == (10, 0, 0)


def test_a_batch_applied_twice_is_applied_once(filled: Any, store: Store) -> None:
    caught_up(filled, store)
    before = list(store.dump())
    offsets = store.offsets()
    with store.engine.begin() as connection:
        connection.execute(text(f"DELETE FROM offsets_{store.about().side}"))  # noqa: S608  # a name of ours
    caught_up(filled, store)
    assert list(store.dump()) == before
    assert store.offsets() == offsets
    assert caught_up(filled, store).taken == 0


def test_a_rebuild_gives_the_same_rows(filled: Any, store: Store) -> None:
    caught_up(filled, store)
    before, side = list(store.dump()), store.about().side
    assert len(before) > 50
    with store.engine.begin() as connection:
        connection.execute(text(f"DELETE FROM facts_{side}"))  # noqa: S608  # a name of ours
    assert list(store.dump()) != before
    filled.run(rebuild(filled.connection, filled.topics, store))
    assert list(store.dump()) == before
    assert store.about().side != side
    assert not store.has_tables(side)
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM cases")).scalar_one() == 11


def test_a_rebuild_that_is_interrupted_leaves_the_old_rows(filled: Any, store: Store) -> None:
    caught_up(filled, store)
    before, side = list(store.dump()), store.about().side

    def interrupted(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filled.run(rebuild(filled.connection, filled.topics, store, interrupted))
    assert (list(store.dump()), store.about().side) == (before, side)
    filled.run(rebuild(filled.connection, filled.topics, store))
    assert list(store.dump()) == before


def test_offsets_and_rows_are_one_transaction(filled: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    upsert = Store._upsert

    def failing(self: Store, connection: Any, table: Any, rows: Any) -> None:
        if table.name.startswith("offsets"):
            raise RuntimeError("struck")
        upsert(self, connection, table, rows)

    monkeypatch.setattr(Store, "_upsert", failing)
    with pytest.raises(RuntimeError, match="struck"):
        caught_up(filled, store)
    assert list(store.dump()) == []


def test_a_newer_database_is_refused_and_an_older_one_read_anew(filled: Any, store: Store) -> None:
    caught_up(filled, store)
    before = list(store.dump())
    with store.engine.begin() as connection:
        connection.execute(update(ABOUT).values(schema_version=SCHEMA + 1))
    with pytest.raises(ReadModelUnfit, match="newer release"):
        store.open()
    with store.engine.begin() as connection:
        connection.execute(update(ABOUT).values(schema_version=SCHEMA - 1))
    assert store.open() is True
    assert list(store.dump()) == []
    caught_up(filled, store)
    assert list(store.dump()) == before


def test_another_deployments_database_is_refused(store: Store) -> None:
    with pytest.raises(ReadModelUnfit, match="deployment"):
        Store(store.engine, "elsewhere.").open()


def test_topics_that_were_made_anew_are_told(filled: Any, store: Store) -> None:
    caught_up(filled, store)
    side = store.about().side
    with store.engine.begin() as connection:
        connection.execute(text(f"UPDATE offsets_{side} SET next = next + 100"))  # noqa: S608  # a name of ours
    with pytest.raises(ReadModelUnfit, match="rebuild"):
        caught_up(filled, store)


def test_what_cant_be_read_is_counted_and_passed_over(filled: Any, store: Store) -> None:
    for noun in ("cases", "decisions", "lifecycle"):
        filled.put(on(filled.topics, noun, incident(1), b"{}", "incidentbus.thing.v1", "x"))
    assert caught_up(filled, store).unreadable == 3
    assert len(asking.cases(store, asking.Wanted())) == 11


def test_a_follower_sees_what_comes_and_outlives_a_rebuild(filled: Any, store: Store) -> None:
    async def story() -> tuple[int, int]:
        stop, seen = asyncio.Event(), asyncio.Event()
        taken: list[int] = []

        def tell(feed: Any, behind: Any, whole: bool) -> None:
            taken.append(feed.taken)
            if whole:
                seen.set()

        task = asyncio.ensure_future(follow(filled.connection, filled.topics, store, SystemClock(), stop, tell))
        await asyncio.wait_for(seen.wait(), 20)
        assert await freshen(filled.connection, filled.topics, store, SystemClock()) is False
        await rebuild(filled.connection, filled.topics, store)
        await filled._put((kept(filled.topics, 20, a_case(20)),))
        for _ in range(100):
            if asking.found(store, "N20"):
                break
            await asyncio.sleep(0.1)
        stop.set()
        await asyncio.wait_for(task, 10)
        return len(asking.cases(store, asking.Wanted())), sum(taken)

    cases, taken = filled.run(story())
    assert cases == 12
    assert taken > 0


def test_a_stale_model_is_caught_up_when_it_is_asked(filled: Any, store: Store) -> None:
    assert filled.run(freshen(filled.connection, filled.topics, store, SystemClock())) is True
    assert len(asking.cases(store, asking.Wanted())) == 11


def test_missing_topics_are_told(deployment: Any, store: Store) -> None:
    with pytest.raises(ReadModelUnfit, match="no such topics"):
        caught_up(deployment, store)


def test_the_registry_has_the_topics_that_the_model_reads() -> None:
    assert {"bus.cases.v1", "bus.decisions.v1", "bus.lifecycle.v1"} <= {spec.name for spec in BUS}
