"""What an official does in the workbook, and what becomes of the files: that value, and not one character more."""

from datetime import date, datetime, time
from typing import Any

import pytest

from routing_rules.engine.loader import load


def test_a_workbook_that_nobody_edited_changes_no_file(hand: Any, example: dict[str, bytes]) -> None:
    result = hand.back()
    assert result.problems == ()
    assert result.changed == ()
    assert result.files == example


def test_the_same_ruleset_gives_the_same_workbook_to_the_byte(export: Any, example: Any, example_book: bytes) -> None:
    assert export(example) == example_book


def test_an_edited_cell_changes_that_value_alone(hand: Any, example: Any, differing: Any) -> None:
    hand.cell("派单规则", "hawking", "title").value = "流动叫卖"
    result = hand.back()
    assert result.changed == ("routes/20-topics.yaml",)
    differ = differing(example["routes/20-topics.yaml"], result.files["routes/20-topics.yaml"])
    assert differ == [("  title: 喇叭叫卖", "  title: 流动叫卖")]


def test_an_item_added_to_a_list_leaves_its_neighbours(hand: Any, example: Any, differing: Any) -> None:
    hand.cell("单位", "urban", "names", "code").value = "城管局，城管、市容局"
    result = hand.back()
    ((old, new),) = differing(example["agencies.yaml"], result.files["agencies.yaml"])
    assert new == old.replace("[城管局]", "[城管局, 城管, 市容局]")


def test_a_value_that_was_not_there_is_put_in_its_place(hand: Any, example: Any) -> None:
    hand.cell("派单规则", "leisure-noise", "deadline.resolve").value = "6bd"
    hand.cell("派单规则", "leisure-noise", "urgency").value = "urgent"
    text = hand.back().files["routes/20-topics.yaml"].decode()
    assert "  assign: {lead: {function: police, tier: town}}\n  deadline: {resolve: 6bd}\n  urgency: urgent\n" in text


def test_an_emptied_cell_takes_the_value_away(hand: Any, example: Any) -> None:
    hand.cell("派单规则", "hawking-after-hours", "deadline.acknowledge").value = None
    text = hand.back().files["routes/20-topics.yaml"].decode()
    assert "  deadline: {resolve: 4bd}\n" in text
    assert text == example["routes/20-topics.yaml"].decode().replace("acknowledge: 3h, ", "")


def test_the_last_value_of_a_part_takes_the_part_with_it(hand: Any, example: Any) -> None:
    for name in ("acknowledge", "resolve"):
        hand.cell("派单规则", "hawking-after-hours", f"deadline.{name}").value = None
    text = hand.back().files["routes/20-topics.yaml"].decode()
    assert text == example["routes/20-topics.yaml"].decode().replace(
        "  deadline: {acknowledge: 3h, resolve: 4bd}\n", ""
    )


def test_a_row_taken_out_is_a_rule_taken_out(hand: Any, example: Any) -> None:
    hand.sheet("派单规则").delete_rows(hand.row("派单规则", "leisure-noise"))
    hand.sheet("测试").delete_rows(hand.row("测试", "广场舞归青石派出所", "name"))
    result = hand.back()
    gone = (
        "- id: leisure-noise\n  title: 休闲活动噪声\n  when: {category: [noise/leisure]}\n"
        "  assign: {lead: {function: police, tier: town}}\n\n"
    )
    assert result.files["routes/20-topics.yaml"].decode() == example["routes/20-topics.yaml"].decode().replace(gone, "")


def test_a_row_put_in_is_a_rule_put_in_where_it_stands(hand: Any, example: Any) -> None:
    sheet = hand.sheet("派单规则")
    row = hand.row("派单规则", "leisure-noise")
    sheet.insert_rows(row)
    cells = {
        "@file": "routes/20-topics.yaml",
        "id": "loud-trucks",
        "title": "车载喇叭",
        "when.category": "noise/hawking",
        "when.text.any": "货车、三轮车",
        "assign.lead": "{function: police, tier: town}",
    }
    for name, text in cells.items():
        sheet.cell(row, hand.column("派单规则", name)).value = text
    result = hand.back()
    assert not result.refused
    ruleset = load(result.files).ruleset
    assert ruleset is not None
    ids = [route.id for route in ruleset.routes]
    assert ids[ids.index("hawking") + 1] == "loud-trucks"
    text = result.files["routes/20-topics.yaml"].decode()
    assert (
        "- id: loud-trucks\n  title: 车载喇叭\n  when: {category: [noise/hawking], text: {any: [货车, 三轮车]}}\n"
        in text
    )


