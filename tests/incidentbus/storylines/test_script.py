"""Stories as they are written: what is read, and what is said of a fault."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from incidentbus.storylines.script import Story, StoryUnreadable, read_story
from incidentbus.storylines.telling import moment, span, told_span

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = 'title: 一件\nabout: 一件的始末\nstart: "2026-05-12 09:00"\nsteps:\n'


def read(folder: Path, steps: str) -> Story:
    file = folder / "a.yaml"
    file.write_text(HEAD + steps, "utf-8")
    return read_story(file, lambda _: ZONE)


def refused(folder: Path, steps: str) -> str:
    with pytest.raises(StoryUnreadable) as refusal:
        read(folder, steps)
    return str(refusal.value)


def test_a_clock_time_without_quotes_stays_a_time(tmp_path: Path) -> None:
    story = read(tmp_path, "- at: 09:30\n- at: +1h30m\n- at: 05-14 08:00\n- at: +3d\n")
    assert [at.strftime("%m-%d %H:%M") for at, _ in story.steps] == [
        "05-12 09:30",
        "05-12 11:00",
        "05-14 08:00",
        "05-17 08:00",
    ]


def test_one_expectation_may_stand_for_a_list(tmp_path: Path) -> None:
    story = read(tmp_path, "- at: 09:30\n  expect: {facts: registered, silence: false}\n")
    (expect,) = story.steps[0][1].expect
    assert expect.facts == ("registered",)
    assert not expect.silence


def test_an_empty_list_is_an_expectation_too(tmp_path: Path) -> None:
    (expect,) = read(tmp_path, "- at: 09:30\n  expect: {notices: []}\n").steps[0][1].expect
    assert expect.notices == ()
    assert expect.facts is None


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("- at: 09:30\n- at: 09:40\n  tell: {agency: police}\n", "a.yaml 第 2 步 tell.fact: 缺这个字段"),
        ("- at: 09:30\n  tell: {agency: police, fact: returnd}\n", "a.yaml 第 1 步 tell.fact: 写法不对"),
        ("- at: 09:30\n  tel: {agency: police}\n", "a.yaml 第 1 步 tel: 没有这个字段"),
        ("- at: 09:30\n  expect: {factz: []}\n", "a.yaml 第 1 步 expect.0.factz: 没有这个字段"),
        ("- at: 09:30\n- at: 09:20\n", "a.yaml 第 2 步 at: 09:20 比上一步早"),
        ("- at: soon\n", "a.yaml 第 1 步 at: 'soon': 时间写作"),
        ("- at: 09:30\n  workers: up\n  mode: {end: '320813'}\n", "一步只做一件事"),
        ("- at: 09:30\n  mode: {}\n", "set 或 end"),
        ("- at: 09:30\n  ruleset: {}\n", "patch 或 back"),
        ("[", "a.yaml: 不是 YAML"),
    ],
)
def test_a_fault_is_told_by_file_step_and_field(steps: str, said: str, tmp_path: Path) -> None:
    assert said in refused(tmp_path, steps)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoryUnreadable, match=r"none\.yaml: 打不开"):
        read_story(tmp_path / "none.yaml", lambda _: ZONE)


def test_a_span_is_read_and_told_alike() -> None:
    assert span("1d2h30m") == timedelta(days=1, hours=2, minutes=30)
    assert told_span(span("1d2h30m").total_seconds()) == "1d2h30m"
    assert told_span(0) == "0s"
    with pytest.raises(ValueError, match="时长写作"):
        span("2 weeks")


def test_the_first_time_is_written_in_full() -> None:
    with pytest.raises(ValueError, match="开头的时间要写全"):
        moment("09:00", None, ZONE)
