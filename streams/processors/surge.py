"""Surges: how many of one category came from one town within the hour, against what that town's own history knows.

Pure: a group's state and one sighting in, state and facts out; Kafka, Faust and clocks stay outside. Every time here is
a report's stamp, so that what is told again after a restart is the same, byte for byte. A sighting counts once by its
incident's id however often it comes; one that comes later than ids are remembered is passed over.

A window is an hour long and hops by the minute. What is expected of it is the mean of the same hours on earlier days of
the same sort (working days, weekends) without the highest tenth, so that yesterday's surge does not hide today's; it is
a surge where a count so high has a chance below `CHANCE` under a negative binomial of that mean. docs/surges.md has
the measurements behind each figure.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, exp, log
from typing import Final, NamedTuple, Self

import orjson

from contracts.codes import DirectiveKind, ReasonCode, Urgency
from contracts.directive import Correction, Directive
from contracts.envelope import data_of
from contracts.errors import Permanent
from contracts.ids import directive_id, surge_id
from contracts.incident import read_incident
from contracts.moments import instant_of
from contracts.ports import InboundRecord
from contracts.surge import MOST_INCIDENTS, SURGE_TAG, Surge, SurgeStatus

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_HOURS: Final = 24
WINDOW_MS: Final = HOUR_MS
HISTORY_DAYS: Final = 28
REMEMBERED_MS: Final = 3 * DAY_HOURS * HOUR_MS
"""For so long behind a group's newest sighting an id is known again; what comes later than that is passed over."""
LEVELS: Final = 2
"""Of a category's code so many levels make the group."""
CHANCE: Final = 1e-6
LEAST_EXPECTED: Final = 0.05
"""However quiet a group was: what is repeated within the hour comes in clusters everywhere."""
DISPERSION: Final = 2.0
"""Variance over mean of an hour's count, at least: people repeat what they said, and rain falls on all."""
FLOOR: Final = 10
"""No surge with fewer, however quiet the town."""
UNKNOWN_FLOOR: Final = 20
"""No surge with fewer while a group has been watched for less than `UNKNOWN_DAYS`."""
UNKNOWN_DAYS: Final = 7
GROWTH: Final = 1.5
"""A surge is told again when it has grown by half since it was told last."""
CRITICAL_SHARE: Final = 1 / 3
"""An emergency is proposed where so many of a surge's incidents are critical by the rules."""
SOURCE: Final = "surge"
_ZONE_MS: Final = 8 * HOUR_MS  # the county's days and hours are those of UTC+8, all year
_DAY_KINDS: Final = (5, 2)  # working days, weekend days in a week
STATE_VERSION: Final = 1


class Group(NamedTuple):
    """What sightings are counted by. Exercises are groups of their own: they are never counted with what is real."""

    town: str
    category: str
    exercise: bool

    def key(self) -> bytes:
        """Return the key of the group's records."""
        return "\n".join((self.town, self.category, "exercise" if self.exercise else "")).encode()

    @classmethod
    def of(cls, key: bytes) -> Self:
        """Read a key back."""
        town, category, exercise = key.decode().split("\n")
        return cls(town, category, exercise == "exercise")


class Sighting(NamedTuple):
    """One incident, seen at its report's stamp (ms); or, without an incident, the time alone, which may end a surge."""

    at_ms: int
    incident: str = ""
    critical: bool = False

    def to_bytes(self) -> bytes:
        """Return it as it goes to the topic that groups are gathered on."""
        return orjson.dumps(list(self))

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Read it back. Raises `ValueError` for what this release can't read."""
        at_ms, incident, critical = orjson.loads(raw)
        return cls(int(at_ms), str(incident), bool(critical))


def group_of(town: str, category: str, exercise: bool, levels: int = LEVELS) -> Group:
    """Return the group of a place and a category: the town above a village, the first levels of the category."""
    return Group(town[:9], "/".join(category.split("/")[:levels]), exercise)


def sighted(record: InboundRecord) -> tuple[Group, Sighting]:
    """Return whose group a record of `bus.incidents` belongs to, and what is seen. Raises `Permanent`."""
    raw = data_of(record.headers, record.value)
    if not raw:
        raise Permanent(ReasonCode.EMPTY_PAYLOAD, "no incident")
    incident = read_incident(raw)
    seen = Sighting(
        int(incident.received_at.timestamp() * 1000), incident.id, incident.urgency is Urgency.CRITICAL
    )  # fmt: skip
    return group_of(incident.jurisdiction, incident.category, incident.report.exercise), seen


