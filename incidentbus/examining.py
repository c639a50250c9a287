"""The doctor's questions: one line each whether something is right, and what to do if it isn't.

Each question is put by itself: what can't be asked because the broker is away says so, and the rest is answered still.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from aiokafka.errors import KafkaError, NodeNotReadyError

from connectors.kafka.admin import find_topics
from connectors.kafka.clients import Connection, producer
from connectors.kafka.clustersettings import cluster_settings
from connectors.kafka.health import cluster_health, disk
from connectors.kafka.topicplan import differences, wanted_topics
from connectors.kafka.unread import UnreadLook
from contracts.errors import Permanent
from contracts.ports import Clock
from contracts.probe import Probe
from contracts.ruleset import RulesetPointer
from contracts.serde import read, write
from contracts.topics import Topics
from incidentbus.agencylag import AgencyLag, agency_lags
from incidentbus.clock import SystemClock
from incidentbus.compiled import running, told_version
from incidentbus.connecting import connection_of
from incidentbus.promise import QUESTIONS, Needs
from incidentbus.readmodel.inputs import paused_inputs
from incidentbus.readmodel.reading import existing, read_all
from incidentbus.settings import Settings
from routing_rules.engine.loader import load_directory
from routing_rules.engine.schema import Ruleset

_LOG_APPEND: Final = 1
_SLOW_SECONDS: Final = 20.0
_TRIES: Final = 8
_PAUSE_SECONDS: Final = 0.25
_SKEW_MS: Final = 2_000
_LEAST_FREE: Final = 1 << 30
_LEAST_SHARE: Final = 0.05
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One line: what was asked about, whether it is right, what was found, and what to do if not."""

    about: str
    right: bool
    found: str
    cure: str = ""
    reached: bool = True
    """False where it could not be asked, because Kafka can't be reached."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined."""

    connection: Connection
    topics: Topics
    replication: int
    ruleset_dir: Path
    run_dir: Path
    clock: Clock
    transaction_ms: int
    session_ms: int


def patient_of(settings: Settings, client_id: str) -> Patient:
    """Return the deployment that the settings tell of."""
    return Patient(
        connection_of(settings, client_id), settings.topics(), settings.replication_factor, settings.ruleset_dir,
        settings.run_dir, SystemClock(), int(settings.transaction_timeout * 1000), int(settings.session_timeout * 1000),
    )  # fmt: skip


CHECKS: Final = ("broker", "topics", *QUESTIONS, "ruleset", "clock", "disk", "code", "inputs", "agencies")
"""Every question by its name, in the order of the answers. An agency that is ill has a line of its own behind them."""


async def examine(patient: Patient) -> list[Answer]:
    """Return the answers, in the order of `CHECKS`, then a line for each agency that is not right."""
    first = await _asked("broker", lambda: _broker(patient), _START)
    if not first.reached:
        away = Answer("", False, "没法问：Kafka 连不上 / not asked: Kafka can't be reached", reached=False)
        here = {"broker": first, "ruleset": _ruleset_dir(patient), "disk": _disk(patient), "code": _code()}
        return [here.get(check) or _named(check, away) for check in CHECKS]
    ruleset = _loaded(patient)
    return [
        first,
        await _asked("topics", lambda: _topics(patient, ruleset), _APPLY),
        *await _promises(patient, ruleset),
        await _asked("ruleset", lambda: _ruleset(patient), _APPLY),
        await _asked("clock", lambda: _clock(patient), _APPLY),
        _disk(patient),
        _code(),
        await _asked("inputs", lambda: _inputs(patient), _APPLY),
        *await _agencies(patient, ruleset),
    ]


def _loaded(patient: Patient) -> Ruleset | None:
    try:
        return load_directory(patient.ruleset_dir).ruleset
    except OSError:
        return None


def agencies_of(patient: Patient) -> tuple[str, ...]:
    """Return the codes of the agencies of this deployment's ruleset; none where it doesn't load."""
    ruleset = _loaded(patient)
    return tuple(sorted(ruleset.agencies)) if ruleset else ()


async def _promises(patient: Patient, ruleset: Ruleset | None) -> list[Answer]:
    """What the promise asks of the cluster's settings: read once, each question judged by itself."""
    specs = patient.topics.specs(ruleset.channels if ruleset else (), ruleset.agencies if ruleset else ())
    needs = Needs(specs, patient.transaction_ms, patient.session_ms)
    told: list[Answer] = []

    async def read_and_judge() -> Answer:
        found = await cluster_settings(patient.connection, patient.topics.prefix)
        for about, question in QUESTIONS.items():
            verdict = question(found, needs)
            told.append(Answer(about, verdict.right, verdict.found, verdict.cure))
        return told[0]

    failed = await _asked("settings", read_and_judge, _ASK)
    return told or [replace(failed, about=about) for about in QUESTIONS]


