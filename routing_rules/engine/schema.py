"""What a ruleset is once read: frozen shapes without behaviour. The loader builds them, everything else reads them.

Codes are kept as written; words are in normal form (`engine.normal`). `at` says where in the author's files a thing
stands. Order in tuples is the author's order; nothing here is sorted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from contracts.codes import ClassifiedBy, Kind, LocatedBy, Milestone, Mode, ReporterKind, TimerKind, Urgency
from routing_rules.messages import NOWHERE, Position


class Status(StrEnum):
    """active · 试运行 (judged and counted, no effect) · off."""

    ACTIVE = "active"
    TRIAL = "trial"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class AgencyRef:
    """An agency named by its code."""

    code: str


class RoleRef(NamedTuple):
    """条 × 级: an agency of `function`, from `tier` upward (None: from the lowest; `climb` False: only there)."""

    function: str
    tier: str | None = None
    climb: bool = True


@dataclass(frozen=True, slots=True)
class FirstReceiver:
    """首接负责: the agency that the incident's channel names (G30)."""


Target = AgencyRef | RoleRef | FirstReceiver


@dataclass(frozen=True, slots=True)
class TimeCondition:
    """A condition on a moment, in the ruleset's civil time (G9, G10). Every part given must hold.

    `between`: minutes of the day, [start, end), end may be 1440, start > end wraps midnight.
    `days`: mon…sun, workday, restday, holiday. `dates`: ((month, day), (month, day)), both included, may wrap the year.
    """

    between: tuple[int, int] | None = None
    days: frozenset[str] = frozenset()
    dates: tuple[tuple[int, int], tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class TextCondition:
    """any ∧ all ∧ none over normal forms; lists of words are already put in. `where`: title, text or both."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    where: str = "both"


@dataclass(frozen=True, slots=True)
class Block:
    """One `when` or `unless` mapping: every field that is not None must hold (G5, G6)."""

    channel: frozenset[str] | None = None
    kind: frozenset[Kind] | None = None
    urgency: frozenset[Urgency] | None = None
    reporter: frozenset[ReporterKind] | None = None
    category: frozenset[str] | None = None
    jurisdiction: frozenset[str] | None = None
    located_by: frozenset[LocatedBy] | None = None
    classified_by: frozenset[ClassifiedBy] | None = None
    area: frozenset[str] | None = None
    mode: frozenset[Mode] | None = None
    response: frozenset[str] | None = None
    response_level: frozenset[int] | None = None
    occurred_at: TimeCondition | None = None
    received_at: TimeCondition | None = None
    text: TextCondition | None = None
    about: tuple[Target, ...] | None = None
    reporters: int | None = None  # at_least
    reports: int | None = None  # at_least
    tags: frozenset[str] | None = None
    attributes: Mapping[str, frozenset[str]] | None = None  # values in normal form
    lead: tuple[Target, ...] | None = None  # overlays only
    missing: frozenset[str] | None = None  # occurred_at point address about
    expr: str | None = None
    at: Position = NOWHERE


class SpanUnit(StrEnum):
    """Units of a deadline (RULE-LANGUAGE §8)."""

    MINUTES = "m"
    HOURS = "h"
    WORKING_HOURS = "wh"
    BUSINESS_DAYS = "bd"
    CALENDAR_DAYS = "d"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Span:
    """A deadline as written: 30m, 2h, 4wh, 5bd, 15d or none."""

    count: int
    unit: SpanUnit

    def __str__(self) -> str:
        return "none" if self.unit is SpanUnit.NONE else f"{self.count}{self.unit.value}"


Spans = Mapping[Milestone, Span]


@dataclass(frozen=True, slots=True)
class Deadline:
    """The spans that a rule writes; `fixed` 法定期限 exempts them from being tightened (G43)."""

    spans: Spans = field(default_factory=dict)
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Effective:
    """From and until, both included, judged on the local date of `now` (G47)."""

    start: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """派单规则: the first live one that holds names the lead."""

    id: str
    title: str
    owner: str
    at: Position
    order: int  # 1-based place among all routes
    lead: Target
    when: tuple[Block, ...] = ()  # empty: everything (the fallback)
    unless: tuple[Block, ...] = ()
    co_handlers: tuple[Target, ...] = ()
    inform: tuple[Target, ...] = ()
    on_return: tuple[Target, ...] = ()
    deadline: Deadline = Deadline()
    deadline_by_kind: Mapping[Kind, Deadline] = field(default_factory=dict)
    urgency: Urgency | None = None
    tags: tuple[str, ...] = ()
    confidential: bool = False
    gate: bool = False
    fallback: bool = False
    accepts: tuple[Block, ...] = ()
    basis: str | None = None
    status: Status = Status.ACTIVE
    effective: Effective = Effective()


@dataclass(frozen=True, slots=True)
class Overlay:
    """附加规则: every live one that holds adds; none names a lead."""

    id: str
    title: str
    owner: str
    at: Position
    when: tuple[Block, ...] = ()  # empty: everything
    unless: tuple[Block, ...] = ()
    sample: int | None = None  # of 10,000 (G39)
    co_handlers: tuple[Target, ...] = ()
    inform: tuple[Target, ...] = ()
    tags: tuple[str, ...] = ()
    urgency: Urgency | None = None
    deadline: Deadline = Deadline()
    basis: str | None = None
    status: Status = Status.ACTIVE
    effective: Effective = Effective()


@dataclass(frozen=True, slots=True)
class Agency:
    """单位. `covers` lists jurisdiction codes, `areas` area ids; `names` are what people call it."""

    code: str
    title: str
    function: str
    tier: str
    covers: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    supervisor: str | None = None
    top: bool = False
    names: tuple[str, ...] = ()
    effective: Effective = Effective()
    calendar: str | None = None  # "always": working hours are all hours, as lead (G45)
    at: Position = NOWHERE


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """区划. Nests by `parent`, never by digits (G8); `synthetic` has no name to find in a text."""

    code: str
    name: str
    tier: str
    parent: str | None = None
    names: tuple[str, ...] = ()
    native: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # channel → labels, exact
    synthetic: bool = False
    at: Position = NOWHERE


@dataclass(frozen=True, slots=True)
class Place:
    """地名. `codes`: several = ambiguous, none = a name that says nothing (G22)."""

    name: str
    kind: str
    codes: tuple[str, ...] = ()
    area: str | None = None
    at: Position = NOWHERE


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon (or several), WGS-84, longitude first; rings as GeoJSON has them: outer, then holes (G24)."""

    id: str
    title: str
    polygons: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]
    jurisdiction: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """分类. The code is a path; words carry weights 1-5; `masked` (the file's `not`) are hidden first (G17-G18)."""

    code: str
    title: str
    owner: str | None = None  # inherited downward by the loader
    words: Mapping[str, int] = field(default_factory=dict)
    masked: tuple[str, ...] = ()
    native: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    at: Position = NOWHERE


