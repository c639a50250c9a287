"""docs/agencies: each command, program and snippet on the pages is run as it stands there, on a real broker."""

import asyncio
import json
import re
import shlex
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.agencies.client import Retry
from connectors.kafka.acl import outsider_grants, topic_grants
from connectors.kafka.clients import Connection, consumer
from connectors.kafka.jars import BROKER, ensure_jars
from contracts.codes import DirectiveKind, FactKind, ReturnReason
from contracts.feedback import Feedback
from contracts.serde import read
from contracts.topics import Topics
from streams.processors.dispatch.notices import TOLD

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs" / "agencies"
PAGE, SDK = ((DOCS / name).read_text("utf-8") for name in ("README.md", "python.md"))
JAVA = DOCS / "java" / "TakeAssignments.java"
COMMANDS = re.findall(r"^\$ (kcat .*)$", PAGE, re.MULTILINE)
SNIPPETS = dict(re.findall(r"^<!-- run: (\w+) -->\n```python\n(.*?)^```$", SDK, re.MULTILINE | re.DOTALL))

needs_kcat = pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed (apt-get install kcat)")
needs_jdk = pytest.mark.skipif(shutil.which("javac") is None, reason="no JDK with jdk.compiler (javac) is installed")


def _here(text: str, agency: Any, **more: str) -> str:
    for placeholder, word in {"BROKER": agency.bootstrap, "urban-management": agency.code, **more}.items():
        text = text.replace(placeholder, word)
    return text


async def _kcat(command: str, folder: Path) -> str:
    ran = await asyncio.create_subprocess_exec(*shlex.split(command), cwd=folder, stdin=-3, stdout=-1, stderr=-1)
    out, err = await asyncio.wait_for(ran.communicate(), 60)
    assert ran.returncode == 0, err.decode()
    return out.decode()


async def _feedback(agency: Any, count: int) -> list[Any]:
    async with consumer(Connection(agency.bootstrap), agency.feedback_topic) as reader:
        return [await asyncio.wait_for(reader.getone(), 20) for _ in range(count)]


@pytest.mark.kcat
@needs_kcat
async def test_kcat_shows_the_aborted_assignment_at_the_wrong_level_alone(agency, tmp_path: Path) -> None:
    ghost, real = agency.some(2)
    await agency.dispatch(ghost, abort=True)
    await agency.dispatch(real)
    committed, uncommitted = [await _kcat(_here(each, agency), tmp_path) for each in COMMANDS[:2]]
    assert "isolation.level=read_committed" in COMMANDS[0]
    assert "isolation.level=read_uncommitted" in COMMANDS[1]
    assert [line.split()[1] for line in committed.splitlines()] == [real.incident]
    assert [line.split()[1] for line in uncommitted.splitlines()] == [ghost.incident, real.incident]
    assert f"ce_id={real.id}" in committed
    assert "ce_type=incidentbus.assignment.v1" in committed


@pytest.mark.kcat
@needs_kcat
async def test_the_fact_that_kcat_tells_is_feedback(agency, tmp_path: Path) -> None:
    [each] = agency.some(1)
    words = {"INCIDENT": each.incident, "ASSIGNMENT": each.id}
    [example] = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "acknowledged.json").write_text(_here(example, agency, **words))
    await _kcat(_here(COMMANDS[2], agency, **words), tmp_path)
    [record] = await _feedback(agency, 1)
    fact = read(Feedback, record.value)
    assert (fact.fact, fact.agency, fact.assignment) == (FactKind.ACKNOWLEDGED, agency.code, each.id)
    assert dict(record.headers)["ce_id"].decode() == fact.id
    assert record.key.decode() == dict(record.headers)["ce_subject"].decode() == fact.incident