async def _agencies(patient: Patient, ruleset: Ruleset | None) -> list[Answer]:
    """One line on all agencies, and one for each that is in danger of losing what it hasn't read."""
    lags: list[AgencyLag] = []

    async def measure() -> Answer:
        agencies = ruleset.agencies if ruleset else ()
        lags.extend(
            await agency_lags(UnreadLook(patient.connection), patient.connection, patient.topics, agencies,
                              patient.clock.now_ms())
        )  # fmt: skip
        return _all_agencies(lags)

    whole = await _asked("agencies", measure, _ASK)
    return [whole, *(Answer(f"agency {lag.agency}", False, lag.told(), lag.cure()) for lag in lags if not lag.right)]


def _all_agencies(lags: list[AgencyLag]) -> Answer:
    if not lags:
        return Answer("", False, "没有单位的主题可查 / no agency has a topic to look at", _APPLY)
    ill = [lag.agency for lag in lags if not lag.right]
    if ill:
        return Answer(
            "", False, f"{len(ill)} 家要丢未读的交办 / may lose what they haven't read: {_some(ill)}", _EXPIRING
        )
    waiting = sorted((lag for lag in lags if lag.waited_s), key=lambda lag: -lag.waited_s)
    if not waiting:
        return Answer("", True, f"{len(lags)} 家都读到了头 / agencies have read what there is")
    found = f"{len(lags)} 家，{len(waiting)} 家有积压 / agencies, so many behind"
    return Answer("", True, f"{found}；最久 / longest: {waiting[0].agency} {waiting[0].told()}")


_START: Final = "incidentbus broker start，或设对 / or set INCIDENTBUS_BOOTSTRAP_SERVERS"
_APPLY: Final = "incidentbus topics apply"
_PUBLISH: Final = "incidentbus rules publish"
_ASK: Final = "docs/kafka.md#permissions（要能看配置和位点 / this user must see settings and offsets）"
_EXPIRING: Final = "docs/runbooks/IncidentbusAgencyExpiring.md"


def _named(about: str, answer: Answer) -> Answer:
    return Answer(about, answer.right, answer.found, answer.cure, answer.reached)


T = TypeVar("T")


async def insisted(question: Callable[[], Awaitable[T]]) -> T:
    """Ask again where a broker that has just gone was asked: it is still listed until its session is over."""
    for _ in range(_TRIES - 1):
        with suppress(NodeNotReadyError):
            return await question()
        await asyncio.sleep(_PAUSE_SECONDS)
    return await question()


async def _asked(about: str, question: Callable[[], Awaitable[Answer]], cure: str) -> Answer:
    try:
        async with asyncio.timeout(_SLOW_SECONDS):
            return _named(about, await insisted(question))
    except TimeoutError:
        return Answer(
            about, False, f"{_SLOW_SECONDS:.0f} 秒没有回答 / no answer within {_SLOW_SECONDS:.0f} s", cure, False
        )
    except KafkaError as error:
        away = about == "broker" or error.retriable
        return Answer(about, False, f"{type(error).__name__}: {error}", cure, reached=not away)


async def _broker(patient: Patient) -> Answer:
    health = await cluster_health(patient.connection)
    brokers = ", ".join(health.brokers)
    found = f"{len(health.brokers)} 台 / brokers ({brokers})，{health.topics} 个主题 / topics"
    if health.sound:
        return Answer("", True, found)
    ill = [*health.leaderless, *health.under_replicated]
    where = _some(f"{name}/{number}" for name, number in ill)
    return Answer(
        "", False, f"{found}；{len(health.leaderless)} 个分区无首领、{len(health.under_replicated)} 个缺副本 / "
        f"partitions without leader, short of copies: {where}", "让缺的 broker 回来 / bring the missing brokers back",
    )  # fmt: skip


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = f" … ({len(every)})" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


async def _topics(patient: Patient, ruleset: Ruleset | None) -> Answer:
    if ruleset is None:
        return Answer(
            "", False, f"{patient.ruleset_dir}: 规则集读不进来 / the ruleset doesn't load", "incidentbus rules lint"
        )
    specs = patient.topics.specs(ruleset.channels, ruleset.agencies)
    wanted = wanted_topics(specs, patient.topics, patient.replication)
    found = await find_topics(patient.connection, patient.topics.prefix)
    drift = [each for each in differences(wanted, found, patient.topics.prefix) if each.drift]
    if not drift:
        return Answer("", True, f"{len(wanted)} 个主题与登记一致 / topics as the registry wants them")
    by_hand = any(each.by_hand for each in drift)
    cure = "incidentbus topics plan（有需人工的 / some by hand）" if by_hand else _APPLY
    where = _some(sorted({each.topic for each in drift}))
    return Answer("", False, f"{len(drift)} 处不一致 / differences: {where}", cure)


