"""Out: the files of a ruleset that loads, as the sheets of a workbook."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from routing_rules.engine.schema import Ruleset
from routing_rules.engine.source import Listing, Node, Table
from routing_rules.messages.entries import Language
from routing_rules.messages.fields import FIELDS
from routing_rules.messages.workbook import GROUPS, GUIDE, NOTES, SHEETS, column_title, say
from routing_rules.tools.fields import codes_of
from routing_rules.tools.workbook.columns import FILE, KEY, Column
from routing_rules.tools.workbook.entries import Entry, entries, nodes, roots, rows_of
from routing_rules.tools.workbook.layout import HEADS, LAYOUTS, Layout
from routing_rules.tools.workbook.leaves import FILE as COUNTY_FILE
from routing_rules.tools.workbook.leaves import leaves
from routing_rules.tools.workbook.notation import Holds, Value
from routing_rules.tools.workbook.sheets import Book, Row, Sheet, Shown

ORDER: Final = ("ruleset", *(layout.key for layout in LAYOUTS if layout is not HEADS), "files", "areas")
_WIDEST: Final = 44
_NARROWEST: Final = 9


def book_of(files: Mapping[str, bytes], ruleset: Ruleset, name: str, language: str = Language.ZH) -> Book:
    """Return the workbook of a ruleset; `name` is that of the file to be, for its guide."""
    teller = _Teller(language)
    contents = roots(files)
    comments = _Comments(files)
    sheets = {"ruleset": teller.leaves(contents), "areas": teller.areas(files)}
    for layout in LAYOUTS:
        sheets[layout.key] = teller.entries(layout, contents, comments)
    titles = {key: say(pair, language) for key, pair in SHEETS.items()}
    choices = {what: tuple(codes.items()) for what, codes in codes_of(ruleset).items() if codes}
    guide = teller.guide(ruleset, name, sheets)
    return Book(guide, tuple(sheets[key] for key in ORDER), choices, titles, dict(files))


class _Teller:
    """Puts columns, notes and the guide into a language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def guide(self, ruleset: Ruleset, name: str, sheets: Mapping[str, Sheet]) -> tuple[tuple[str, str], ...]:
        """Return the lines of the first sheet, with how each is written."""
        words = {"title": ruleset.title, "version": ruleset.version, "digest": ruleset.hash[:12], "file": name}
        lines = [say(pair, self.language).format_map(words) for pair in GUIDE]
        styled = []
        for number, line in enumerate(lines):
            heading = number > 0 and not lines[number - 1] and bool(line)
            style = "title" if number == 0 else "heading" if heading else "text"
            styled.append((line, "command" if line.startswith("incidentbus ") else style))
        styled += [(f"{sheets[key].title}　{len(sheets[key].rows)}", "text") for key in ORDER]
        return tuple(styled)

    def entries(self, layout: Layout, contents: Mapping[str, dict[str, Value]], comments: "_Comments") -> Sheet:
        """Return a sheet of entries."""
        rows = []
        used: set[tuple[str, ...]] = set()
        for band, entry in enumerate(entries(contents, layout)):
            for part, cells in enumerate(rows_of(entry, layout)):
                texts = tuple(cells.get(column.path, "") for column in layout.columns)
                used |= cells.keys()
                note = comments.of(entry) if part == 0 else ""
                rows.append(Row(entry.origin(part), texts, note, band, part > 0))
        return Sheet(layout.key, self.sheet(layout.key), self.columns(layout, rows, used), tuple(rows), _held(layout))

    def sheet(self, key: str) -> str:
        """Return a sheet's title."""
        return say(SHEETS[key], self.language)

    def columns(self, layout: Layout, rows: list[Row], used: set[tuple[str, ...]]) -> tuple[Shown, ...]:
        """Return the columns; those that no entry uses are folded, if they stand in a group of many."""
        shown = []
        for number, column in enumerate(layout.columns):
            title = say(column_title(layout.key, column.path), self.language)
            group = say(GROUPS.get(column.path[0] if len(column.path) > 1 else "", GROUPS[""]), self.language)
            width = _width([title, *(row.cells[number] for row in rows)])
            folded = len(layout.columns) > 12 and column.path not in used
            strict = column.holds is Holds.CODE
            offers = column.offers if column.holds in (Holds.CODE, Holds.ANY) else ()
            shown.append(Shown(column.name, title, group, self.note(column), width, offers, strict, folded))
        return tuple(shown)

    def note(self, column: Column) -> str:
        """Return what explains a column: what the field is for, and how its cells are written."""
        field = FIELDS.get(column.record, {}).get(column.path[-1], "")
        own = [NOTES[name] for name in (column.path[-1], column.record) if name in NOTES]
        how = [NOTES[column.holds.name]] if column.holds.name in NOTES else []
        lines = [field, *(say(pair, self.language) for pair in [*own[:1], *how])]
        return "\n".join([line for line in lines if line] + [column.name.lstrip("@")])

    def leaves(self, contents: Mapping[str, dict[str, Value]]) -> Sheet:
        """Return the sheet of ruleset.yaml."""
        rows: list[Row] = []
        for leaf in leaves(contents[COUNTY_FILE]):
            about = FIELDS.get(leaf.record, {}).get(leaf.path[-1], "")
            rows.append(Row(leaf.name, (leaf.name, leaf.text, about), band=_band(leaf.path[0], rows)))
        names = ("@path", "@holds", "@about")
        titles = [say(column_title("ruleset", (name,)), self.language) for name in names]
        widths = (34, 60, 44)
        how = {"@holds": say(NOTES["ANY"], self.language)}
        shown = tuple(
            Shown(name, title, self.sheet("ruleset"), how.get(name, ""), width, fixed=name == "@about")
            for name, title, width in zip(names, titles, widths, strict=True)
        )
        return Sheet("ruleset", self.sheet("ruleset"), shown, tuple(rows))

    def areas(self, files: Mapping[str, bytes]) -> Sheet:
        """Return the sheet of areas, which is to be read."""
        names = ("@file", "title", "jurisdiction", "@points")
        rows = [Row(file, cells, band=n) for n, (file, cells) in enumerate(_areas(files))]
        titles = [say(column_title("areas", (name,)), self.language) for name in names]
        columns = tuple(
            Shown(name, title, self.sheet("areas"), width=width, fixed=True)
            for name, title, width in zip(names, titles, (32, 34, 16, 8), strict=True)
        )
        return Sheet("areas", self.sheet("areas"), columns, tuple(rows))