@dataclass(slots=True)
class Active:
    """A surge under way. `told` is the count that was told last."""

    id: str
    began_ms: int
    expected: float
    threshold: int
    count: int = 0
    told: int = 0
    critical: int = 0
    incidents: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Watched:
    """What is remembered of one group: counts by hour of four weeks, ids of three days, the surge under way.

    `seen` is incident → (stamp in ms, whether critical, whether part of a surge already).
    """

    first_ms: int = 0
    newest_ms: int = 0
    hours: dict[int, int] = field(default_factory=dict)
    seen: dict[str, tuple[int, bool, bool]] = field(default_factory=dict)
    surge: Active | None = None

    def to_bytes(self) -> bytes:
        """Return the state as it is kept."""
        active = self.surge
        kept = None if active is None else [getattr(active, name) for name in Active.__slots__]
        return orjson.dumps(
            [STATE_VERSION, self.first_ms, self.newest_ms, list(self.hours.items()), list(self.seen.items()), kept]
        )

    @classmethod
    def read(cls, raw: bytes | None) -> Self:
        """Read a state back; nothing is a group that was never seen. Raises `ValueError` for a newer version."""
        if raw is None:
            return cls()
        version, first_ms, newest_ms, hours, seen, active = orjson.loads(raw)
        if version > STATE_VERSION:
            raise ValueError(f"state of surges in version {version}: this release knows {STATE_VERSION}")
        known = {name: tuple(told) for name, told in seen}
        return cls(first_ms, newest_ms, dict(hours), known, None if active is None else Active(*active))


class Told(NamedTuple):
    """What one sighting gave rise to."""

    surges: tuple[Surge, ...] = ()
    directives: tuple[Directive, ...] = ()
    counted: bool = False


def observe(group: Group, state: Watched, sighting: Sighting) -> Told:
    """Apply a sighting to a group's state, and return what is to be told of it."""
    ended = tuple(_ended(group, state, sighting.at_ms))
    if not _counts(state, sighting):
        return Told(ended)
    state.first_ms = min(state.first_ms or sighting.at_ms, sighting.at_ms)
    state.newest_ms = max(state.newest_ms, sighting.at_ms)
    hour = (sighting.at_ms + _ZONE_MS) // HOUR_MS
    state.hours[hour] = state.hours.get(hour, 0) + 1
    state.seen[sighting.incident] = (sighting.at_ms, sighting.critical, False)
    _forget(state)
    facts, joined = _judged(group, state)
    return Told((*ended, *facts), joined, counted=True)


def due_ms(state: Watched) -> int | None:
    """Return when the surge under way is over if nothing more comes: its window falls below half the threshold."""
    if state.surge is None:
        return None
    needed = ceil(state.surge.threshold / 2)
    stamps = sorted(stamp for stamp, _, _ in state.seen.values())
    return (stamps[-needed] if len(stamps) >= needed else state.surge.began_ms) + WINDOW_MS


def _ended(group: Group, state: Watched, at_ms: int) -> Iterator[Surge]:
    due = due_ms(state)
    if state.surge is None or due is None or at_ms < due:
        return
    active, state.surge = state.surge, None
    yield _fact(group, state, active, SurgeStatus.ENDED, due)


def _counts(state: Watched, sighting: Sighting) -> bool:
    late = sighting.at_ms <= state.newest_ms - REMEMBERED_MS
    return bool(sighting.incident) and not late and sighting.incident not in state.seen


def _forget(state: Watched) -> None:
    """Drop what nothing asks for any more. Looked at where an hour or an id has grown old, not every time."""
    oldest = state.newest_ms - REMEMBERED_MS
    if next(iter(state.seen.values()))[0] <= oldest:
        state.seen = {name: told for name, told in state.seen.items() if told[0] > oldest}
    first_hour = (state.newest_ms + _ZONE_MS) // HOUR_MS - (HISTORY_DAYS + 1) * DAY_HOURS
    if next(iter(state.hours)) < first_hour:
        state.hours = {hour: count for hour, count in state.hours.items() if hour >= first_hour}


