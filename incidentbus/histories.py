"""Files of past reports, each with the moment at which it is decided again: what two rulesets are compared by.

The moment is the row's own `received_at` (canonical reports may bring it), else the time at which it was reported. A
row that tells neither is refused: decided as at present, the same file would come out otherwise tomorrow.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from contracts.codes import ReasonCode
from contracts.errors import Permanent
from contracts.report import Report
from incidentbus.rowfiles import rows

OWN_CHANNEL = "report"
"""The form whose rows name their channel themselves."""


class Past(NamedTuple):
    """A report, and when it is decided."""

    report: Report
    at: datetime


def past(content: bytes, form: str, channel: str | None, zone: ZoneInfo) -> Iterator[tuple[int, Past | Permanent]]:
    """Yield each row's number, from 1, and its report; `channel` None leaves each on its own (form `report` alone).

    `zone` is that of a `received_at` without one.
    """
    if form != OWN_CHANNEL:
        for row in rows(content, form, channel or ""):
            yield row.number, _timed(row.outcome, None)
        return
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            try:
                yield number, _canonical(line, channel, zone)
            except Permanent as error:
                yield number, error


def _canonical(line: bytes, channel: str | None, zone: ZoneInfo) -> Past | Permanent:
    try:
        fields: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Permanent(ReasonCode.UNPARSABLE, f"{error.msg}, column {error.colno}") from None
    if not isinstance(fields, dict):
        raise Permanent(ReasonCode.WRONG_TYPE, "a report is a JSON object")
    received = fields.pop("received_at", None)
    on = channel or fields.get("channel")
    if not isinstance(on, str):
        raise Permanent(ReasonCode.MISSING_FIELD, "channel")
    row = next(rows(orjson.dumps(fields), OWN_CHANNEL, on))
    return _timed(row.outcome, None if received is None else _moment(received, zone))


def _timed(outcome: Report | Permanent, received: datetime | None) -> Past | Permanent:
    if isinstance(outcome, Permanent):
        return outcome
    at = received or outcome.reported_at
    return Permanent(ReasonCode.MISSING_FIELD, "received_at, reported_at") if at is None else Past(outcome, at)


def _moment(text: Any, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise Permanent(ReasonCode.INVALID_TIME, "received_at") from None
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
