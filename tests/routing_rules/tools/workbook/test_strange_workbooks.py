"""Workbooks that other programs wrote, and some that mean harm.

WPS's form is made here by rewriting what openpyxl wrote: prefixes on every element, texts within cells, no styles, no
comments. It was not run in WPS itself.
"""

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from routing_rules.messages.workbook import PROBLEMS, problem_line
from routing_rules.tools.workbook.importing import imported
from routing_rules.tools.workbook.sheets import Refused
from routing_rules.tools.workbook.xlsx import reading

TODAY = date(2026, 5, 12)


def repacked(content: bytes, change: Callable[[str, bytes], bytes | None], **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
        for name, part in more.items():
            new.writestr(name, part)
    return out.getvalue()


def as_wps(content: bytes) -> bytes:
    """Give every element of a sheet a prefix, keep texts within the cells, drop styles and all that hangs on them."""

    def change(name: str, part: bytes) -> bytes | None:
        if name == "xl/styles.xml" or "comments" in name or "vmlDrawing" in name:
            return None
        if name.endswith(".rels"):
            return re.sub(rb"<Relationship [^>]*(?:styles|comments|vmlDrawing)[^>]*/>", b"", part)
        if name == "[Content_Types].xml":
            return re.sub(rb"<Override [^>]*(?:styles|comments)[^>]*/>", b"", part)
        if not name.startswith("xl/worksheets/sheet"):
            return part
        part = re.sub(rb"<legacyDrawing [^>]*/>|<dataValidations .*?</dataValidations>", b"", part, flags=re.DOTALL)
        part = re.sub(rb' s="\d+"', b"", part)
        part = re.sub(rb"<(/?)([A-Za-z])", rb"<\1x:\2", part)
        return part.replace(b" xmlns=", b" xmlns:x=", 1)

    return repacked(content, change)


def as_excel(content: bytes) -> bytes:
    """Put the texts of all cells into one table of shared strings, as Excel and newer versions of WPS do."""
    shared: list[bytes] = []

    def moved(found: "re.Match[bytes]") -> bytes:
        shared.append(found[2])
        return b'<c %st="s"><v>%d</v></c>' % (found[1], len(shared) - 1)

    def change(name: str, part: bytes) -> bytes | None:
        if name == "xl/sharedStrings.xml":
            return None
        if name.startswith("xl/worksheets/sheet"):
            return re.sub(rb'<c ([^>]*)t="inlineStr"><is>(.*?)</is></c>', moved, part, flags=re.DOTALL)
        kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
        if name == "[Content_Types].xml" and kind not in part:
            override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
            return part.replace(b"</Types>", override)
        return part

    changed = repacked(content, change)
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    table = b'<sst xmlns="%s">%s</sst>' % (main, b"".join(b"<si>%s</si>" % each for each in shared))
    assert len(shared) > 300
    return repacked(changed, lambda _, part: part, **{"xl/sharedStrings.xml": table})


@pytest.mark.parametrize("form", [as_wps, as_excel])
def test_a_workbook_in_another_programs_form_says_the_same(
    form: Callable[[bytes], bytes], example_book: bytes, example: dict[str, bytes]
) -> None:
    content = form(example_book)
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet2.xml")
    assert (b'<x:c r="B2" t="inlineStr">' in sheet) is (form is as_wps)
    result = imported(content, TODAY)
    assert result.problems == ()
    assert result.changed == ()
    assert result.files == example


def test_an_edit_in_wpss_form_arrives(hand: Any) -> None:
    hand.cell("派单规则", "hawking", "title").value = "流动叫卖"
    result = imported(as_wps(hand.saved()), TODAY)
    assert result.changed == ("routes/20-topics.yaml",)
    assert "流动叫卖" in result.files["routes/20-topics.yaml"].decode()


def refusal(content: bytes, name: str = "book.xlsx") -> tuple[str, str]:
    with pytest.raises(Refused) as told:
        imported(content, TODAY, name)
    problem = told.value.problem
    assert str(problem.at) == name
    return problem.code, problem.params.get("reason") or problem.params["what"]


def test_macros_are_refused_whatever_the_file_is_called(example_book: bytes) -> None:
    assert refusal(example_book, "book.xlsm") == ("WB01", "macros")
    assert refusal(repacked(example_book, lambda _, part: part, **{"xl/vbaProject.bin": b"x"})) == ("WB01", "macros")
    kind = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    assert refusal(repacked(example_book, lambda _, part: part.replace(plain, kind))) == ("WB01", "macros")


def test_what_is_no_workbook_or_an_old_one_is_refused(example_book: bytes) -> None:
    assert refusal(b"") == ("WB01", "zip")
    assert refusal(b"id,title\n1,2\n") == ("WB01", "zip")
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) == ("WB01", "old")
    assert refusal(example_book[: len(example_book) // 2]) == ("WB01", "zip")
    assert refusal(repacked(example_book, lambda name, part: None if name == "xl/workbook.xml" else part)) == (
        "WB01",
        "zip",
    )


def test_a_workbook_without_its_sources_is_refused(hand: Any) -> None:
    source = hand.sheet("原文")
    source.cell(3, 3).value = "AAAA"
    assert refusal(hand.saved()) == ("WB01", "source")
    hand.book.remove(source)
    assert refusal(hand.saved()) == ("WB01", "source")


def test_a_zip_bomb_is_stopped_before_it_is_unpacked_whole(
    example_book: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = repacked(example_book, lambda _, part: part, **{"xl/media/x.xml": bytes(reading.MOST_INSIDE + 1)})
    assert len(bomb) < 1_000_000
    assert refusal(bomb) == ("WB02", "inside")
    monkeypatch.setattr(reading, "MOST_CELLS", 100)
    assert refusal(example_book) == ("WB02", "cells")


def test_fifty_megabytes_and_too_many_parts_are_refused_at_once(example_book: bytes) -> None:
    assert refusal(example_book + bytes(50_000_000)) == ("WB02", "bytes")
    parts = {f"xl/media/{n}.png": b"" for n in range(reading.MOST_PARTS)}
    assert refusal(repacked(example_book, lambda _, part: part, **parts)) == ("WB02", "parts")


def test_declared_entities_are_refused(example_book: bytes) -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    content = repacked(example_book, lambda name, part: laughs + part if name == "xl/workbook.xml" else part)
    assert refusal(content) == ("WB01", "doctype")


def test_sheets_and_columns_of_ones_own_are_left_alone(hand: Any) -> None:
    hand.book.create_sheet("备忘").cell(1, 1).value = "开会时说的"
    sheet = hand.sheet("单位")
    sheet.cell(3, sheet.max_column + 1).value = "备注"
    result = hand.back()
    assert sorted(each.code for each in result.problems) == ["WB18", "WB20"]
    assert not result.refused
    assert result.changed == ()


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_has_words_in_both_languages_and_its_line_in_the_page(code: str) -> None:
    params = dict.fromkeys(("reason", "what", "n", "most", "text", "name", "sheet", "file", "example"), "x")
    for language in ("zh", "en"):
        line = problem_line(code, "派单规则!E12", params, language)
        assert line.startswith(f"派单规则!E12 {code} ")
        assert "{" not in line
    for page in ("excel.md", "excel.zh.md"):
        text = (Path(__file__).parents[4] / "docs" / "rules" / page).read_text("utf-8")
        assert f"`{code}`" in text


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not on this machine")
def test_libreoffice_opens_it_saves_it_and_it_still_says_the_same(
    example_book: bytes, example: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "book.xlsx").write_bytes(example_book)
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/home",
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "in" / "book.xlsx"),
    ]
    subprocess.run(command, check=True, timeout=100, capture_output=True)
    result = imported((tmp_path / "book.xlsx").read_bytes(), TODAY)
    assert not result.refused
    assert result.files == example