def test_a_moved_row_is_a_moved_rule(hand: Any, example: Any) -> None:
    sheet = hand.sheet("派单规则")
    row = hand.row("派单规则", "lake")
    values = [cell.value for cell in sheet[row]]
    sheet.delete_rows(row)
    to = hand.row("派单规则", "hawking-after-hours")
    sheet.insert_rows(to)
    for column, value in enumerate(values, 1):
        sheet.cell(to, column).value = value
    result = hand.back()
    ruleset = load(result.files).ruleset
    assert ruleset is not None
    assert [route.id for route in ruleset.routes][2:4] == ["lake", "hawking-after-hours"]
    assert sorted(result.files["routes/20-topics.yaml"].split()) == sorted(example["routes/20-topics.yaml"].split())


def test_a_rule_goes_to_another_file_by_that_files_name(hand: Any, example: Any) -> None:
    hand.cell("派单规则", "lake", "@file").value = "routes/30-water.yaml"
    result = hand.back()
    assert result.changed == ("routes/20-topics.yaml", "routes/30-water.yaml")
    assert result.files["routes/30-water.yaml"].decode() == (
        "routes:\n- id: lake\n  title: 湖上偷捕\n  owner: police\n  when: {category: [water], area: [mirror-lake]}\n"
        "  assign: {lead: {function: police, tier: town, climb: false}}\n"
    )


def test_another_row_below_a_rule_is_another_set_of_conditions(hand: Any) -> None:
    sheet = hand.sheet("派单规则")
    row = hand.row("派单规则", "leisure-noise") + 1
    sheet.insert_rows(row)
    sheet.cell(row, hand.column("派单规则", "when.text.any")).value = "广场舞、合唱"
    text = hand.back().files["routes/20-topics.yaml"].decode()
    assert "  when: [{category: [noise/leisure]}, {text: {any: [广场舞, 合唱]}}]\n" in text


def test_a_row_that_continues_a_rule_has_conditions_only(hand: Any) -> None:
    row = hand.row("派单规则", "hawking") + 1
    hand.sheet("派单规则").cell(row, hand.column("派单规则", "title")).value = "又一条"
    assert [each.code for each in hand.back().problems] == ["WB11"]


def test_a_files_head_a_title_and_the_countys_values_are_cells_too(hand: Any, example: Any, differing: Any) -> None:
    hand.cell("文件", "routes/20-topics.yaml", "owner", "@file").value = "command"
    hand.cell("条线", "urban", "@value", "@key").value = "城市管理执法"
    hand.cell("规则集", "conflict.within", "@holds", "@path").value = 7
    hand.cell("规则集", "deadlines.by_urgency.urgent.resolve", "@holds", "@path").value = "2bd"
    result = hand.back()
    assert [new for _, new in differing(example["ruleset.yaml"], result.files["ruleset.yaml"])] == [
        "  urban: 城市管理执法", "    urgent: {acknowledge: 90m, resolve: 2bd}", "  within: 7",
    ]  # fmt: skip
    assert result.files["routes/20-topics.yaml"].startswith(b"owner: command\n")


def test_a_renamed_file_takes_its_rules_along(hand: Any, example: Any) -> None:
    hand.cell("文件", "routes/20-topics.yaml", "@file", "@file").value = "routes/25-topics.yaml"
    result = hand.back()
    assert result.changed == ("routes/20-topics.yaml", "routes/25-topics.yaml")
    assert result.files["routes/25-topics.yaml"] == example["routes/20-topics.yaml"]


def test_two_files_may_change_names_with_each_other(hand: Any, example: Any) -> None:
    hand.cell("文件", "routes/10-outside.yaml", "@file", "@file").value = "routes/x"
    hand.cell("文件", "routes/20-topics.yaml", "@file", "@file").value = "routes/10-outside.yaml"
    hand.cell("文件", "routes/x", "@file", "@file").value = "routes/20-topics.yaml"
    files = hand.back().files
    assert files["routes/10-outside.yaml"] == example["routes/20-topics.yaml"]
    assert files["routes/20-topics.yaml"] == example["routes/10-outside.yaml"]


def test_titles_are_added_where_they_stand_in_lines_and_in_a_flow(hand: Any, example: Any) -> None:
    for title, code in (("条线", "water"), ("标签", "lakeside")):
        sheet = hand.sheet(title)
        sheet.insert_rows(5)
        sheet.cell(5, hand.column(title, "@key")).value = code
        sheet.cell(5, hand.column(title, "@value")).value = "湖"
    expected = example["ruleset.yaml"].decode()
    expected = expected.replace("  government:", "  water: 湖\n  government:").replace(
        "night: 夜间}", "lakeside: 湖, night: 夜间}"
    )
    assert hand.back().files["ruleset.yaml"].decode() == expected


def test_what_the_linter_finds_is_shown_at_its_cell(hand: Any) -> None:
    hand.cell("派单规则", "lake", "when.category").value = "watre"
    result = hand.back()
    assert result.refused
    place, finding = next((place, each) for place, each in result.found if each.code == "RR110")
    cell = hand.cell("派单规则", "lake", "when.category")
    assert str(place) == f"派单规则!{cell.coordinate}"
    assert finding.line().startswith("routes/20-topics.yaml:")


