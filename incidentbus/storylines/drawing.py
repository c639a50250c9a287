"""A played story as a picture: story time downwards, who, what, and the clocks; where nothing happened it says so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from contracts.codes import DirectiveKind, FactKind, Milestone, Role, Satisfaction
from contracts.moments import instant_of
from incidentbus.storylines.happening import Happening, What
from incidentbus.storylines.playing import Done, Performance
from incidentbus.storylines.telling import short, told_span
from incidentbus.storylines.wording import COMMANDS, FACTS, MILESTONES, REFUSALS, ROLES, SATISFACTIONS, plain
from routing_rules.engine.schema import Ruleset

_SILENCE_MS: Final = 6 * 3_600_000
_MOST_CASES: Final = 6
_SHOWN: Final = 2
_STYLES: Final = {
    FactKind.OVERDUE: "red", FactKind.REMINDED: "yellow", FactKind.SUPERVISED: "dark_orange",
    FactKind.ESCALATED: "bold red", FactKind.RETURNED: "magenta", FactKind.DISPUTED: "magenta",
    FactKind.RESOLVED: "green", FactKind.CLOSED: "bold green", FactKind.REOPENED: "yellow", FactKind.HELD: "cyan",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picture."""

    at: int
    case: str
    who: str
    what: str
    clock: str = ""
    style: str = ""


