"""What came out on the topics, read as happenings of a case: one word each for what, whom it concerns, and when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from contracts.case import Case
from contracts.moments import instant_of
from contracts.topics import Topics
from incidentbus.storylines.telling import short, told_span


class What(StrEnum):
    """The lists that an expectation may ask for."""

    FACT = "facts"
    ASSIGNMENT = "assignments"
    NOTICE = "notices"
    OUTCOME = "outcomes"
    DIRECTIVE = "directives"
    DEAD_LETTER = "dead_letters"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a case. `words`: its name first, then what else an expectation may name."""

    at: int
    incident: str
    what: What
    words: tuple[str, ...]
    agency: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """Return it as an expectation writes it."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of the deployment, as the watch read it."""

    topic: str
    partition: int
    offset: int
    at: int
    key: str
    value: bytes
    type: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads records of one deployment as happenings; `zone` is the story's."""

    topics: Topics
    zone: ZoneInfo

    def read(self, record: Seen) -> Happening | None:
        """Return what a record tells, or None where no expectation asks for it."""
        name = record.topic.removeprefix(self.topics.prefix)
        if name.endswith(".dlq"):
            return self._dead_letter(record, name)
        if name == "bus.lifecycle.v1":
            return self._fact(record)
        if name == "bus.directives.v1":
            return self._directive(record)
        if name.endswith(".assignments.v1"):
            return self._assignment(record, name.split(".")[1])
        if name.endswith(".outcomes.v1"):
            return self._outcome(record)
        return None

    def _fact(self, record: Seen) -> Happening:
        body = orjson.loads(record.value)
        words = [body["fact"], *_present(body, "agency", "milestone", "reason", "satisfaction", "notice", "number")]
        if until := body.get("until"):
            words.append(f"until={self._local(until)}")
        if late := body.get("late_s"):
            words.append(f"late={told_span(late)}")
        words += _exercise(body)
        words.append(f"@{self._clock(record.at)}")
        return Happening(record.at, body["incident"], What.FACT, tuple(words), body.get("agency", ""), body)

    def _directive(self, record: Seen) -> Happening | None:
        body = orjson.loads(record.value)
        if body.get("issued_by") != "supervise":
            return None
        words = [body["kind"], *_present(body, "agency", "milestone", "return_reason")]
        return Happening(record.at, record.key, What.DIRECTIVE, tuple(words), body.get("agency") or "", body)

    def _assignment(self, record: Seen, agency: str) -> Happening:
        body = orjson.loads(record.value)
        if "notice" not in body:
            dues = (f"{due['milestone']}={self._local(due['at'])}" for due in body["due"])
            words = (agency, body["role"], *dues, *_exercise(body))
            return Happening(record.at, body["incident"], What.ASSIGNMENT, words, agency, body)
        words = (body["notice"], agency, *_present(body, "milestone"))
        if until := body.get("until"):
            words = (*words, f"until={self._local(until)}")
        if body.get("level"):
            words = (*words, f"level={body['level']}")
        return Happening(record.at, body["incident"], What.NOTICE, words, agency, body)

    def _outcome(self, record: Seen) -> Happening:
        body = orjson.loads(record.value)
        stage = next((str(body[name]) for name in _STAGES if name in body), str(body.get("fact", "")))
        return Happening(record.at, record.key, What.OUTCOME, (stage,), "", body)

    def _dead_letter(self, record: Seen, name: str) -> Happening:
        body = _json(record.value)
        owner = name.split(".")[1]
        return Happening(record.at, _incident_of(record, body), What.DEAD_LETTER, (record.type, owner), owner, body)

    def _local(self, text: str) -> str:
        return short(datetime.fromisoformat(text).astimezone(self.zone))

    def _clock(self, ms: int) -> str:
        return short(instant_of(ms).astimezone(self.zone))


_STAGES: Final = ("办理环节", "当前阶段名称", "办理状态", "JQCLZTDM", "status")


def _present(body: Mapping[str, Any], *names: str) -> Iterable[str]:
    return [str(body[name]) for name in names if body.get(name)]


def _exercise(body: Mapping[str, Any]) -> Iterable[str]:
    return ["exercise"] if body.get("exercise") else []


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _incident_of(record: Seen, body: Mapping[str, Any]) -> str:
    return str(body.get("incident") or record.key)


@dataclass(slots=True)
class Standing:
    """A case as it stands, with when something of it falls due next."""

    case: Case
    due: int | None
