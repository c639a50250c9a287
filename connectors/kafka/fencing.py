"""Before a killed broker comes back: a controller alone, for a second, that writes down that it is gone.

A node that was killed starts with the metadata of before its death, in which it leads every partition, and so its
transaction coordinator begins to settle what was open. Some seconds later the old session ends, every partition is
without a leader for a moment, and Kafka 4.3 takes partitions without a leader for deleted: it notes transactions as
settled whose markers it never wrote. Their records are published with the next transaction of the same producer, once
more or half (ADR 0119). Where the controller has fenced the old session before the broker starts, its first metadata
have no leaders, and it settles nothing before it leads again.

Nothing of this concerns a broker that was asked to end: it fences itself.
"""

import re
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
_REGISTERED: Final = re.compile(
    rf"Replayed .*RegisterBrokerRecord\(brokerId={serverconfig.NODE_ID},.* fenced=(true|false)"
)
_CHANGED: Final = re.compile(
    rf"Replayed BrokerRegistrationChangeRecord .*\(brokerId={serverconfig.NODE_ID},.* fenced=(-?1),"
)
"""What the controller replays of the broker: registered, then a change: 1 fenced it, -1 let it lead again."""
_CLEAN: Final = ".kafka_cleanshutdown"
_LOG: Final = "fencing.log"
_POLL_S: Final = 0.02
_SETTLES_S: Final = 0.1
"""A batch of metadata is one write; so long it may still be under way when the file has begun to grow."""


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
    """Wait until the metadata say that the broker is gone: written down, not only decided.

    False where they had said so before, and where the controller says nothing in time.
    """
    metadata = log.parent.parent / "data" / "__cluster_metadata-0"
    until, before = time.monotonic() + _WITHIN_S, 0
    while time.monotonic() < until and process.poll() is None:
        told = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        if _FENCED in told:
            before = before or _size(metadata)
            if fenced(told[told.rindex(_FENCED) :]) and _size(metadata) > before:
                time.sleep(_SETTLES_S)
                return True
        elif _ACTIVE in told and fenced(told):
            return False
        time.sleep(_POLL_S)
    return False


def fenced(told: str) -> bool:
    """Say whether by a controller's log the broker stands fenced: by what was replayed of it last."""
    standing = False
    for line in told.splitlines():
        if (found := _REGISTERED.search(line)) is not None:
            standing = found[1] == "true"
        elif (found := _CHANGED.search(line)) is not None:
            standing = found[1] == "1"
    return standing


def _size(metadata: Path) -> int:
    return sum(segment.stat().st_size for segment in metadata.glob("*.log"))


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
