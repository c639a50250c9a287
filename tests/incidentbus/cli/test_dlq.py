"""Dead letters listed, shown, redriven and discarded, on a real broker."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest

from contracts.codes import ReasonCode
from contracts.deadletter import dead_letter
from contracts.ports import Emit
from contracts.topics import DLQ_SUFFIX, TopicSpec
from incidentbus.cli.dlq import app
from incidentbus.readmodel.reading import read_all
from incidentbus.redriving import REDRIVEN

SECRET = "甲乙丙的电话 13900000000"
PAYLOAD = orjson.dumps({"诉求人": SECRET, "内容": {"正文": SECRET}, "件数": 3})


@dataclass(frozen=True)
class Record:
    """A record as a consumer hands it over."""

    topic: str
    partition: int = 1
    offset: int = 42
    timestamp: int = 1_763_980_000_000
    key: bytes | None = b"12345-0001"
    value: bytes | None = PAYLOAD
    headers: tuple[tuple[str, bytes | None], ...] = (("ce_id", b"12345-0001"), ("x", None))


@pytest.fixture
def reports(deployment) -> str:
    """The topic of a channel's reports, with its dead letters and what was done about them, created."""
    specs = {spec.name: spec for spec in deployment.topics.specs(["petition"], [])}
    topic = deployment.topics.channel_reports("petition")
    handling = deployment.topics.bus("dead-letter-handling")
    deployment.create(*(specs[name] for name in (topic, topic + DLQ_SUFFIX, handling)))
    return topic


@pytest.fixture
def letter(deployment, reports: str) -> Callable[..., str]:
    """Put a dead letter of the channel's where the runtime would, and return where it lies."""

    def put(reason: ReasonCode = ReasonCode.MISSING_FIELD, **changes: Any) -> str:
        record = replace(Record(reports), **{k: v for k, v in changes.items() if k != "room"})
        emit = dead_letter(
            record, reason, "诉求人: missing", stage="intake", at_ms=1_763_980_001_000,
            **{k: v for k, v in changes.items() if k == "room"},
        )  # fmt: skip
        (offset,) = deployment.put(emit)
        return f"{emit.topic}/{emit.partition}/{offset}"

    return put


def rows(result) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def inbox(deployment, topic: str) -> list[Any]:
    async def read() -> list[Any]:
        return [record async for record in read_all(deployment.connection, [(topic, 0), (topic, 1)])]

    return deployment.run(read())


def test_a_list_tells_where_why_and_how_large_but_not_a_word_of_the_payload(invoke, letter, reports: str) -> None:
    where = letter()
    result = invoke(app, "list", "--json")
    (row,) = rows(result)
    assert row.pop("time")
    assert row == {
        "letter": where, "state": "open", "reason": "missing_field", "stage": "intake", "topic": reports,
        "partition": 1, "offset": 42, "detail": "诉求人: missing", "bytes": len(PAYLOAD), "truncated": False,
    }  # fmt: skip
    for output in (result.stdout, invoke(app, "list").stdout):
        assert "13900000000" not in output
        assert "甲乙丙" not in output


def test_a_list_is_narrowed_by_reason_topic_and_time(invoke, letter, reports: str) -> None:
    letter()
    other = letter(ReasonCode.UNPARSABLE)
    assert [row["letter"] for row in rows(invoke(app, "list", "--json", "--reason", "unparsable"))] == [other]
    assert len(rows(invoke(app, "list", "--json", "--topic", reports, "--since", "5m"))) == 2
    assert len(rows(invoke(app, "list", "--json", "--topic", "channel.petition.reports.v1.dlq"))) == 2
    assert rows(invoke(app, "list", "--json", "--topic", "channel.police-110.reports.v1")) == []
    assert rows(invoke(app, "list", "--json", "--since", "2999-01-01T00:00")) == []


def test_a_list_without_dead_letters_is_clean(invoke, reports: str) -> None:
    result = invoke(app, "list")
    assert (result.exit_code, result.stdout) == (0, "")


def test_what_is_shown_of_one_letter_is_the_payload_s_shape(invoke, letter) -> None:
    where = letter()
    result = invoke(app, "show", where)
    (told,) = rows(result)
    assert told["payload"] == {
        "诉求人": f"<{len(SECRET)} characters>", "内容": {"<2 characters>": f"<{len(SECRET)} characters>"},
        "<2 characters>": "<int>",
    }  # fmt: skip
    assert told["headers"] == {"ce_id": "12345-0001", "x": None}
    assert "13900000000" not in result.stdout


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("甲乙丙".encode("gbk"), "not UTF-8 at byte 0"),
        (b'{"a": "13900000000', "not JSON at character"),
        (None, "<nothing>"),
        (b"[" * 2000, "not JSON"),
    ],
)
def test_a_payload_that_cannot_be_read_says_where_it_breaks(invoke, letter, value: bytes | None, shape: str) -> None:
    result = invoke(app, "show", letter(value=value))
    assert shape in rows(result)[0]["payload"]
    assert "13900000000" not in result.stdout


