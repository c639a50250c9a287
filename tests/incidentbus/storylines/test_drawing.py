"""The picture: who by title, what in words, clocks and silence; in Chinese and in English."""

from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from contracts.codes import DirectiveKind, FactKind
from incidentbus.storylines.deployment import read_ruleset
from incidentbus.storylines.drawing import Picture
from incidentbus.storylines.happening import Happening, What
from incidentbus.storylines.house import ruleset_directory
from incidentbus.storylines.playing import Done, Performance
from incidentbus.storylines.script import read_story
from incidentbus.storylines.wording import COMMANDS, FACTS

STORY = """
title: 一件
about: 始末
start: "2026-05-12 09:00"
steps:
- at: 09:00
  say: 居民来电
  report: {channel: hotline-12345, native: {市受理编号: A1}}
- at: 05-14 09:00
  tell: {agency: police, fact: resolved}
"""
HOUR = 3_600_000


def drawn(tmp_path: Path, *, zh: bool) -> str:
    zone = ZoneInfo("Asia/Shanghai")
    file = tmp_path / "a.yaml"
    file.write_text(STORY, "utf-8")
    story = read_story(file, lambda _: zone)
    performance = Performance(story, cases={"case": "inc"})
    (first, report), (last, told) = story.steps
    at = round(first.timestamp() * 1000)
    due = {"due": [{"milestone": "resolve", "at": "2026-05-14T18:00:00+08:00"}]}
    performance.journal += [
        Done(at, 1, "", report),
        Happening(at, "inc", What.ASSIGNMENT, ("police", "lead"), "police", due),
        Happening(at + 30 * HOUR, "inc", What.FACT, ("overdue", "police"), "police", {"late_s": 3600.0}),
        Happening(at + 30 * HOUR, "inc", What.NOTICE, ("remind", "police"), "police", {"notice": "remind"}),
        Happening(at + 31 * HOUR, "inc", What.DEAD_LETTER, ("too_late", "police"), "police"),
        Done(round(last.timestamp() * 1000), 2, "", told),
    ]
    console = Console(width=140, record=True, file=(tmp_path / "out").open("w"))
    console.print(Picture(read_ruleset(ruleset_directory("hongze")), zone, zh).table(performance))
    console.file.close()
    return console.export_text()


def test_the_picture_speaks_as_officials_do(tmp_path: Path) -> None:
    text = drawn(tmp_path, zh=True)
    for said in ("▶ 12345政务热线", "居民来电", "主办 洪泽区公安局", "办结 05-14 18:00", "超期", "补办，晚 1小时",
                 "1天6小时无事", "催办 送 洪泽区公安局", "已过期限", "▶ 洪泽区公安局"):  # fmt: skip
        assert said in text, said


def test_the_picture_speaks_english_too(tmp_path: Path) -> None:
    text = drawn(tmp_path, zh=False)
    for said in ("▶ hotline-12345", "lead police", "resolve 05-14 18:00", "overdue", "1d6h of silence", "too late"):
        assert said in text, said


def test_every_fact_and_command_has_its_title() -> None:
    assert set(FACTS) == set(FactKind)
    assert set(COMMANDS) == set(DirectiveKind)
