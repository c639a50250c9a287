"""The embedded broker: Apache Kafka itself, one KRaft node on loopback, in a directory of its own.

A directory holds `data/` (the log), `logs/` (what the broker says, kept), `server.properties`, and who holds it
(`holding`). It is for a laptop, the demo and the tests; a county runs a cluster and gives its address.
"""

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from connectors.kafka import holding
from connectors.kafka.fencing import fence, was_killed
from connectors.kafka.holding import Card, DirectoryHeld
from connectors.kafka.jars import Progress, ensure_jars
from connectors.kafka.launching import (
    BrokerFailed,
    DataKept,
    Recipe,
    clear,
    forget,
    format_data,
    free_port,
    launch,
    log_tail,
    port_is_free,
    tie,
    write_configuration,
)
from connectors.kafka.readiness import NotReady, wait_until_ready
from connectors.kafka.serverconfig import Listener

_STOP_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 0.05


class EmbeddedBroker:
    """A broker that is running, or was: `stop`, `kill` and `restart` may follow each other as they like."""

    def __init__(self, recipe: Recipe, card: Card) -> None:
        self._recipe = recipe
        self._card = card
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients, `127.0.0.1:<port>`; the same after a restart."""
        return self._card.bootstrap

    @property
    def pid(self) -> int:
        """The broker's process id."""
        return self._card.pid

    @property
    def port(self) -> int:
        """The port for clients."""
        return self._card.port

    @property
    def directory(self) -> Path:
        """The broker's own directory."""
        return self._recipe.directory

    @property
    def ephemeral(self) -> bool:
        """Whether the data goes when the broker stops."""
        return self._card.ephemeral

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._lives()

    def stop(self, timeout: float = _STOP_SECONDS) -> bool:
        """Ask the broker to end and wait; returns False if it had to be killed. Ephemeral data goes."""
        self._drop_leash()
        clean = self._end(signal.SIGTERM, timeout) or not self._end(signal.SIGKILL, timeout)
        holding.remove_card(self.directory)
        if self.ephemeral:
            forget(self.directory)
        return clean

    def kill(self) -> None:
        """End the broker at once, as a power cut would (`kill -9`); data stays, even if ephemeral."""
        self._drop_leash()
        self._end(signal.SIGKILL, _STOP_SECONDS)

    def restart(self) -> None:
        """Start again on the same data and the same port; returns when it is ready."""
        if not self._recipe.jars:
            raise BrokerFailed(f"{self.directory}: started by another process, which alone can start it again")
        self._drop_leash()
        self._end(signal.SIGTERM, _STOP_SECONDS)
        started = _start(self._recipe, self._card.port, self._card.controller_port, keep=True)
        self._card, self._process, self._leash = started._card, started._process, started._leash

    def pause(self) -> None:
        """Freeze the process (SIGSTOP): it holds its connections and answers nobody."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Thaw a frozen process."""
        os.kill(self.pid, signal.SIGCONT)

    def _lives(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return holding.is_held(self.directory)

    def _end(self, how: signal.Signals, timeout: float) -> bool:
        if not self._lives():
            return True
        with suppress(ProcessLookupError):
            os.kill(self.pid, how)
        until = time.monotonic() + timeout
        while self._lives() and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
        return not self._lives()

    def _drop_leash(self) -> None:
        if self._leash is not None:
            self._leash.kill()
            self._leash.wait()
            if self._leash.stdin:
                self._leash.stdin.close()
            self._leash = None


def start_broker(
    directory: Path,
    *,
    cache_dir: Path,
    ephemeral: bool = False,
    port: int | None = None,
    overrides: Mapping[str, str] | None = None,
    more: Sequence[Listener] = (),
    leash: bool = False,
    quick: bool = False,
    progress: Progress | None = None,
    timeout: float = 60.0,
) -> EmbeddedBroker:
    """Start a broker in `directory` and return when it is ready.

    Jars come from `cache_dir`, fetched on the first run. Without `port`, the last one of this directory is taken again
    if it is free, else any free one; `more` are further listeners. With `leash` it dies with this process, however that
    ends; `quick` is for tests, not for benchmarks. Blocks; from a coroutine use `asyncio.to_thread`. Raises
    `DirectoryHeld`, `DataKept`, `JarError`, `BrokerFailed`.
    """
    jars = tuple(ensure_jars(cache_dir, progress=progress))
    recipe = Recipe(
        directory.resolve(), jars, ephemeral, dict(overrides or {}), leash=leash, quick=quick, timeout=timeout,
        more=tuple(more),
    )  # fmt: skip
    last = holding.read_card(recipe.directory)
    wanted = port or (last.port if last and port_is_free(last.port) else free_port())
    return _start(recipe, wanted, free_port(), keep=False)


def attach(directory: Path) -> EmbeddedBroker | None:
    """Return the broker that lives in `directory`, started by whomever; None if there is none.

    It may be stopped and killed, not restarted: only who started it knows how.
    """
    directory = directory.resolve()
    card = holding.read_card(directory)
    if card is None or not holding.is_held(directory):
        return None
    return EmbeddedBroker(Recipe(directory, (), card.ephemeral), card)


def _start(recipe: Recipe, port: int, controller_port: int, *, keep: bool) -> EmbeddedBroker:
    descriptor = holding.hold(recipe.directory)
    try:
        if not keep:
            clear(recipe)
        write_configuration(recipe, port, controller_port)
        format_data(recipe)
        if was_killed(recipe.directory):
            fence(recipe, controller_port)
        process = launch(recipe, descriptor)
    finally:
        os.close(descriptor)
    card = Card(process.pid, port, controller_port, recipe.ephemeral)
    holding.write_card(recipe.directory, card)
    broker = EmbeddedBroker(recipe, card)
    broker._process = process
    if recipe.leash:
        broker._leash = tie(process.pid)
    _await_ready(broker, recipe)
    return broker


def _await_ready(broker: EmbeddedBroker, recipe: Recipe) -> None:
    try:
        _in_a_thread(lambda: asyncio.run(wait_until_ready(broker.bootstrap, recipe.timeout, lambda: broker.running)))
    except NotReady as error:
        broker.stop()
        raise BrokerFailed(f"{error}\n{log_tail(recipe.directory)}") from error
    except BaseException:  # an interrupt too: nothing is left behind
        broker.stop()
        raise


def _in_a_thread(work: Callable[[], object]) -> None:
    """Run `work` in a thread of its own, so that a caller inside an event loop may wait for it too."""
    failure: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=guarded, name="broker-ready")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]


__all__ = ["BrokerFailed", "DataKept", "DirectoryHeld", "EmbeddedBroker", "attach", "port_is_free", "start_broker"]