@dataclass(slots=True)
class Picture:
    """Draws performances; `zh` or not."""

    ruleset: Ruleset
    zone: ZoneInfo
    zh: bool = True
    _names: dict[str, str] = field(default_factory=dict)

    def table(self, performance: Performance) -> Table:
        """Return the timeline."""
        self._names = {incident: name for name, incident in performance.cases.items()}
        many = len(performance.cases) > 1
        table = Table(title=escape(performance.story.script.title), title_justify="left", box=SIMPLE_HEAD, expand=True)
        table.add_column(self._say("时间", "time"), no_wrap=True, style="dim")
        if many:
            table.add_column(self._say("件", "case"), no_wrap=True)
        table.add_column(self._say("谁", "who"), max_width=30)
        table.add_column(self._say("什么", "what"), ratio=1)
        table.add_column(self._say("时钟", "clock"), max_width=36, style="cyan")
        last = 0
        for row in self._rows(performance):
            if last and row.at - last >= _SILENCE_MS:
                quiet = f"· · · {self._lasted(row.at - last)}{self._say('无事', ' of silence')} · · ·"
                table.add_row("", *([""] if many else []), "", f"[dim]{quiet}[/dim]", "")
            last = max(last, row.at)
            cells = [short(instant_of(row.at).astimezone(self.zone)), *([escape(row.case)] if many else [])]
            table.add_row(*cells, escape(row.who), escape(row.what), escape(row.clock), style=row.style)
        return table

    def _rows(self, performance: Performance) -> Iterator[Row]:
        shown = list(performance.cases)[:_SHOWN] if len(performance.cases) > _MOST_CASES else list(performance.cases)
        seen = [each for each in performance.journal if self._is_shown(each, shown)]
        told: Done | None = None
        for _, group in groupby(seen, key=_group):
            entries = list(group)
            first = entries[0]
            if isinstance(first, Done):
                told = first
                yield self._done(first)
            else:
                happened = [each for each in entries if isinstance(each, Happening) and not _says_as_much(told, each)]
                yield from self._happened(happened) if happened else ()
        if len(shown) < len(performance.cases):
            left = len(performance.cases) - len(shown)
            said = self._say(f"（只画前 {_SHOWN} 件，另 {left} 件同样）", f"(the first {_SHOWN} only; {left} more)")
            yield Row(performance.journal[-1].at, "", "", said, style="dim")

    def _is_shown(self, entry: Done | Happening, shown: Sequence[str]) -> bool:
        if isinstance(entry, Done):
            return bool(entry.step.say or entry.step.wait or _doing(entry)) or entry.step.report is not None
        name = self._names.get(entry.incident)
        return entry.what is not What.DIRECTIVE and (name is None or name in shown)

    # what was done

    def _done(self, done: Done) -> Row:
        step = done.step
        what = step.say or step.wait or ""
        who = self._say("总线", "the bus")
        if step.report is not None:
            spec = self.ruleset.channels.get(step.report.channel)
            who = spec.title if spec is not None and self.zh else step.report.channel
            what = what or self._say("来件", "a report")
        elif step.tell is not None:
            who = self._agency(step.tell.agency)
            what = f"{self._fact(step.tell.fact)}{self._aside(what)}"
        elif step.command is not None:
            who = self._agency(step.command.by)
            what = f"{self._command(step.command.kind)}: {what or step.command.why}"
        elif step.workers is None and step.wait is not None:
            who = ""
        return Row(done.at, done.case, f"▶ {who}" if who else "", what, style="bold")

    def _aside(self, said: str) -> str:
        return self._say(f"（{said}）", f" ({said})") if said else ""

    # what happened

    def _happened(self, group: list[Happening]) -> Iterator[Row]:
        first, name = group[0], self._names.get(group[0].incident, "")
        if first.what is What.ASSIGNMENT:
            yield Row(first.at, name, "  →", self._given(group), self._dues(group))
        elif first.what is What.NOTICE:
            kind = DirectiveKind(str(first.body["notice"]))
            to = self._say("、", ", ").join(dict.fromkeys(self._agency(each.agency) for each in group))
            yield Row(first.at, name, "  →", f"{self._command(kind)} {self._say('送', 'to')} {to}", style="dim")
        elif first.what is What.OUTCOME:
            told = "、".join(each.line for each in group)
            yield Row(first.at, name, "  ←", f"{self._say('回渠道', 'to the channel')}: {told}", style="dim")
        elif first.what is What.DEAD_LETTER:
            for each in group:
                said = self._say("不予受理，退回发信人", "refused, to whoever told it")
                why = REFUSALS.get(each.words[0]) if self.zh else None
                what = f"{said}: {why or plain(each.words[0])}"
                yield Row(each.at, name, self._agency(each.agency), what, style="red")
        else:
            for each in group:
                yield self._fact_row(each, name)

    def _fact_row(self, each: Happening, name: str) -> Row:
        fact, body = FactKind(each.words[0]), each.body
        milestone = body.get("milestone")
        of = self._aside(self._milestone(Milestone(milestone))) if milestone else ""
        clock = ""
        if late := body.get("late_s"):
            clock = f"{self._say('补办，晚', 'caught up, late by')} {self._lasted(round(late * 1000))}"
        elif until := each.body.get("until"):
            clock = f"{self._say('至', 'until')} {self._local(str(until))}"
        satisfied = body.get("satisfaction", "")
        if satisfied and self.zh:
            satisfied = SATISFACTIONS[Satisfaction(satisfied)]
        said = " ".join(str(word) for word in (body.get("number"), satisfied) if word)
        what = f"{self._fact(fact)}{of} {said}".rstrip()
        return Row(each.at, name, self._agency(each.agency), what, clock, _STYLES.get(fact, ""))

    def _given(self, group: list[Happening]) -> str:
        parts = []
        for role in Role:
            named = [self._agency(each.agency) for each in group if each.words[1] == role.value]
            if named:
                parts.append(f"{ROLES[role] if self.zh else plain(role.value)} {self._say('、', ', ').join(named)}")
        return self._say("；", "; ").join(parts)

    def _dues(self, group: list[Happening]) -> str:
        lead = next((each for each in group if each.words[1] == Role.LEAD.value), None)
        dues: list[dict[str, Any]] = list(lead.body["due"]) if lead is not None else []
        return "\n".join(f"{self._milestone(Milestone(due['milestone']))} {self._local(due['at'])}" for due in dues)

    # words

    def _say(self, zh: str, en: str) -> str:
        return zh if self.zh else en

    def _agency(self, code: str) -> str:
        known = self.ruleset.agencies.get(code)
        return known.title if known is not None and self.zh else code

    def _fact(self, fact: FactKind) -> str:
        return FACTS[fact] if self.zh else plain(fact.value)

    def _command(self, kind: DirectiveKind) -> str:
        return COMMANDS[kind] if self.zh else plain(kind.value)

    def _milestone(self, milestone: Milestone) -> str:
        return MILESTONES[milestone] if self.zh else milestone.value

    def _local(self, text: str) -> str:
        return short(datetime.fromisoformat(text).astimezone(self.zone))

    def _lasted(self, ms: int) -> str:
        told = told_span(ms // 60_000 * 60 or ms / 1000)
        if self.zh:
            for unit, word in (("d", "天"), ("h", "小时"), ("m", "分"), ("s", "秒")):
                told = told.replace(unit, word)
        return told


def _doing(done: Done) -> bool:
    step = done.step
    return any((step.tell, step.command, step.mode, step.ruleset, step.workers))


def _says_as_much(told: Done | None, happening: Happening) -> bool:
    """Say whether the line of the step before says it already: an agency's fact, taken as it was told."""
    step = told.step.tell if told is not None else None
    if told is None or step is None or happening.at != told.at or happening.what is not What.FACT:
        return False
    more = {"until", "satisfaction", "number"} & happening.body.keys()
    return not more and happening.words[:2] == (step.fact.value, step.agency)


def _group(entry: Done | Happening) -> tuple[int, str, str]:
    if isinstance(entry, Done):
        return (entry.at, f"step {entry.number}", "")
    kind = f"{entry.what}:{entry.words[0]}" if entry.what is What.NOTICE else entry.what.value
    return (entry.at, kind, entry.incident)
