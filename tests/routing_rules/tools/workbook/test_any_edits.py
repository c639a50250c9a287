"""Whatever is edited in the workbook equals the same edits made to the values of the files: the same ruleset loads."""

import copy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing_rules.engine.loader import load, read_bundle
from routing_rules.tools.workbook.entries import roots
from routing_rules.tools.workbook.importing import from_cells
from routing_rules.tools.workbook.notation import Holds, write
from routing_rules.tools.workbook.scalars import flow
from routing_rules.tools.workbook.sheets import FIRST_ROW, NAME_ROW, Grid, Raw
from routing_rules.tools.workbook.tabling import book_of
from routing_rules.tools.workbook.xlsx.reading import read
from routing_rules.tools.workbook.xlsx.writing import written

TODAY = date(2026, 5, 12)
EXAMPLE = read_bundle(Path(__file__).parents[4] / "docs" / "rules" / "example")
ROUTES = "routes/20-topics.yaml"
TITLES = st.sampled_from(
    ["新名称", "a: b", "# 不是注释", "22:00", "“引号”", "no", "兜底：中心", "x - y", '"q"', "true"]
)
WORDS = st.lists(
    st.sampled_from(["喇叭", "甲、乙", "KTV", "a,b", "list:loudspeakers", "吵 闹", "１２"]),
    min_size=1,
    max_size=4,
    unique=True,
)
EDITS = st.one_of(
    st.tuples(st.just("title"), st.integers(0, 3), TITLES),
    st.tuples(st.just("words"), st.integers(0, 3), WORDS),
    st.tuples(st.just("resolve"), st.integers(0, 3), st.sampled_from([None, "9bd", "36h", "none"])),
    st.tuples(st.just("urgency"), st.integers(0, 3), st.sampled_from([None, "urgent", "critical"])),
    st.tuples(st.just("drop"), st.integers(0, 3), st.none()),
    st.tuples(st.just("move"), st.integers(0, 3), st.integers(0, 3)),
)


@cache
def cells() -> tuple[dict[str, Grid], dict[str, bytes]]:
    ruleset = load(EXAMPLE).ruleset
    assert ruleset is not None
    return read(written(book_of(EXAMPLE, ruleset, "x.xlsx")))


class Sheet:
    """Rows of the sheet of routes, as lists of cells that can be moved and dropped together."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.names = {str(raw.value): column for (row, column), raw in grid.cells.items() if row == NAME_ROW}
        self.rows: list[dict[int, Raw]] = []
        for row in range(FIRST_ROW, grid.last_row + 1):
            self.rows.append({column: raw for (at, column), raw in grid.cells.items() if at == row})

    def rule(self, code: str) -> list[int]:
        start = next(n for n, row in enumerate(self.rows) if row.get(self.names["id"], Raw("")).value == code)
        end = start + 1
        while end < len(self.rows) and self.names["id"] not in self.rows[end]:
            end += 1
        return list(range(start, end))

    def put(self, code: str, name: str, text: str) -> None:
        row = self.rows[self.rule(code)[0]]
        row.pop(self.names[name], None)
        if text:
            row[self.names[name]] = Raw(text)

    def take(self, code: str) -> list[dict[int, Raw]]:
        numbers = self.rule(code)
        taken = [self.rows[number] for number in numbers]
        del self.rows[numbers[0] : numbers[-1] + 1]
        return taken

    def done(self) -> Grid:
        kept = {at: raw for at, raw in self.grid.cells.items() if at[0] < FIRST_ROW}
        new = {(n, column): raw for n, row in enumerate(self.rows, FIRST_ROW) for column, raw in row.items()}
        return Grid(self.grid.title, kept | new, [], FIRST_ROW + len(self.rows))


def edit(sheet: Sheet, rules: list[Any], kind: str, which: int, what: Any) -> None:
    if not rules:
        return
    rule = rules[which % len(rules)]
    code = rule["id"]
    if kind == "title":
        sheet.put(code, "title", what)
        rule["title"] = what
    elif kind == "words":
        sheet.put(code, "when.text.any", write(what, Holds.LIST))
        block = rule["when"][0] if isinstance(rule["when"], list) else rule["when"]
        block.setdefault("text", {})["any"] = list(what)
    elif kind == "resolve":
        sheet.put(code, "deadline.resolve", what or "")
        rule.setdefault("deadline", {}).pop("resolve", None)
        rule["deadline"] |= {"resolve": what} if what else {}
        if not rule["deadline"]:
            del rule["deadline"]
    elif kind == "urgency":
        sheet.put(code, "urgency", what or "")
        rule.pop("urgency", None)
        rule.update({"urgency": what} if what else {})
    elif kind == "drop":
        sheet.take(code)
        rules.remove(rule)
    else:
        taken = sheet.take(code)
        rules.remove(rule)
        others = [each["id"] for each in rules]
        at = what % (len(others) + 1)
        to = sheet.rule(others[at])[0] if at < len(others) else sheet.rule(others[-1])[-1] + 1 if others else 0
        sheet.rows[to:to] = taken
        rules.insert(at, rule)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EDITS, max_size=6))
def test_edits_in_the_workbook_are_the_same_edits_in_the_files(edits: list[tuple[str, int, Any]]) -> None:
    grids, base = cells()
    sheet = Sheet(grids["派单规则"])
    contents: Any = copy.deepcopy(roots(base))
    for kind, which, what in edits:
        edit(sheet, contents[ROUTES]["routes"], kind, which, what)
    result = from_cells({**grids, "派单规则": sheet.done()}, base, TODAY)
    assert result.problems == ()
    assert roots(result.files) == contents
    plainly = {**base, ROUTES: "".join(f"{key}: {flow(value)}\n" for key, value in contents[ROUTES].items()).encode()}
    mine, theirs = load(result.files), load(plainly)
    assert (mine.ruleset is None) == (theirs.ruleset is None)
    if mine.ruleset is not None and theirs.ruleset is not None:
        assert mine.ruleset.hash == theirs.ruleset.hash
    if contents == roots(base):
        assert result.changed == ()
