"""A private PostgreSQL for the read model's tests: Debian's own, on a socket in a directory of ours, as user nobody."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_COUNT = itertools.count(1)
_USER = "nobody"


def _programs() -> Path | None:
    """Return where the newest PostgreSQL's programs are, Debian's way of laying them out among others."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    return homes[-1] if homes else Path(on_path).parent if on_path else None


def _run(*words: str) -> None:
    as_root = os.geteuid() == 0
    user = {"user": _USER, "group": pwd.getpwnam(_USER).pw_gid, "extra_groups": []} if as_root else {}
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd="/", check=False, **user)
    assert done.returncode == 0, (words, done.stdout[-500:], done.stderr[-500:])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """Start a server that only its socket reaches; stop it at the end of the run."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: Debian's package postgresql (.ci/packages)")
    home = Path(tempfile.mkdtemp(prefix="readmodel-pg-"))
    if os.geteuid() == 0:
        shutil.chown(home, _USER, pwd.getpwnam(_USER).pw_gid)
    data = str(home / "data")
    try:
        _run(str(programs / "initdb"), "-D", data, "-U", "county", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-c listen_addresses='' -c unix_socket_directories='{home}' -c fsync=off"
        _run(str(programs / "pg_ctl"), "-D", data, "-w", "-l", str(home / "log"), "-o", options, "start")
        try:
            yield home
        finally:
            _run(str(programs / "pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: Path) -> str:
    """Make a database of the test's own and return its URL."""
    import psycopg

    name = f"readmodel_{next(_COUNT)}"
    with psycopg.connect(f"host={postgres_server} user=county dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"postgresql://county@/{name}?host={postgres_server}"


MakeUrl = Callable[[str], str]


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> MakeUrl:
    """Return the URL of a fresh database of a kind, `sqlite` or `postgresql`."""

    def url(kind: str) -> str:
        return f"sqlite:///{tmp_path}/model.sqlite" if kind == "sqlite" else request.getfixturevalue("postgres_url")

    return url
