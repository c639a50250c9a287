"""How a command of an operator is shown, given and answered: `--dry-run` first, then once, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from pydantic import ValidationError

from contracts.codes import DirectiveKind
from contracts.directive import Directive
from contracts.moments import instant_of
from incidentbus.cli.casewords import Words, words_of
from incidentbus.cli.exits import ExitCode, Misuse, leave
from incidentbus.cli.printing import local, ndjson, note, progress, rfc3339
from incidentbus.cli.readmodel import fresh, one
from incidentbus.clock import SystemClock, utc_now
from incidentbus.connecting import connection_of
from incidentbus.settings import Settings, load_settings

if TYPE_CHECKING:
    from incidentbus.commanding import Came
    from incidentbus.readmodel.rows import Row

By = Annotated[str, typer.Option("--by", help="哪个单位下达，不写个人姓名 / which office commands it, not a person")]
Why = Annotated[str, typer.Option("--why", help="理由，随件保存 / on what ground; kept with the case")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只看会怎样 / show what would happen, change nothing")]
Wait = Annotated[float, typer.Option("--wait", min=0, help="等回执几秒 / wait so many seconds for what comes of it")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="不等 / don't wait")]
AsJson = Annotated[bool, typer.Option("--json", help="一个 JSON / one JSON object")]
WAIT_S: Final = 10.0
_TO_ALL: Final = frozenset({DirectiveKind.MERGE, DirectiveKind.WITHDRAW, DirectiveKind.CLOSE})
_ANEW: Final = frozenset({DirectiveKind.REDISPATCH, DirectiveKind.ADJUDICATE, DirectiveKind.APPROVE_RETURN})


@dataclass(frozen=True, slots=True)
class Order:
    """What is commanded and how. `case` is an id or number, None where it concerns an agency or a rule."""

    kind: DirectiveKind
    by: str
    why: str
    case: str | None = None
    dry_run: bool = False
    wait_s: float = WAIT_S
    as_json: bool = False
    particulars: Mapping[str, Any] | None = None


def until_of(text: str | None) -> datetime | None:
    """Read `6h`, `3d` from now, or a local time; raises `Misuse`."""
    if text is None:
        return None
    units = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
    if text[:-1].isdecimal() and text[-1] in units:
        return instant_of(SystemClock().now_ms() + int(text[:-1]) * units[text[-1]])
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise Misuse(f"--until {text[:40]}: 写 2026-07-01T20:00，或 6h、3d / a time, or a span") from error


def made(order: Order, incident: str | None) -> Directive:
    """Return the directive of an order; raises `Misuse` where it can't be one."""
    from incidentbus.commanding import command  # late: it loads the Kafka client

    if not order.by.strip() or not order.why.strip():
        raise Misuse("--by 与 --why 都要写 / say which office and on what ground: --by, --why")
    told = {name: value for name, value in (order.particulars or {}).items() if value is not None}
    try:
        return command(order.kind, order.by.strip(), order.why.strip(), utc_now(), incident=incident, **told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Misuse(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


async def carry_out(order: Order) -> None:
    """Show what would happen, or give the order once and tell what came of it; ends with 1 where it was refused."""
    from incidentbus.readmodel.asking import directive_taken, found

    settings = load_settings()
    words = words_of(settings, None)
    async with fresh(settings) as store:
        case = one(store, order.case) if order.case else None
        if order.particulars and (into := order.particulars.get("into")):
            others = found(store, into)
            if len(others) != 1:
                leave(ExitCode.FINDINGS, f"{into}: 没有这件，或不止一件 / no such case, or several")
            order = replace(order, particulars={**order.particulars, "into": others[0]})
        directive = made(order, case["incident"] if case else None)
        before = directive_taken(store, directive.id)
    if case is not None and not case["open"]:
        leave(ExitCode.FINDINGS, f"{case['incident']}: 已了结 / it is over: {words.status(case['status'])}")
    if order.dry_run:
        _tell_dry(order, directive, case, before, words)
        return
    if before:
        _tell_before(order, directive, before, words)
        return
    await _give(order, directive, settings, words)


def told_agencies(kind: DirectiveKind, agency: str | None, case: "Row") -> list[str]:
    """Return which agencies a command reaches as things stand; of one decided anew, who has a part now."""
    given = [
        part["agency"] for part in case["parts"] if part["status"] not in ("withdrawn", "returned", "excused", "held")
    ]
    if kind in _TO_ALL or kind in _ANEW:
        return given
    return [agency or case["lead"]]


def _tell_dry(order: Order, directive: Directive, case: "Row | None", before: "Sequence[Row]", words: Words) -> None:
    whom = told_agencies(order.kind, directive.agency, case) if case else []
    if order.as_json:
        ndjson({
            "dry_run": True, "id": directive.id, "kind": directive.kind.value, "incident": directive.incident,
            "status": case["status"] if case else None, "lead": case["lead"] if case else None, "told": whom,
            "said_before": bool(before),
        })  # fmt: skip
        return
    print(words.say("演示，不改任何东西", "dry run, nothing changes") + f"  {directive.id}")
    on = case["incident"] if case else directive.agency or directive.rule
    print(f"  {words.command(directive.kind)} → {on}")
    if case:
        print(f"  {words.say('现在', 'now')}: {words.status(case['status'])}  {words.agency(case['lead'])}")
        names = words.say("、", ", ").join(map(words.agency, whom))
        anew = words.say("重新判定；无新任务者被撤回", "decided anew; who gets no part is told it is withdrawn") + ": "
        print(f"  {anew if order.kind in _ANEW else words.say('将告知', 'would tell') + ': '}{names}")
    if before:
        print("  " + words.say("今天已下达过，再下达不起作用", "said already today: saying it again does nothing"))


def _tell_before(order: Order, directive: Directive, before: "Sequence[Row]", words: Words) -> None:
    first = before[0]
    if order.as_json:
        ndjson({
            "id": directive.id, "kind": directive.kind.value, "incident": directive.incident, "said_before": True,
            "outcome": first["outcome"], "because": first["because"] or None, "taken_at": rfc3339(first["taken_at"]),
        })  # fmt: skip
    else:
        came = words.outcome(first["outcome"])
        print(
            words.say(
                f"今天已下达过：{local(first['taken_at'])} {came}",
                f"said already at {local(first['taken_at'])}: {came}",
            )
        )
        note("要再下达，理由写得不同 / to say it again today, give another --why")
    if first["outcome"] == "refused":
        leave(ExitCode.FINDINGS, first["because"])


async def _give(order: Order, directive: Directive, settings: Settings, words: Words) -> None:
    from incidentbus.commanding import issue

    answers = await issue(connection_of(settings), settings.topics(), [directive], order.wait_s)
    came = answers[directive.id]
    if order.as_json:
        ndjson(plain_answer(directive, came))
    else:
        _tell_answer(directive, came, order.wait_s, words)
    if came.because:
        leave(ExitCode.FINDINGS)


def plain_answer(directive: Directive, came: "Came") -> dict[str, Any]:
    """Return what came of a directive as machines read it."""
    outcomes = sorted({taken.outcome.value for taken in came.taken.values()})
    return {
        "id": directive.id, "kind": directive.kind.value, "incident": directive.incident, "said_before": False,
        "outcome": outcomes[0] if len(outcomes) == 1 else None if not outcomes else ",".join(outcomes),
        "answered": len(came.taken), "of": came.wanted, "because": came.because or None,
        "decision": next((taken.decision for taken in came.taken.values() if taken.decision), None),
        "facts": [fact.fact.value for fact in came.facts],
    }  # fmt: skip


def _tell_answer(directive: Directive, came: "Came", wait_s: float, words: Words) -> None:
    name = words.command(directive.kind)
    if came.because:
        print(words.say(f"{name}：未受理：{came.because}", f"{name}: refused: {came.because}"))
    elif not wait_s:
        print(words.say(f"{name}：已下达 {directive.id}", f"{name}: sent {directive.id}"))
    elif not came.taken:
        print(words.say(f"{name}：已下达，{wait_s:g} 秒内没有回执", f"{name}: sent; no answer within {wait_s:g} s"))
        note("再说一遍无妨，同一指令只生效一次 / saying it again does no harm: the same command happens once")
    else:
        outcome = next(iter(came.taken.values())).outcome
        facts = words.say("、", ", ").join(dict.fromkeys(words.fact(fact.fact) for fact in came.facts))
        many = f" ({len(came.taken)}/{came.wanted})" if came.wanted > 1 else ""
        print(f"{name}{words.say('：', ': ')}{words.outcome(outcome)}{many}" + (f" → {facts}" if facts else ""))


async def give_many(settings: Settings, directives: Sequence[Directive], wait_s: float, what: str) -> "dict[str, Came]":
    """Give many orders, with progress, and return what came of each."""
    from incidentbus.commanding import issue

    return await issue(connection_of(settings), settings.topics(), directives, wait_s, progress(what))
