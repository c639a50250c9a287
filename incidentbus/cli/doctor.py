"""`incidentbus doctor`: one line each whether broker, topics, ruleset, clock, disk and inputs are right."""

from dataclasses import asdict
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, guarded_async, leave
from incidentbus.cli.printing import ndjson
from incidentbus.clock import SystemClock
from incidentbus.connecting import connection_of
from incidentbus.settings import load_settings


@guarded_async
async def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """体检 / Say in one line each whether broker, topics, ruleset, clock, disk and inputs are right, and what to do.

    The clock is compared by a record written to `bus.probes.v1`, which the broker stamps; disk is this machine's, under
    INCIDENTBUS_RUN_DIR. Exit codes: 0 all right; 1 something isn't; 3 Kafka can't be reached.
    """
    from incidentbus.examining import Patient, examine  # late: it loads the engine

    settings = load_settings()
    patient = Patient(
        connection_of(settings, "incidentbus-doctor"), settings.topics(), settings.replication_factor,
        settings.ruleset_dir, settings.run_dir, SystemClock(),
    )  # fmt: skip
    answers = await examine(patient)
    for answer in answers:
        if as_json:
            ndjson(asdict(answer))
        else:
            cure = f"  → {answer.cure}" if answer.cure and not answer.right else ""
            print(f"{'好 ok  ' if answer.right else '坏 BAD '} {answer.about:<8} {answer.found}{cure}", flush=True)
    if not all(answer.reached for answer in answers):
        leave(ExitCode.UNREACHABLE)
    if not all(answer.right for answer in answers):
        leave(ExitCode.FINDINGS)
