"""The command line: one file per noun. A command parses words and prints; what it does lives elsewhere.

Exit codes are a contract (`incidentbus.cli.exits`): 0 clean, 1 findings, 2 misuse or bad settings, 3 Kafka unreachable.
"""

import logging

import typer

from incidentbus.cli import (
    broker,
    capacity,
    contracts,
    demo,
    dlq,
    doctor,
    incidents,
    inputs,
    modes,
    reports,
    rules,
    serve,
    topics,
)

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
    ("contracts", contracts.app),
    ("dlq", dlq.app),
    ("incidents", incidents.app),
    ("inputs", inputs.app),
    ("modes", modes.app),
    ("reports", reports.app),
    ("rules", rules.app),
    ("serve", serve.app),
    ("topics", topics.app),
):
    app.add_typer(noun, name=name)
app.command()(capacity.capacity)
app.command()(demo.demo)
app.command()(doctor.doctor)


def main() -> None:
    """Run the command line. What Kafka's client says to itself is not the user's affair; `serve` logs it."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    app()
