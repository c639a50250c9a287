"""How a broker's process comes to be: its directory made ready, formatted once, launched, tied to its parent."""

import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from connectors.kafka import jvm, serverconfig
from connectors.kafka.serverconfig import Listener

_FORMAT_SECONDS: Final = 60.0
_LOG_TAIL_LINES: Final = 15
_EPHEMERAL: Final = "ephemeral"


class DataKept(Exception):
    """An ephemeral start was asked for where lasting data lies."""


class BrokerFailed(Exception):
    """The broker could not be formatted or did not become ready; the message ends with the tail of its log."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a broker is started, kept so that it can be started again the same."""

    directory: Path
    jars: tuple[Path, ...]
    ephemeral: bool = False
    overrides: Mapping[str, str] = field(default_factory=dict)
    heap_mb: int = 384
    leash: bool = False
    """Whether the broker dies with the process that started it, however that ends."""
    quick: bool = False
    """Whether to compile lightly: a quicker start and less of a small machine's processor, a lower top speed."""
    timeout: float = 60.0
    more: tuple[Listener, ...] = ()
    """Further listeners, beside the one for clients and the controllers' own."""
    cluster_id: str = ""
    """Of the cluster that it belongs to; by default it is one of its own."""


def clear(recipe: Recipe) -> None:
    """Take away what an earlier ephemeral broker left; raises `DataKept` rather than anything else."""
    data, mark = recipe.directory / "data", recipe.directory / _EPHEMERAL
    if mark.exists():
        shutil.rmtree(data, ignore_errors=True)
        mark.unlink()
    elif recipe.ephemeral and data.exists():
        raise DataKept(f"{data} is not ephemeral: an ephemeral broker would delete it; give it another directory")
    if recipe.ephemeral:
        mark.touch()


def forget(directory: Path) -> None:
    """Take away the data of an ephemeral broker that has ended; its logs stay."""
    shutil.rmtree(directory / "data", ignore_errors=True)
    (directory / _EPHEMERAL).unlink(missing_ok=True)


def write_configuration(recipe: Recipe, port: int, controller_port: int) -> None:
    """Write what the broker reads at its start."""
    (recipe.directory / "logs").mkdir(parents=True, exist_ok=True)
    values = serverconfig.properties(recipe.directory, port, controller_port, recipe.overrides, recipe.more)
    (recipe.directory / "server.properties").write_text(serverconfig.render(values), encoding="utf-8")
    (recipe.directory / "log4j2.properties").write_text(serverconfig.logging_properties(), encoding="utf-8")


def format_data(recipe: Recipe) -> None:
    """Format the data directory, unless it was before. Raises `BrokerFailed`."""
    if (recipe.directory / "data" / "meta.properties").exists():
        return
    cluster_id = recipe.cluster_id or serverconfig.cluster_id_for(recipe.directory)
    arguments = ["format", "-t", cluster_id, "-c"]
    command = _java(recipe, "kafka.tools.StorageTool", [*arguments, str(recipe.directory / "server.properties")])
    if jvm.run(command, recipe.directory / "logs" / "jvm.log", _FORMAT_SECONDS) != 0:
        raise BrokerFailed(f"{recipe.directory} could not be formatted\n{log_tail(recipe.directory, 'jvm.log')}")


def _java(recipe: Recipe, main_class: str, arguments: list[str]) -> list[str]:
    flags = [
        f"-Dlog4j2.configurationFile={(recipe.directory / 'log4j2.properties').as_uri()}",
        f"-Dkafka.logs.dir={recipe.directory / 'logs'}",
    ]
    if recipe.quick:
        flags.append("-XX:TieredStopAtLevel=1")
    return jvm.java(recipe.jars, main_class, arguments, recipe.heap_mb, flags)


def launch(recipe: Recipe, descriptor: int) -> subprocess.Popen[bytes]:
    """Start the broker's process, in a session of its own, with the descriptor of its directory's lock."""
    command = _java(recipe, "kafka.Kafka", [str(recipe.directory / "server.properties")])
    with (recipe.directory / "logs" / "jvm.log").open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=[descriptor],  # the lock lives as long as the broker does
            start_new_session=True,  # Ctrl-C on a terminal is for the one who stops it, not for it
            cwd=recipe.directory,
        )


def tie(pid: int) -> subprocess.Popen[bytes]:
    """Start a shell that waits for our end of a pipe to close, by whatever end of ours, and then kills the broker."""
    script = 'read -r _; kill -9 "$1" 2>/dev/null'
    return subprocess.Popen(["/bin/sh", "-c", script, "leash", str(pid)], stdin=subprocess.PIPE, start_new_session=True)


def free_port() -> int:
    """Return a loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Return whether a loopback port can be listened on now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def log_tail(directory: Path, name: str = "broker.log") -> str:
    """Return the last lines of one of the broker's logs."""
    with suppress(OSError):
        lines = (directory / "logs" / name).read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_LOG_TAIL_LINES:])
    return "(no log)"