@dataclass(frozen=True, slots=True)
class Calendar:
    """One year of one calendar (G45). `hours`: working hours of a day as [start, end) minutes; weekdays 0 = Monday."""

    id: str
    year: int
    week: frozenset[int]
    hours: tuple[tuple[int, int], ...]
    holidays: Mapping[date, str] = field(default_factory=dict)
    working_days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """渠道: who receives first, whether it is live, which fields it ever gives."""

    code: str
    title: str
    agency: str | None = None
    live: bool = False
    gives: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Classify:
    """Scoring of category words (G18, G19)."""

    title_weight: int = 2
    min_score: int = 4
    margin: int = 1


@dataclass(frozen=True, slots=True)
class Conflict:
    """How a complaint about an agency itself is recognised (G25). Words in normal form."""

    kinds: frozenset[Kind] = frozenset({Kind.TIP, Kind.COMPLAINT})
    within: int = 6
    not_between: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CountyDeadlines:
    """区统一时限 (G43)."""

    default: Spans = field(default_factory=dict)
    by_kind: Mapping[Kind, Spans] = field(default_factory=dict)
    by_urgency: Mapping[Urgency, Spans] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WordList:
    """A named list of words, put in where a rule writes `list:<id>`."""

    id: str
    title: str
    owner: str
    words: tuple[str, ...]


