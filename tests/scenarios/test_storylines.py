"""Every storyline through the whole bus, in one deployment; and storylines over a bus with a defect planted in it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from connectors.kafka.embedded import EmbeddedBroker
from contracts.codes import DirectiveKind, FactKind
from incidentbus.storylines.house import House, a_house, ruleset_directory
from incidentbus.storylines.playing import NotPlayed, Performance
from incidentbus.storylines.script import Story, read_story
from streams.processors.dispatch.notices import Notices
from streams.processors.supervise import firing
from streams.processors.supervise.book import Book, Steps

HERE = Path(__file__).resolve().parent
STORIES = sorted(HERE.glob("*.yaml"))

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(broker: EmbeddedBroker) -> AsyncIterator[House]:
    async with a_house(broker.bootstrap, ruleset_directory("hongze"), "scenarios.") as opened:
        yield opened


def story(house: House, file: Path) -> Story:
    return read_story(file, lambda _: house.deployment.zone)


def told(performance: Performance) -> str:
    return "\n".join(f"step {number}: {found.text()}" for number, found in performance.differences)


async def test_there_are_the_stories_that_the_county_asked_for() -> None:
    assert len(STORIES) >= 14


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
async def test_a_story_comes_out_as_it_is_told(file: Path, house: House) -> None:
    performance = await house.play(story(house, file))
    assert performance.passed, told(performance)
    assert performance.cases


# A check that cannot fail shows nothing: the same story over a bus with one thing wrong with it.

UNANSWERED = HERE / "19-nobody-answers.yaml"


def _a_minute_late(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Book.steps

    def steps(self: Book, *args: Any) -> Steps:
        found = real(self, *args)
        return Steps(tuple(at + 60_000 for at in found.at), found.do)

    monkeypatch.setattr(Book, "steps", steps)


def _reminded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    real = firing._happen

    def happen(life: Any, told_: Any) -> None:
        real(life, told_)
        if told_.fact is FactKind.REMINDED:
            real(life, told_._replace(cause=f"{told_.cause}-again"))

    monkeypatch.setattr(firing, "_happen", happen)


def _nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Notices.emits

    def emits(self: Notices, said: Any, *args: Any, **more: Any) -> Any:
        return [] if said.kind is DirectiveKind.SUPERVISE else real(self, said, *args, **more)

    monkeypatch.setattr(Notices, "emits", emits)


@pytest.mark.parametrize(
    ("plant", "what", "line"),
    [
        (_a_minute_late, "facts", "+ overdue enforcement-zhuba acknowledge @05-18 10:01"),
        (_reminded_twice, "facts", "+ reminded enforcement-zhuba acknowledge @05-18 10:00"),
        (_nobody_is_told, "notices", "- supervise enforcement-zhuba acknowledge"),
    ],
    ids=["a deadline a minute late", "a reminder sent twice", "a notice that nobody gets"],
)
async def test_a_defect_of_the_bus_fails_the_story(
    plant: Callable[[pytest.MonkeyPatch], None], what: str, line: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    performance = await house.play(story(house, UNANSWERED))
    assert not performance.passed
    lines = [each for _, found in performance.differences if found.what == what for each in found.lines]
    assert line in lines, told(performance)


async def test_what_no_expectation_asked_for_fails_the_story(house: House, tmp_path: Path) -> None:
    text = UNANSWERED.read_text("utf-8")
    asked = "    notices:\n    - close enforcement-zhuba\n    - close gov-zhuba\n"
    assert asked in text
    file = tmp_path / UNANSWERED.name
    file.write_text(text.replace(asked, ""), "utf-8")
    (number, found), *others = (await house.play(story(house, file))).differences
    assert not others
    assert number == 0
    assert set(found.lines) == {"+ close enforcement-zhuba", "+ close gov-zhuba"}


HEAD = 'title: 一件\nabout: 始末\nstart: "2026-05-12 09:00"\nsteps:\n- at: "09:00"\n- at: "09:10"\n'


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("  tell: {agency: police, fact: resolved}", "第 2 步 case: 还没有这个件"),
        ("  tell: {agency: polise, fact: resolved}", "第 2 步 tell.agency: 没有这个单位"),
        ("  report: {channel: fax, native: {}}", "第 2 步 report.channel: 情景里没有这个渠道"),
        ("  mode: {set: {area: nowhere, until: +2h, why: 试}}", "第 2 步 mode: 没有这个区域"),
        ("  mode: {set: {area: hongze-lake, until: soon, why: 试}}", "第 2 步 until: 'soon'"),
        ("  ruleset: {patch: {routes/98-x.yaml: 'owner: nobody'}}", "第 2 步 ruleset: 发布不了"),
    ],
)
async def test_a_step_that_cannot_be_done_says_which(step: str, said: str, house: House, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"{HEAD}{step}\n", "utf-8")
    with pytest.raises(NotPlayed, match=rf"a\.yaml {said}"):
        await house.play(story(house, file))


async def test_the_same_story_passes_again_afterwards(house: House) -> None:
    performance = await house.play(story(house, UNANSWERED))
    assert performance.passed, told(performance)
