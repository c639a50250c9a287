"""The composition root: stages, runtime, rulesets, metrics and clients joined into the services of one process."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import structlog
from mode import Service

from connectors.kafka.clients import Connection
from connectors.registry import channel_codecs, outcome_codecs
from contracts.ports import Clock, Codec
from contracts.telemetry import Meter
from incidentbus.clock import SystemClock
from incidentbus.connecting import connection_of
from incidentbus.fault_points import SteppedClock, fault_hook
from incidentbus.observing import MeteredObserver
from incidentbus.rulesets import RulesetFollower
from incidentbus.settings import Settings
from incidentbus.shadowing import ShadowFollower
from routing_rules.engine.loader import load_directory
from routing_rules.engine.schema import Ruleset
from streams.counts import TurnCounts
from streams.gate import Cluster, GateRunner, Limits, Stage, Timeouts
from streams.rulesets import HeldRuleset
from streams.stages import dispatch_stage, feedback_stage, intake_stage, supervise_stage

log: Final = structlog.get_logger("worker")
_LOOK_SECONDS: Final = 0.1
_REMIND: Final = 300  # looks between two reminders
STAGES: Final = ("intake", "dispatch", "feedback", "supervise")
CRASHED: Final = 70  # EX_SOFTWARE: a supervisor starts the process anew


class GateService(Service):
    """One stage's runner as a service. It joins once a ruleset is in force: who can't decide takes no tasks."""

    def __init__(self, runner: GateRunner, name: str, held: HeldRuleset) -> None:
        self.runner = runner
        self.stage_name = name
        self._held = held
        self._joined = False
        super().__init__()

    async def on_start(self) -> None:
        """Wait for a ruleset, then join the group."""
        waited = 0
        while self._held.current() is None:
            if self.should_stop:
                return
            if waited % _REMIND == 0:
                log.warning(
                    "no ruleset in force yet: `incidentbus rules publish` puts one in force", stage=self.stage_name
                )
            waited += 1
            await asyncio.sleep(_LOOK_SECONDS)
        self._joined = True
        await self.runner.start()

    async def on_stop(self) -> None:
        """Finish the turns in hand and leave."""
        if self._joined:
            await self.runner.stop()


def declared_ruleset(directory: Path) -> Ruleset:
    """Return the ruleset that this deployment's topics derive from. Raises `ValueError` where it doesn't load."""
    loaded = load_directory(directory)
    if loaded.ruleset is None:
        raise ValueError(f"{directory}: 规则集读不进来 / the ruleset doesn't load; incidentbus rules lint")
    return loaded.ruleset


def _codecs(declared: Ruleset) -> dict[str, Codec]:
    return {channel: codec for channel, codec in channel_codecs().items() if channel in declared.channels}


def build_services(
    settings: Settings, stages: Sequence[str], meter: Meter, clock: Clock | None = None, poll_ms: int | None = None
) -> tuple[list[Service], HeldRuleset, list[GateService]]:
    """Return the services of a worker that runs `stages`: the followers first, then a runner a stage.

    `clock` is another than the machine's, `poll_ms` how soon stages with timers see that it has moved: storylines tell
    time themselves.
    """
    held = HeldRuleset()
    clock = clock or _clock(settings)
    observer = MeteredObserver(meter, clock)
    connection = connection_of(settings)
    follower = RulesetFollower(held, settings.topics(), connection, meter)
    ruleset = cache(lambda: declared_ruleset(settings.ruleset_dir))  # read once, and only for stages that ask
    declared = [_declared(name, settings, ruleset, held, observer) for name in stages]
    timeouts = _timeouts(settings)
    told = timeouts if poll_ms is None else replace(timeouts, poll_ms=poll_ms)
    runners = [
        _runner(stage, settings, connection, observer, clock, told if stage.timers else timeouts) for stage in declared
    ]
    gates = [GateService(runner, stage.name, held) for runner, stage in zip(runners, declared, strict=True)]
    followers: list[Service] = [follower]
    if "dispatch" in stages:
        followers.append(ShadowFollower(held, settings.topics(), connection, meter))
    return [*followers, *gates], held, gates


def _declared(
    name: str, settings: Settings, ruleset: Callable[[], Ruleset], held: HeldRuleset, observer: MeteredObserver
) -> Stage:
    topics, limits = settings.topics(), Limits(records=settings.records_per_turn)

    def counts(partition: int) -> TurnCounts:
        return observer.counts(name, partition)

    made: Mapping[str, Callable[[], Stage]] = {
        "intake": lambda: intake_stage(topics, _codecs(ruleset()), held, counts, limits),
        "dispatch": lambda: dispatch_stage(topics, held, counts, limits),
        "feedback": lambda: feedback_stage(topics, ruleset().agencies, counts, limits),
        "supervise": lambda: supervise_stage(topics, held, outcome_codecs(), counts, limits),
    }
    return made[name]()


def _timeouts(settings: Settings) -> Timeouts:
    session = int(settings.session_timeout * 1000)
    return Timeouts(
        session_ms=session, heartbeat_ms=max(100, session // 6),
        transaction_ms=int(settings.transaction_timeout * 1000), stuck_s=settings.watchdog,
    )  # fmt: skip


def _runner(
    stage: Stage,
    settings: Settings,
    connection: Connection,
    observer: MeteredObserver,
    clock: Clock,
    timeouts: Timeouts,
) -> GateRunner:
    member = f"{settings.static_member}-{stage.name}" if settings.static_member else None
    return GateRunner(
        stage,
        Cluster(connection.bootstrap, f"incidentbus-{stage.name}", member, connection.security),
        clock=clock,
        exit_process=crash,
        prefix=settings.runtime_prefix,
        inputs_topic=settings.topics().bus("inputs"),
        observer=observer,
        timeouts=timeouts,
        faults=fault_hook(settings.fault_points),
    )


def _clock(settings: Settings) -> Clock:
    return SystemClock() if settings.fault_clock is None else SteppedClock(settings.fault_clock)


def crash(why: str) -> None:
    """End the process at once, with a sentence: a supervisor starts it anew."""
    log.critical("the process ends: it can't be trusted to make progress", why=why)
    sys.stderr.flush()
    os._exit(CRASHED)
