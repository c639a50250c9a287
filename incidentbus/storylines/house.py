"""The house that stories are played in, in turn: a deployment with its stages up, watched, and a publisher."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from connectors.kafka.publisher import Publisher, open_publisher
from incidentbus.publishing import Author, publish
from incidentbus.storylines.deployment import Deployment, deployment, read_ruleset
from incidentbus.storylines.playing import Performance, Play, Told, untold
from incidentbus.storylines.script import Story
from incidentbus.storylines.watching import Watch

_BEFORE_ALL: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class House:
    """An open house."""

    deployment: Deployment
    watch: Watch
    publisher: Publisher
    played: dict[str, int] = field(default_factory=dict)

    async def play(self, story: Story, progress: Told = untold) -> Performance:
        """Play a story; one that was played before is told of other numbers."""
        again = self.played.get(story.name, 0)
        self.played[story.name] = again + 1
        return await Play(story, self.deployment, self.watch, self.publisher, again, progress).run()


def ruleset_directory(name: str) -> Path:
    """Return where a story's ruleset lies: one of ours by its name. Raises `ValueError` where there is none."""
    found = Path(str(files("routing_rules") / "rulesets" / name))
    if "/" in name or not found.is_dir():
        raise ValueError(f"没有这个规则集 / no such ruleset: {name}")
    return found


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of a ruleset of ours. Raises `ValueError` where there is none."""
    return ZoneInfo(read_ruleset(ruleset_directory(name)).timezone)


def _silent(_sentence: str) -> None:
    pass


@asynccontextmanager
async def a_house(
    bootstrap: str, ruleset: Path, prefix: str = "story.", say: Callable[[str], None] = _silent
) -> AsyncIterator[House]:
    """Open a house on a broker; every stage is stopped at the end, whatever happens."""
    made = deployment(bootstrap, ruleset, prefix)
    topics = made.settings.topics()
    say("主题 / topics")
    await made.create()
    say("规则集 / the ruleset in force")
    await publish(ruleset, made.connection, topics, 1, Author("storyline", "the stories' ruleset"), _BEFORE_ALL)
    say("四个环节 / four stages")
    try:
        await made.start()
        above = {code: agency.supervisor for code, agency in made.ruleset.agencies.items()}
        watch = Watch(made.connection, topics, made.inputs(), above)
        async with watch, open_publisher(made.connection) as publisher:
            yield House(made, watch, publisher)
    finally:
        await made.stop()
