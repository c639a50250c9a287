"""In: a workbook's bytes to the files of the ruleset, with all that is wrong and the cell where it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from routing_rules.messages import Finding, Level
from routing_rules.messages.workbook import PROBLEMS, SHEETS
from routing_rules.tools.lint import lint
from routing_rules.tools.workbook.changing import Change, Wanted, put, unchanged
from routing_rules.tools.workbook.entries import entries, roots
from routing_rules.tools.workbook.filing import Defect, Filing
from routing_rules.tools.workbook.layout import HEADS, LAYOUTS, Layout
from routing_rules.tools.workbook.leaves import FILE as COUNTY_FILE
from routing_rules.tools.workbook.leaves import holds_at, leaves
from routing_rules.tools.workbook.notation import Unreadable, parse
from routing_rules.tools.workbook.opened import Opened, by_key, opened, strangers
from routing_rules.tools.workbook.pointing import Pointer
from routing_rules.tools.workbook.sheets import FIRST_ROW, Grid, Place, Problem
from routing_rules.tools.workbook.tabling import areas_of
from routing_rules.tools.workbook.xlsx.reading import read

_LEAVES: Final = ("@path", "@holds", "@about")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a workbook says: the files that it was made from, the files as it wants them, and what is wrong.

    `found` are the linter's findings, each with its cell where there is one. `files` is empty where a cell cannot be
    read.
    """

    base: Mapping[str, bytes]
    files: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    found: tuple[tuple[Place | None, Finding], ...] = ()

    @property
    def refused(self) -> bool:
        """Whether something is an error, so that nothing may be written."""
        grave = any(PROBLEMS[problem.code][0] is Level.ERROR for problem in self.problems)
        return grave or any(finding.level is Level.ERROR for _, finding in self.found)

    @property
    def changed(self) -> tuple[str, ...]:
        """Return the files that are new, changed or gone."""
        names = sorted({*self.base, *self.files})
        return tuple(name for name in names if self.base.get(name) != self.files.get(name))


def imported(content: bytes, today: date, name: str = "") -> Imported:
    """Return what a workbook says. `name` is its file's, for what it may be told. Raises `sheets.Refused`."""
    grids, base = read(content, name)
    return from_cells(grids, base, today)


def from_cells(grids: Mapping[str, Grid], base: Mapping[str, bytes], today: date) -> Imported:
    """Return what sheets say of the files that they were made from."""
    return _Import(grids, base, today).done()


