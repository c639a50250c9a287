"""A file of rules as a decision table: a row for each way in which a rule holds, a column for each thing asked or done.

Pure, and read-only on purpose: two sources would diverge. Cells say what the author wrote; nothing is judged here.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from routing_rules.engine.loading.conditions import CONDITIONS
from routing_rules.engine.source import Document, Table, plain
from routing_rules.messages.fields import FIELDS

_DONE: Final = (
    "sample", "lead", "co_handlers", "inform", "on_return", "deadline", "deadline_by_kind", "urgency", "tags",
    "confidential", "gate", "status", "effective",
)  # fmt: skip
_HEAD: Final = ("id", "title")
_COLON: Final = "\uff1a"


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """Columns (key → heading) and rows; a column that no rule of the file uses isn't there."""

    columns: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...]

    def csv(self) -> str:
        """Return the table as CSV, its headings first."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns.values())
        writer.writerows([_inert(row.get(key, "")) for key in self.columns] for row in self.rows)
        return out.getvalue()

    def html(self, title: str) -> str:
        """Return the table as a page of its own."""
        head = "".join(f"<th>{escape(heading)}</th>" for heading in self.columns.values())
        body = "\n".join(
            "<tr>" + "".join(f"<td>{escape(row.get(key, ''))}</td>" for key in self.columns) + "</tr>"
            for row in self.rows
        )
        style = "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.3em .5em;vertical-align:top}"
        return (
            f'<!doctype html>\n<html><head><meta charset="utf-8"><title>{escape(title)}</title><style>{style}</style>'
            f"</head><body><h1>{escape(title)}</h1>\n<table>\n<tr>{head}</tr>\n{body}\n</table></body></html>\n"
        )


def table_of(document: Document) -> DecisionTable:
    """Return the table of a file's routes and overlays, in the order in which they are tried."""
    root = plain(document.root) if isinstance(document.root, Table) else {}
    rules: Any = root
    rows = [row for part in ("routes", "overlays") for rule in rules.get(part) or [] for row in _rows(rule)]
    used = {key for row in rows for key, text in row.items() if text}
    order = [*_HEAD, *CONDITIONS, *(f"unless.{name}" for name in ("", *CONDITIONS)), *(f"do.{name}" for name in _DONE)]
    return DecisionTable({key: _heading(key) for key in order if key in used}, tuple(rows))


def _rows(rule: Any) -> Iterator[dict[str, str]]:
    """Yield a row for each block; what is done stands in each, so that a row can be read alone."""
    if not isinstance(rule, dict):
        return
    done = {**rule, **(rule.get("assign") or {}), **(rule.get("add") or {})}
    fixed = {name: _short(rule.get(name)) for name in _HEAD} | {f"do.{name}": _short(done.get(name)) for name in _DONE}
    fixed |= _unless(rule.get("unless"))
    when = rule.get("when")
    for block in when if isinstance(when, list) else [when or {}]:
        yield {**fixed, **{name: _short(value) for name, value in block.items()}}


def _unless(unless: Any) -> dict[str, str]:
    """Return the exception: its fields in columns of their own; several, as one text."""
    if isinstance(unless, dict):
        return {f"unless.{name}": _short(value) for name, value in unless.items()}
    return {"unless.": "; ".join(map(_short, unless))} if unless else {}


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(
            f"({_short(item)})" if isinstance(item, dict) and len(item) > 1 else _short(item) for item in value
        )
    if isinstance(value, dict):
        return " ".join(f"{key}={_nested(item)}" for key, item in value.items())
    return "" if value is None else str(value)


def _nested(value: Any) -> str:
    return f"[{_short(value)}]" if isinstance(value, list | dict) else _short(value)


def _heading(key: str) -> str:
    place, _, name = key.rpartition(".")
    texts = {
        **FIELDS.get("route", {}),
        **FIELDS.get("overlay", {}),
        **FIELDS.get("assign", {}),
        **FIELDS.get("when", {}),
    }
    title = texts.get(name, "").split(_COLON)[0].split("\uff0c")[0].strip()
    told = f"{title} {name}".strip() if title and len(title) <= 12 else name
    return f"{_UNLESS} {told}".strip() if place == "unless" else told


_UNLESS: Final = "unless"


def _inert(text: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else text
