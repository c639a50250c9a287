"""The jars' lock: nothing unverified is run, a mirror is honoured, and a machine that has them needs no network."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.kafka import jars as jars_module
from connectors.kafka import maven
from connectors.kafka.jars import BROKER, KAFKA_VERSION, TOOLS, Jar, JarError, ensure_jars, read_lock

GOOD = b"not really a jar" * 1000


def _jar(content: bytes = GOOD, coordinates: str = "cn.example:trial:1.0") -> Jar:
    return Jar((BROKER,), coordinates, len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository on loopback that this machine's `settings.xml` names as its mirror."""
    root, home = tmp_path / "repository", tmp_path / "home"
    (root / "cn/example/trial/1.0").mkdir(parents=True)
    (home / ".m2").mkdir(parents=True)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, directory=str(root), **kwargs)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    (home / ".m2" / "settings.xml").write_text(
        '<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0"><mirrors><mirror><id>inner</id>'
        f"<mirrorOf>*</mirrorOf><url>http://127.0.0.1:{server.server_port}/</url></mirror></mirrors></settings>"
    )
    monkeypatch.setattr(maven, "default_maven_repo", lambda: home / ".m2" / "repository")
    monkeypatch.setattr(jars_module, "default_maven_repo", lambda: home / ".m2" / "repository")
    yield root
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_lock_names_every_jar_with_its_digest_and_no_host():
    locked = read_lock()
    assert len({jar.coordinates for jar in locked}) == len(locked) > 40
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in locked)
    by_group = {group: {jar.coordinates for jar in locked if group in jar.groups} for group in (BROKER, TOOLS)}
    assert f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}" in by_group[BROKER]
    assert f"org.apache.kafka:kafka-tools:{KAFKA_VERSION}" in by_group[TOOLS]
    for group in by_group.values():  # the trap: resolved together, the logging binding downgrades the clients
        assert {c for c in group if ":kafka-clients:" in c} == {f"org.apache.kafka:kafka-clients:{KAFKA_VERSION}"}
        assert "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4" in group
    assert "://" not in (Path(jars_module.__file__).with_name("jars.lock")).read_text()


def test_a_jar_comes_through_the_mirror_that_maven_is_configured_for(repository, tmp_path):
    (repository / "cn/example/trial/1.0/trial-1.0.jar").write_bytes(GOOD)
    told: list[tuple[int, int, str]] = []
    [got] = ensure_jars(tmp_path / "cache", progress=lambda *step: told.append(step), lock=[_jar()])
    assert got.read_bytes() == GOOD
    assert told == [(len(GOOD), len(GOOD), "trial-1.0.jar")]


def test_a_second_run_asks_nobody(repository, tmp_path):
    served = repository / "cn/example/trial/1.0/trial-1.0.jar"
    served.write_bytes(GOOD)
    first = ensure_jars(tmp_path / "cache", lock=[_jar()])
    served.unlink()
    told: list[object] = []
    assert ensure_jars(tmp_path / "cache", progress=lambda *step: told.append(step), lock=[_jar()]) == first
    assert not told


def test_a_jar_with_another_digest_is_named_and_not_kept(repository, tmp_path):
    (repository / "cn/example/trial/1.0/trial-1.0.jar").write_bytes(GOOD[::-1])
    with pytest.raises(JarError, match=r"cn\.example:trial:1\.0: SHA-256"):
        ensure_jars(tmp_path / "cache", lock=[_jar()])
    assert not list((tmp_path / "cache").rglob("*.jar"))


def test_a_jar_that_nobody_has_is_named(repository, tmp_path):
    with pytest.raises(JarError, match=r"cn\.example:trial:1\.0: could not be fetched"):
        ensure_jars(tmp_path / "cache", lock=[_jar()])


def test_a_jar_of_the_local_maven_repository_is_taken_if_it_is_the_right_one(repository, tmp_path):
    local = tmp_path / "home/.m2/repository/cn/example/trial/1.0/trial-1.0.jar"
    local.parent.mkdir(parents=True)
    local.write_bytes(GOOD)
    [got] = ensure_jars(tmp_path / "cache", lock=[_jar()])
    assert got.read_bytes() == GOOD


@pytest.mark.parametrize("spoilt", [GOOD[:100], GOOD[::-1], b""])
def test_a_spoilt_jar_in_the_cache_is_fetched_again(repository, tmp_path, spoilt):
    (repository / "cn/example/trial/1.0/trial-1.0.jar").write_bytes(GOOD)
    [got] = ensure_jars(tmp_path / "cache", lock=[_jar()])
    got.write_bytes(spoilt)
    [again] = ensure_jars(tmp_path / "cache", lock=[_jar()])
    assert again.read_bytes() == GOOD


@pytest.mark.parametrize(
    ("mirror_of", "taken"),
    [("*", True), ("central", True), ("external:*", True), ("*,!central", False), ("other", False)],
)
def test_a_mirror_counts_only_if_it_mirrors_the_central_repository(tmp_path, mirror_of, taken):
    settings = tmp_path / "settings.xml"
    settings.write_text(
        f"<settings><mirrors><mirror><mirrorOf>{mirror_of}</mirrorOf><url>https://inner.example/maven/</url>"
        "</mirror></mirrors></settings>"
    )
    assert maven.mirror_in(settings) == ("https://inner.example/maven" if taken else None)
    assert ("mirror" in maven.repositories([settings])) is taken


def test_settings_that_are_not_xml_are_passed_over(tmp_path):
    broken = tmp_path / "settings.xml"
    broken.write_text("<settings>")
    assert maven.mirror_in(broken) is None
    assert maven.mirror_in(tmp_path / "absent.xml") is None
