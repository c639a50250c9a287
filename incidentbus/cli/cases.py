"""`incidentbus cases`: what the cases are and what falls due, from the read model; and what is commanded of them.

No word of a report is shown: the read model has none.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from contracts.codes import CaseStatus
from incidentbus.cli import caseorders
from incidentbus.cli.casewords import words_of
from incidentbus.cli.exits import ExitCode, Misuse, guarded_async, leave
from incidentbus.cli.printing import moment_ms, ndjson, note
from incidentbus.cli.readmodel import fresh, one
from incidentbus.clock import SystemClock
from incidentbus.settings import load_settings

if TYPE_CHECKING:
    from incidentbus.readmodel.asking import Wanted

app = typer.Typer(
    no_args_is_help=True,
    help="案件办理 / Cases: what they are, what falls due, and what is commanded of them.\n\n"
    "半夜值班从 docs/operators.md 看起 / at 3 a.m. begin with docs/operators.md",
)

AsJson = Annotated[bool, typer.Option("--json", help="一行一个 JSON / one JSON object a line")]
Lang = Annotated[str | None, typer.Option("--lang", help="zh 或 en；照设置 / zh or en; INCIDENTBUS_LANGUAGE")]
CatchUp = Annotated[
    bool,
    typer.Option("--catch-up/--no-catch-up", help="没有跟读进程时先补读 / read what is new first, if nobody follows"),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="最多几件 / at most so many")]
Agency = Annotated[str | None, typer.Option("--agency", help="单位代码，主办协办都算 / an agency with a part in it")]
Case_ = Annotated[
    str,
    typer.Argument(
        metavar="CASE", help="案件号，或渠道编号、省市编号 / inc-…, or its number at a channel or elsewhere"
    ),
]


@app.command("list")
@guarded_async
async def list_(
    *,
    status: Annotated[list[str] | None, typer.Option("--status", help="状态，可多写；open 是未结的 / or open")] = None,
    agency: Agency = None,
    channel: Annotated[str | None, typer.Option("--channel", help="来件渠道 / the channel it came by")] = None,
    town: Annotated[
        str | None, typer.Option("--town", help="区划代码，含其下各地 / a place and all beneath it")
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="定主办的规则 / the rule that named the lead")] = None,
    ruleset: Annotated[str | None, typer.Option("--ruleset", help="规则集摘要开头 / how its digest begins")] = None,
    since: Annotated[str | None, typer.Option("--since", help="此后变动过的：2h、3d / changed since")] = None,
    sort: Annotated[str, typer.Option("--sort", help="changed, opened, received, due, reopened, returns")] = "changed",
    limit: Limit = 100,
    as_json: AsJson = False,
    lang: Lang = None,
    catch_up: CatchUp = True,
) -> None:
    """列出案件 / List cases, the last changed first. Exit code 0, with any or none.

    \b
    incidentbus cases list --status open --town 320813
    incidentbus cases list --agency urban-management-bureau --since 2h --sort due
    incidentbus cases list --ruleset 3fa9 --json
    """
    from incidentbus.readmodel.asking import SORTS, Wanted  # late: it loads SQLAlchemy

    now = SystemClock().now_ms()
    if sort not in SORTS:
        raise Misuse(f"--sort {sort}: {', '.join(SORTS)}")
    statuses = tuple(each for each in status or () if each != "open")
    unknown = [each for each in statuses if each not in list(CaseStatus)]
    if unknown:
        raise Misuse(f"--status {unknown[0]}: 没有这个状态 / no such status; open, {', '.join(CaseStatus)}")
    wanted = Wanted(
        statuses, "open" in (status or ()), agency, channel, town, rule, ruleset, moment_ms(since, now),
        sort=sort, limit=limit,
    )  # fmt: skip
    await _listed(wanted, as_json=as_json, lang=lang, catch_up=catch_up)


async def _listed(wanted: "Wanted", *, as_json: bool, lang: str | None, catch_up: bool) -> int:
    from incidentbus.cli.caserows import plain, print_cases
    from incidentbus.readmodel.asking import cases

    settings = load_settings()
    checked(lang)
    async with fresh(settings, catch_up=catch_up) as store:
        rows = cases(store, wanted)
    if as_json:
        for row in rows:
            ndjson(plain(row))
    else:
        print_cases(rows, words_of(settings, lang), SystemClock().now_ms())
        more = "，或更多 / or more" if wanted.limit is not None and len(rows) == wanted.limit else ""
        note(f"{len(rows)} 件 / {len(rows)} cases{more}")
    return len(rows)


def checked(lang: str | None) -> None:
    """Refuse a language that nobody speaks here."""
    if lang not in (None, "zh", "en"):
        raise Misuse(f"--lang {lang}: zh, en")


@app.command()
@guarded_async
async def show(case: Case_, as_json: AsJson = False, lang: Lang = None, catch_up: CatchUp = True) -> None:
    """查看一件 / Show one case whole: where it stands, who has which part, by when what is due.

    Exit codes: 0 shown; 1 there is none by this id or number, or several.

    \b
    incidentbus cases show inc-6f1d0c2b9a8e7d6c5b4a39281706
    incidentbus cases show 2025060400017 --json
    """
    from incidentbus.cli.caserows import plain, print_case

    settings = load_settings()
    checked(lang)
    async with fresh(settings, catch_up=catch_up) as store:
        row = one(store, case)
    if as_json:
        ndjson(plain(row))
    else:
        print_case(row, words_of(settings, lang), SystemClock().now_ms())


@app.command()
@guarded_async
async def timeline(case: Case_, as_json: AsJson = False, lang: Lang = None, catch_up: CatchUp = True) -> None:
    """办理经过 / Tell one case's story: every decision, command and fact in order, by whom, why and how late.

    Exit codes: 0 told; 1 there is no such case.

    \b
    incidentbus cases timeline 2025060400017
    incidentbus cases timeline inc-6f1d0c2b9a8e7d6c5b4a39281706 --lang en
    """
    from incidentbus.cli.caserows import plain_step, print_timeline
    from incidentbus.readmodel.asking import timeline as steps_of

    settings = load_settings()
    checked(lang)
    async with fresh(settings, catch_up=catch_up) as store:
        row = one(store, case)
        steps = steps_of(store, row["incident"])
    if as_json:
        for step in steps:
            ndjson(plain_step(step))
    else:
        print_timeline(row, steps, words_of(settings, lang))


@app.command()
@guarded_async
async def due(
    within: Annotated[str, typer.Option("--within", help="多久之内：30m、4h、2d / how soon")] = "4h",
    agency: Agency = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    lang: Lang = None,
    catch_up: CatchUp = True,
) -> None:
    """将到期 / List open cases whose next deadline falls within a span, the soonest first; not those overdue.

    \b
    incidentbus cases due --within 4h
    """
    from incidentbus.readmodel.asking import Wanted

    now = SystemClock().now_ms()
    span = now - (moment_ms(within, now) or now)
    wanted = Wanted(open_only=True, agency=agency, due_after=now, due_until=now + span, sort="due", limit=limit)
    await _listed(wanted, as_json=as_json, lang=lang, catch_up=catch_up)


@app.command()
@guarded_async
async def overdue(
    agency: Agency = None, limit: Limit = 100, as_json: AsJson = False, lang: Lang = None, catch_up: CatchUp = True
) -> None:
    """已超期 / List open cases with a deadline that has passed and not been met, the longest overdue first.

    Exit codes: 0 none is overdue; 1 some are.

    \b
    incidentbus cases overdue --agency urban-management-bureau
    """
    from incidentbus.readmodel.asking import Wanted

    wanted = Wanted(open_only=True, agency=agency, due_until=SystemClock().now_ms(), sort="due", limit=limit)
    if await _listed(wanted, as_json=as_json, lang=lang, catch_up=catch_up):
        leave(ExitCode.FINDINGS)


caseorders.register(app)
