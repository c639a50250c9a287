"""Plays one story: sets the clock from due moment to due moment, does each step, and compares what came.

Between two steps nothing is skipped: the clock stands still at every moment at which something of a case falls due,
until the bus has dealt with it. While the workers are down it runs on, as in life.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from connectors.kafka.publisher import Outgoing, Publisher
from contracts.case import Case
from contracts.codes import ENDED, DirectiveKind, Mode
from contracts.decision import ModeRecord
from contracts.ids import incident_id
from contracts.moments import instant_of
from incidentbus.declaring import NotDeclared, checked, declare
from incidentbus.publishing import Author, NotPublished, publish
from incidentbus.storylines import doing
from incidentbus.storylines.deployment import Deployment
from incidentbus.storylines.expecting import Account, Difference, compare, never_told
from incidentbus.storylines.happening import Happening, Reader, What
from incidentbus.storylines.script import (
    CommandStep,
    Expect,
    ModeStep,
    ReportStep,
    RulesetStep,
    Step,
    Story,
    TellStep,
)
from incidentbus.storylines.telling import moment, span
from incidentbus.storylines.watching import Watch
from routing_rules.messages import Level

_WAIT_S: Final = 20.0
_ORDER: Final = {what: place for place, what in enumerate(
    (What.FACT, What.DIRECTIVE, What.ASSIGNMENT, What.NOTICE, What.OUTCOME, What.DEAD_LETTER)
)}  # fmt: skip
THE_CASE: Final = "case"


class NotPlayed(Exception):
    """A step can't be done as it is written; the message names it."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step of the story in its journal: when, which case, what was done. `number` counts from 1."""

    at: int
    number: int
    case: str
    step: Step


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a case by the end of a step, since the step before; and how it stands then."""

    number: int
    case: str
    happenings: tuple[Happening, ...]
    standing: Case | None


@dataclass(slots=True)
class Performance:
    """What one playing of a story came to. `journal` has steps and happenings in order, `came` the same by step."""

    story: Story
    journal: list[Done | Happening] = field(default_factory=list)
    differences: list[tuple[int, Difference]] = field(default_factory=list)
    cases: dict[str, str] = field(default_factory=dict)
    came: list[Came] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences


Told = Callable[[datetime, int], None]
"""Called as (story time, steps done)."""


def untold(_at: datetime, _done: int) -> None:
    """Show no progress."""


@dataclass(slots=True)
class Play:
    """One playing of one story in a deployment that serves several in turn; `again` tells playings apart."""

    story: Story
    deployment: Deployment
    watch: Watch
    publisher: Publisher
    again: int = 0
    progress: Told = untold
    performance: Performance = field(init=False)
    _reader: Reader = field(init=False)
    _accounts: dict[str, Account] = field(default_factory=dict)
    _places: list[str] = field(default_factory=list)
    _patched: bool = False
    _number: int = 0

    def __post_init__(self) -> None:
        self.performance = Performance(self.story)
        self._reader = Reader(self.deployment.settings.topics(), self.deployment.zone)

    async def run(self) -> Performance:
        """Play it. Raises `NotPlayed`, `NeverQuiet`, or aiokafka's errors."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.deployment.clock.ms = _ms(self.story.start)
        self.watch.seen.clear()
        try:
            for number, (at, step) in enumerate(self.story.steps, 1):
                await self._step(number, at, step)
            await self._end()
        finally:
            await self._leave()
        self.performance.seconds = loop.time() - began
        return self.performance

    async def _step(self, number: int, at: datetime, step: Step) -> None:
        self._number = number
        before = {name: len(self._account(name).happenings) for name in self.performance.cases}
        await self._advance(at)
        self.performance.journal.append(Done(_ms(at), number, step.case, step))
        await self._do(at, step)
        await self._quiet()
        for expect in step.expect:
            self._compare(expect, expect.case or step.case, before)
        for name, incident in self.performance.cases.items():
            standing = self.watch.standing.get(incident)
            fresh = tuple(self._account(name).happenings[before.get(name, 0) :])
            self.performance.came.append(Came(number, name, fresh, standing.case if standing else None))
        self.progress(at, number)

    # time

    async def _advance(self, until: datetime) -> None:
        clock, end = self.deployment.clock, _ms(until)
        if self.deployment.up:
            await self._quiet()
            while (due := self.watch.next_due()) is not None and due <= end:
                clock.ms = max(clock.ms, due)
                self.progress(instant_of(clock.ms).astimezone(self.deployment.zone), self._number - 1)
                await self._quiet()
        clock.ms = max(clock.ms, end)

    async def _quiet(self) -> None:
        if not self.deployment.up:
            return
        await self.watch.quiet(self.deployment.clock.ms)
        self._take_in()

    def _take_in(self) -> None:
        mine = {incident: name for name, incident in self.performance.cases.items()}
        fresh = [found for record in self.watch.seen if (found := self._reader.read(record)) is not None]
        self.watch.seen.clear()
        for happening in sorted(fresh, key=lambda each: (each.at, _ORDER[each.what], each.incident)):
            name = mine.get(happening.incident)
            if name is None and happening.what is not What.DEAD_LETTER:
                continue
            self._account(name or "").happenings.append(happening)
            self.performance.journal.append(happening)

    # what is done

    async def _do(self, at: datetime, step: Step) -> None:
        if step.report is not None:
            await self._report(at, step.case or THE_CASE, step.report)
        elif step.tell is not None:
            await self._tell(at, step.case, step.tell)
        elif step.command is not None:
            await self._command(at, step.case, step.command)
        elif step.mode is not None:
            await self._mode(at, step.mode)
        elif step.ruleset is not None:
            await self._ruleset(at, step.ruleset)
        elif step.workers == "down":
            await self._quiet()
            await self.deployment.stop()
        elif step.workers == "up":
            await self.deployment.start()

    async def _report(self, at: datetime, case: str, step: ReportStep) -> None:
        if step.channel not in doing.ID_FIELDS:
            raise NotPlayed(self._where(f"report.channel: 情景里没有这个渠道 / no such channel here: {step.channel}"))
        field_ = doing.ID_FIELDS[step.channel]
        for count in range(step.times):
            name = case if step.times == 1 else f"{case}-{count + 1:02d}"
            number = f"{step.native.get(field_, self.story.name)}{'' if step.times == 1 else f'-{count + 1:02d}'}"
            number += f"~{self.again}" if self.again else ""
            when = at + count * span(step.every)
            await self._advance(when)
            self.performance.cases[name] = incident_id(step.channel, number)
            topics = self.deployment.settings.topics()
            await self._publish(doing.reported(topics, step.channel, {**step.native, field_: number}, when))

    async def _tell(self, at: datetime, case: str, step: TellStep) -> None:
        topics = self.deployment.settings.topics()
        if step.agency not in self.deployment.ruleset.agencies:
            raise NotPlayed(self._where(f"tell.agency: 没有这个单位 / no such agency: {step.agency}"))
        for name in self._names(case):
            incident, cause = self.performance.cases[name], self._cause
            await self._publish(doing.told(topics, incident, step, at, self._until(step.until, at), cause))

    async def _command(self, at: datetime, case: str, step: CommandStep) -> None:
        topics = self.deployment.settings.topics()
        whole = step.kind in (DirectiveKind.HOLD, DirectiveKind.RELEASE)
        for name in [""] if whole else self._names(case):
            into = self.performance.cases[self._names(step.into)[0]] if step.into else None
            incident, until = self.performance.cases.get(name), self._until(step.until, at)
            for record in doing.commanded(topics, incident, step, at, until, into, self._cause):
                await self._publish(record)

    async def _mode(self, at: datetime, step: ModeStep) -> None:
        if step.set is not None:
            record = ModeRecord(
                Mode.EMERGENCY, step.set.jurisdiction, step.set.area, step.set.response, step.set.level, at,
                self._until(step.set.until, at), step.set.by, step.set.why,
            )  # fmt: skip
            try:
                record = checked(record, self.deployment.ruleset)
            except NotDeclared as refusal:
                raise NotPlayed(self._where(f"mode: {refusal}")) from refusal
            self._places.append(record.jurisdiction or record.area or "")
            await self._declare(record)
        elif step.end is not None:
            await self._end_mode(step.end, at, step.why)

    async def _end_mode(self, place: str, at: datetime, why: str) -> None:
        in_force = self.deployment.held.current()
        for record in in_force.modes if in_force is not None else ():
            if place in (record.jurisdiction, record.area) and record.stands_at(at):
                await self._declare(replace(record, until=at, reason=why))

    async def _declare(self, record: ModeRecord) -> None:
        await declare(self.deployment.connection, self.deployment.settings.topics(), record)
        held = self.deployment.held
        await self._until_true(lambda: (now := held.current()) is not None and record in now.modes)

    async def _ruleset(self, at: datetime, step: RulesetStep) -> None:
        home = self.deployment.settings.ruleset_dir
        self._patched = not step.back
        with tempfile.TemporaryDirectory() as folder:
            directory = home
            if step.patch:
                directory = Path(shutil.copytree(home, Path(folder) / home.name))
                for name, text in step.patch.items():
                    (directory / name).parent.mkdir(parents=True, exist_ok=True)
                    (directory / name).write_text(text, "utf-8")
            await self._put_in_force(directory, at, step.why)

    async def _put_in_force(self, directory: Path, at: datetime, why: str) -> None:
        deployment = self.deployment
        by = Author("command-centre", why)
        try:
            done = await publish(directory, deployment.connection, deployment.settings.topics(), 1, by, at)
        except NotPublished as refusal:
            found = [each.line("zh") for each in refusal.findings if each.level is Level.ERROR]
            told = "\n".join(found) or refusal.text("zh")
            raise NotPlayed(self._where(f"ruleset: 发布不了 / can't be published\n{told}")) from refusal
        held = deployment.held
        await self._until_true(lambda: (now := held.current()) is not None and now.compiled.ruleset.hash == done.hash)

    async def _until_true(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(_WAIT_S):
            while not condition():
                await asyncio.sleep(0.02)

    async def _publish(self, record: Outgoing) -> None:
        self.watch.attend(record.topic)
        await self.publisher.publish(record)

    @property
    def _cause(self) -> str:
        return f"storyline/{self.story.name}/{self._number}/{self.again}"

    def _until(self, text: str | None, at: datetime) -> datetime | None:
        try:
            return None if text is None else moment(text, at, self.deployment.zone)
        except ValueError as error:
            raise NotPlayed(self._where(f"until: {error}")) from error

    def _names(self, case: str) -> list[str]:
        wanted = case or THE_CASE
        found = [name for name in self.performance.cases if fnmatchcase(name, wanted)]
        if not found and not case and len(self.performance.cases) == 1:
            found = list(self.performance.cases)
        if not found:
            raise NotPlayed(self._where(f"case: 还没有这个件 / no such case yet: {wanted}"))
        return found

    def _where(self, said: str) -> str:
        return f"{self.story.path.name} 第 {self._number} 步 {said}"

    # what is expected

    def _account(self, name: str) -> Account:
        return self._accounts.setdefault(name, Account())

    def _compare(self, expect: Expect, case: str, before: dict[str, int]) -> None:
        for name in self._names(case):
            standing = self.watch.standing.get(self.performance.cases[name])
            kept, account = standing.case if standing else None, self._account(name)
            for found in compare(name, expect, account, kept, before.get(name, 0), self.deployment.zone):
                self.performance.differences.append((self._number, found))

    async def _end(self) -> None:
        if self.deployment.up:
            await self.watch.sweep()
            self._take_in()
        for name, account in list(self._accounts.items()):
            for found in never_told(name or "—", account):
                self.performance.differences.append((0, found))

    async def _leave(self) -> None:
        """Leave nothing behind for the next story: no worker down, no emergency, no open case, no other ruleset."""
        deployment = self.deployment
        if not deployment.up:
            await deployment.start()
        at = instant_of(deployment.clock.ms)
        for place in self._places:
            await self._end_mode(place, at, "the story is over")
        if self._patched:
            await self._put_in_force(deployment.settings.ruleset_dir, at, "the story is over")
        gone = CommandStep(kind=DirectiveKind.WITHDRAW, why="the story is over", by="storyline")
        for incident in self._open():
            for record in doing.commanded(deployment.settings.topics(), incident, gone, at, None, None, self._cause):
                await self._publish(record)
        await self.watch.quiet(deployment.clock.ms)
        self.watch.seen.clear()

    def _open(self) -> Iterator[str]:
        for incident in self.performance.cases.values():
            standing = self.watch.standing.get(incident)
            if standing is not None and standing.case.status not in ENDED:
                yield incident


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


__all__ = ["Came", "Done", "NotPlayed", "Performance", "Play"]
