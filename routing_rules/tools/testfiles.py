"""Test files (`tests/*.test.yaml`, RULE-LANGUAGE §11) made plans: which report, which rounds, what is expected.

What can't be read as meant is a `Problem` and fails like a case that came out wrong: a test that silently tests nothing
is worse than none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from contracts.codes import Milestone
from contracts.decision import ModeRecord
from contracts.directive import Correction
from contracts.report import Report
from contracts.serde import adapter
from routing_rules.engine.schema import Ruleset
from routing_rules.engine.source import Document, Listing, Node, Scalar, Table, plain, read

SUFFIX: Final = ".test.yaml"
FOLDER: Final = "tests/"

_FILE_KEYS: Final = frozenset({"about", "given", "modes", "cases"})
_CASE_KEYS: Final = frozenset({"name", "report", "given", "modes", "expect", "rounds", "table", "basis", "about"})
_ROUND_KEYS: Final = frozenset(
    {"expect", "returned_by", "adjudicated_to", "at", "correct", "reporters", "reports", "modes"}
)
_MODE_KEYS: Final = frozenset(each.name for each in fields(ModeRecord)) - {"from_"} | {"from"}
_OF_CASE: Final = frozenset({"received_at", "reporters", "reports"})  # beside the fields of a report
EXPECT_KEYS: Final = (
    "kind", "category", "jurisdiction", "area", "about", "mode", "route", "overlays", "reason", "lead", "co_handlers",
    "inform", "absent", "hard_rules", "urgency", "tags", "due", "identity", "masked", "not", "fallback",
)  # fmt: skip
_HOLE: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Problem(Exception):
    """Something in a test file that can't be run; `key` and `params` choose the words."""

    def __init__(self, key: str, /, **params: str) -> None:
        super().__init__(key)
        self.key = key
        self.params = params


