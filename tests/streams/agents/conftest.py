"""What tests of observers share: incidents as intake writes them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from contracts.codes import Kind, Urgency
from contracts.ids import incident_id
from contracts.incident import Incident, RulesetRef
from contracts.report import Report

MakeIncident = Callable[..., Incident]


@pytest.fixture
def make_incident() -> MakeIncident:
    """`make_incident("A1", at)`: unpaid wages in one town, unless something else is said."""

    def make(name: str, at: datetime, **more: Any) -> Incident:
        exercise = more.pop("exercise", False)
        said: dict[str, Any] = {
            "category": "labour/wages", "jurisdiction": "320813106", "urgency": Urgency.NORMAL, **more
        }  # fmt: skip
        return Incident(
            id=incident_id("hotline-12345", name), received_at=at, kind=Kind.COMPLAINT,
            report=Report(channel="hotline-12345", external_id=name, title="拖欠工资", exercise=exercise),
            understood_by=RulesetRef(id="hongze", version="1", hash="0"), **said,
        )  # fmt: skip

    return make
