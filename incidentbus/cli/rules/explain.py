"""`incidentbus rules explain`: where one report would go, and why there, in words."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import orjson
import typer

from contracts.decision import Decision, DecisionState
from contracts.errors import Permanent
from contracts.ids import incident_id
from contracts.incident import Incident
from contracts.report import Report
from contracts.serde import read, write
from incidentbus.cli.exits import Misuse, guarded
from incidentbus.cli.printing import note
from incidentbus.clock import utc_now
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.loader import load_directory
from routing_rules.messages import Language

_UNNAMED: Final = "explained"  # the external id of a report that brings none


@guarded
def explain(
    ruleset: Annotated[Path, typer.Option("--ruleset", metavar="DIR", help="规则集文件夹 / the ruleset's folder")],
    report: Annotated[
        Path,
        typer.Option("--report", metavar="FILE", allow_dash=True, help="来件 JSON，“-”为标准输入 / a report's JSON"),
    ],
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="来件没写渠道时用 / for a report that names none")
    ] = None,
    now: Annotated[
        str | None, typer.Option("--now", metavar="T", help="判定时间，不写为现在 / decide as at this time")
    ] = None,
    returned_by: Annotated[
        list[str] | None, typer.Option("--returned-by", metavar="AGENCY", help="退过的单位，可多次 / who returned it")
    ] = None,
    why_not: Annotated[
        str | None, typer.Option("--why-not", metavar="X", help="为什么不是这个单位、条线或规则 / why not this one")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="一个 JSON 对象 / one JSON object")] = False,
    lang: Annotated[Language, typer.Option(help="中文或英文 / Chinese or English")] = Language.ZH,
) -> None:
    """解释一件来件会派到哪里、为什么 / Tell where one report would go, and why there.

    The file holds one canonical report, or an incident as it stands on bus.incidents.v1. Nothing is published. Exit
    codes: 0 explained; 2 the ruleset is broken, or the report can't be read.

    \b
    incidentbus rules explain --ruleset my-county --report report.json --why-not education
    incidentbus rules explain --ruleset my-county --report - --channel hotline-12345 --now 2026-05-12T10:00
    """
    from routing_rules.tools.explain import record, render  # late: the words of both languages

    compiled = _compiled(ruleset, lang)
    moment = _moment(now, ZoneInfo(compiled.ruleset.timezone))
    incident = _incident(_content(report), channel, moment, compiled)
    decision = _decision(incident, compiled, moment or incident.received_at, returned_by or [])
    if as_json:
        print(write(record(decision, incident, compiled, why_not)).decode())
    else:
        print(render(decision, incident, compiled, lang, why_not))


def _decision(incident: Incident, compiled: Compiled, now: datetime, returned_by: list[str]) -> Decision:
    for agency in returned_by:
        if agency not in compiled.ruleset.agencies:
            raise Misuse(f"--returned-by {agency}: 规则集没有这个单位 / the ruleset has no such agency")
    state = DecisionState(
        round=len(returned_by) + 1,
        first_dispatched_at=incident.received_at if returned_by else None,
        returned_by=tuple(returned_by),
        reporters=incident.reporters,
        reports=incident.reports,
    )
    return decide(incident, state, compiled, now)


def _incident(content: bytes, channel: str | None, now: datetime | None, compiled: Compiled) -> Incident:
    """Read an incident as it stands, or understand a report."""
    fields = _fields(content)
    try:
        if "understood_by" in fields:
            return read(Incident, content)
        given = {"channel": channel, "external_id": _UNNAMED} if channel else {"external_id": _UNNAMED}
        report = read(Report, orjson.dumps(given | fields))
    except Permanent as refusal:
        raise Misuse(f"来件读不了 / the report can't be read: {refusal.detail or refusal}") from None
    if report.channel not in compiled.ruleset.channels:
        note(f"规则集没有渠道“{report.channel}” / the ruleset has no channel {report.channel}")
    id_ = incident_id(report.channel, report.external_id)
    return compiled.interpreter.understand(report, id_, now or utc_now())


def _fields(content: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Misuse(f"来件不是 JSON / the report is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise Misuse("来件应是一个 JSON 对象 / the report should be one JSON object")
    return fields


def _compiled(directory: Path, lang: Language) -> Compiled:
    if not directory.is_dir():
        raise Misuse(f"--ruleset {directory}: 没有这个文件夹 / no such folder")
    loaded = load_directory(directory)
    if loaded.ruleset is None:
        for finding in loaded.errors:
            note(finding.line(lang))
        raise Misuse(f"{directory}: 规则集有错，没有解释 / the ruleset is broken, nothing was explained")
    return compile_ruleset(loaded.ruleset)


def _content(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Misuse(f"{file}: 读不了 / cannot be read: {error.strerror}") from error


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Read an ISO time; without a zone it is the ruleset's civil time."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Misuse(f"--now {text}: 时间写成 / a time is written 2026-05-12T10:00") from error
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
