"""Who holds a broker's directory.

The truth is an advisory lock on `broker.lock` whose descriptor the broker's own process inherits: while it lives, by
whatever parent, the directory is held, and after `kill -9` the kernel lets go. `broker.json` beside it only says who
and where, for people and for `broker stop`.
"""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

_LOCK: Final = "broker.lock"
_CARD: Final = "broker.json"


@dataclass(frozen=True, slots=True)
class Card:
    """What a running broker says about itself."""

    pid: int
    port: int
    controller_port: int
    ephemeral: bool

    @property
    def bootstrap(self) -> str:
        """The address that clients are given."""
        return f"127.0.0.1:{self.port}"


class DirectoryHeld(Exception):
    """Another broker lives in this directory; `pid` is its process, None while it has yet to say so."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        super().__init__(f"{directory} is held by {f'process {pid}' if pid else 'a broker that is starting'}")
        self.directory = directory
        self.pid = pid


def hold(directory: Path) -> int:
    """Take the directory and return the descriptor to hand to the broker; raises `DirectoryHeld`."""
    directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        card = read_card(directory)
        raise DirectoryHeld(directory, card.pid if card else None) from None
    return descriptor


def is_held(directory: Path) -> bool:
    """Return whether a live process holds the directory."""
    if not (directory / _LOCK).exists():
        return False
    try:
        os.close(hold(directory))
    except DirectoryHeld:
        return True
    return False


def read_card(directory: Path) -> Card | None:
    """Return what `broker.json` says, which is true only while the directory is held."""
    try:
        return Card(**json.loads((directory / _CARD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_card(directory: Path, card: Card) -> None:
    """Say who holds the directory, whole or not at all."""
    incoming = directory / f"{_CARD}.new"
    incoming.write_text(json.dumps(asdict(card)) + "\n", encoding="utf-8")
    incoming.replace(directory / _CARD)


def remove_card(directory: Path) -> None:
    """Nobody is here any more."""
    (directory / _CARD).unlink(missing_ok=True)
