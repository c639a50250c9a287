"""`incidentbus broker`: the embedded Kafka of a laptop, the demo and the tests. A county runs its own cluster."""

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from connectors.kafka.embedded import (
    BrokerFailed,
    DataKept,
    DirectoryHeld,
    EmbeddedBroker,
    attach,
    port_is_free,
    start_broker,
)
from connectors.kafka.jars import KAFKA_VERSION, JarError
from incidentbus.cli.exits import ExitCode, Misuse, guarded, guarded_async, leave
from incidentbus.settings import load_settings

app = typer.Typer(
    no_args_is_help=True,
    help=f"本机的 Kafka / The embedded Kafka {KAFKA_VERSION}: one node on loopback, in a directory of its own.",
)
_USUAL_PORT: Final = 9092
_PROBE_SECONDS: Final = 10.0

Data = Annotated[
    Path | None,
    typer.Option(help="its directory: data, logs, who holds it; INCIDENTBUS_RUN_DIR/broker if not given"),
]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]


@app.command()
@guarded
def start(
    data: Data = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="port on 127.0.0.1 for clients")] = None,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="start empty, forget everything at the stop")] = False,
    foreground: Annotated[bool, typer.Option("--foreground", help="stay, and stop it on Ctrl-C or SIGTERM")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the broker and return when it has taken a record and a transaction.

    The first start fetches Kafka's jars (some 45 MB) into INCIDENTBUS_CACHE_DIR and checks each against the checked-in
    SHA-256; later ones need no network. Without --port it takes the port that it had before, else 9092 if that is
    free, else any free one. Exit codes: 0 it runs; 2 the directory is held by another broker (its pid is named) or the
    port is taken; 3 Kafka could not be fetched or did not start.

    \b
    incidentbus broker start
    INCIDENTBUS_BOOTSTRAP_SERVERS=127.0.0.1:9092 incidentbus topics apply
    """
    began = time.monotonic()
    broker = _started(_directory(data), port, ephemeral=ephemeral)
    told = {**_told(broker), "seconds": round(time.monotonic() - began, 1)}
    ready = f"Kafka {KAFKA_VERSION} 已就绪 / ready: {broker.bootstrap} (pid {broker.pid}, {told['seconds']} s)"
    if foreground:
        _stay(broker, lambda: _say(told, as_json, ready))
        return
    _say(told, as_json, ready)
    if not as_json:
        print(
            f"  export INCIDENTBUS_BOOTSTRAP_SERVERS={broker.bootstrap}\n"
            f"  incidentbus broker stop --data '{broker.directory}'"
        )


@app.command()
@guarded
def stop(data: Data = None, as_json: AsJson = False) -> None:
    """Stop the broker of a directory, whoever started it.

    Exit codes: 0 it has ended, or none was there; 1 it had to be killed.
    """
    directory = _directory(data)
    broker = attach(directory)
    if broker is None:
        _say({"running": False, "directory": str(directory)}, as_json, f"{directory}: 没有运行 / no broker runs here")
        return
    clean = broker.stop()
    told = {**_told(broker), "running": False, "clean": clean}
    _say(told, as_json, f"{'已停止 / stopped' if clean else '只能强行结束 / had to be killed'}: pid {broker.pid}")
    if not clean:
        leave(ExitCode.FINDINGS)


@app.command()
@guarded_async
async def status(data: Data = None, as_json: AsJson = False) -> None:
    """Say whether the broker of a directory runs and takes records.

    Exit codes: 0 it does; 1 none runs there; 3 it doesn't answer.
    """
    from connectors.kafka.readiness import NotReady, wait_until_ready  # late: the other commands needn't load clients

    directory = _directory(data)
    broker = attach(directory)
    if broker is None:
        _say({"running": False, "directory": str(directory)}, as_json, f"{directory}: 没有运行 / no broker runs here")
        leave(ExitCode.FINDINGS)
    try:
        await wait_until_ready(broker.bootstrap, _PROBE_SECONDS)
    except NotReady:
        _say(
            {**_told(broker), "ready": False},
            as_json,
            f"{broker.bootstrap}: 不应答 / doesn't answer (pid {broker.pid})",
        )
        leave(ExitCode.UNREACHABLE)
    _say({**_told(broker), "ready": True}, as_json, f"{broker.bootstrap}: 正常 / takes records (pid {broker.pid})")


def _directory(data: Path | None) -> Path:
    return (data or load_settings().run_dir / "broker").absolute()


def _started(directory: Path, port: int | None, *, ephemeral: bool) -> EmbeddedBroker:
    if port and not attach(directory) and not port_is_free(port):
        raise Misuse(f"--port {port}: 已被占用 / something else listens there")
    first = not (directory / "data" / "meta.properties").exists()
    wanted = port or (_USUAL_PORT if first and port_is_free(_USUAL_PORT) else None)
    progress = Fetching()
    try:
        return start_broker(
            directory, cache_dir=load_settings().cache_dir, ephemeral=ephemeral, port=wanted, progress=progress
        )
    except DirectoryHeld as error:
        who = f"pid {error.pid}" if error.pid else "正在启动 / one that is starting"
        raise Misuse(f"{error.directory}: 已有 broker 在用 / a broker holds it already ({who})") from error
    except DataKept as error:
        raise Misuse(f"--ephemeral: 那里有要保留的数据 / {error}") from error
    except JarError as error:
        leave(ExitCode.UNREACHABLE, f"Kafka 取不到 / Kafka could not be fetched: {error}")
    except BrokerFailed as error:
        leave(ExitCode.UNREACHABLE, f"Kafka 没有启动 / Kafka did not start: {error}\n{directory / 'logs'}")


class Fetching:
    """Shows on standard error how far the fetching of Kafka is: a line that grows on a terminal, tenths elsewhere."""

    def __init__(self) -> None:
        self._tenth = -1

    def __call__(self, done: int, total: int, name: str) -> None:
        """Tell that `name` has arrived."""
        line = f"Kafka {KAFKA_VERSION}: {done / 1e6:.0f} / {total / 1e6:.0f} MB  {name}"
        if sys.stderr.isatty():
            print(f"\r\x1b[K{line}", end="\n" if done >= total else "", file=sys.stderr, flush=True)
        elif done * 10 // total > self._tenth:
            self._tenth = done * 10 // total
            print(line, file=sys.stderr, flush=True)


def _stay(broker: EmbeddedBroker, tell: Callable[[], None]) -> None:
    """Stay until told to end, then stop the broker. Who is told that it is ready may answer with a signal at once."""
    try:
        for each in (signal.SIGINT, signal.SIGTERM):  # also where a shell started us with SIGINT ignored
            signal.signal(each, signal.default_int_handler)
        tell()
        while broker.running:
            time.sleep(0.2)
    except KeyboardInterrupt:
        broker.stop()
        return
    leave(ExitCode.UNREACHABLE, f"Kafka 自己结束了 / Kafka ended by itself; see {broker.directory / 'logs'}")


def _told(broker: EmbeddedBroker) -> dict[str, Any]:
    return {
        "running": True,
        "bootstrap": broker.bootstrap,
        "pid": broker.pid,
        "directory": str(broker.directory),
        "ephemeral": broker.ephemeral,
    }


def _say(told: dict[str, Any], as_json: bool, sentence: str) -> None:
    print(json.dumps(told, ensure_ascii=False) if as_json else sentence, flush=True)