def test_a_letter_that_is_not_there_is_a_finding(invoke, reports: str) -> None:
    assert invoke(app, "show", f"{reports}.dlq/0/99").exit_code == 1


def test_redriving_puts_the_same_bytes_back_once_however_often_it_is_asked(deployment, invoke, letter, reports) -> None:
    where = letter()
    assert invoke(app, "redrive", where, "--by", "command-centre").exit_code == 0
    again = invoke(app, "redrive", where)
    assert again.exit_code == 1
    assert "已处理过" in again.stderr
    assert "已重投 0 件" in invoke(app, "redrive", "--reason", "missing_field").stdout
    (record,) = inbox(deployment, reports)
    assert (record.partition, record.key, record.value) == (1, b"12345-0001", PAYLOAD)
    assert record.headers == (("ce_id", b"12345-0001"), ("x", None), (REDRIVEN, where.encode()))
    assert rows(invoke(app, "list", "--json")) == []
    (row,) = rows(invoke(app, "list", "--json", "--all"))
    assert row["state"] == "redriven"
    assert rows(invoke(app, "show", where))[0]["by"] == "command-centre"


def test_a_record_redriven_before_carries_the_latest_mark_only(deployment, invoke, letter, reports: str) -> None:
    where = letter(headers=((REDRIVEN, b"an/earlier/one"), ("ce_id", b"1")))
    assert invoke(app, "redrive", where).exit_code == 0
    (record,) = inbox(deployment, reports)
    assert record.headers == (("ce_id", b"1"), (REDRIVEN, where.encode()))


def test_a_letter_whose_tail_was_cut_cannot_be_redriven_but_discarded(deployment, invoke, letter, reports) -> None:
    where = letter(value=b"x" * 5_000, room=2_000)
    refused = invoke(app, "redrive", where)
    assert refused.exit_code == 1
    assert "not all of it was kept" in refused.stderr
    assert inbox(deployment, reports) == []
    assert rows(invoke(app, "show", where))[0]["sha256"]
    assert invoke(app, "discard", where, "--why", "larger than allowed").exit_code == 0
    (row,) = rows(invoke(app, "list", "--json", "--all"))
    assert (row["state"], row["bytes"], row["truncated"]) == ("discarded", 5_000, True)


def test_discarding_wants_a_ground_and_keeps_it(invoke, letter) -> None:
    where = letter()
    assert invoke(app, "discard", where).exit_code == 2
    assert invoke(app, "discard", where, "--why", "sent twice by mistake", "--by", "hotline").exit_code == 0
    (told,) = rows(invoke(app, "show", where))
    assert (told["state"], told["why"], told["by"]) == ("discarded", "sent twice by mistake", "hotline")
    assert invoke(app, "redrive", where).exit_code == 1


def test_many_are_redriven_by_what_they_have_in_common(deployment, invoke, letter, reports: str) -> None:
    for number in range(4):
        letter(ReasonCode.INVALID_TIME, offset=number)
    letter(ReasonCode.UNPARSABLE)
    first = invoke(app, "redrive", "--reason", "invalid_time", "--limit", "3", "--json")
    assert len(rows(first)) == 3
    assert len(rows(invoke(app, "redrive", "--reason", "invalid_time", "--json"))) == 1
    assert len(inbox(deployment, reports)) == 4
    assert [row["reason"] for row in rows(invoke(app, "list", "--json"))] == ["unparsable"]


@pytest.mark.parametrize(
    "words",
    [
        ("redrive",),
        ("discard", "--why", "x"),
        ("show", "nowhere"),
        ("list", "--reason", "bad_luck"),
        ("list", "--since", "yesterday"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(deployment, invoke, words: tuple[str, ...]) -> None:
    assert invoke(app, *words).exit_code == 2


def test_a_record_that_is_no_dead_letter_is_passed_over(deployment, invoke, letter, reports: str) -> None:
    deployment.put(Emit(reports + DLQ_SUFFIX, 0, b"k", b"v"))
    where = letter()
    assert [row["letter"] for row in rows(invoke(app, "list", "--json"))] == [where]


def test_dead_letters_of_another_deployment_are_not_seen(deployment, invoke, letter, monkeypatch) -> None:
    from incidentbus.settings import load_settings

    letter()
    monkeypatch.setenv("INCIDENTBUS_TOPIC_PREFIX", "another-county.")
    load_settings.cache_clear()
    assert rows(invoke(app, "list", "--json")) == []


def test_an_unreachable_broker_ends_with_3(invoke, monkeypatch) -> None:
    from incidentbus.settings import load_settings

    monkeypatch.setenv("INCIDENTBUS_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    load_settings.cache_clear()
    assert invoke(app, "list").exit_code == 3
    load_settings.cache_clear()


def test_the_registry_declares_where_the_handling_is_kept(deployment) -> None:
    spec: TopicSpec = next(
        each for each in deployment.topics.specs([], []) if each.name == deployment.topics.bus("dead-letter-handling")
    )
    assert spec.schema == "DeadLetterHandling"
    assert deployment.topics.partitions_of(spec) == 1
