"""Runs stories on a broker of their own and shows what came: progress, the picture, and every difference."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connectors.kafka.embedded import start_broker
from contracts.moments import instant_of
from incidentbus.interrupting import insistently
from incidentbus.settings import Settings
from incidentbus.storylines.drawing import Picture
from incidentbus.storylines.house import House, a_house, ruleset_directory, zone_of
from incidentbus.storylines.playing import Done, Performance
from incidentbus.storylines.script import Story, StoryUnreadable, read_story

HERE: Final = Path(__file__).resolve().parents[2] / "tests" / "scenarios"
"""The stories that come with the bus."""


def stories(places: Iterable[Path]) -> list[Story]:
    """Read the stories at these places; a directory stands for all in it. Raises `StoryUnreadable`."""
    files = [file for place in places for file in (sorted(place.glob("*.yaml")) if place.is_dir() else [place])]
    if not files:
        raise StoryUnreadable("这里没有情景 / no storyline here")
    return [read_story(file, zone_of) for file in files]


@dataclass(frozen=True, slots=True)
class Shown:
    """How a run is shown."""

    zh: bool = True
    brief: bool = False
    as_json: bool = False


async def run(settings: Settings, told: Sequence[Story], shown: Shown) -> list[Performance]:
    """Play the stories, one after another, and show each. Raises what the broker's start raises."""
    console, errors = Console(width=None if Console().is_terminal else 140), Console(stderr=True)
    performances: list[Performance] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as bars:
        task = bars.add_task("Kafka", total=None)

        def say(sentence: str) -> None:
            bars.update(task, description=sentence)

        say("Kafka: 单机服务启动中 / the broker starts")
        async with _broker(settings) as bootstrap:
            for name in dict.fromkeys(story.script.ruleset for story in told):
                async with a_house(bootstrap, ruleset_directory(name), f"story-{name}.", say) as house:
                    for story in (each for each in told if each.script.ruleset == name):
                        performances.append(await insistently(_play(house, story, say)))
                        _show(console, house, performances[-1], shown)
            say("Kafka: 收尾 / the end")
    return performances


async def _play(house: House, story: Story, say: Any) -> Performance:
    def progress(at: datetime, done: int) -> None:
        say(f"{story.script.title}  {at:%Y-%m-%d %H:%M}  {done}/{len(story.steps)}")

    return await house.play(story, progress)


@asynccontextmanager
async def _broker(settings: Settings) -> AsyncIterator[str]:
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.run_dir, prefix="storyline-", ignore_cleanup_errors=True) as home:
        starting = asyncio.ensure_future(
            asyncio.to_thread(
                start_broker,
                Path(home) / "broker",
                cache_dir=settings.cache_dir,
                ephemeral=True,
                leash=True,
                quick=True,
            )
        )
        try:
            broker = await asyncio.shield(starting)
        except asyncio.CancelledError:  # interrupted while it starts: what was begun is ended
            (await starting).stop()
            raise
        try:
            yield broker.bootstrap
        finally:
            await asyncio.to_thread(broker.stop)


def _show(console: Console, house: House, performance: Performance, shown: Shown) -> None:
    if shown.as_json:
        return
    story = performance.story
    if not shown.brief:
        console.print(Picture(house.deployment.ruleset, house.deployment.zone, shown.zh).table(performance))
    verdict = "通过 passed" if performance.passed else "不符 failed"
    style = "green" if performance.passed else "bold red"
    line = f"{verdict}  {story.name}  {story.script.title}  {performance.seconds:.1f} s"
    console.print(line, style=style, markup=False, highlight=False)
    for number, found in performance.differences:
        where = f"第 {number} 步 / step {number}" if number else "全程 / the whole story"
        console.print(f"  {where} · {found.text()}", style="red", markup=False, highlight=False)


def lines(performance: Performance) -> Iterator[Mapping[str, Any]]:
    """Yield one object for each thing that was done or happened, and one with the verdict."""
    names = {incident: name for name, incident in performance.cases.items()}
    for entry in performance.journal:
        at = instant_of(entry.at).isoformat()
        if isinstance(entry, Done):
            did = entry.step.model_dump(mode="json", exclude_defaults=True, exclude={"expect", "at", "case"})
            yield {"at": at, "story": performance.story.name, "step": entry.number, "case": entry.case, "did": did}
        else:
            yield {
                "at": at, "story": performance.story.name, "case": names.get(entry.incident, ""),
                "list": entry.what.value, "line": entry.line,
            }  # fmt: skip
    differs = [
        {"step": number, "case": each.case, "list": each.what, "lines": each.lines}
        for number, each in performance.differences
    ]
    yield {
        "story": performance.story.name, "passed": performance.passed, "seconds": round(performance.seconds, 3),
        "differences": differs,
    }  # fmt: skip


def last_line(performances: Sequence[Performance], began: float) -> str:
    """Return the line that scripts read."""
    failed = sum(not each.passed for each in performances)
    return f"storylines: run={len(performances)} failed={failed} seconds={time.monotonic() - began:.0f}"
