"""The command line: one file per noun. A command parses words and prints; what it does lives elsewhere.

Exit codes are a contract (`incidentbus.cli.exits`): 0 clean, 1 findings, 2 misuse or bad settings, 3 Kafka unreachable.
"""

import logging
from typing import Annotated

import typer

from incidentbus.cli import (
    broker,
    capacity,
    cases,
    contracts,
    demo,
    dlq,
    doctor,
    hold,
    incidents,
    inputs,
    modes,
    readmodel,
    redispatch,
    reinterpret,
    reports,
    rules,
    serve,
    storyline,
    topics,
)
from incidentbus.compiled import refuse_stale, told_version

app = typer.Typer(
    name="incidentbus",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="一件来件，一家主办，一份依据 / "
    "Routes citizens' reports to the responsible agencies, once each, explained.\n\n"
    "Exit codes: 0 clean, 1 findings, 2 misuse or bad settings, 3 Kafka unreachable.",
)
for name, noun in (
    ("broker", broker.app),
    ("cases", cases.app),
    ("contracts", contracts.app),
    ("dlq", dlq.app),
    ("hold", hold.app),
    ("incidents", incidents.app),
    ("inputs", inputs.app),
    ("modes", modes.app),
    ("readmodel", readmodel.app),
    ("release", hold.release_app),
    ("reports", reports.app),
    ("rules", rules.app),
    ("serve", serve.app),
    ("storyline", storyline.app),
    ("topics", topics.app),
):
    app.add_typer(noun, name=name)


def _version(wanted: bool) -> None:
    if wanted:
        print(told_version())
        raise typer.Exit


@app.callback()
def _whole(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="版本，是否编译运行 / and whether compiled"),
    ] = False,
) -> None: ...


app.command()(capacity.capacity)
app.command()(demo.demo)
app.command()(doctor.doctor)
app.command()(redispatch.redispatch)
app.command()(reinterpret.reinterpret)


def main() -> None:
    """Run the command line. What Kafka's client says to itself is not the user's affair; `serve` logs it."""
    refuse_stale()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    app()
