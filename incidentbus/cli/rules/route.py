"""`incidentbus rules route`: what a ruleset would do with the reports of a file. Nothing is published."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer

from contracts.codes import Outcome, Role
from contracts.decision import Decision, DecisionState
from contracts.errors import Permanent
from contracts.ids import incident_id
from contracts.incident import Incident
from contracts.report import Report
from incidentbus.cli.exits import ExitCode, Misuse, guarded, leave
from incidentbus.cli.printing import note, progress
from incidentbus.clock import utc_now
from incidentbus.rowfiles import FORMS, Row, rows
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import Loaded, load_directory


@guarded
def route(
    file: Annotated[
        Path, typer.Argument(help="来件文件，“-”为标准输入 / the file; `-` is standard input", allow_dash=True)
    ],
    ruleset: Annotated[Path, typer.Option("--ruleset", metavar="DIR", help="规则集文件夹 / the ruleset's folder")],
    channel: Annotated[
        str,
        typer.Option(
            "--channel", metavar="C", help="按哪个渠道来件看待 / which channel it came by; an unknown one warns"
        ),
    ],
    form: Annotated[str, typer.Option("--format", help=f"文件格式 / form of the file: {', '.join(FORMS)}")],
    now: Annotated[
        str | None,
        typer.Option(
            "--now", metavar="T", help="判定时间，不写则用收到时间 / decide as at this time, not as at receipt"
        ),
    ] = None,
) -> None:
    """试派：逐行打印一个文件的来件会派到哪里 / Print where each report of a file would go, one JSON object a line.

    A row is received at its own time, where it has one (else at --now, else at present), and decided then too. With
    --now it is decided at that time: deadlines run and rules are in force as at then, the time of receipt stays. A
    --channel that the ruleset doesn't know is warned of, and the rows are routed all the same.

    Rows that can't be read are told on standard error with their number, the others are routed. Exit codes: 0 all rows
    routed; 1 some were not; 2 the ruleset is broken, or asked wrongly.

    \b
    incidentbus rules route rows.ndjson --ruleset my-county --channel message-board --format message-board
    incidentbus rules route - --ruleset my-county --channel hotline-12345 --format report --now 2026-05-12T10:00
    """
    if form not in FORMS:
        raise Misuse(f"--format {form}: 没有这种格式 / no such form; {', '.join(FORMS)}")
    trial = _Trial(_compiled(ruleset), channel, now)
    read = list(rows(_content(file), form, channel))
    refused = 0
    for row, line in _routed(trial, read):
        if isinstance(line, Permanent):
            refused += 1
            note(f"第 {row.number} 行没有派 / row {row.number} was not routed: {line}")
        else:
            sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
    if refused:
        leave(ExitCode.FINDINGS, f"{len(read)} 行中 {refused} 行没有派 / {refused} of {len(read)} rows were not routed")


class _Trial:
    """A ruleset, a channel and a time to try reports with."""

    def __init__(self, compiled: Compiled, channel: str, now: str | None) -> None:
        self.zone = ZoneInfo(compiled.ruleset.timezone)
        self.now = None if now is None else _moment(now, self.zone)
        self._compiled = compiled
        self._present = utc_now()
        if channel not in compiled.ruleset.channels:
            known = ", ".join(compiled.ruleset.channels)
            note(f"规则集没有渠道“{channel}” / the ruleset has no channel {channel}; it has {known}")

    def line(self, report: Report) -> bytes:
        """Return what the ruleset does with a report, as one line of JSON."""
        received = report.reported_at or self.now or self._present
        incident = self._compiled.interpreter.understand(
            report, incident_id(report.channel, report.external_id), received
        )
        decision = decide(incident, DecisionState(), self._compiled, self.now or received)
        return orjson.dumps(told(incident, decision, self.zone))


def told(incident: Incident, decision: Decision, zone: ZoneInfo) -> dict[str, Any]:
    """Return the columns of `rules route`, in their order."""
    is_fallback = decision.reason is Outcome.FALLBACK and "fallback" not in decision.route
    return {
        "external_id": incident.report.external_id,
        "category": incident.category,
        "category_evidence": [
            {"field": ground.field, "words": ground.words, "points": ground.points}
            for ground in incident.evidence
            if ground.of == "category"
        ],
        "jurisdiction": incident.jurisdiction,
        "rule": f"fallback:{decision.route}" if is_fallback else decision.route,
        "lead": decision.lead,
        "co_handlers": [role.agency for role in decision.roles if role.role is Role.CO_HANDLER],
        "inform": [role.agency for role in decision.roles if role.role is Role.INFORMED],
        "due": {due.milestone.value: due.at.astimezone(zone).isoformat() for due in decision.due},
    }


def _routed(trial: _Trial, read: list[Row]) -> Iterator[tuple[Row, bytes | Permanent]]:
    show = progress("试派 / routing")
    for row in read:
        yield row, row.outcome if isinstance(row.outcome, Permanent) else trial.line(row.outcome)
        if row.number % 100 == 0:
            show(row.number, len(read))
    show(len(read), len(read))


def _compiled(directory: Path) -> Compiled:
    loaded = _loaded(directory)
    if loaded.ruleset is None:
        for finding in loaded.errors:
            note(finding.line())
        raise Misuse(f"{directory}: 规则集有错，没有试派 / the ruleset is broken, nothing was routed")
    return compile_ruleset(loaded.ruleset)


def _loaded(directory: Path) -> Loaded:
    if not directory.is_dir():
        raise Misuse(f"--ruleset {directory}: 没有这个文件夹 / no such folder")
    try:
        return load_directory(directory)
    except OSError as error:
        raise Misuse(f"--ruleset {directory}: 读不了 / cannot be read: {error.strerror}") from error


def _content(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Misuse(f"{file}: 读不了 / cannot be read: {error.strerror}") from error


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """Read an ISO time; without a zone it is the ruleset's civil time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Misuse(
            f"--now {text}: 时间写成 / a time is written 2026-05-12T10:00 or 2026-05-12T10:00+08:00"
        ) from error
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
