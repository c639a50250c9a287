"""What an operator asks and commands, over a real broker with real workers: asked, commanded, and what came of it."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from connectors import samples
from connectors.kafka.clients import Connection
from connectors.kafka.publisher import open_publisher, report
from connectors.registry import channel_codecs
from contracts.codes import DirectiveKind
from contracts.ids import incident_id
from contracts.moments import instant_of
from contracts.topics import Topics
from incidentbus.cli import app
from incidentbus.clock import utc_now
from incidentbus.commanding import command
from incidentbus.demo.fleet import Fleet
from incidentbus.publishing import Author, publish
from incidentbus.readmodel.reading import read_all
from incidentbus.settings import Settings, load_settings

CHANNEL = "hotline-12345"
MENDED = """\
owner: command
routes:
- id: mended
  title: 改过的一条
  when: {channel: [hotline-12345], kind: [complaint]}
  assign: {lead: governance-centre}
"""
ROLES = ("co_handler", "informed")
WHO = ("--by", "command-centre", "--why", "半夜值班，三天没有回音")


@dataclass
class County:
    """A deployment whose workers run; `numbers` are its cases' numbers at the channel, `next_` hands one out."""

    connection: Connection
    topics: Topics
    settings: Settings
    numbers: list[str]
    used: int = 0

    def next_(self) -> str:
        self.used += 1
        return self.numbers[self.used - 1]

    def count(self, topic: str) -> int:
        async def counted() -> int:
            every = [(topic, partition) for partition in range(self.topics.spine)]
            return len([record async for record in read_all(self.connection, every)])

        return asyncio.run(counted())


