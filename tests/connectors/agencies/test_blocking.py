"""The client for programs that don't await, against a real broker; Ctrl-C is a real signal to a real process."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.agencies.client import Retry, connect_blocking, facts
from connectors.agencies.client.kafkaside import NoSuchTopic
from connectors.kafka.clients import Connection, consumer

ROOT = Path(__file__).resolve().parents[3]
AT = datetime(2026, 5, 12, 2, 30, tzinfo=UTC)


def _taken(agency: Any, store: Path, count: int) -> list[str]:
    ids: list[str] = []
    with connect_blocking(agency=agency.code, bootstrap=agency.bootstrap, store=store) as client:
        for each in client.assignments():
            ids.append(each.id)
            client.tell(facts.acknowledged(each, AT))
            if len(ids) == count:
                client.done(each)
                break
    return ids


async def test_it_takes_commits_and_tells_like_the_other_client(agency, tmp_path: Path) -> None:
    some = agency.some(4)
    await agency.dispatch(*some)
    assert await asyncio.to_thread(_taken, agency, tmp_path / "taken.db", 3) == [each.id for each in some[:3]]
    assert await agency.committed() == 3
    assert await asyncio.to_thread(_taken, agency, tmp_path / "taken.db", 1) == [some[3].id]
    async with consumer(Connection(agency.bootstrap), agency.feedback_topic) as reader:
        told = [await asyncio.wait_for(reader.getone(), 20) for _ in some]
    assert [record.key.decode() for record in told] == [each.incident for each in some]


def _worked(agency: Any, store: Path, ended: Any) -> tuple[list[str], list[str | None]]:
    calls: list[str] = []

    def handle(each: Any) -> None:
        assert threading.current_thread() is mine
        calls.append(each.id)
        if each == ended:
            raise KeyboardInterrupt
        raise OSError

    mine = threading.current_thread()
    options: Any = {"agency": agency.code, "bootstrap": agency.bootstrap, "store": store}
    with connect_blocking(**options) as client:
        try:
            client.run(handle, Retry(tries=2, first=0.01))
        except KeyboardInterrupt:
            letters = [each.assignment for each in client.letters()]
        assert client.redrive(lambda each: calls.append(f"again {each.id}")) == len(letters)
        assert client.letters() == []
        assert (client.counts.retries, client.counts.set_aside) == (1, 1)
    return calls, letters


async def test_run_tries_again_on_the_callers_thread_and_puts_aside(agency, tmp_path: Path) -> None:
    bad, last = agency.some(2)
    await agency.dispatch(bad, last)
    calls, letters = await asyncio.to_thread(_worked, agency, tmp_path / "taken.db", last)
    assert calls == [bad.id, bad.id, last.id, f"again {bad.id}"]
    assert letters == [bad.id]


CHILD = """
import sys, time
from pathlib import Path
from connectors.agencies.client import connect_blocking

agency, bootstrap, folder, where = sys.argv[1:]
try:
    with connect_blocking(agency=agency, bootstrap=bootstrap, store=Path(folder) / "taken.db") as client:
        for each in client.assignments():
            with open(Path(folder) / "work", "a") as book:
                book.write(each.id + "\\n")
            if where == "handling":
                time.sleep(3600)
except KeyboardInterrupt:
    print("interrupted", client.counts.handled)
"""


@pytest.mark.parametrize(("where", "handled"), [("handling", 0), ("waiting", 2)])
async def test_ctrl_c_ends_it_cleanly_and_only_what_was_handled_is_gone(
    agency, tmp_path: Path, where: str, handled: int
) -> None:
    some = agency.some(3)
    await agency.dispatch(*some[:2])
    words = [sys.executable, "-W", "error", "-c", CHILD, agency.code, agency.bootstrap, str(tmp_path), where]
    child = subprocess.Popen(words, cwd=ROOT, stdout=-1, stderr=-1)
    wanted = 1 if where == "handling" else 2
    until = time.monotonic() + 60
    while not (tmp_path / "work").exists() or len((tmp_path / "work").read_text().split()) < wanted:
        assert time.monotonic() < until
        assert child.poll() is None, child.communicate()
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    child.send_signal(signal.SIGINT)
    out, err = await asyncio.to_thread(child.communicate, timeout=30)
    assert (out.decode(), err.decode(), child.returncode) == (f"interrupted {handled}\n", "", 0)
    assert (await agency.committed() or 0) == handled
    await agency.dispatch(some[2])
    left = [each.id for each in some[handled:]]
    assert await asyncio.to_thread(_taken, agency, tmp_path / "taken.db", len(left)) == left


def test_what_goes_wrong_at_the_start_is_raised_and_leaves_no_thread(broker, fresh_name) -> None:
    before = threading.active_count()
    with (
        pytest.raises(NoSuchTopic),
        connect_blocking(agency=fresh_name("nobody"), bootstrap=broker.bootstrap),
    ):
        pass
    assert threading.active_count() == before