def test_the_page_shows_three_commands_and_the_java_file_as_it_is() -> None:
    assert len(COMMANDS) == 3
    [shown] = re.findall(r"^```java\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert shown == JAVA.read_text("utf-8")


@asynccontextmanager
async def _java(classes: Path, jars: str, *words: str) -> AsyncIterator[asyncio.StreamReader]:
    java = str(Path(shutil.which("javac") or "").resolve().with_name("java"))
    flags = ["-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8"]
    running = await asyncio.create_subprocess_exec(
        java, *flags, "-cp", f"{classes}:{jars}", "TakeAssignments", *words, stdout=-1, stderr=-3
    )
    assert running.stdout is not None
    try:
        yield running.stdout
    finally:
        running.kill()
        await running.wait()


async def _ids(out: asyncio.StreamReader, count: int) -> list[str]:
    async with asyncio.timeout(60):
        return [json.loads(await out.readline())["id"] for _ in range(count)]


@needs_jdk
async def test_the_java_consumer_compiles_takes_each_once_over_a_kill_and_acknowledges(
    agency, cache_dir: Path, tmp_path: Path
) -> None:
    jars = ":".join(map(str, await asyncio.to_thread(ensure_jars, cache_dir, BROKER)))
    javac = ["javac", "-Xlint:all,-classfile,-processing,-path", "-Werror", "-proc:none", "-cp", jars]
    made = await asyncio.create_subprocess_exec(*javac, "-d", str(tmp_path), str(JAVA), stdout=-1, stderr=-2)
    told, _ = await asyncio.wait_for(made.communicate(), 90)
    assert made.returncode == 0, told.decode()
    ghost, *some = agency.some(4)
    await agency.dispatch(ghost, abort=True)
    await agency.dispatch(*some[:2], some[0])
    [reminder] = await agency.remind(some[0])
    words = (agency.bootstrap, agency.code, str(tmp_path / "handled"))
    async with _java(tmp_path, jars, *words) as out:
        assert await _ids(out, 3) == [*(each.id for each in some[:2]), reminder.id]
        while await agency.committed() != 7:  # ghost, its marker, two, the repeat, a marker, the reminder
            await asyncio.sleep(0.2)
    await agency.dispatch(some[1], some[2])
    async with _java(tmp_path, jars, *words) as out:
        assert await _ids(out, 1) == [some[2].id]
        while await agency.committed() != 9:
            await asyncio.sleep(0.2)
    assert (tmp_path / "handled").read_text().split() == [some[0].id, some[1].id, reminder.id, some[2].id]
    facts = [read(Feedback, record.value) for record in await _feedback(agency, 3)]
    assert [fact.assignment for fact in facts] == [each.id for each in some]
    assert {fact.fact for fact in facts} == {FactKind.ACKNOWLEDGED}


def test_names_on_the_page_are_those_that_the_registry_makes_and_the_acls_allow() -> None:
    rows = dict(re.findall(r"^\| ([^|]+) \| `([^`]*<code>[^`]*)` \|$", PAGE, re.MULTILINE))
    user, topic, group, told = (each.replace("<code>", "urban") for each in rows.values())
    allowed = [*topic_grants(Topics().specs([], ["urban"])), *outsider_grants([], ["urban"])]
    mine = {(each.operation, each.kind, each.name) for each in allowed if each.principal == f"User:{user}"}
    assert {each for each in mine if each[0] != "Describe"} == {
        ("Read", "topic", topic), ("Read", "group", group), ("Write", "topic", told),
    }  # fmt: skip


def test_facts_and_grounds_on_the_page_are_the_contracts() -> None:
    table = PAGE.split("| `fact` |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) <= set(FactKind)
    grounds = next(line for line in table.splitlines() if line.startswith("| `returned` |"))
    assert set(re.findall(r"`(\w+)`", grounds)) - {"returned", "return_reason", "suggested_agency"} == set(ReturnReason)


def test_pauses_on_the_page_are_the_defaults() -> None:
    default = Retry()
    assert f"({default.first} s, doubled up to {default.ceiling:.0f} s, {default.tries} tries" in SDK.replace("\n", " ")
    assert default.factor == 2


PREAMBLE = """
def open_case(assignment):
    print(assignment.id, flush=True)


def note(assignment, notice, until):
    print(assignment, notice.value, flush=True)

"""


@pytest.mark.parametrize("name", ["handler", "loop", "blocking"])
async def test_the_snippets_take_and_tell(agency, tmp_path: Path, name: str) -> None:
    some = agency.some(2)
    await agency.dispatch(*some)
    source = PREAMBLE + _here(SNIPPETS[name], agency)
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", source, cwd=tmp_path, stdout=-1, stderr=-3
    )
    assert running.stdout is not None
    try:
        async with asyncio.timeout(60):
            lines = [(await running.stdout.readline()).decode().strip() for _ in some]
            while await agency.committed() is None:
                await asyncio.sleep(0.1)
        assert lines == [each.id for each in some]
        if name != "loop":
            assert [record.key.decode() for record in await _feedback(agency, 2)] == [each.incident for each in some]
    finally:
        running.kill()
        await running.wait()


async def test_the_snippet_for_both_takes_an_assignment_and_hears_of_it(agency, tmp_path: Path) -> None:
    [each] = agency.some(1)
    await agency.dispatch(each)
    await agency.remind(each)
    source = PREAMBLE + _here(SNIPPETS["messages"], agency)
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", source, cwd=tmp_path, stdout=-1, stderr=-3
    )
    assert running.stdout is not None
    try:
        async with asyncio.timeout(60):
            lines = [(await running.stdout.readline()).decode().strip() for _ in range(2)]
        assert lines == [each.id, f"{each.id} remind"]
    finally:
        running.kill()
        await running.wait()


def test_every_notice_that_dispatch_tells_is_on_the_page_and_no_other() -> None:
    table = PAGE.split("| `notice` |")[1].split("\n\n")[0]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    shown = {word for cell in first for word in re.findall(r"`(\w+)`", cell)}
    told = {DirectiveKind.AMEND, *TOLD}
    assert shown == told


@pytest.mark.parametrize("careful", [True, False])
async def test_the_snippet_for_an_agencys_own_test_finds_work_that_knows_no_repeats(agency, careful: bool) -> None:
    one, another = (replace(each, agency="urban-management") for each in agency.some(2))
    opened: list[str] = []

    async def handle(each: Any) -> None:
        if not careful or each.id not in opened:
            opened.append(each.id)

    known: dict[str, Any] = {"one": one, "another": another, "opened": opened, "handle": handle}
    exec(SNIPPETS["simulated"], known)  # noqa: S102 - a page of ours
    if careful:
        await known["test_a_second_delivery_opens_no_second_case"]()
    else:
        with pytest.raises(AssertionError):
            await known["test_a_second_delivery_opens_no_second_case"]()


def test_every_python_snippet_is_run() -> None:
    assert len(SNIPPETS) == SDK.count("```python") == 5
