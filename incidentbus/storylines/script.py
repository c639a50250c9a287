"""A story as it is written: its models, and the reader, whose errors name file, step and field.

Every scalar is read as text: a clock time in YAML must not become a number. Nothing is run here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from contracts.codes import (
    CaseStatus,
    DirectiveKind,
    FactKind,
    Kind,
    Milestone,
    Notice,
    ReturnReason,
    Satisfaction,
    Urgency,
)
from incidentbus.storylines.telling import moment, span

Lines = Annotated[
    tuple[str, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) and given else given or ())
]


class StoryUnreadable(ValueError):
    """A story can't be read; the message has a line for each fault, Chinese first."""


class Written(BaseModel):
    """What a story writes: every word known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReportStep(Written):
    """A channel sends a report, in its own fields. `times` sends so many, `every` so long after each other."""

    channel: str
    native: dict[str, Any]
    times: int = Field(default=1, ge=1, le=200)
    every: str = "1m"

    @model_validator(mode="after")
    def _readable(self) -> "ReportStep":
        span(self.every)
        return self


class TellStep(Written):
    """An agency tells a fact of its part, or the channel's own agency of the whole."""

    agency: str
    fact: FactKind
    return_reason: ReturnReason | None = None
    suggested_agency: str | None = None
    note: str = ""
    until: str | None = None
    satisfaction: Satisfaction | None = None
    notice: Notice | None = None
    system: str | None = None
    number: str | None = None


class CommandStep(Written):
    """The command centre (or whoever `by` names) gives a directive. `into` names another case of the story."""

    kind: DirectiveKind
    why: str
    by: str = "command-centre"
    agency: str | None = None
    rule: str | None = None
    until: str | None = None
    milestone: Milestone | None = None
    into: str | None = None
    reporters: int | None = None
    reports: int | None = None
    tags: tuple[str, ...] | None = None
    category: str | None = None
    jurisdiction: str | None = None
    kind_of_report: Kind | None = None
    urgency: Urgency | None = None


class ModeSet(Written):
    """An emergency is declared."""

    until: str
    why: str
    by: str = "command-centre"
    jurisdiction: str | None = None
    area: str | None = None
    response: tuple[str, ...] = ()
    level: int | None = Field(default=None, ge=1, le=4)


class ModeStep(Written):
    """An emergency begins, or the one of a place ends."""

    set: ModeSet | None = None
    end: str | None = None
    why: str = ""

    @model_validator(mode="after")
    def _one(self) -> "ModeStep":
        if (self.set is None) == (self.end is None):
            raise ValueError("set 或 end，写一样 / set or end, one of the two")
        return self


class RulesetStep(Written):
    """Another ruleset is put in force: the story's own with these files replaced or added; or the first one again."""

    patch: dict[str, str] = {}
    back: bool = False
    why: str = ""

    @model_validator(mode="after")
    def _one(self) -> "RulesetStep":
        if bool(self.patch) == self.back:
            raise ValueError("patch 或 back，写一样 / patch or back, one of the two")
        return self


class Expect(Written):
    """What came of it since it was last asked. A list is exact; `silence`: nothing at all since the step before."""

    case: str = ""
    lead: str | None = None
    status: CaseStatus | None = None
    round: int | None = None
    level: int | None = None
    tags: Lines | None = None
    co_handlers: Lines | None = None
    informed: Lines | None = None
    due: dict[str, str] | None = None
    numbers: dict[str, str] | None = None
    assignments: Lines | None = None
    facts: Lines | None = None
    facts_include: Lines | None = None
    notices: Lines | None = None
    outcomes: Lines | None = None
    directives: Lines | None = None
    dead_letters: Lines | None = None
    silence: bool = False


def _as_list(given: Any) -> Any:
    return [given] if isinstance(given, dict) else given


class Step(Written):
    """One step: when, which case, one thing that is done (or none: time passes), and what is expected then."""

    at: str
    case: str = ""
    say: str = ""
    report: ReportStep | None = None
    tell: TellStep | None = None
    command: CommandStep | None = None
    mode: ModeStep | None = None
    ruleset: RulesetStep | None = None
    workers: Literal["up", "down"] | None = None
    wait: str | None = None
    expect: Annotated[tuple[Expect, ...], BeforeValidator(_as_list)] = ()

    @model_validator(mode="after")
    def _one(self) -> "Step":
        done = [name for name in DOINGS if getattr(self, name) is not None]
        if len(done) > 1:
            raise ValueError(f"一步只做一件事 / one thing a step, not {', '.join(done)}")
        return self


DOINGS: Final = ("report", "tell", "command", "mode", "ruleset", "workers")


class Script(Written):
    """A whole story as written."""

    title: str
    about: str
    start: str
    ruleset: str = "hongze"
    steps: tuple[Step, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Story:
    """A story that was read: its steps with their moments, none earlier than the one before."""

    path: Path
    script: Script
    start: datetime
    steps: tuple[tuple[datetime, Step], ...]

    @property
    def name(self) -> str:
        """Return what the story is called by: its file's name."""
        return self.path.stem


def read_story(path: Path, zone_of: Callable[[str], ZoneInfo]) -> Story:
    """Read a story; times are local ones of its ruleset, which `zone_of` knows. Raises `StoryUnreadable`."""
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - builds text, lists, maps only
    except OSError as error:
        raise StoryUnreadable(f"{path.name}: 打不开 / can't be opened: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StoryUnreadable(f"{path.name}: 不是 YAML / no YAML: {error}") from error
    try:
        script = Script.model_validate(raw)
    except ValidationError as error:
        raise StoryUnreadable("\n".join(_faults(path.name, error))) from None
    try:
        zone = zone_of(script.ruleset)
    except ValueError as error:
        raise StoryUnreadable(f"{path.name} ruleset: {error}") from None
    start, steps = _timed(path.name, script, zone)
    return Story(path, script, start, steps)


def _timed(name: str, script: Script, zone: ZoneInfo) -> tuple[datetime, tuple[tuple[datetime, Step], ...]]:
    try:
        before = start = moment(script.start, None, zone)
    except ValueError as error:
        raise StoryUnreadable(f"{name} start: {error}") from None
    steps = []
    for number, step in enumerate(script.steps, 1):
        try:
            at = moment(step.at, before, zone)
        except ValueError as error:
            raise StoryUnreadable(f"{name} 第 {number} 步 at: {error} / step {number}") from None
        if at < before:
            raise StoryUnreadable(
                f"{name} 第 {number} 步 at: {step.at} 比上一步早 / step {number} is before the last one"
            )
        steps.append((at, step))
        before = at
    return start, tuple(steps)


def _faults(name: str, error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        where = [str(part) for part in each["loc"]]
        step = ""
        if len(where) > 1 and where[0] == "steps" and where[1].isdecimal():
            step = f" 第 {int(where[1]) + 1} 步"
            where = where[2:]
        said = {"extra_forbidden": "没有这个字段", "missing": "缺这个字段"}.get(each["type"], "写法不对")
        yield f"{name}{step} {'.'.join(where) or '（整步）'}: {said} / {each['msg']}"