class _Import:
    def __init__(self, grids: Mapping[str, Grid], base: Mapping[str, bytes], today: date) -> None:
        self.base = base
        self.today = today
        self.contents = roots(base)
        self.problems: list[Problem] = []
        self.grids = by_key(grids, {title: key for key, pair in SHEETS.items() for title in pair})
        self.problems += strangers(self.grids, SHEETS)
        self.sheets: dict[str, Opened] = {}
        self.leaf_places: dict[str, Place] = {}

    def done(self) -> Imported:
        """Go through all sheets, write the files, and check them."""
        filing = Filing(self.base, self.contents)
        for layout in LAYOUTS:
            if layout is not HEADS:
                filing.wanted[layout.key] = (layout, self._wanted(layout))
        heads = self._wanted(HEADS)
        self._heads(filing, heads)
        self._leaves(filing)
        self._areas()
        if any(PROBLEMS[problem.code][0] is Level.ERROR for problem in self.problems):
            return Imported(self.base, problems=tuple(self.problems))
        try:
            files = filing.written()
        except Defect as defect:
            problem = Problem("WB16", Place(""), {"file": str(defect)})
            return Imported(self.base, problems=(*self.problems, problem))
        return Imported(self.base, files, tuple(self.problems), tuple(self._found(files, filing, heads)))

    def _opened(self, key: str, names: list[str], parts: bool) -> Opened | None:
        grid = self.grids.get(key)
        if grid is None:
            self.problems.append(Problem("WB09", Place(SHEETS[key][0]), {"sheet": SHEETS[key][0]}))
            return None
        self.sheets[key] = opened(key, grid, names, parts, self.problems)
        return self.sheets[key]

    def _wanted(self, layout: Layout) -> list[Wanted]:
        known = list(entries(self.contents, layout))
        sheet = self._opened(layout.key, [column.name for column in layout.columns], bool(layout.repeated))
        return unchanged(known) if sheet is None else Change(layout, sheet, known, self.problems).wanted()

    def _heads(self, filing: Filing, heads: list[Wanted]) -> None:
        """Take new names of files to the entries in them, and note which files went."""
        filing.renamed = {each.was.file: each.file for each in heads if each.was and each.was.file != each.file}
        kept = {each.was.file for each in heads if each.was}
        filing.gone = {entry.file for entry in entries(self.contents, HEADS)} - kept
        for each in heads:
            before = self.contents.get(each.was.file) if each.was else None
            if before is None or each.value != before:
                filing.heads[each.was.file if each.was else each.file] = each.value
        for key, (layout, wanted) in filing.wanted.items():
            moved = [Wanted(filing.renamed.get(w.file, w.file), w.was, w.value, w.rows) for w in wanted]
            filing.wanted[key] = (layout, moved)

    def _leaves(self, filing: Filing) -> None:
        sheet = self._opened("ruleset", list(_LEAVES), parts=False)
        if sheet is None or not set(_LEAVES[:2]) <= set(sheet.columns):
            return
        value: dict[str, Any] = {**self.contents[COUNTY_FILE]}
        old = {leaf.name: leaf for leaf in leaves(value)}
        new = {line.cells["@path"]: line for line in sheet.lines if "@path" in line.cells}
        self.leaf_places = {name: sheet.place(line.row, "@holds") for name, line in new.items()}
        value = _deep(value)
        for name in [*new, *(name for name in old if name not in new)]:
            line, leaf = new.get(name), old.get(name)
            text = line.cells.get("@holds", "") if line else ""
            if text == (leaf.text.strip() if leaf else "") or (line and "@holds" in line.bad):
                continue
            path = leaf.path if leaf else tuple(name.split("."))
            try:
                put(
                    value,
                    path,
                    parse(text, leaf.holds if leaf else holds_at(path)) if text else None,
                    HEADS.orders,
                    ("",),
                )
            except Unreadable as error:
                at = self.leaf_places.get(name, Place(sheet.title))
                self.problems.append(Problem("WB04", at, {"reason": str(error)}))
        if value != self.contents[COUNTY_FILE]:
            filing.heads[COUNTY_FILE] = value

    def _areas(self) -> None:
        names = ["@file", "title", "jurisdiction", "@points"]
        sheet = self._opened("areas", names, parts=False)
        if sheet is None:
            return
        known = areas_of(self.base)
        for number, line in enumerate(sheet.lines):
            before = known[number] if number < len(known) else ("",) * len(names)
            for name, text in zip(names, before, strict=True):
                if name in sheet.columns and line.cells.get(name, "") != text.strip():
                    self.problems.append(Problem("WB14", sheet.place(line.row, name)))
        if len(sheet.lines) < len(known):
            self.problems.append(Problem("WB14", sheet.place(FIRST_ROW + len(sheet.lines), "@file")))

    def _found(self, files: Mapping[str, bytes], filing: Filing, heads: list[Wanted]) -> Any:
        findings = lint(files, self.today)
        pointer = Pointer(files)
        for layout, wanted in [*filing.wanted.values(), (HEADS, heads)]:
            if layout.key in self.sheets:
                pointer.add(layout, wanted, self.sheets[layout.key])
        for name, place in self.leaf_places.items():
            pointer.leaf(COUNTY_FILE, tuple(name.split(".")), place)
        pointer.sort()
        for finding in findings:
            yield pointer.place(finding.at), finding


def _deep(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _deep(item) for key, item in value.items()}
    return [_deep(item) for item in value] if isinstance(value, list) else value
