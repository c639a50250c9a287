"""Before a killed broker comes back: a controller alone, for a second, that writes down that it is gone.

A node that was killed starts with the metadata of before its death, in which it leads every partition, and so its
transaction coordinator begins to settle what was open. Some seconds later the old session ends, every partition is
without a leader for a moment, and Kafka 4.3 takes partitions without a leader for deleted: it notes transactions as
settled whose markers it never wrote. Their records are published with the next transaction of the same producer, once
more or half (ADR 0119). Where the controller has fenced the old session before the broker starts, its first metadata
have no leaders, and it settles nothing before it leads again.

Nothing of this concerns a broker that was asked to end: it fences itself.
"""

import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from connectors.kafka import jvm, serverconfig
from connectors.kafka.launching import Recipe

SESSION_MS: Final = 300
"""After so long the controller takes the dead for dead; nobody else has a session with it."""
_WITHIN_S: Final = 20.0
_GRACE_S: Final = 2.0
_ACTIVE: Final = "Performing controller activation"
_FENCED: Final = f"Fencing broker {serverconfig.NODE_ID} "
_CLEAN: Final = ".kafka_cleanshutdown"
_LOG: Final = "fencing.log"
_POLL_S: Final = 0.02


def was_killed(directory: Path) -> bool:
    """Return whether the broker of this directory ended without saying so."""
    data = directory / "data"
    return (data / "__cluster_metadata-0").exists() and not (data / _CLEAN).exists()


def fence(recipe: Recipe, controller_port: int) -> bool:
    """Have the dead broker fenced; returns whether the controller said so, False where it had been before."""
    directory = recipe.directory
    log = directory / "logs" / _LOG
    log.unlink(missing_ok=True)
    values = serverconfig.controller_properties(directory, controller_port, SESSION_MS)
    (directory / "fencing.properties").write_text(serverconfig.render(values), encoding="utf-8")
    (directory / "fencing-log4j2.properties").write_text(serverconfig.logging_of_a_controller(_LOG), encoding="utf-8")
    flags = [
        f"-Dlog4j2.configurationFile={(directory / 'fencing-log4j2.properties').as_uri()}",
        f"-Dkafka.logs.dir={directory / 'logs'}",
        "-XX:TieredStopAtLevel=1",
    ]
    command = jvm.java(recipe.jars, "kafka.Kafka", [str(directory / "fencing.properties")], 128, flags)
    with (directory / "logs" / "jvm.log").open("ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    try:
        return _said(process, log)
    finally:
        _end(process)


def _said(process: "subprocess.Popen[bytes]", log: Path) -> bool:
    until = time.monotonic() + _WITHIN_S
    active = False
    while time.monotonic() < until and process.poll() is None:
        told = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        if _FENCED in told:
            return True
        if not active and _ACTIVE in told:
            active, until = True, time.monotonic() + _GRACE_S
        time.sleep(_POLL_S)
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
