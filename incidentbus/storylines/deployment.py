"""The deployment that storylines run in: topics that take a story's own time, all stages in this process, one clock.

The broker must not stamp the machine's time here, nor take records away because a story lies in another year: every
topic keeps the writer's stamp, whatever it says, for ever (ADR 0146).
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from mode import Service

from connectors.kafka.admin import apply, find_topics
from connectors.kafka.clients import Connection
from connectors.kafka.topicplan import Change, Wanted, differences, wanted_topics
from connectors.registry import channel_codecs
from contracts.telemetry import Tally
from contracts.topics import Stamp
from incidentbus.assembly import STAGES, GateService, build_services
from incidentbus.connecting import connection_of
from incidentbus.settings import Settings
from routing_rules.engine.loader import load_directory
from routing_rules.engine.schema import Ruleset
from streams.rulesets import HeldRuleset

PARTITIONS: Final = 2
_FOREVER: Final = str(2**63 - 1)
_POLL_MS: Final = 25  # how soon a stage sees that the story's clock has moved
_READY_S: Final = 60.0
_OWN_TIME: Final = {
    "message.timestamp.type": Stamp.CREATE.value,
    "message.timestamp.before.max.ms": _FOREVER,
    "message.timestamp.after.max.ms": _FOREVER,
    "retention.ms": "-1",
}


@dataclass(slots=True)
class ManualClock:
    """A clock that stands where it was set."""

    ms: int = 0

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC, of the story."""
        return self.ms


@dataclass(slots=True)
class Deployment:
    """One deployment on a broker. `settings` name the broker, the prefix and the ruleset that topics derive from."""

    settings: Settings
    ruleset: Ruleset
    clock: ManualClock = field(default_factory=ManualClock)
    held: HeldRuleset = field(default_factory=HeldRuleset)
    services: list[Service] = field(default_factory=list)
    gates: list[GateService] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        """Return how the broker is reached."""
        return connection_of(self.settings)

    @property
    def zone(self) -> ZoneInfo:
        """Return the story's time zone: the ruleset's."""
        return ZoneInfo(self.ruleset.timezone)

    @property
    def up(self) -> bool:
        """Whether the workers run."""
        return bool(self.services)

    def inputs(self) -> dict[str, list[str]]:
        """Return, by consumer group, the topics that each stage takes from."""
        topics, prefix = self.settings.topics(), self.settings.runtime_prefix
        coded = [channel for channel in channel_codecs() if channel in self.ruleset.channels]
        return {
            f"{prefix}intake": [*map(topics.channel_reports, coded), topics.bus("rekeyed-reports")],
            f"{prefix}dispatch": [topics.bus("incidents"), topics.bus("directives")],
            f"{prefix}feedback": [topics.agency_feedback(agency) for agency in self.ruleset.agencies],
            f"{prefix}supervise": [topics.bus("decisions"), topics.bus("feedback")],
        }

    async def create(self) -> None:
        """Make the topics."""
        topics = self.settings.topics()
        wanted = wanted_topics(topics.specs(self.ruleset.channels, self.ruleset.agencies), topics, 1)
        own = [_with_own_time(each) for each in wanted]
        found = await find_topics(self.connection, topics.prefix)
        await apply(self.connection, [each for each in differences(own, found) if each.change is Change.CREATE])

    async def start(self) -> None:
        """Start every stage; returns once all take records. A ruleset must be in force."""
        self.services, self.held, self.gates = build_services(
            self.settings, STAGES, Tally(), self.clock, poll_ms=_POLL_MS
        )
        for service in self.services:
            await service.start()
        for gate in self.gates:
            await gate.runner.wait_ready(_READY_S)

    async def stop(self) -> None:
        """Stop every stage, as a worker does that is asked to."""
        for service in reversed(self.services):
            await service.stop()
        self.services, self.gates = [], []


def _with_own_time(topic: Wanted) -> Wanted:
    return replace(topic, configs={**topic.configs, **_OWN_TIME})


def deployment(bootstrap: str, directory: Path, prefix: str = "story.") -> Deployment:
    """Return the deployment of this prefix on a broker, by the ruleset in `directory`. Nothing is touched yet."""
    settings = Settings(
        bootstrap_servers=bootstrap, topic_prefix=prefix, partitions=PARTITIONS, ruleset_dir=directory,
        security_protocol="PLAINTEXT", group_prefix="", static_member="", fault_points="", fault_clock=None,
    )  # fmt: skip
    return Deployment(settings, read_ruleset(directory))


def read_ruleset(directory: Path) -> Ruleset:
    """Return the ruleset in a directory. Raises `ValueError` where it doesn't load."""
    loaded = load_directory(directory)
    if loaded.ruleset is None:
        raise ValueError(f"{directory}: 规则集读不进来 / the ruleset doesn't load")
    return loaded.ruleset
