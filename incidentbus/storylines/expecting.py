"""What a story expects, compared with what came: a difference names the case, the list, and every line that differs.

A line of an expectation is a name and any of the words that the happening has: `reminded police acknowledge
@05-12 11:30` asks for the fact, the agency, the milestone and the moment; `reminded` for the fact alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from contracts.case import Case, Part
from contracts.codes import Milestone, PartStatus, Role
from contracts.moments import instant_of
from incidentbus.storylines.happening import Happening, What
from incidentbus.storylines.script import Expect
from incidentbus.storylines.telling import short

_WORD: Final = re.compile(r"\S*[=@]\d\d-\d\d \d\d:\d\d(?::\d\d)?|\S+")
_IN_ORDER: Final = frozenset({What.FACT, What.OUTCOME, What.DIRECTIVE})
_TO_BE_TOLD: Final = (What.FACT, What.ASSIGNMENT, What.NOTICE, What.OUTCOME, What.DEAD_LETTER)
"""What no story may pass over: an expectation must have asked for it by the end."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was otherwise than expected. `lines` begin with `-` (expected, did not come) or `+` (came)."""

    case: str
    what: str
    lines: tuple[str, ...]

    def text(self) -> str:
        """Return it for reading."""
        return "\n".join([f"{self.case} · {self.what}:", *(f"    {line}" for line in self.lines)])


@dataclass(slots=True)
class Account:
    """What happened to one case, and how much of it an expectation has asked for already."""

    happenings: list[Happening] = field(default_factory=list)
    told: dict[What, int] = field(default_factory=dict)

    def fresh(self, what: What) -> list[Happening]:
        """Return what no expectation has asked for yet, and count it as asked for."""
        of_it = [each for each in self.happenings if each.what is what]
        before = self.told.get(what, 0)
        self.told[what] = len(of_it)
        return of_it[before:]


def compare(
    name: str, expect: Expect, account: Account, case: Case | None, since: int, zone: ZoneInfo
) -> Iterator[Difference]:
    """Yield what differs. `since` counts the case's happenings before this step."""
    if expect.silence and (noise := account.happenings[since:]):
        yield Difference(name, "silence", tuple(f"+ {each.what}: {each.line}" for each in noise))
    yield from _standing(name, expect, case, zone)
    for what in What:
        wanted: Sequence[str] | None = getattr(expect, what.value)
        if wanted is not None and (lines := differing(wanted, account.fresh(what), in_order=what in _IN_ORDER)):
            yield Difference(name, what.value, tuple(lines))
    if expect.facts_include is not None:
        missing = _missing(expect.facts_include, account.fresh(What.FACT))
        if missing:
            yield Difference(name, "facts_include", tuple(f"- {line}" for line in missing))


def never_told(name: str, account: Account) -> Iterator[Difference]:
    """Yield what happened and no expectation of the story asked for."""
    for what in _TO_BE_TOLD:
        if left := account.fresh(what):
            lines = tuple(f"+ {each.line}" for each in left)
            yield Difference(name, f"{what.value}（没有人期望 / nobody expected）", lines)


def differing(wanted: Sequence[str], got: Sequence[Happening], *, in_order: bool) -> list[str]:
    """Return the lines that differ, none where all is as wanted."""
    pairs = _aligned(wanted, got) if in_order else _matched(wanted, got)
    lines = []
    for line, happening in pairs:
        if line is not None and happening is not None:
            continue
        lines.append(f"- {line}" if line is not None else f"+ {happening.line if happening else ''}")
    return lines


_Pair = tuple[str | None, Happening | None]


def _matched(wanted: Sequence[str], got: Sequence[Happening]) -> list[_Pair]:
    left, pairs = list(got), list[_Pair]()
    for line in sorted(wanted, key=lambda each: -len(each)):  # the more a line asks for, the earlier it chooses
        found = next((each for each in left if matches(line, each)), None)
        if found is not None:
            left.remove(found)
        pairs.append((line, found))
    return [*pairs, *((None, each) for each in left)]


def _aligned(wanted: Sequence[str], got: Sequence[Happening]) -> list[_Pair]:
    """Return the two lists side by side, as many pairs as their common part in order allows."""
    rows, columns = len(wanted), len(got)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            same = matches(wanted[i], got[j])
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + 1 if same else 0)
    pairs, i, j = list[_Pair](), 0, 0
    while i < rows or j < columns:
        if i < rows and j < columns and matches(wanted[i], got[j]) and best[i][j] == best[i + 1][j + 1] + 1:
            pairs.append((wanted[i], got[j]))
            i, j = i + 1, j + 1
        elif j == columns or (i < rows and best[i + 1][j] >= best[i][j + 1]):
            pairs.append((wanted[i], None))
            i += 1
        else:
            pairs.append((None, got[j]))
            j += 1
    return pairs


def _missing(wanted: Sequence[str], got: Sequence[Happening]) -> list[str]:
    return [line for line, found in _aligned(wanted, got) if line is not None and found is None]


def matches(line: str, happening: Happening) -> bool:
    """Say whether a happening is what a line asks for."""
    first, *others = _WORD.findall(line) or [""]
    return bool(happening.words[0] == first and all(word in happening.words[1:] for word in others))


# how the case stands


def _standing(name: str, expect: Expect, case: Case | None, zone: ZoneInfo) -> Iterator[Difference]:
    fields = {field: getattr(expect, field) for field in _STANDING if getattr(expect, field) is not None}
    if not fields:
        return
    if case is None:
        yield Difference(name, "case", ("- 有这个件 / the case is there",))
        return
    stands = standing(case, zone)
    for field_, wanted in fields.items():
        got = stands[field_]
        if field_ == "due" and isinstance(got, dict):
            got = {key: value for key, value in got.items() if key in wanted or " " not in key}
        if _plain(wanted) != _plain(got):
            yield Difference(name, field_, (f"- {_plain(wanted)}", f"+ {_plain(got)}"))


_STANDING: Final = ("lead", "status", "round", "level", "tags", "co_handlers", "informed", "due", "numbers")


def standing(case: Case, zone: ZoneInfo) -> dict[str, object]:
    """Return how a case stands, in the words of expectations; `due` has what the lead still owes, and co-handlers."""
    parts = [part for part in case.parts if part.round == case.round]
    return {
        "lead": case.lead,
        "status": case.status.value,
        "round": case.round,
        "level": case.level,
        "tags": tuple(sorted(case.tags)),
        "co_handlers": tuple(sorted(part.agency for part in parts if part.role is Role.CO_HANDLER)),
        "informed": tuple(sorted(part.agency for part in parts if part.role is Role.INFORMED)),
        "due": dict(_dues(case, parts, zone)),
        "numbers": dict(case.numbers),
    }


def _dues(case: Case, parts: Sequence[Part], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    for part in parts:
        mine = "" if part.agency == case.lead else f"{part.agency} "
        owed = (
            (Milestone.ACKNOWLEDGE, part.acknowledge_by, part.acknowledged_at),
            (Milestone.RESPOND, part.respond_by, part.responded_at),
            (Milestone.RESOLVE, part.resolve_by, part.done_at),
        )
        for milestone, by, reached in owed:
            if by and not reached and part.status is not PartStatus.EXCUSED:
                yield f"{mine}{milestone.value}", short(instant_of(by).astimezone(zone))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(sorted((str(key), str(each)) for key, each in value.items()))
    if isinstance(value, tuple | list):
        return sorted(str(each) for each in value)
    return str(value)