@pytest.mark.parametrize(("typed", "meant"), [
    (900100, "900100"), (900100.0, "900100"), ("９００１００", "900100"), ("  900100 ", "900100"),
    (date(2026, 5, 1), "2026-05-01"),
    (datetime.fromisoformat("2026-05-01T08:30"), "2026-05-01T08:30"), (time(22, 0), "22:00"), (True, "true"),
])  # fmt: skip
def test_what_a_program_makes_of_a_typed_value_is_taken_for_what_was_meant(hand: Any, typed: Any, meant: str) -> None:
    hand.cell("地区", "900100001", "parent", "code").value = typed
    text = hand.back().files["jurisdictions.yaml"].decode()
    line = next(line for line in text.splitlines() if '"900100001"' in line)
    assert f"parent: {meant}" in line.replace('"', "")


def test_a_share_typed_as_a_per_cent_is_one(hand: Any) -> None:
    cell = hand.cell("附加规则", "school-nearby", "sample")
    cell.value, cell.number_format = 0.125, "0.0%"
    assert "  sample: 12.5%\n" in hand.back().files["routes/90-overlays.yaml"].decode()


def test_blank_rows_and_blanks_around_texts_change_nothing(hand: Any) -> None:
    sheet = hand.sheet("派单规则")
    sheet.insert_rows(hand.row("派单规则", "leisure-noise"), 3)
    cell = hand.cell("派单规则", "leisure-noise", "title")
    cell.value = f" {cell.value}　"
    sheet.cell(sheet.max_row + 4, 3).value = "   "
    result = hand.back()
    assert result.changed == ()
    assert result.problems == ()


def test_a_formula_is_refused_at_its_cell_and_text_that_looks_like_one_is_text(
    hand: Any, export: Any, example: Any
) -> None:
    cell = hand.cell("派单规则", "hawking", "title")
    cell.value = '=HYPERLINK("http://example.invalid")'
    result = hand.back()
    assert [(each.code, str(each.at)) for each in result.problems] == [("WB03", f"派单规则!{cell.coordinate}")]
    assert result.files == {}
    for looks in ("=1+1", "+86", "@all", "-0.5"):
        files = {
            **example,
            "routes/20-topics.yaml": example["routes/20-topics.yaml"].replace(
                "喇叭叫卖\n".encode(), f'"{looks}"\n'.encode()
            ),
        }
        again = type(hand)(export(files))
        assert again.cell("派单规则", "hawking", "title").data_type == "s"
        assert again.back().changed == ()


def test_merged_cells_count_once_and_are_told(hand: Any) -> None:
    sheet = hand.sheet("单位")
    column = hand.column("单位", "supervisor")
    row = hand.row("单位", "gov-qingshi", "code")
    sheet.merge_cells(start_row=row, end_row=row + 1, start_column=column, end_column=column)
    result = hand.back()
    assert [each.code for each in result.problems] == ["WB05"]
    assert result.changed == ()


def test_columns_may_move_and_a_missing_column_or_sheet_changes_nothing(hand: Any) -> None:
    sheet = hand.sheet("单位")
    sheet.delete_cols(hand.column("单位", "names"))
    sheet.move_range(f"D1:D{sheet.max_row}", cols=20)
    hand.book.remove(hand.sheet("词表"))
    result = hand.back()
    assert sorted(each.code for each in result.problems) == ["WB08", "WB09"]
    assert result.changed == ()
    assert not result.refused


def test_rows_are_known_by_their_codes_where_the_hidden_marks_are_gone(hand: Any) -> None:
    for title in ("派单规则", "附加规则", "单位", "类别"):
        hand.sheet(title).delete_cols(1)
    assert hand.back().changed == ()


@pytest.mark.parametrize(("sheet", "code", "by", "name", "text", "found"), [
    ("派单规则", "lake", "id", "assign.lead", "{function: police", "WB04"),
    ("派单规则", "lake", "id", "@file", "../../etc/passwd", "WB13"),
    ("派单规则", "lake", "id", "@file", "places/names.yaml", "WB13"),
    ("文件", "routes/20-topics.yaml", "@file", "@file", "../x.yaml", "WB13"),
    ("派单规则", "lake", "id", "id", None, "WB17"),
    ("单位", "urban", "code", "code", None, "WB17"),
    ("条线", "urban", "@key", "@key", "police", "WB19"),
    ("区域", "areas/mirror-lake.geojson", "@file", "title", "湖", "WB14"),
])  # fmt: skip
def test_what_cannot_be_taken_is_told_at_its_cell_and_nothing_is_written(
    hand: Any, sheet: str, code: str, by: str, name: str, text: str | None, found: str
) -> None:
    hand.cell(sheet, code, name, by).value = text
    result = hand.back()
    assert found in {each.code for each in result.problems}
    assert result.refused
    assert result.files == {}
