"""`--keep`: what the demo leaves running, how to use it, and how it is stopped later, by the process ids noted here."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import orjson

from connectors.kafka.embedded import attach
from incidentbus.demo.run import Run

_WAIT_SECONDS = 10.0


def keep(run: Run) -> None:
    """Note what runs and print how to publish, consume, look at metrics and stop it."""
    workers = [worker.process.pid for worker in run.fleet.workers] if run.fleet else []
    (run.directory / "kept.json").write_bytes(orjson.dumps({"workers": workers}))
    settings = run.settings
    environment = (
        f"INCIDENTBUS_BOOTSTRAP_SERVERS={settings.bootstrap_servers} INCIDENTBUS_PARTITIONS={settings.partitions}"
    )
    sample = "connectors/channels/hotline_12345/samples/odd.ndjson"
    ports = [_port(worker.log) for worker in run.fleet.workers] if run.fleet else []
    python = ".venv/bin/python -m incidentbus"
    lines = [
        "",
        "Left running. To use it:",
        f"  export {environment}",
        f"  publish   {python} reports publish --channel hotline-12345 {sample}",
        f"  consume   kcat -C -b {run.settings.bootstrap_servers} -t agency.urban-management.assignments.v1 -e",
        f"  follow    {python} incidents trace --channel hotline-12345 --external-id ID",
        *(f"  metrics   http://127.0.0.1:{port}/metrics" for port in ports if port),
        f"  stop      {python} demo --stop",
        "",
    ]
    run.console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def running(directory: Path) -> bool:
    """Say whether a demo runs here: one that was left running, or one in another terminal."""
    return attach(directory / "broker") is not None


def stop(directory: Path) -> str:
    """Stop what was left running; return a sentence."""
    note = directory / "kept.json"
    if not note.exists():
        return "demo: nothing was left running"
    workers = orjson.loads(note.read_bytes())["workers"]
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _WAIT_SECONDS
    while any(map(_lives, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    broker = attach(directory / "broker")
    if broker is not None:
        broker.stop()
    note.unlink()
    return "demo: broker and workers have been stopped"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _port(log: Path) -> int | None:
    for line in log.read_bytes().splitlines():
        with suppress(orjson.JSONDecodeError):
            port = orjson.loads(line).get("port")
            if port:
                return int(port)
    return None
