"""Out: a book as the bytes of an .xlsx. The same book gives the same bytes: no clock gets into them."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Final

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from routing_rules.tools.workbook.sheets import (
    FIRST_ROW,
    GROUP_ROW,
    MARK,
    NAME_ROW,
    TITLE_ROW,
    Book,
    Row,
    Sheet,
    Shown,
    letters,
)
from routing_rules.tools.workbook.xlsx.source import packed

SOURCE: Final = "source"
CHOICES: Final = "choices"
GUIDE: Final = "guide"
_ROOM_BELOW: Final = 500  # rows under the last one that have the lists to choose from, for what is added
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_STAMP: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_FORMULAIC: Final = ("=", "+", "-", "@")
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")

_FACE: Final = "Microsoft YaHei"
_BODY: Final = Font(name=_FACE, size=10, color="1F2933")
_QUIET: Final = Font(name=_FACE, size=9, color="7B8794")
_KEYED: Final = Font(name=_FACE, size=10, bold=True, color="102A43")
_WHITE: Final = Font(name=_FACE, size=10, bold=True, color="FFFFFF")
_LINE: Final = Side(style="thin", color="D9E2EC")
_GRID: Final = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_GROUPS: Final = ("1F4E79", "2F6F6D", "6B4E90", "8A5A1C", "3D5A80", "7A3B4E")
_HEADS: Final = ("DCE6F1", "DDEEEC", "E8E1F2", "F5E8D5", "DFE6F0", "F3DFE5")
_BANDS: Final = (PatternFill(), PatternFill("solid", fgColor="F5F8FB"))
_FIXED: Final = PatternFill("solid", fgColor="EEF0F2")
_STYLES: Final = {
    "title": Font(name=_FACE, size=18, bold=True, color="1F4E79"),
    "heading": Font(name=_FACE, size=12, bold=True, color="2F6F6D"),
    "command": Font(name="Consolas", size=10, color="6B4E90"),
    "text": _BODY,
}


def written(book: Book) -> bytes:
    """Return the workbook's bytes."""
    workbook = Workbook()
    guide = workbook.active
    assert isinstance(guide, Worksheet)  # noqa: S101 - a new workbook has one
    _guide(guide, book)
    for sheet in book.sheets:
        _sheet(workbook.create_sheet(sheet.title), sheet, book)
    _choices(workbook.create_sheet(book.titles[CHOICES]), book)
    _source(workbook.create_sheet(book.titles[SOURCE]), book)
    out = io.BytesIO()
    workbook.save(out)
    return _without_clock(out.getvalue())


