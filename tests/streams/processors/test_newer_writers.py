"""An incident of a newer writer is read by the model, any other by its quick form; what is decided is the same."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from contracts.codes import Flag, Kind, ReporterKind, Urgency
from contracts.ids import incident_id
from contracts.incident import incident_bytes
from contracts.partition import partition_of_id
from contracts.report import Point, Report, Reporter
from contracts.topics import Topics
from streams.counts import TurnCounts
from streams.processors.dispatch import Dispatch
from streams.rulesets import HeldRuleset

TOPICS = Topics(spine=4)
ID = incident_id("hotline-12345", "A1")
TASK = partition_of_id(ID, 4)
WHEN = datetime(2026, 5, 12, 2, 0, 0, 123000, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))

BARE: dict[str, Any] = {"channel": "hotline-12345", "external_id": "A1", "text": "高良涧街道噪音，电话13800000001"}
FULL = BARE | {
    "title": "占道", "kind": Kind.COMPLAINT, "category": "noise", "native_category": "噪音", "address": "梨园路",
    "jurisdiction": "320813001", "point": Point(longitude=118.8712, latitude=33.29), "urgency": Urgency.CRITICAL,
    "occurred_at": datetime(2026, 5, 11, 23, 10, tzinfo=CHINA), "reported_at": datetime(2026, 5, 12, 8, tzinfo=CHINA),
    "about": ("城管局",), "tags": ("night",), "attributes": {"来源": "电话"}, "flags": (Flag.TEXT_CLEANED,),
    "reporter": Reporter(kind=ReporterKind.ENTERPRISE, name="某公司", phone="13800000001"), "exercise": True,
}  # fmt: skip


@pytest.mark.parametrize("told", [BARE, FULL, FULL | {"reporter": Reporter(name="张某", secrecy=True)}])
@pytest.mark.parametrize("where", [b'{"id":', b'{"channel":', b'{"of":'])
def test_what_a_newer_writer_adds_changes_nothing_that_is_decided(
    held: HeldRuleset, small: Any, inbound: Any, state: Any, told: dict[str, Any], where: bytes
) -> None:
    raw = incident_bytes(small.compiled.interpreter.understand(Report(**told), ID, WHEN))
    newer = raw.replace(where, b'{"of_a_later_release":[1],' + where[1:])
    assert newer != raw
    dispatch = Dispatch(TASK, TOPICS, held, TurnCounts())
    emits = dispatch.begin_turn()(inbound(TOPICS.bus("incidents"), raw, partition=TASK), state)
    state.delete(ID.encode())
    again = dispatch.begin_turn()(inbound(TOPICS.bus("incidents"), newer, partition=TASK), state)
    assert len(emits) > 1
    assert list(again) == list(emits)
