"""What a log line holds, and what it must not."""

import io
import logging
from collections.abc import Iterator

import orjson
import pytest
import structlog
from pydantic import BaseModel

from contracts.codes import ReasonCode
from contracts.errors import Permanent
from incidentbus.telemetry.logs import configure_logs


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    yield stream
    root.handlers[:], root.level = before[0], before[1]
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in out.getvalue().splitlines()]


def test_a_fact_is_one_json_line_with_its_particulars(out: io.StringIO) -> None:
    configure_logs("json", "INFO", out)
    structlog.get_logger("gate").info("turn committed", stage="intake", records=3)
    (line,) = lines(out)
    assert line.pop("at")
    assert line == {"event": "turn committed", "level": "info", "logger": "gate", "stage": "intake", "records": 3}


def test_a_library_s_log_takes_the_same_road(out: io.StringIO) -> None:
    configure_logs("json", "INFO", out)
    logging.getLogger("aiokafka.consumer").warning("heartbeat for %s late", "group-1")
    (line,) = lines(out)
    assert (line["event"], line["level"], line["logger"]) == (
        "heartbeat for group-1 late",
        "warning",
        "aiokafka.consumer",
    )


def test_libraries_chatter_is_not_logged_even_at_debug(out: io.StringIO) -> None:
    configure_logs("json", "DEBUG", out)
    logging.getLogger("aiokafka.conn").debug("bytes on the wire")
    structlog.get_logger("gate").debug("looked")
    assert [line["event"] for line in lines(out)] == ["looked"]


def test_a_level_below_the_one_set_is_not_logged(out: io.StringIO) -> None:
    configure_logs("json", "WARNING", out)
    structlog.get_logger("gate").info("looked")
    assert out.getvalue() == ""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_personal_data_does_not_pass_however_it_was_logged(out: io.StringIO, log_format: str) -> None:
    configure_logs(log_format, "DEBUG", out)
    log = structlog.get_logger("somewhere")
    log.info("report read", phone="13900000000", reporter={"name": "甲乙丙"}, payload=b"\xe7\x94\xb2")
    log.info("called by 13900000000")
    logging.getLogger("lib").error("call from %s", "13900000000")
    said = out.getvalue()
    assert "13900000000" not in said
    assert "甲乙丙" not in said
    assert "***" in said


def test_an_exception_that_nobody_named_tells_its_place_but_not_its_words(out: io.StringIO) -> None:
    class Person(BaseModel):
        age: int

    configure_logs("json", "INFO", out)
    try:
        Person.model_validate({"age": "甲乙丙的年龄"})
    except ValueError:
        structlog.get_logger("gate").exception("turn failed")
        logging.getLogger("faust").exception("agent failed")
    ours, theirs = lines(out)
    for line in (ours, theirs):
        assert "甲乙丙" not in orjson.dumps(line).decode()
        assert "ValidationError" in str(line["exception"])
        assert "test_logs.py" in str(line["exception"])


def test_an_error_of_the_closed_list_keeps_its_words_and_its_cause_loses_its_own(out: io.StringIO) -> None:
    configure_logs("json", "INFO", out)
    refused = Permanent(ReasonCode.MISSING_FIELD, "report.text")
    refused.__cause__ = KeyError("甲乙丙")
    try:
        raise refused
    except Permanent:
        structlog.get_logger("gate").exception("record refused")
    (line,) = lines(out)
    assert "missing_field: report.text" in str(line["exception"])
    assert "builtins.KeyError" in str(line["exception"])
    assert "甲乙丙" not in str(line["exception"])


def test_on_a_terminal_a_line_is_for_reading(out: io.StringIO) -> None:
    configure_logs("console", "INFO", out)
    structlog.get_logger("gate").info("turn committed", stage="intake")
    assert "turn committed" in out.getvalue()
    assert "stage=intake" in out.getvalue()
    assert not out.getvalue().startswith("{")


def test_auto_looks_whether_a_terminal_reads(out: io.StringIO) -> None:
    configure_logs("auto", "INFO", out)
    structlog.get_logger("gate").info("turn committed")
    assert lines(out)
