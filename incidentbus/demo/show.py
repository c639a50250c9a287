"""What the demo does and prints, in order; the last line is a contract that scripts read."""

import time
from pathlib import Path

from rich.console import Console

from connectors.kafka.embedded import BrokerFailed
from connectors.kafka.jars import JarError
from incidentbus.demo import keeping, planting
from incidentbus.demo.agencies import Followed
from incidentbus.demo.following import follow_all
from incidentbus.demo.pictures import agencies_table, dead_letters_table, explain_three
from incidentbus.demo.run import DemoFailed, Run, a_run, publish_all, witness_all
from incidentbus.interrupting import insistently
from incidentbus.publishing import NotPublished
from incidentbus.settings import Settings
from incidentbus.witness import Verdict
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load_directory


async def show(settings: Settings, directory: Path, *, keep: bool, selfcheck: bool, started: float) -> bool:
    """Run the demo and print it. Returns whether nothing was lost and nothing came twice."""
    console = Console(width=None if Console().is_terminal else 132)
    try:
        async with a_run(settings, console, directory, keep=keep) as run:
            verdict, followed = await insistently(_carried_out(run, selfcheck=selfcheck))
            _print(run, verdict, quiet=selfcheck)
            if keep:
                keeping.keep(run)
    except (DemoFailed, BrokerFailed, JarError) as failure:
        console.print(f"demo: {failure}", style="red", markup=False)
        return False
    except NotPublished as refusal:
        console.print(f"demo: {refusal}\n{refusal.text(settings.language)}", style="red", markup=False)
        return False
    print(last_line(run, verdict, followed, time.monotonic() - started), flush=True)  # noqa: T201 - a contract, plain
    return verdict.clean


async def _carried_out(run: Run, *, selfcheck: bool) -> tuple[Verdict, Followed]:
    await publish_all(run)
    await witness_all(run)
    if selfcheck:
        await planting.plant(run)
    followed = Followed() if selfcheck else await follow_all(run)
    return await planting.judged_again(run), followed


def _print(run: Run, verdict: Verdict, *, quiet: bool) -> None:
    console = run.console
    if not quiet:
        compiled = _compiled(run.settings)
        titles = {code: agency.title for code, agency in compiled.ruleset.agencies.items()}
        console.print(agencies_table(run.assignments.seen if run.assignments else [], titles))
        explain_three(
            console, run.decisions.seen if run.decisions else [], run.incidents.seen if run.incidents else [], compiled
        )
        console.print(dead_letters_table(run.dead.seen if run.dead else []))
    for lost in verdict.lost[:20]:
        console.print(f"lost: {lost}", style="red", markup=False, highlight=False)
    for what in ("duplicates", "disordered", "strangers", "orphans"):
        for told in getattr(verdict, what)[:20]:
            console.print(f"{what}: {told}", style="red", markup=False, highlight=False)


def _compiled(settings: Settings) -> Compiled:
    loaded = load_directory(settings.ruleset_dir)
    assert loaded.ruleset is not None  # noqa: S101 - it was published a moment ago
    return compile_ruleset(loaded.ruleset)


def last_line(run: Run, verdict: Verdict, followed: Followed, seconds: float) -> str:
    """Return the line that scripts read; what is new stands at its end."""
    incidents = len(run.incidents.seen) if run.incidents else 0
    return (
        f"demo: reports={len(run.ledger.published)} incidents={incidents} assignments={verdict.assignments} "
        f"dead_letters={verdict.dead_letters} lost={len(verdict.lost)} duplicates={len(verdict.duplicates)} "
        f"seconds={seconds:.0f} closed={len(followed.closed)} overdue={len(followed.overdue)} "
        f"escalated={len(followed.escalated)}"
    )