def _text(sheet: Worksheet, row: int, column: int, text: str, font: Font = _BODY) -> Cell:
    """Put a text into a cell, and only ever a text: what begins with =, + or @ is no formula here."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)  # noqa: S101 - nothing is merged before it is filled
    cell.value = _ILLEGAL.sub("\ufffd", text)
    cell.data_type = "s"
    if text.startswith(_FORMULAIC):
        cell.quotePrefix = True
    cell.number_format = "@"
    cell.font = font
    return cell


def _guide(sheet: Worksheet, book: Book) -> None:
    sheet.title = book.titles[GUIDE]
    sheet.sheet_properties.tabColor = "1F4E79"
    sheet.sheet_view.showGridLines = False
    sheet.column_dimensions["A"].width = 4
    sheet.column_dimensions["B"].width = 110
    for row, (text, style) in enumerate(book.guide, 2):
        if text:
            cell = _text(sheet, row, 2, text, _STYLES[style])
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        if style == "text" and _breadth(text) > 108:
            sheet.row_dimensions[row].height = 16.0 * (1 + _breadth(text) // 108)
    sheet.row_dimensions[2].height = 30


def _breadth(text: str) -> int:
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


def _sheet(sheet: Worksheet, model: Sheet, book: Book) -> None:
    _head(sheet, model)
    for number, row in enumerate(model.rows, FIRST_ROW):
        _row(sheet, number, row, model.columns)
    _validations(sheet, model, book)
    sheet.freeze_panes = f"{letters(model.held + 2)}{FIRST_ROW}"
    last = max(FIRST_ROW, FIRST_ROW + len(model.rows) - 1)
    sheet.auto_filter.ref = f"B{NAME_ROW}:{letters(len(model.columns) + 1)}{last}"
    sheet.sheet_properties.outlinePr.summaryRight = False  # type: ignore[union-attr]
    sheet.sheet_view.zoomScale = 100
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    sheet.print_title_rows = f"{GROUP_ROW}:{TITLE_ROW}"


def _head(sheet: Worksheet, model: Sheet) -> None:
    _text(sheet, GROUP_ROW, 1, model.key)
    _text(sheet, NAME_ROW, 1, MARK)
    sheet.column_dimensions["A"].hidden = True
    for number, (start, end) in enumerate(_runs(model.columns)):
        colour, pale = _GROUPS[number % len(_GROUPS)], _HEADS[number % len(_HEADS)]
        for column in range(start, end + 1):
            _head_cells(sheet, column + 2, model.columns[column], colour, pale)
        if end > start:
            sheet.merge_cells(start_row=1, end_row=1, start_column=start + 2, end_column=end + 2)
        if number == 0:
            sheet.sheet_properties.tabColor = colour
    for row, height in ((GROUP_ROW, 20), (TITLE_ROW, 22), (NAME_ROW, 14)):
        sheet.row_dimensions[row].height = height


def _runs(columns: tuple[Shown, ...]) -> Iterator[tuple[int, int]]:
    start = 0
    for number in range(1, len(columns) + 1):
        if number == len(columns) or columns[number].group != columns[start].group:
            yield start, number - 1
            start = number


def _head_cells(sheet: Worksheet, column: int, shown: Shown, colour: str, pale: str) -> None:
    group = _text(sheet, GROUP_ROW, column, shown.group, _WHITE)
    group.fill = PatternFill("solid", fgColor=colour)
    title = _text(sheet, TITLE_ROW, column, shown.title, _KEYED)
    title.fill = PatternFill("solid", fgColor=pale)
    if shown.note:
        title.comment = _comment(shown.note)
    name = _text(sheet, NAME_ROW, column, shown.name, _QUIET)
    name.fill = PatternFill("solid", fgColor="F5F7FA")
    for cell in (group, title, name):
        cell.alignment = Alignment(horizontal="center", vertical="center", shrink_to_fit=cell is name)
        cell.border = _GRID
        cell.protection = Protection(locked=True)
    dimension = sheet.column_dimensions[letters(column)]
    dimension.width = shown.width
    if shown.folded:
        dimension.outlineLevel, dimension.hidden = 1, True


def _comment(text: str) -> Comment:
    lines = text.split("\n")
    height = 24 + 17 * sum(1 + _breadth(line) // 46 for line in lines)
    return Comment(_ILLEGAL.sub("", text), "incidentbus", height=min(height, 420), width=330)


def _row(sheet: Worksheet, number: int, row: Row, columns: tuple[Shown, ...]) -> None:
    _text(sheet, number, 1, row.mark, _QUIET)
    fill = _BANDS[row.band % 2]
    first = True
    for column, (text, shown) in enumerate(zip(row.cells, columns, strict=True), 2):
        if shown.folded and not text:
            continue
        cell = sheet.cell(number, column)
        if text:
            cell = _text(sheet, number, column, text, _KEYED if first and not row.part else _BODY)
        else:
            cell.number_format = "@"
        cell.fill = _FIXED if shown.fixed else fill
        cell.border = _GRID
        cell.alignment = Alignment(wrap_text=_breadth(text) > shown.width, vertical="top")
        if row.note and first and text:
            cell.comment = _comment(row.note)
        first = first and not text
    needs = [1 + _breadth(text) // max(1, shown.width - 1) for text, shown in zip(row.cells, columns, strict=True)]
    sheet.row_dimensions[number].height = 16 * min(max(needs, default=1), 8)


def _validations(sheet: Worksheet, model: Sheet, book: Book) -> None:
    last = FIRST_ROW + len(model.rows) + _ROOM_BELOW
    ranges = {what: number for number, what in enumerate(book.choices)}
    for number, shown in enumerate(model.columns, 2):
        if isinstance(shown.offers, tuple):
            formula = f'"{",".join(shown.offers)}"' if shown.offers else ""
        else:
            start = letters(2 * ranges[shown.offers] + 1) if shown.offers in ranges else ""
            end = 2 + len(book.choices.get(shown.offers, ())) - 1
            formula = f"'{book.titles[CHOICES]}'!${start}$2:${start}${end}" if start else ""
        if formula:
            validation = DataValidation("list", formula1=formula, allow_blank=True, showErrorMessage=True)
            validation.errorStyle = "stop" if shown.strict else "information"
            validation.errorTitle, validation.error = shown.title, _shortened(shown.note)
            validation.add(f"{letters(number)}{FIRST_ROW}:{letters(number)}{last}")
            sheet.add_data_validation(validation)


def _shortened(text: str) -> str:
    return text if len(text) <= 220 else text[:219] + "…"


def _choices(sheet: Worksheet, book: Book) -> None:
    for number, (what, codes) in enumerate(book.choices.items()):
        column = 2 * number + 1
        _text(sheet, 1, column, what, _KEYED)
        for row, (code, title) in enumerate(codes, 2):
            _text(sheet, row, column, code)
            if title:
                _text(sheet, row, column + 1, title, _QUIET)
        sheet.column_dimensions[letters(column)].width = 24
        sheet.column_dimensions[letters(column + 1)].width = 30
    sheet.freeze_panes = "A2"
    sheet.sheet_properties.tabColor = "9AA5B1"


def _source(sheet: Worksheet, book: Book) -> None:
    sheet.sheet_state = "veryHidden"
    _text(sheet, 1, 1, SOURCE)
    for row, texts in enumerate(packed(book.files), 2):
        for column, text in enumerate(texts, 1):
            _text(sheet, row, column, text)


def _without_clock(content: bytes) -> bytes:
    """Return the same archive with one fixed date on everything."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            part = _STAMP.sub(rb"\g<1>1980-01-01T00:00:00Z", part) if name == "docProps/core.xml" else part
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, part)
    return out.getvalue()