def _band(head: str, rows: list[Row]) -> int:
    if not rows:
        return 0
    return rows[-1].band + (rows[-1].mark.split(".")[0] != head)


def _held(layout: Layout) -> int:
    """Return how many columns stay in view: up to what an entry is known by, and its title."""
    names = [column.path for column in layout.columns]
    return min(names.index(layout.identity) + 1 + (("title",) in names[:4]), 3) if layout.identity in names else 1


def areas_of(files: Mapping[str, bytes]) -> list[tuple[str, ...]]:
    """Return the cells of each area: its file, title, place, and how many points it has."""
    return [cells for _, cells in _areas(files)]


def _areas(files: Mapping[str, bytes]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for file in sorted(files):
        if file.endswith(".geojson"):
            found: Any = json.loads(files[file])
            about = found.get("properties") or {}
            points = json.dumps(found.get("geometry")).count("], [") + 1
            yield file, (file, str(about.get("title", "")), str(about.get("jurisdiction", "")), str(points))


def _width(texts: list[str]) -> int:
    """Return a column's width in characters, a Chinese one being two: what most of its cells need."""
    needs = sorted(max((_cells(line) for line in text.split("\n")), default=0) for text in texts if text)
    most = needs[int(len(needs) * 0.9)] if len(needs) > 1 else 0
    return max(_NARROWEST, min(_WIDEST, max(most, _cells(texts[0])) + 2))


def _cells(text: str) -> int:
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


class _Comments:
    """The comments that stand before an entry and behind its first line."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.roots = nodes(files)
        self.lines = {file: files[file].decode("utf-8-sig").splitlines() for file in self.roots}

    def of(self, entry: Entry) -> str:
        """Return an entry's comments as one text."""
        node: Node | None = self.roots.get(entry.file)
        if entry.within and isinstance(node, Table):
            held = node.get(entry.within)
            if isinstance(held, Listing):
                node = held.items[entry.index]
            elif isinstance(held, Table):
                node = held.entries[entry.index][0]
        if node is None:
            return ""
        return _above_and_behind(self.lines[entry.file], node.at.line if entry.within else 1, bool(entry.within))


def _above_and_behind(lines: list[str], line: int, within: bool) -> str:
    above: list[str] = []
    at = line - 2 if within else -1
    while within and at >= 0 and lines[at].lstrip().startswith("#"):
        above.insert(0, lines[at].lstrip("# ").rstrip())
        at -= 1
    if not within:
        above = [text.lstrip("# ").rstrip() for text in _leading(lines)]
    own = lines[line - 1] if line <= len(lines) else ""
    behind = own.rsplit("}", 1)[-1].strip() if "}" in own else ""
    return "\n".join([*above, *([behind.lstrip("# ")] if behind.startswith("#") else [])])


def _leading(lines: list[str]) -> Iterator[str]:
    for text in lines:
        if not text.startswith("#"):
            return
        yield text


__all__ = ["FILE", "KEY", "ORDER", "areas_of", "book_of"]