def _judged(group: Group, state: Watched) -> tuple[list[Surge], tuple[Directive, ...]]:
    """Look at the window that ends with the newest sighting: a surge begins, grows, or there is none."""
    now = state.newest_ms
    start = (now - WINDOW_MS) // MINUTE_MS * MINUTE_MS + MINUTE_MS
    window = {name: told for name, told in state.seen.items() if told[0] >= start}
    began = state.surge is None
    if state.surge is None:
        least = FLOOR if now - state.first_ms >= UNKNOWN_DAYS * DAY_HOURS * HOUR_MS else UNKNOWN_FLOOR
        if len(window) < least:
            return [], ()
        expected = expected_of(state, now)
        threshold = max(least, threshold_of(expected))
        if len(window) < threshold:
            return [], ()
        state.surge = _begun(group, start, min(told[0] for told in window.values()), expected, threshold)
    joined = sorted((told[0], name) for name, told in window.items() if not told[2])
    for stamp, name in joined:
        _join(state, state.surge, name, stamp)
    directives = tuple(_advice(state.surge, name, now) for _, name in joined)
    if not (began or state.surge.count >= state.surge.told * GROWTH):
        return [], directives
    state.surge.told = state.surge.count
    return [_fact(group, state, state.surge, SurgeStatus.BEGUN if began else SurgeStatus.UPDATED, now)], directives


def _begun(group: Group, start: int, first: int, expected: float, threshold: int) -> Active:
    window = instant_of(start).isoformat() + (" exercise" if group.exercise else "")
    return Active(surge_id(group.town, group.category, window), first, round(expected, 2), threshold)


def _join(state: Watched, active: Active, name: str, stamp: int) -> None:
    critical = state.seen[name][1]
    state.seen[name] = (stamp, critical, True)
    active.count += 1
    active.critical += critical
    if len(active.incidents) < MOST_INCIDENTS:
        active.incidents.append(name)


def expected_of(state: Watched, now_ms: int) -> float:
    """Return how many the hour before `now_ms` should bring, by the same hours of earlier days of the same sort.

    The mean over those days and the hours beside, without the highest tenth of them; days before the group was first
    seen don't count.
    """
    hour = (now_ms + _ZONE_MS - WINDOW_MS // 2) // HOUR_MS
    days = min(HISTORY_DAYS, (now_ms - state.first_ms) // (DAY_HOURS * HOUR_MS))
    alike = [hour - ago * DAY_HOURS for ago in range(1, days + 1) if _weekend(hour - ago * DAY_HOURS) == _weekend(hour)]
    if not alike:
        return 0.0
    hours = state.hours
    counts = sorted(hours.get(h - 1, 0) + 2 * hours.get(h, 0) + hours.get(h + 1, 0) for h in alike)
    kept = counts[: len(counts) - len(counts) // 10]
    return sum(kept) / len(kept) / 4


def _weekend(hour: int) -> bool:
    return (hour // DAY_HOURS + 3) % 7 >= _DAY_KINDS[0]  # 1970-01-01 was a Thursday


def threshold_of(expected: float) -> int:
    """Return the least count whose chance, or a higher one's, is below `CHANCE` where `expected` are expected."""
    return _threshold(ceil(expected * 20))


@lru_cache(maxsize=4096)
def _threshold(twentieths: int) -> int:
    mean = max(twentieths / 20, LEAST_EXPECTED)
    size, kept = mean / (DISPERSION - 1), 1 / DISPERSION
    mass = exp(size * log(kept))
    tail, count = 1.0, 0
    while tail >= CHANCE:
        tail -= mass
        mass *= (count + size) / (count + 1) * (1 - kept)
        count += 1
    return count


def _fact(group: Group, state: Watched, active: Active, status: SurgeStatus, at_ms: int) -> Surge:
    last = max((told[0] for told in state.seen.values() if told[2]), default=active.began_ms)
    return Surge(
        id=active.id, status=status, town=group.town, category=group.category, began_at=instant_of(active.began_ms),
        at=instant_of(at_ms), last_at=instant_of(last), count=active.count, expected=active.expected,
        threshold=active.threshold, window_minutes=WINDOW_MS // MINUTE_MS, incidents=tuple(active.incidents),
        proposes_emergency=active.critical >= max(1, active.count * CRITICAL_SHARE) and not group.exercise,
        exercise=group.exercise,
    )  # fmt: skip


def _advice(active: Active, incident: str, at_ms: int) -> Directive:
    """Return the amendment that tags one incident: its id says that it is the same however often it is given."""
    return Directive(
        id=directive_id("amend", incident, active.id), kind=DirectiveKind.AMEND, issued_at=instant_of(at_ms),
        issued_by=SOURCE, incident=incident, reason=f"突增监测 {active.id}", correction=Correction(tags=(SURGE_TAG,)),
    )  # fmt: skip


__all__ = ["Group", "Sighting", "Told", "Watched", "due_ms", "group_of", "observe", "sighted"]