def run(*words: str) -> Result:
    result = CliRunner().invoke(app, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(*words: str, code: int = 0) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == code, (words, result.stdout, result.stderr)
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "not within its time"
        time.sleep(0.3)


async def _reported(connection: Connection, topics: Topics, payloads: list[bytes]) -> list[str]:
    codec, numbers = channel_codecs()[CHANNEL], []
    async with open_publisher(connection) as publisher:
        for payload in payloads:
            number = codec.decode(payload, {}).external_id
            await publisher.publish(report(topics, CHANNEL, number, payload, utc_now()))
            numbers.append(number)
    return numbers


@pytest.fixture(scope="module")
def county(broker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    folder = tmp_path_factory.mktemp("county")
    environment = {
        "INCIDENTBUS_BOOTSTRAP_SERVERS": broker.bootstrap,
        "INCIDENTBUS_TOPIC_PREFIX": f"cases-{folder.name}.",
        "INCIDENTBUS_PARTITIONS": "2",
        "INCIDENTBUS_METRICS_PORT": "0",
        "INCIDENTBUS_LOG_FORMAT": "json",
        "INCIDENTBUS_READMODEL_URL": f"sqlite:///{folder}/model.sqlite",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        load_settings.cache_clear()
        settings = load_settings()
        connection, topics = Connection(broker.bootstrap), settings.topics()
        asyncio.run(publish(settings.ruleset_dir, connection, topics, 1, Author("tests"), utc_now()))
        fleet = Fleet(environment, folder)
        try:
            fleet.start("intake,dispatch,supervise")
            numbers = asyncio.run(_reported(connection, topics, samples.reports(CHANNEL)[:24]))
            until(lambda: len(told("cases", "list")) == len(numbers))
            yield County(connection, topics, settings, numbers)
        finally:
            fleet.stop()
    load_settings.cache_clear()


def test_a_case_is_listed_shown_and_its_story_told(county: County) -> None:
    number = county.next_()
    (case,) = told("cases", "show", number)
    assert case["incident"] == incident_id(CHANNEL, number)
    assert (case["status"], case["round"], case["channel"]) == ("dispatched", 1, CHANNEL)
    lead = next(part for part in case["parts"] if part["role"] == "lead")
    assert lead["agency"] == case["lead"]
    every = told("cases", "list", "--agency", case["lead"], "--status", "open", "--channel", CHANNEL)
    assert case["incident"] in {row["incident"] for row in every}
    story = told("cases", "timeline", case["incident"])
    assert story[0]["step"] == "decision"
    assert story[0]["decision"]["lead"] == case["lead"]
    assert "registered" in {step.get("fact") for step in story}
    drawn = run("cases", "timeline", number).stdout
    assert "判定 第1轮" in drawn
    assert "decided, round 1" in run("cases", "timeline", number, "--lang", "en").stdout
    shown = run("cases", "show", number).stdout
    assert "主办" in shown
    assert case["lead"] not in shown.splitlines()[3], "an agency is told by its title"


def test_what_is_not_there_and_what_cant_be_asked_is_said(county: County) -> None:
    assert run("cases", "show", "no-such-number").exit_code == 1
    assert run("cases", "list", "--status", "lost").exit_code == 2
    assert run("cases", "list", "--sort", "size").exit_code == 2
    assert run("cases", "show", "x", "--lang", "fr").exit_code == 2
    assert run("cases", "remind", "no-such-number", *WHO).exit_code == 1
    assert run("cases", "remind", county.numbers[0], "--by", " ", "--why", "x").exit_code == 2


def test_due_and_overdue_part_the_open_cases_that_have_deadlines(county: County) -> None:
    soon, far = told("cases", "due", "--within", "1m"), told("cases", "due", "--within", "4000d")
    assert len(soon) < len(far)
    assert run("cases", "overdue").exit_code == 0
    assert {row["due_milestone"] for row in far} <= {"acknowledge", "respond", "resolve"}
    assert [row["due_at"] for row in far] == sorted(row["due_at"] for row in far)


def test_a_reminder_is_shown_first_given_once_and_answered(county: County) -> None:
    number, topic = county.next_(), county.topics.bus("directives")
    before = county.count(topic)
    (dry,) = told("cases", "remind", number, *WHO, "--dry-run")
    (case,) = told("cases", "show", number)
    assert (dry["dry_run"], dry["told"], dry["said_before"]) == (True, [case["lead"]], False)
    assert county.count(topic) == before
    (answer,) = told("cases", "remind", number, *WHO)
    assert (answer["outcome"], answer["facts"], answer["id"]) == ("passed_on", ["reminded"], dry["id"])
    until(lambda: told("cases", "remind", number, *WHO)[0]["said_before"])
    assert county.count(topic) == before + 1
    until(lambda: told("cases", "show", number)[0]["reminders"] == 1)
    story = told("cases", "timeline", number)
    assert [step["why"] for step in story if step["step"] == "directive"] == [WHO[3]]
    assert "半夜值班" in run("cases", "timeline", number).stdout


def test_a_refused_command_ends_with_1_and_says_why(county: County) -> None:
    number = county.next_()
    (answer,) = told("cases", "remind", number, "--agency", "nobody-at-all", *WHO, code=1)
    assert (answer["outcome"], answer["because"]) == ("refused", "the agency has no part in the case")
    (answer,) = told("cases", "approve-return", number, *WHO, "--wait", "20", code=0)
    assert answer["outcome"] == "decided"


def test_what_the_cases_life_refuses_is_told_too(county: County) -> None:
    (answer,) = told("cases", "reopen", county.next_(), *WHO, "--wait", "20", code=1)
    assert answer["because"].startswith("illegal_transition")


def test_a_case_is_adjudicated_and_may_not_be_redispatched_then(county: County) -> None:
    number = county.next_()
    (case,) = told("cases", "show", number)
    agency = "town-jiangba" if case["lead"] != "town-jiangba" else "emergency-bureau"
    agency = agency if agency in _agencies(county) else next(a for a in _agencies(county) if a != case["lead"])
    (answer,) = told("cases", "adjudicate", number, "--agency", agency, *WHO)
    assert answer["outcome"] == "decided"
    until(lambda: told("cases", "show", number)[0]["lead"] == agency)
    (refused,) = told("cases", "redispatch", number, *WHO, code=1)
    assert "adjudicated" in refused["because"]


def _agencies(county: County) -> list[str]:
    from routing_rules.engine.loader import load_directory

    ruleset = load_directory(county.settings.ruleset_dir).ruleset
    assert ruleset is not None
    return sorted(ruleset.agencies)


def test_a_case_that_is_withdrawn_takes_no_more_commands(county: County) -> None:
    number = county.next_()
    (answer,) = told("cases", "withdraw", number, *WHO)
    assert answer["facts"][-1] == "withdrawn"
    until(lambda: told("cases", "show", number)[0]["status"] == "withdrawn")
    result = run("cases", "close", number, *WHO)
    assert (result.exit_code, "已了结" in result.stderr) == (1, True)


def test_cases_are_merged_extended_and_deferred(county: County) -> None:
    one, other = county.next_(), county.next_()
    assert told("cases", "merge", one, "--into", other, *WHO)[0]["facts"] == ["merged"]
    until(lambda: told("cases", "show", one)[0]["status"] == "merged")
    assert told("cases", "show", one)[0]["merged_into"] == incident_id(CHANNEL, other)
    assert run("cases", "extend", other, *WHO).exit_code == 2
    (answer,) = told("cases", "extend", other, "--until", "400d", *WHO)
    assert answer["facts"] == ["extension_granted"]
    (answer,) = told("cases", "defer", other, "--until", "500d", *WHO)
    assert answer["facts"] == ["deferred"]


def test_an_emergency_lists_the_open_cases_of_its_place_which_stay_where_they_are(county: County) -> None:
    open_ = told("cases", "list", "--status", "open")
    town = min(row["jurisdiction"] for row in open_ if len(row["jurisdiction"]) > len("320813"))
    beneath = [row for row in open_ if row["jurisdiction"].startswith(town.rstrip("0"))]
    declared = ("--level", "3", "--until", "1h", "--by", "command-centre", "--reason", "防汛")
    done = run("modes", "set", "--jurisdiction", town, *declared)
    try:
        assert done.exit_code == 0, done.stderr
        assert {row["incident"] for row in open_ if row["incident"] in done.stdout} == {
            row["incident"] for row in beneath
        }
        assert f"当地在办 {len(beneath)} 件" in done.stderr
        assert f"incidentbus cases list --status open --town {town}" in done.stderr
        assert "incidentbus cases redispatch CASE" in done.stderr
        after = told("cases", "list", "--status", "open")
        assert {(r["incident"], r["round"]) for r in after} == {(r["incident"], r["round"]) for r in open_}
        assert len(run("modes", "set", "--jurisdiction", town, *declared, "--json").stdout.splitlines()) == 1
    finally:
        assert run("modes", "end", town, "--by", "command-centre", "--reason", "水位回落").exit_code == 0


def test_an_agency_is_held_on_every_partition_listed_and_released(county: County) -> None:
    (case,) = told("cases", "show", county.next_())
    agency = case["lead"]
    assert told("hold", "list") == []
    assert run("hold", "agency", "nobody-at-all", *WHO).exit_code == 2
    (answer,) = told("hold", "agency", agency, *WHO)
    assert (answer["outcome"], answer["answered"], answer["of"]) == ("acted", 2, 2)
    until(lambda: len(told("hold", "list")) == 1)
    (held,) = told("hold", "list")
    assert (held["agency"], held["by"], held["why"]) == (agency, "command-centre", WHO[3])
    assert agency not in run("hold", "list").stdout
    (answer,) = told("release", "agency", agency, *WHO)
    assert answer["outcome"] == "acted"
    until(lambda: told("hold", "list") == [])
    (answer,) = told("release", "agency", agency, "--by", "command-centre", "--why", "once more", code=1)
    assert answer["outcome"] == "refused"


def test_a_raw_report_is_understood_anew_once_for_each_asking(county: County) -> None:
    number = county.next_()
    incident = incident_id(CHANNEL, number)

    async def place() -> str:
        topic = county.topics.channel_reports(CHANNEL)
        every = [(topic, partition) for partition in range(2)]
        found = [record async for record in read_all(county.connection, every) if record.key == number.encode()]
        return f"{found[-1].topic}/{found[-1].partition}/{found[-1].offset}"

    where = asyncio.run(place())
    assert [row["dry_run"] for row in told("reinterpret", "--raw", where, *WHO, "--dry-run")] == [True]
    assert told("reinterpret", "--raw", where, *WHO)[0]["incident"] == incident
    until(lambda: told("cases", "show", number)[0]["round"] == 2)
    assert told("reinterpret", "--raw", where, *WHO)[0]["incident"] == incident
    told("reinterpret", "--raw", where, "--by", "command-centre", "--why", "another ground")
    until(lambda: told("cases", "show", number)[0]["round"] == 3)
    rounds = [step["round"] for step in told("cases", "timeline", number) if step["step"] == "decision"]
    assert rounds == [1, 2, 3]
    assert run("reinterpret", "--raw", "nowhere/0/0", *WHO).exit_code == 1
    assert run("reinterpret", "--raw", "nowhere", *WHO).exit_code == 2
    assert run("reinterpret", *WHO).exit_code == 2
    several = told("reinterpret", "--channel", CHANNEL, "--since", "1h", *WHO, "--dry-run")
    assert len(several) == len(county.numbers)


def test_a_bad_ruleset_is_taken_back_from_all_that_it_decided_each_once(county: County, tmp_path: Path) -> None:
    """Last in this file: every case is decided anew by another ruleset."""
    shutil.copytree(county.settings.ruleset_dir, tmp_path / "mended")
    rules = tmp_path / "mended" / "ruleset.yaml"
    text = rules.read_text("utf-8")
    version = next(line for line in text.splitlines() if line.startswith("version:"))
    rules.write_text(text.replace(version, 'version: "2099.1"', 1), "utf-8")
    shutil.rmtree(tmp_path / "mended" / "tests")  # they hold for the rules as they were
    (tmp_path / "mended" / "routes" / "11-mended.yaml").write_text(MENDED, "utf-8")
    bad = told("cases", "timeline", county.numbers[0])[0]["decision"]["ruleset"]["hash"]
    assert run("redispatch", "--decided-by", bad[:10], *WHO).exit_code == 2, "it is still in force"
    publication = asyncio.run(
        publish(
            tmp_path / "mended", county.connection, county.topics, 1, Author("tests"), instant_of(1_790_000_000_000)
        )
    )
    assert publication.hash != bad
    declared = ("--jurisdiction", "320813", "--level", "2", "--until", "1h", "--by", "command-centre")
    assert run("modes", "set", *declared, "--reason", "防汛").exit_code == 0
    (urgent,) = told("redispatch", "--decided-by", bad[:10], *WHO, "--dry-run")
    assert {each["mode"] for each in urgent["each"] if not each["because"]} == {"emergency"}
    assert run("modes", "end", "320813", "--by", "command-centre", "--reason", "水位回落").exit_code == 0
    time.sleep(4)  # workers swap within two seconds
    directives = county.count(county.topics.bus("directives"))
    (dry,) = told("redispatch", "--decided-by", bad[:10], *WHO, "--dry-run")
    open_ = told("cases", "list", "--status", "open", "--ruleset", bad)
    assert dry["cases"] == len(open_) > 10
    assert (dry["refused"], [each["because"] for each in dry["each"] if each["because"]]) == (
        1, ["the case was adjudicated: its lead stands"],
    )  # fmt: skip
    assert {each["mode"] for each in dry["each"] if not each["because"]} == {"routine"}
    foreseen = {each["incident"]: each for each in dry["each"] if not each["because"]}
    assert {each["incident"]: each["lead"] for each in dry["each"]} == {row["incident"]: row["lead"] for row in open_}
    assert {each["ruleset"] for each in foreseen.values()} == {publication.hash}
    moved = {id_ for id_, each in foreseen.items() if each["would_lead"] != each["lead"]}
    assert 0 < len(moved) == dry["moves"], "the mended ruleset gives some of them to another lead"
    shown = run("redispatch", "--decided-by", bad[:10], *WHO, "--dry-run").stdout
    assert shown.startswith(f"演示，不改任何东西：{len(open_)} 件将重新判定，主办要换 {len(moved)}，")
    assert "现主办" in shown
    assert "不受理：the case was adjudicated" in shown
    assert county.count(county.topics.bus("directives")) == directives, "a dry run says nothing to anybody"
    (done,) = told("redispatch", "--decided-by", bad[:10], *WHO, "--wait", "40", code=1)  # the adjudicated one stands
    assert (done["decided"], done["refused"], done["unanswered"]) == (len(open_) - 1, 1, 0)
    until(lambda: len(told("cases", "list", "--status", "open", "--ruleset", bad)) == 1)
    for id_, each in foreseen.items():  # what was foreseen is what came
        came = [step["decision"] for step in told("cases", "timeline", id_) if step["step"] == "decision"][-1]
        roles = {role: [part["agency"] for part in came["roles"] if part["role"] == role] for role in ROLES}
        assert (came["lead"], came["route"], came["round"]) == (each["would_lead"], each["route"], each["round"])
        assert (roles["co_handler"], roles["informed"]) == (each["co_handlers"], each["informed"])
    assert run("redispatch", "--decided-by", "ffffffff", *WHO).exit_code == 2


def test_a_command_is_what_it_says_and_the_day() -> None:
    def made(hour: int = 3, day: int = 1, **more: Any) -> str:
        at = instant_of(1_780_000_000_000 + day * 86_400_000 + hour * 60_000)
        told_ = {"kind": DirectiveKind.REMIND, "by": "a", "why": "b", "incident": "inc-1"} | more
        return command(told_.pop("kind"), told_.pop("by"), told_.pop("why"), at, **told_).id

    assert made() == made(hour=4)
    others = [made(day=2), made(by="c"), made(why="c"), made(incident="inc-2"), made(agency="x"), made()]
    assert len(set(others)) == len(others)
    assert made(cause="digest", why="b") == made(cause="digest", why="c", day=9)
