"""`incidentbus incidents`: what became of a report.

Codes, times and places are shown, and the decisions explained; no word of the report and nothing of the reporter.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

import orjson
import typer

from contracts.decision import decision_wire
from contracts.ids import incident_id
from contracts.ports import Codec
from contracts.serde import write
from incidentbus.cli.exits import ExitCode, Misuse, guarded_async, leave
from incidentbus.cli.printing import local, moment_ms, ndjson, note, progress, rfc3339, table
from incidentbus.clock import SystemClock
from incidentbus.connecting import connection_of
from incidentbus.readmodel.steps import Step, StepKind
from incidentbus.readmodel.trace import Follower, Trail
from incidentbus.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, help="案件 / Incidents: what became of a report.")

WORDS: Final[dict[StepKind, tuple[str, str]]] = {
    StepKind.REPORT: ("来件", "report"),
    StepKind.REKEYED: ("转投", "passed on"),
    StepKind.INCIDENT: ("研判", "understood"),
    StepKind.DECISION: ("判定", "decided"),
    StepKind.DIRECTIVE: ("指令", "directive"),
    StepKind.DIRECTIVE_TAKEN: ("指令已受理", "directive taken"),
    StepKind.ASSIGNMENT: ("交办", "assigned"),
    StepKind.RELEASED: ("恢复发出", "released"),
    StepKind.NOTICE: ("告知单位", "notice"),
    StepKind.FACT: ("反馈", "fact"),
    StepKind.DEAD_LETTER: ("死信", "dead letter"),
    StepKind.UNREADABLE: ("读不出", "unreadable"),
}
_HEADINGS: Final = {
    "zh": {"at": "时间", "kind": "环节", "what": "内容", "where": "所在"},
    "en": {"at": "time", "kind": "step", "what": "what", "where": "where"},
}


@app.callback()
def _incidents() -> None:
    """Keep `trace` a word of its own: other things will be asked of incidents too."""


@app.command()
@guarded_async
async def trace(
    incident: Annotated[str | None, typer.Argument(help="its id, inc-…")] = None,
    external_id: Annotated[str | None, typer.Option("--external-id", help="or its number at its channel")] = None,
    channel: Annotated[str | None, typer.Option("--channel", help="with --external-id: which channel")] = None,
    since: Annotated[str | None, typer.Option("--since", help="leave out what the channel sent before: 3d, …")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a step")] = False,
    lang: Annotated[str | None, typer.Option("--lang", help="zh or en; INCIDENTBUS_LANGUAGE")] = None,
) -> None:
    """全程查询 / Follow one report across the topics: told, understood, decided, given out, or dead-lettered.

    Reads the channel's topic whole, so on a long history give --since. Exit codes: 0 found; 1 nothing known of it.

    \b
    incidentbus incidents trace inc-6f1d0c2b9a8e7d6c5b4a39281706
    incidentbus incidents trace --external-id 2025060400017 --channel hotline-12345 --since 3d
    """
    settings = load_settings()
    language = lang or settings.language
    if language not in _HEADINGS:
        raise Misuse(f"--lang {language}: zh, en")
    id_ = _id(incident, external_id, channel)
    follower = Follower(connection_of(settings), settings.topics(), _codecs())
    since_ms = moment_ms(since, SystemClock().now_ms())
    trail = await follower.follow(id_, progress, channel=channel, since_ms=since_ms)
    if as_json:
        for step in trail.steps:
            ndjson(row(trail, step))
    else:
        _print(trail, language)
        for told in await _explanations(settings, trail, language):
            print(f"\n{told}")
    if not trail.steps:
        leave(ExitCode.FINDINGS, f"{id_}: 没有记录 / nothing known of it")


def _id(incident: str | None, external_id: str | None, channel: str | None) -> str:
    if incident and external_id is None:
        if not incident.startswith("inc-"):
            raise Misuse(f"{incident}: 编号以 inc- 开头 / an id begins with inc-; else --external-id and --channel")
        return incident
    if external_id and channel and incident is None:
        return incident_id(channel, external_id)
    raise Misuse("给出编号，或 --external-id 与 --channel / give an id, or --external-id and --channel")


def _codecs() -> Mapping[str, Codec]:
    from connectors.registry import codecs  # late: --help needn't load every channel

    return codecs()


def row(trail: Trail, step: Step) -> dict[str, Any]:
    """Return a step as machines read it; a decision goes along whole, for it holds no word of the report."""
    told: dict[str, Any] = {
        "incident": trail.id, "at": rfc3339(step.at), "step": step.kind.value, "topic": step.position.topic,
        "partition": step.position.partition, "offset": step.position.offset, **step.facts,
    }  # fmt: skip
    if step.decision is not None:
        told["decision"] = orjson.Fragment(write(decision_wire(step.decision)))
    return told


def _print(trail: Trail, language: str) -> None:
    chinese = language == "zh"
    rows = [
        {
            "at": local(step.at),
            "kind": WORDS[step.kind][0 if chinese else 1],
            "what": _told(step.facts.items()),
            "where": str(step.position),
        }
        for step in trail.steps
    ]
    if rows:
        print(trail.id)
        table(_HEADINGS[language], rows, references=("where",))
    note(f"{len(rows)} 个环节" if chinese else f"{len(rows)} steps")


def _told(facts: Iterable[tuple[str, Any]]) -> str:
    """Return facts in one line; deadlines are told below, with their grounds."""
    return "  ".join(f"{name}={_short(fact)}" for name, fact in facts if name != "due")


def _short(fact: Any) -> str:
    return ",".join(map(str, fact)) if isinstance(fact, list) else str(fact)


async def _explanations(settings: Settings, trail: Trail, language: str) -> list[str]:
    """Return each decision told to a person, by the ruleset that made it, or else by this machine's, saying so."""
    decisions = [step.decision for step in trail.steps if step.decision is not None]
    if trail.incident is None or not decisions:
        return []
    from incidentbus.readmodel.rulesets import stored_rulesets  # late: they load the engine
    from routing_rules.engine.compiler import compile_ruleset
    from routing_rules.engine.loader import load_directory
    from routing_rules.tools.explain import render

    digests = {decision.ruleset.hash for decision in decisions}
    known = await stored_rulesets(connection_of(settings), settings.topics(), digests)
    ours = load_directory(settings.ruleset_dir).ruleset if digests - known.keys() else None
    other = compile_ruleset(ours) if ours is not None else None
    told = []
    for decision in decisions:
        compiled = known.get(decision.ruleset.hash, other)
        if compiled is not None and decision.route in compiled.rules:
            told.append(render(decision, trail.incident, compiled, language))
    return told