@dataclass(frozen=True, slots=True)
class Round:
    """One decision of a case: what changed before it, when, and what is expected."""

    number: int
    now: datetime
    expect: Mapping[str, Any]
    returned_by: tuple[str, ...] = ()
    adjudicated_to: str | None = None
    correction: Correction | None = None
    reporters: int = 1
    reports: int = 1
    modes: tuple[ModeRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A case ready to run, or the problem that keeps it from being run."""

    file: str
    line: int
    name: str
    report: Report | None = None
    received_at: datetime | None = None
    rounds: tuple[Round, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class _Frame:
    """What surrounds a case: the ruleset, and the file's own defaults."""

    file: str
    ruleset: Ruleset
    zone: ZoneInfo
    given: Mapping[str, Any] = field(default_factory=dict)
    modes: Any = ()


def plans(files: Mapping[str, bytes], ruleset: Ruleset) -> Iterator[Plan]:
    """Yield the cases of all test files, in order; a table yields one a row."""
    zone = ZoneInfo(ruleset.timezone)
    for file in sorted(files):
        if not file.startswith(FOLDER):
            continue
        if not file.endswith(SUFFIX):
            yield Plan(file, 1, file, problem=Problem("file_name"))
            continue
        yield from _of_file(read(file, files[file]), _Frame(file, ruleset, zone))


def _of_file(document: Document, frame: _Frame) -> Iterator[Plan]:
    try:
        cases, frame = _opened(document, frame)
    except Problem as problem:
        yield Plan(document.file, 1, document.file, problem=problem)
        return
    seen: set[str] = set()
    for node in cases.items:
        yield from _of_case(node, seen, frame)


def _opened(document: Document, frame: _Frame) -> tuple[Listing, _Frame]:
    """Return the cases of a file, and the frame with the file's defaults in it."""
    if document.findings:
        finding = document.findings[0]
        raise Problem("broken", detail=f"{finding.at.line}: {finding.message()}")
    root = document.root
    if not isinstance(root, Table) or not isinstance(cases := root.get("cases"), Listing):
        raise Problem("no_cases")
    written = known_keys(mapping("cases", plain(root)), _FILE_KEYS)
    given = mapping("given", written.get("given", {}))
    return cases, replace(frame, given=given, modes=written.get("modes", []))


def _of_case(node: Node, seen: set[str], frame: _Frame) -> Iterator[Plan]:
    name = _name(node)
    try:
        filled = list(_filled_rows(node, name, seen))
    except Problem as problem:
        yield Plan(frame.file, node.at.line, name, problem=problem)
        return
    for case, told in filled:
        yield _plan(case, told, node.at.line, frame)


def _filled_rows(node: Node, name: str, seen: set[str]) -> Iterator[tuple[dict[str, Any], str]]:
    if not name:
        raise Problem("no_name")
    if name in seen:
        raise Problem("same_name")
    seen.add(name)
    yield from _rows(known_keys(mapping("cases", plain(node)), _CASE_KEYS))


def _name(node: Node) -> str:
    named = node.get("name") if isinstance(node, Table) else None
    return named.value if isinstance(named, Scalar) else ""


def _plan(case: dict[str, Any], name: str, line: int, frame: _Frame) -> Plan:
    try:
        received, report, rounds = _read(case, name, frame)
    except Problem as problem:
        return Plan(frame.file, line, name, problem=problem)
    return Plan(frame.file, line, name, report, received, rounds)


def _read(case: dict[str, Any], name: str, frame: _Frame) -> tuple[datetime, Report, tuple[Round, ...]]:
    given = {**frame.given, **mapping("given", case.get("given", {})), **mapping("report", case.get("report", {}))}
    received = moment(given.pop("received_at", None), frame.zone, "received_at")
    if received is None:
        raise Problem("no_received_at")
    counts = {name: _whole(name, given.pop(name, "1")) for name in ("reporters", "reports")}
    return received, _report(given, name, frame), tuple(_rounds(case, received, counts, frame))


def _rows(case: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the case once for each row of its table, holes filled; a row's own expectations join the others'."""
    name = str(case["name"])
    if "table" not in case:
        yield case, name
        return
    rows = case["table"]
    if not isinstance(rows, list) or not rows:
        raise Problem("shape", field="table", detail="list")
    body = {key: value for key, value in case.items() if key != "table"}
    for row in rows:
        columns = mapping("table", row)
        used: set[str] = set()
        filled = _filled(body, columns, used)
        beside = {key: value for key, value in columns.items() if key not in used and key in EXPECT_KEYS}
        if beside and "rounds" not in filled:
            filled["expect"] = beside | mapping("expect", filled.get("expect", {}))
        yield filled, f"{filled['name']} [{', '.join(str(value) for value in columns.values())}]"


def _filled(value: Any, row: Mapping[str, Any], used: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, row, used) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, row, used) for each in value]
    names = _HOLE.findall(value)
    for name in names:
        if name not in row:
            raise Problem("no_column", key=name)
    used |= set(names)
    whole = _HOLE.fullmatch(value)
    return row[whole[1]] if whole else _HOLE.sub(lambda hole: str(row[hole[1]]), value)


def _report(given: Mapping[str, Any], name: str, frame: _Frame) -> Report:
    known_keys(given, frozenset(Report.model_fields) | _OF_CASE)
    fields = {"external_id": f"test {name}"[:256], **given}
    occurred = fields.get("occurred_at")
    if isinstance(occurred, str):
        day = _day(occurred)
        fields |= {"occurred_on": day, "occurred_at": None} if day else {"occurred_at": moment(occurred, frame.zone)}
    if isinstance(reporter := fields.get("reporter"), str):
        fields["reporter"] = {"kind": reporter}
    if isinstance(point := fields.get("point"), list) and len(point) == len(("longitude", "latitude")):
        fields["point"] = {"longitude": point[0], "latitude": point[1]}
    if "channel" not in fields:
        raise Problem("shape", field="report", detail="channel?")
    known("channel", fields["channel"], frame.ruleset.channels)
    report: Report = validated(Report, fields, "report")
    return report


def _rounds(case: Mapping[str, Any], received: datetime, counts: Mapping[str, int], frame: _Frame) -> Iterator[Round]:
    parts = case.get("rounds", [{"expect": case["expect"]}] if "expect" in case else None)
    if not isinstance(parts, list) or not parts:
        raise Problem("no_expect")
    modes, now = _modes(case.get("modes", frame.modes), frame), received
    returned: tuple[str, ...] = ()
    reporters, reports = counts["reporters"], counts["reports"]
    for number, part in enumerate(parts, 1):
        written = known_keys(mapping("rounds", part), _ROUND_KEYS)
        now = moment(written.get("at"), frame.zone, "at") or now
        returned = (*returned, *_codes("agency", written.get("returned_by", []), frame.ruleset.agencies))
        named = _codes("agency", written.get("adjudicated_to", []), frame.ruleset.agencies)
        reporters = _whole("reporters", written.get("reporters", str(reporters)))
        reports = _whole("reports", written.get("reports", str(reports)))
        modes = _modes(written["modes"], frame) if "modes" in written else modes
        yield Round(
            number, now, _expected(written.get("expect"), frame), returned, named[0] if named else None,
            _correction(written.get("correct")), reporters, reports, modes,
        )  # fmt: skip


def _correction(written: Any) -> Correction | None:
    if not written:
        return None
    fields = known_keys(mapping("correct", written), frozenset(Correction.model_fields))
    correction: Correction = validated(Correction, fields, "correct")
    return correction


def _expected(written: Any, frame: _Frame) -> Mapping[str, Any]:
    if not written:
        raise Problem("no_expect")
    expect = known_keys(mapping("expect", written), frozenset(EXPECT_KEYS))
    ruleset = frame.ruleset
    rules = {route.id for route in ruleset.routes} | {overlay.id for overlay in ruleset.overlays} | ruleset.retired
    for key in ("lead", "co_handlers", "inform", "absent", "about"):
        _codes("agency", expect.get(key, []), ruleset.agencies)
    for key in ("route", "overlays", "not"):
        _codes("rule", expect.get(key, []), rules)
    _codes("area", expect.get("area", []), ruleset.areas)
    _codes("milestone", list(mapping("due", expect.get("due", {}))), frozenset(Milestone))
    return expect


def _modes(written: Any, frame: _Frame) -> tuple[ModeRecord, ...]:
    return tuple(_mode(mapping("modes", record), frame) for record in listed("modes", written))


def _mode(written: Mapping[str, Any], frame: _Frame) -> ModeRecord:
    fields = dict(known_keys(written, _MODE_KEYS))
    ruleset = frame.ruleset
    _codes("jurisdiction", fields.get("jurisdiction", []), ruleset.jurisdictions)
    _codes("area", fields.get("area", []), ruleset.areas)
    _codes("response", fields.get("response", []), ruleset.responses)
    for end in ("from", "until"):
        fields[end] = moment(fields.get(end), frame.zone, end)
    record: ModeRecord = validated(ModeRecord, fields, "modes")
    return record


def _codes(what: str, written: Any, among: Any) -> tuple[str, ...]:
    """Return the codes of a value, a list or `{includes: […]}`, each of which must be known."""
    if isinstance(written, dict):
        written = known_keys(written, frozenset({"includes"})).get("includes", [])
    codes = tuple(listed(what, written) if isinstance(written, list) else [written])
    for code in codes:
        known(what, code, among)
    return codes


def known(what: str, code: Any, among: Any) -> None:
    """Refuse a code that the ruleset doesn't have."""
    if not isinstance(code, str) or code not in among:
        raise Problem("unknown_code", what=f"@{what}", value=str(code))


def known_keys(written: Any, keys: frozenset[str]) -> dict[str, Any]:
    """Return a mapping whose keys are all known."""
    for key in written:
        if key not in keys:
            raise Problem("unknown_key", key=str(key), known=" ".join(sorted(keys)))
    return dict(written)


def listed(name: str, written: Any) -> list[Any]:
    """Return a list as written."""
    if not isinstance(written, list | tuple):
        raise Problem("shape", field=name, detail="@list")
    return list(written)


def mapping(name: str, written: Any) -> dict[str, Any]:
    """Return fields with values as written."""
    if not isinstance(written, dict):
        raise Problem("shape", field=name, detail="@mapping")
    return written


def _whole(name: str, written: Any) -> int:
    if not isinstance(written, str) or not written.isdecimal():
        raise Problem("shape", field=name, detail="@number")
    return int(written)


def truth(name: str, written: Any) -> bool:
    """Return what `true` or `false` says."""
    if written not in {"true", "false"}:
        raise Problem("shape", field=name, detail="@bool")
    return bool(written == "true")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-05-12") else None
    except ValueError:
        return None


def moment(text: Any, zone: ZoneInfo, name: str = "occurred_at") -> datetime | None:
    """Return a time in the ruleset's zone unless it brings its own."""
    if text is None:
        return None
    try:
        read_as = datetime.fromisoformat(str(text))
    except ValueError:
        raise Problem("shape", field=name, detail="@time") from None
    return read_as.replace(tzinfo=zone) if read_as.tzinfo is None else read_as


def validated(kind: Any, fields: Mapping[str, Any], name: str) -> Any:
    """Return `fields` as a model or dataclass of the contracts; text becomes numbers and words of closed lists."""
    try:
        return adapter(kind).validate_python(dict(fields))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        path = ".".join(str(step) for step in first["loc"])
        raise Problem("shape", field=f"{name}.{path}", detail=first["msg"]) from None
