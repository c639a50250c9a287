"""`incidentbus doctor`: one line each whether what the promise rests on is right."""

from dataclasses import asdict
from typing import Annotated

import typer

from incidentbus.cli.exits import ExitCode, guarded_async, leave
from incidentbus.cli.printing import ndjson
from incidentbus.settings import load_settings


@guarded_async
async def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """体检 / Say in one line each whether what the promise rests on is right, and what to do if it isn't.

    Asked are broker, topics, the cluster's settings (copies, elections, transactions, sessions, retention, stamps,
    creation, offsets), ruleset, clock, disk, whether compiled code runs here, paused inputs, and each agency's lag
    against what its topic keeps; an agency that may lose what it hasn't read has a line of its own. The clock is
    compared by a record written to `bus.probes.v1`, which the broker stamps; disk is this machine's, under
    INCIDENTBUS_RUN_DIR. `incidentbus serve watch` asks the same again and again, for Prometheus. Exit codes: 0 all
    right; 1 something isn't; 3 Kafka can't be reached.
    """
    from incidentbus.examining import examine, patient_of  # late: it loads the engine

    patient = patient_of(load_settings(), "incidentbus-doctor")
    answers = await examine(patient)
    for answer in answers:
        if as_json:
            ndjson(asdict(answer))
        else:
            cure = f"  → {answer.cure}" if answer.cure and not answer.right else ""
            print(f"{'好 ok  ' if answer.right else '坏 BAD '} {answer.about:<12} {answer.found}{cure}", flush=True)
    if not all(answer.reached for answer in answers):
        leave(ExitCode.UNREACHABLE)
    if not all(answer.right for answer in answers):
        leave(ExitCode.FINDINGS)