def _ruleset_dir(patient: Patient) -> Answer:
    try:
        loaded = load_directory(patient.ruleset_dir)
    except OSError as error:
        return Answer(
            "ruleset", False, f"{patient.ruleset_dir}: {error.strerror}", "设对 / set INCIDENTBUS_RULESET_DIR"
        )
    if loaded.ruleset is None:
        found = f"{patient.ruleset_dir}: {len(loaded.errors)} 处错误 / errors"
        return Answer("ruleset", False, found, f"incidentbus rules lint {patient.ruleset_dir}")
    ruleset = loaded.ruleset
    return Answer("ruleset", True, f"{ruleset.id} {ruleset.version} {ruleset.hash[:12]} ({patient.ruleset_dir})")


async def _ruleset(patient: Patient) -> Answer:
    here = _ruleset_dir(patient)
    if not here.right:
        return here
    pointer, stored = await _in_force(patient)
    publish = f"{_PUBLISH} {patient.ruleset_dir}"
    if pointer is None:
        return Answer("", False, f"没有启用的规则集 / none is in force; {here.found}", publish)
    if pointer.hash not in stored:
        return Answer("", False, f"启用的 {pointer.version} 没有存在 Kafka 上 / the one in force isn't stored", publish)
    same = pointer.hash[:12] in here.found
    beside = "" if same else f"；与本机不同 / this machine has another: {here.found}"
    return Answer("", True, f"启用 / in force: {pointer.version} {pointer.hash[:12]}{beside}")


async def _in_force(patient: Patient) -> tuple[RulesetPointer | None, set[str]]:
    pointer: RulesetPointer | None = None
    stored: set[str] = set()
    bundles, in_force = patient.topics.bus("rulesets"), patient.topics.bus("ruleset-in-force")
    async for record in read_all(patient.connection, [(bundles, 0), (in_force, 0)]):
        if record.topic == bundles and record.key and record.value:
            stored.add(record.key.decode("ascii", "replace"))
        elif record.topic == in_force and record.value:
            try:
                pointer = read(RulesetPointer, record.value)
            except Permanent:
                continue
    return pointer, stored


async def _clock(patient: Patient) -> Answer:
    topic = patient.topics.bus("probes")
    if not await existing(patient.connection, topic.__eq__):
        return Answer("", False, f"没法比：没有 / can't be compared: there is no {topic}", _APPLY)
    async with producer(patient.connection, linger_ms=0) as client:
        await client.partitions_for(topic)
        before = patient.clock.now_ms()
        placed = await client.send_and_wait(topic, write(Probe(at=before)), b"doctor", partition=0)
        after = patient.clock.now_ms()
    if placed.timestamp_type != _LOG_APPEND:
        return Answer("", False, f"{topic} 不由 broker 打时间戳 / isn't stamped by the broker", _APPLY)
    skew = placed.timestamp - (before + after) // 2
    slack = _SKEW_MS + (after - before) // 2
    found = f"与 broker 相差 / off the broker's by {skew / 1000:+.3f} s；写入用时 / a write took {after - before} ms"
    return Answer("", abs(skew) <= slack, found, "" if abs(skew) <= slack else "校准两边的时钟 / set both clocks (NTP)")


def _disk(patient: Patient) -> Answer:
    space = disk(patient.run_dir)
    found = f"{space.path}: {space.free / 2**30:.1f} GiB 空闲 / free of {space.total / 2**30:.0f}"
    enough = space.free >= _LEAST_FREE and space.free >= space.total * _LEAST_SHARE
    return Answer("disk", enough, found, "" if enough else "腾出空间，或换 / make room, or set INCIDENTBUS_RUN_DIR")


def _code() -> Answer:
    """How this machine's code runs. Both ways say the same; compiled code that is older than its sources does not."""
    told = running()
    return Answer("code", not told.stale, told_version(), "make compiled" if told.stale else "")


async def _inputs(patient: Patient) -> Answer:
    paused = await paused_inputs(patient.connection, patient.topics)
    if not paused:
        return Answer("", True, "没有停着的输入 / no input stands still")
    where = _some(f"{state.topic}/{state.partition}" for state in paused)
    return Answer("", False, f"{len(paused)} 个输入停着 / stand still: {where}", "incidentbus inputs list")