class FollowUpOn(StrEnum):
    """When 回访 falls due: with the resolution, with the time limit whether resolved or not, or never."""

    RESOLVED = "resolved"
    TIME_LIMIT = "time_limit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder: what is done, and when.

    `percent` of the time from start to deadline; or, None, `after` the deadline, which None says is the moment itself.
    """

    do: TimerKind
    percent: int | None = None
    after: Span | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """回访: on what it falls due, within how long, and after how long a resolution stands that nobody contradicts."""

    on: FollowUpOn = FollowUpOn.RESOLVED
    within: Span = Span(2, SpanUnit.BUSINESS_DAYS)
    close_after: Span = Span(3, SpanUnit.BUSINESS_DAYS)


@dataclass(frozen=True, slots=True)
class Reopen:
    """发回重办: by when it is to be done again, and how often before it is supervised."""

    deadline: Span = Span(3, SpanUnit.BUSINESS_DAYS)
    max: int = 2


@dataclass(frozen=True, slots=True)
class Extension:
    """延期: how often, and by how much at the most."""

    max: int = 1
    longest: Span = Span(30, SpanUnit.CALENDAR_DAYS)


_LADDER: Final[Mapping[Milestone, tuple[Rung, ...]]] = {
    milestone: (
        Rung(TimerKind.REMIND),
        Rung(TimerKind.SUPERVISE, after=Span(1, SpanUnit.BUSINESS_DAYS)),
        Rung(TimerKind.ESCALATE, after=Span(3, SpanUnit.BUSINESS_DAYS)),
    )
    for milestone in Milestone
}


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How a case is followed until it is done (G39). What a channel says replaces the county's, field by field.

    `return_within`: how long after it was given a case may be handed back. `wait_early`: how long a fact waits that
    came before the decision that it speaks of.
    """

    return_within: Span = Span(1, SpanUnit.BUSINESS_DAYS)
    returns_need_approval: bool = False
    ladder: Mapping[Milestone, tuple[Rung, ...]] = field(default_factory=lambda: _LADDER)
    follow_up: FollowUp = FollowUp()
    verify: bool = False
    reopen: Reopen = Reopen()
    extension: Extension = Extension()
    wait_early: Span = Span(1, SpanUnit.HOURS)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A whole ruleset. `hash` is the SHA-256, in hexadecimal, of the parsed, key-sorted content (G46)."""

    id: str
    title: str
    version: str
    hash: str
    timezone: str
    root: str
    tiers: tuple[str, ...]  # lowest first
    calendar: str
    functions: Mapping[str, str]
    channels: Mapping[str, ChannelSpec]
    kind_default: Kind
    kind_words: Mapping[Kind, tuple[str, ...]]
    tags: Mapping[str, str]
    responses: Mapping[str, str]
    routes: tuple[Route, ...]
    overlays: tuple[Overlay, ...]
    agencies: Mapping[str, Agency]
    jurisdictions: Mapping[str, Jurisdiction]
    categories: Mapping[str, Category]
    places: tuple[Place, ...] = ()
    areas: Mapping[str, Area] = field(default_factory=dict)
    calendars: Mapping[tuple[str, int], Calendar] = field(default_factory=dict)
    word_lists: Mapping[str, WordList] = field(default_factory=dict)
    outside: str | None = None
    classify: Classify = Classify()
    conflict: Conflict = Conflict()
    deadlines: CountyDeadlines = CountyDeadlines()
    short_name: int = 2  # names this short count in the address only (G23)
    max_returns: int = 2
    retired: frozenset[str] = frozenset()
    coverage: Mapping[str, int] = field(default_factory=dict)
    two_person: bool = False
    effective_at: date | None = None
    lifecycle: Lifecycle = Lifecycle()
    lifecycle_by_channel: Mapping[str, Lifecycle] = field(default_factory=dict)

    @property
    def rules(self) -> tuple[Route | Overlay, ...]:
        """Return the routes, then the overlays."""
        return (*self.routes, *self.overlays)

    @property
    def blocks(self) -> list[Block]:
        """Return the blocks of all rules, exceptions among them."""
        return [block for rule in self.rules for block in (*rule.when, *rule.unless)]
