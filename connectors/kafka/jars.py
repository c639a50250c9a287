"""Kafka's jars: which they are, to the byte, and how they come onto this machine.

`jars.lock` names every jar with its SHA-256; nothing else is fetched and nothing unverified is run. Resolution (walking
the dependency graph) happens only when the lock is remade (`lock_jars.py`), so a start needs no metadata from anywhere.
"""

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from jgo.constants import default_maven_repo
from jgo.util import http

from connectors.kafka.maven import repositories

KAFKA_VERSION: Final = "4.3.1"
BROKER: Final = "broker"
TOOLS: Final = "tools"
_PARALLEL: Final = 4
_TIMEOUT_SECONDS: Final = 60
_ATTEMPTS: Final = 3
_FOUND: Final = 200
_CHUNK: Final = 1 << 16

Progress = Callable[[int, int, str], None]
"""Called as (bytes so far, bytes in all, name of the jar just finished); from one thread at a time."""


class JarError(Exception):
    """A jar could not be had, or is not the jar that the lock names."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock."""

    groups: tuple[str, ...]
    coordinates: str
    """`group:artifact:version`, with `:classifier` where there is one."""
    size: int
    sha256: str

    @property
    def filename(self) -> str:
        """The jar's usual file name."""
        _, artifact, version, *classifier = self.coordinates.split(":")
        return "-".join([artifact, version, *classifier]) + ".jar"

    @property
    def folder(self) -> Path:
        """The jar's folder in a repository's layout."""
        group, artifact, version, *_ = self.coordinates.split(":")
        return Path(*group.split("."), artifact, version)


def read_lock(text: str | None = None) -> list[Jar]:
    """Read the lock, by default the one that ships with this package."""
    if text is None:
        text = (resources.files("connectors.kafka") / "jars.lock").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return [Jar(tuple(groups.split(",")), coords, int(size), digest) for groups, coords, size, digest in rows]


def digest_of(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ensure_jars(
    cache_dir: Path, group: str = BROKER, progress: Progress | None = None, lock: list[Jar] | None = None
) -> list[Path]:
    """Return the jars of `group`, fetching under `cache_dir` those that are not there yet.

    Every jar is checked against the lock, on arrival and again at each call (0.1 s for all). Several processes may
    call this at once. Raises `JarError`, naming the jar, when one cannot be had or is another.
    """
    wanted = [jar for jar in (read_lock() if lock is None else lock) if group in jar.groups]
    home = cache_dir / "kafka" / KAFKA_VERSION
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home / "fetch.lock"):
        missing = [jar for jar in wanted if not _is_there(jar, home)]
        if missing:
            _fetch_all(missing, home, progress)
    return [home / jar.filename for jar in wanted]


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_there(jar: Jar, home: Path) -> bool:
    path = home / jar.filename
    return path.is_file() and path.stat().st_size == jar.size and digest_of(path) == jar.sha256


def _fetch_all(missing: list[Jar], home: Path, progress: Progress | None) -> None:
    total, done = sum(jar.size for jar in missing), 0
    with tempfile.TemporaryDirectory(dir=home, prefix="incoming-") as incoming:
        remotes = repositories()
        with ThreadPoolExecutor(_PARALLEL) as pool:
            fetched = pool.map(lambda jar: _fetch(jar, home, Path(incoming), remotes), missing)
            for jar in fetched:
                done += jar.size
                if progress:
                    progress(done, total, jar.filename)


def _fetch(jar: Jar, home: Path, incoming: Path, remotes: Mapping[str, str]) -> Jar:
    local = default_maven_repo() / jar.folder / jar.filename
    if local.is_file() and digest_of(local) == jar.sha256:
        shutil.copyfile(local, incoming / jar.filename)
        (incoming / jar.filename).replace(home / jar.filename)
        return jar
    got = _download(jar, incoming, remotes)
    found = digest_of(got)
    if found != jar.sha256:
        raise JarError(f"{jar.coordinates}: SHA-256 is {found}, the lock says {jar.sha256}; not used")
    got.replace(home / jar.filename)
    return jar


def _download(jar: Jar, incoming: Path, remotes: Mapping[str, str]) -> Path:
    told = "no repository is configured"
    for attempt in range(_ATTEMPTS):
        for name, address in remotes.items():
            url = f"{address}/{jar.folder.as_posix()}/{jar.filename}"
            target = incoming / f"{jar.filename}.{attempt}"
            try:
                with http.get(url, stream=True, timeout=_TIMEOUT_SECONDS) as response:
                    if response.status_code == _FOUND:
                        _pour(response.iter_content(_CHUNK), target)
                        return target
                    told = f"{name} answers {response.status_code}"
            except OSError as error:  # as all of the client's errors are
                told = f"{name}: {type(error).__name__}"
    raise JarError(f"{jar.coordinates}: could not be fetched ({told})")


def _pour(chunks: Iterable[bytes], target: Path) -> None:
    with target.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
