"""How commands print: one JSON object a line for machines, a table for people, progress where only people see it."""

import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from contracts.codes import ReasonCode
from incidentbus.cli.exits import Misuse

_ANY_WIDTH: Final = 1_000_000
"""For what is piped: no line is folded, whatever stands in it."""
_BETWEEN: Final = 2
_NARROWEST: Final = 16
"""Cells of a column that folds, however little room the others leave."""


def ndjson(row: Mapping[str, Any]) -> None:
    """Print one row as one line of JSON."""
    print(orjson.dumps(row, default=str).decode(), flush=True)


def table(
    columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]], references: Collection[str] = frozenset()
) -> None:
    """Print rows under headings (`columns`: key of the row → heading).

    On a terminal long cells fold, but never those of the columns in `references`: what people copy into the next
    command stays in one piece, even if the terminal itself has to break the line. What is piped is not folded at all.
    """
    cells = [["" if row.get(key) is None else str(row[key]) for key in columns] for row in rows]
    made = Table(box=None, pad_edge=False, header_style="bold")
    least = 0
    for number, (key, heading) in enumerate(columns.items()):
        longest = max([cell_len(heading), *(cell_len(row[number]) for row in cells)])
        width = longest if key in references else min(longest, _NARROWEST)
        made.add_column(heading, no_wrap=key in references, overflow="fold", min_width=width)
        least += width + _BETWEEN
    for row in cells:
        made.add_row(*row)
    width = max(Console().width, least) if sys.stdout.isatty() else _ANY_WIDTH
    Console(width=width, markup=False, highlight=False).print(made, crop=False)


def note(sentence: str) -> None:
    """Say something to the person on standard error, beside what the command prints."""
    print(sentence, file=sys.stderr, flush=True)


def progress(what: str) -> Callable[[int, int], None]:
    """Return what shows how far a reading is, on a terminal's standard error; silent elsewhere."""
    if not sys.stderr.isatty():
        return lambda _, __: None

    def show(done: int, total: int) -> None:
        end = "\r\x1b[K" if done >= total else ""
        print(f"\r\x1b[K{what}: {done} / {total}{end}", end="", file=sys.stderr, flush=True)

    return show


def local(ms: int | None) -> str:
    """Return a moment in the machine's own zone, to the second."""
    return "" if ms is None else datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def rfc3339(ms: int | None) -> str | None:
    """Return a moment as machines read it."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def moment_ms(text: str | None, now_ms: int) -> int | None:
    """Read `90s`, `30m`, `2h`, `3d` (ago) or an ISO time, in the machine's zone unless it names one; raises Misuse."""
    if text is None:
        return None
    try:
        if text[:-1].isdecimal() and text[-1] in _UNITS:
            moment = now_ms - int(text[:-1]) * _UNITS[text[-1]]
        else:
            moment = int(datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Misuse(f"{text[:40]!r}: 时间写成 / a time is written 30m, 2h, 3d or 2026-11-24T08:00") from error
    if moment < 0:
        raise Misuse(f"{text[:40]!r}: 早于 1970 年 / before 1970")
    return moment


def reason_of(text: str | None) -> ReasonCode | None:
    """Read a reason of the closed list; raises Misuse naming all of them."""
    if text is None:
        return None
    try:
        return ReasonCode(text)
    except ValueError as error:
        raise Misuse(f"{text!r}: 没有这个原因 / no such reason; {', '.join(ReasonCode)}") from error
