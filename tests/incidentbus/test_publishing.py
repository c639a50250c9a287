"""Publishing as people do, on a real broker: seen, by two, through shadow, and taken back."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.clients import Connection
from connectors.kafka.publisher import Outgoing, open_publisher
from contracts.rulesetact import Act, DropReason, Effect, RulesetAct, Stage
from contracts.telemetry import Tally
from contracts.topics import Topics
from incidentbus.clock import utc_now
from incidentbus.publishing import Author, publish
from incidentbus.publishing.book import read_book
from incidentbus.publishing.doing import Place, Refused, approve, drop_shadow, promote, publish_as, roll_back
from incidentbus.publishing.shadows import shadow_report
from incidentbus.rulesets import RulesetFollower
from incidentbus.shadowing import ShadowFollower
from streams.rulesets import HeldRuleset

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "rules" / "example"


@pytest.fixture
def county(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "county"))


def edit(county: Path, version: str, more: str = "") -> None:
    file = county / "ruleset.yaml"
    lines = file.read_text("utf-8").splitlines()
    lines = [f'version: "{version}"' if line.startswith("version:") else line for line in lines]
    file.write_text("\n".join([*lines, more]) + "\n", "utf-8")


@pytest.fixture
async def place(broker: Any, fresh_name: Any, county: Path) -> Place:
    made = Place(Connection(broker.bootstrap), Topics(f"{fresh_name('publish')}.", spine=1), 1)
    edit(county, "2026.1")
    await publish(county, made.connection, made.topics, 1, Author("tests"), utc_now())
    return made


class Worker:
    """What a worker has of rulesets: both followers, and what they hold."""

    def __init__(self, place: Place, **more: Any) -> None:
        self.held, self.meter = HeldRuleset(), Tally()
        self.live = RulesetFollower(self.held, place.topics, place.connection, self.meter)
        self.shadow = ShadowFollower(self.held, place.topics, place.connection, self.meter, **more)

    @property
    def version(self) -> str:
        in_force = self.held.current()
        return in_force.compiled.ruleset.version if in_force else ""

    @property
    def shadow_version(self) -> str:
        return self.held.shadow.compiled.ruleset.version if self.held.shadow else ""

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.02)


@pytest.fixture
async def worker(place: Place) -> AsyncIterator[Worker]:
    made = Worker(place)
    await made.live.start()
    await made.shadow.start()
    try:
        await made.until(lambda: made.version == "2026.1")
        yield made
    finally:
        await made.shadow.stop()
        await made.live.stop()


def agreed(_effect: Effect, _digest: str) -> str:
    return "yes"


async def published(
    county: Path, place: Place, stage: Stage = Stage.LIVE, by: str = "rules-office", approved_by: str = "",
    agree: Callable[[Effect, str], str] = agreed,
) -> RulesetAct:  # fmt: skip
    return (await publish_as(county, place, stage, Author(by, "why", approved_by), agree, utc_now())).act


async def test_a_shadow_reaches_the_worker_is_promoted_and_moves_nothing_until_then(
    county: Path, place: Place, worker: Worker
) -> None:
    edit(county, "2026.2")
    act = await published(county, place, Stage.SHADOW)
    assert act.act is Act.SHADOW
    await worker.until(lambda: worker.shadow_version == "2026.2")
    assert worker.version == "2026.1"
    report = await shadow_report(place.connection, place.topics)
    assert report is not None
    assert (report.act.hash, report.total, report.ended) == (act.hash, 0, None)
    done = await promote(place, Author("rules-office", "seen enough"), utc_now())
    assert (done.act, done.seen, done.before) == (Act.LIVE, "shadow", act.before)
    await worker.until(lambda: worker.version == "2026.2" and worker.shadow_version == "")
    with pytest.raises(Refused, match="没有影子"):
        await promote(place, Author("rules-office"), utc_now())


async def test_a_dropped_shadow_leaves_the_worker(county: Path, place: Place, worker: Worker) -> None:
    edit(county, "2026.2")
    await published(county, place, Stage.SHADOW)
    await worker.until(lambda: worker.shadow_version == "2026.2")
    await drop_shadow(place, Author("rules-office", "enough"), utc_now())
    await worker.until(lambda: worker.shadow_version == "")
    with pytest.raises(Refused, match="撤下"):
        await drop_shadow(place, Author("rules-office"), utc_now())


async def test_what_a_worker_dropped_is_told_on_a_metric_and_in_the_report_and_stays_away(
    county: Path, place: Place, worker: Worker
) -> None:
    edit(county, "2026.2")
    await published(county, place, Stage.SHADOW)
    await worker.until(lambda: worker.held.shadow is not None)
    assert worker.held.shadow is not None
    worker.held.shadow.drop(DropReason.RAISED, "ZeroDivisionError over inc-1")
    await worker.until(lambda: worker.held.shadow is None)
    assert worker.meter.value("incidentbus_shadow_drops_total", because="raised") == 1

    async with asyncio.timeout(20):
        while (report := await shadow_report(place.connection, place.topics)) is None or report.ended is None:
            await asyncio.sleep(0.1)
    assert report.failed
    assert (report.ended.because, report.ended.detail) == (DropReason.RAISED, "ZeroDivisionError over inc-1")
    another = Worker(place)
    await another.live.start()
    await another.shadow.start()
    try:
        await another.until(lambda: another.version == "2026.1")
        await asyncio.sleep(1.5)
        assert another.held.shadow is None
    finally:
        await another.shadow.stop()
        await another.live.stop()


async def test_a_shadow_that_does_not_load_is_refused_and_live_stays(place: Place, worker: Worker) -> None:
    broken = RulesetAct(
        act=Act.SHADOW, ruleset="county", version="broken", hash="0" * 64, at=utc_now(), by="tests"
    )  # fmt: skip
    bundle = {
        "id": "county", "version": "broken", "hash": "0" * 64, "published_at": utc_now().isoformat(),
        "published_by": "tests", "packed": {},
    }  # fmt: skip
    import orjson

    async with open_publisher(place.connection) as publisher:
        await publisher.publish(Outgoing(place.topics.bus("rulesets"), b"0" * 64, orjson.dumps(bundle)))
        await publisher.publish(
            Outgoing(place.topics.bus("ruleset-acts"), b"0" * 64, broken.model_dump_json().encode())
        )
    await worker.until(lambda: worker.meter.value("incidentbus_shadow_drops_total", because="refused") == 1)
    assert worker.version == "2026.1"


async def test_nothing_goes_live_that_nobody_saw_the_difference_of(county: Path, place: Place) -> None:
    edit(county, "2026.2")
    shown: list[Effect] = []

    def declines(effect: Effect, _digest: str) -> str:
        shown.append(effect)
        raise Refused("没有同意")

    with pytest.raises(Refused):
        await published(county, place, agree=declines)
    (effect,) = shown
    book = await read_book(place.connection, place.topics)
    assert effect.against == book.in_force
    assert effect.files == ("ruleset.yaml",)
    assert [act.act for act in book.acts] == [Act.LIVE]


async def test_two_persons_are_needed_where_the_ruleset_in_force_says_so(county: Path, place: Place) -> None:
    edit(county, "2026.2", "publish: {two_person: true}")
    proposed = await published(county, place)
    assert proposed.act is Act.PROPOSED
    with pytest.raises(Refused, match="同一人"):
        await approve(place, proposed.hash[:12], Author(" Rules-Office"), utc_now())
    done = await approve(place, proposed.hash[:12], Author("command-centre"), utc_now())
    assert (done.act, done.by, done.approved_by) == (Act.LIVE, "rules-office", "command-centre")
    edit(county, "2026.3", "publish: {two_person: false}")
    text = (county / "ruleset.yaml").read_text("utf-8").replace("publish: {two_person: true}\n", "")
    (county / "ruleset.yaml").write_text(text, "utf-8")
    assert (await published(county, place)).act is Act.PROPOSED  # the rule can't be taken away by one
    with pytest.raises(Refused, match="同一人"):
        await published(county, place, approved_by="rules-office")
    assert (await published(county, place, approved_by="command-centre")).act is Act.LIVE


async def test_a_proposal_is_stale_once_another_ruleset_went_live(county: Path, place: Place) -> None:
    edit(county, "2026.2", "publish: {two_person: true}")
    proposed = await published(county, place)
    text = (county / "ruleset.yaml").read_text("utf-8").replace("publish: {two_person: true}\n", "")
    (county / "ruleset.yaml").write_text(text, "utf-8")
    edit(county, "2026.3")
    assert (await published(county, place)).act is Act.LIVE
    with pytest.raises(Refused, match="重新提出"):
        await approve(place, proposed.hash[:12], Author("command-centre"), utc_now())


async def test_a_rollback_reaches_the_worker_within_two_seconds_and_goes_further_back_when_said_again(
    county: Path, place: Place, worker: Worker
) -> None:
    for version in ("2026.2", "2026.3"):
        edit(county, version)
        await published(county, place)
    await worker.until(lambda: worker.version == "2026.3")
    taken = []
    for expected in ("2026.2", "2026.1"):
        done = await roll_back(place, Author("command-centre", "wrong town"), utc_now())
        acknowledged = time.monotonic()
        assert (done.act, done.version) == (Act.ROLLED_BACK, expected)
        await worker.until(lambda wanted=expected: worker.version == wanted)  # type: ignore[misc]
        taken.append(time.monotonic() - acknowledged)
    assert min(taken) < 2, taken
    with pytest.raises(Refused, match="没有更早"):
        await roll_back(place, Author("command-centre"), utc_now())
    newest = next(act for act in (await read_book(place.connection, place.topics)).acts if act.version == "2026.3")
    assert (await roll_back(place, Author("command-centre"), utc_now(), newest.hash[:12])).version == "2026.3"
    with pytest.raises(Refused, match="对不上"):
        await roll_back(place, Author("command-centre"), utc_now(), "f" * 12)


async def test_the_book_says_who_did_what_why_and_to_what_effect(county: Path, place: Place) -> None:
    edit(county, "2026.2")
    await published(county, place, approved_by="command-centre")
    await roll_back(place, Author("command-centre", "wrong town"), utc_now())
    first, second, third = (await read_book(place.connection, place.topics)).acts
    assert (first.act, first.seen, first.by) == (Act.LIVE, "first", "tests")
    assert (second.by, second.approved_by, second.reason, second.before) == (
        "rules-office", "command-centre", "why", first.hash,
    )  # fmt: skip
    assert second.effect is not None
    assert second.effect.files == ("ruleset.yaml",)
    assert (third.act, third.hash, third.before) == (Act.ROLLED_BACK, first.hash, second.hash)
