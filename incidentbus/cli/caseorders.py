"""`incidentbus cases remind, supervise, …`: each a directive with an office and a ground, once (docs/operators.md)."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import typer

from contracts.codes import DirectiveKind, Kind, Milestone, Urgency
from contracts.directive import Correction
from incidentbus.cli.exits import Misuse, guarded
from incidentbus.cli.ordering import WAIT_S, AsJson, By, DryRun, NoWait, Order, Wait, Why, carry_out, until_of

Case_ = Annotated[
    str, typer.Argument(metavar="CASE", help="案件号，或渠道编号、省市编号 / inc-…, or one of its numbers")
]
Whom = Annotated[str | None, typer.Option("--agency", help="哪个单位；不写是主办 / which agency; else the lead")]
Of = Annotated[Milestone | None, typer.Option("--milestone", help="哪个期限 / of which deadline")]
K = DirectiveKind


def _do(kind: DirectiveKind, case: str, by: str, why: str, how: tuple[bool, float, bool, bool], **more: Any) -> None:
    dry_run, wait, no_wait, as_json = how
    asyncio.run(carry_out(Order(kind, by, why, case, dry_run, 0.0 if no_wait else wait, as_json, more)))


def _to_agency(kind: DirectiveKind, sentence: str, example: str, *, milestone: bool) -> Callable[..., None]:
    """Make a command that says one thing to one agency of a case."""
    text = f"""{sentence}

    Exit codes: 0 done; 1 refused, or there is no such open case.

    \b
    {example}
    """

    def plain(
        case: Case_, by: By, why: Why, agency: Whom = None, dry_run: DryRun = False, wait: Wait = WAIT_S,
        no_wait: NoWait = False, as_json: AsJson = False,
    ) -> None:  # fmt: skip
        _do(kind, case, by, why, (dry_run, wait, no_wait, as_json), agency=agency)

    def of_milestone(
        case: Case_, by: By, why: Why, agency: Whom = None, milestone: Of = None, dry_run: DryRun = False,
        wait: Wait = WAIT_S, no_wait: NoWait = False, as_json: AsJson = False,
    ) -> None:  # fmt: skip
        _do(kind, case, by, why, (dry_run, wait, no_wait, as_json), agency=agency, milestone=milestone)

    made = of_milestone if milestone else plain
    made.__doc__ = text
    return made


@guarded
def adjudicate(
    case: Case_,
    by: By,
    why: Why,
    agency: Annotated[str, typer.Option("--agency", help="裁定由谁主办 / who is to lead")],
    dry_run: DryRun = False,
    wait: Wait = WAIT_S,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """裁定 / Rule who leads. It is final: no more returns. Exit codes: 0 decided; 1 refused.

    \b
    incidentbus cases adjudicate 2025060400017 --agency town-jiangba --by command-centre --why "两镇推诿，属地在蒋坝"
    """
    _do(K.ADJUDICATE, case, by, why, (dry_run, wait, no_wait, as_json), agency=agency)


@guarded
def redispatch(
    case: Case_,
    by: By,
    why: Why,
    *,
    excluding: Annotated[
        str | None, typer.Option("--excluding", help="不再派给现主办 / the lead, no more to have it")
    ] = None,
    category: Annotated[str | None, typer.Option("--category", help="更正类别 / corrected category")] = None,
    town: Annotated[str | None, typer.Option("--town", help="更正属地 / corrected place, its code")] = None,
    kind: Annotated[Kind | None, typer.Option("--kind", help="更正诉求类型 / corrected kind")] = None,
    urgency: Annotated[Urgency | None, typer.Option("--urgency", help="更正紧急程度 / corrected urgency")] = None,
    dry_run: DryRun = False,
    wait: Wait = WAIT_S,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """改派 / Decide a case anew, a round later, by the ruleset in force, on what was corrected.

    Exit codes: 0 decided; 1 refused.

    \b
    incidentbus cases redispatch 2025060400017 --town 320813104000 --by command-centre --why "属地写错"
    """
    changed = {"category": category, "jurisdiction": town, "kind": kind, "urgency": urgency}
    told = {name: value for name, value in changed.items() if value is not None}
    how = (dry_run, wait, no_wait, as_json)
    _do(K.REDISPATCH, case, by, why, how, returned_by=excluding, correction=Correction(**told) if told else None)


@guarded
def extend(
    case: Case_,
    by: By,
    why: Why,
    *,
    until: Annotated[
        str | None, typer.Option("--until", help="延到何时：3d，或一个时间 / a span from now, or a time")
    ] = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="不同意延期 / refuse the extension asked for")] = False,
    agency: Whom = None,
    milestone: Of = None,
    dry_run: DryRun = False,
    wait: Wait = WAIT_S,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """延期 / Grant an extension until a moment, or refuse it. Exit codes: 0 done; 1 refused.

    \b
    incidentbus cases extend 2025060400017 --until 3d --by command-centre --why "等雨停"
    incidentbus cases extend 2025060400017 --refuse --by command-centre --why "已延过一次"
    """
    if refuse == (until is not None):
        raise Misuse("--until 或 --refuse 写一个 / one of --until and --refuse")
    kind = K.REFUSE_EXTENSION if refuse else K.GRANT_EXTENSION
    of = None if refuse else milestone or Milestone.RESOLVE
    _do(kind, case, by, why, (dry_run, wait, no_wait, as_json), until=until_of(until), agency=agency, milestone=of)


@guarded
def defer(
    case: Case_,
    by: By,
    why: Why,
    until: Annotated[str, typer.Option("--until", help="计划日期 / the plan's date: 30d, or a time")],
    agency: Whom = None,
    dry_run: DryRun = False,
    wait: Wait = WAIT_S,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """挂账 / Put a case on a dated plan. Exit codes: 0 done; 1 refused.

    \b
    incidentbus cases defer 2025060400017 --until 2027-03-31 --by command-centre --why "列入明年改造"
    """
    _do(K.DEFER, case, by, why, (dry_run, wait, no_wait, as_json), until=until_of(until), agency=agency)


@guarded
def merge(
    case: Case_,
    by: By,
    why: Why,
    into: Annotated[str, typer.Option("--into", help="并入哪一件 / the case that takes it in")],
    dry_run: DryRun = False,
    wait: Wait = WAIT_S,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """并案 / Merge a case into another. Exit codes: 0 done; 1 refused.

    \b
    incidentbus cases merge 2025060400018 --into 2025060400017 --by command-centre --why "同一件事"
    """
    _do(K.MERGE, case, by, why, (dry_run, wait, no_wait, as_json), into=into)


@guarded
def excuse(
    case: Case_,
    by: By,
    why: Why,
    agency: Annotated[str, typer.Option("--agency", help="哪个协办单位 / which co-handler")],
    dry_run: DryRun = False,
    wait: Wait = WAIT_S,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """协办免办 / Excuse a co-handler: it need do no more. Exit codes: 0 done; 1 refused.

    \b
    incidentbus cases excuse 2025060400017 --agency town-jiangba --by command-centre --why "主办已办妥"
    """
    _do(K.EXCUSE, case, by, why, (dry_run, wait, no_wait, as_json), agency=agency)


_TAIL = '2025060400017 --by command-centre --why "三天没有回音"'
_PLAIN: tuple[tuple[str, DirectiveKind, str, bool], ...] = (
    ("acknowledge", K.ACKNOWLEDGE, "代为签收 / Acknowledge in an agency's stead.", False),
    ("remind", K.REMIND, "催办 / Remind an agency.", True),
    ("supervise", K.SUPERVISE, "督办 / Put a case under supervision.", True),
    ("escalate", K.ESCALATE, "提级督办 / Escalate a case to the next level.", True),
    ("reopen", K.REOPEN, "发回重办 / Send a case that is said to be done back to who had it.", False),
    ("withdraw", K.WITHDRAW, "撤回 / The reporter takes it back: everybody concerned is told.", False),
    ("close", K.CLOSE, "结案 / Close a case: everybody concerned is told.", False),
    ("approve-return", K.APPROVE_RETURN, "同意退单 / Approve the lead's return: it is decided anew.", False),
    ("refuse-return", K.REFUSE_RETURN, "不同意退单 / Refuse the lead's return: it stays with it.", False),
)


def register(app: typer.Typer) -> None:
    """Add the commands to the noun."""
    for name, kind, sentence, milestone in _PLAIN:
        made = _to_agency(kind, sentence, f"incidentbus cases {name} {_TAIL}", milestone=milestone)
        app.command(name)(guarded(made))
    for command in (adjudicate, redispatch, extend, defer, merge, excuse):
        app.command()(command)
