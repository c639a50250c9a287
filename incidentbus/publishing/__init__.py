"""Puts a ruleset in force: checked and tested here, stored whole, then pointed at. Workers swap within 2 s.

An agency that is new to the cluster gets its topics first: an assignment must never find that its topic is missing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from connectors.kafka.admin import apply, find_topics
from connectors.kafka.clients import Connection
from connectors.kafka.topicplan import Change, differences, wanted_topics
from contracts.ruleset import RulesetBundle, pack
from contracts.rulesetact import RulesetAct, Stage
from contracts.topics import Topics
from routing_rules.engine.compiler import compile_ruleset
from routing_rules.engine.loader import load, read_bundle
from routing_rules.engine.schema import Ruleset
from routing_rules.messages import Finding
from routing_rules.tools.testing import TestReport, run_tests

Say = Callable[[str], None]


class NotPublished(Exception):
    """The ruleset is not fit to decide: the findings of level 错 and the tests that fail say why."""

    def __init__(self, findings: tuple[Finding, ...], tests: TestReport | None) -> None:
        super().__init__("the ruleset is not fit to decide")
        self.findings = findings
        self.tests = tests

    def text(self, language: str) -> str:
        """Return every finding and every failing test, a line or more each, in `zh` or `en`."""
        lines = [finding.line(language) for finding in self.findings]
        return "\n".join([*lines, *([self.tests.text(language)] if self.tests else [])])


@dataclass(frozen=True, slots=True)
class Publication:
    """What was put in force."""

    ruleset: str
    version: str
    hash: str
    new_topics: tuple[str, ...]
    bytes: int
    act: RulesetAct


@dataclass(frozen=True, slots=True)
class Author:
    """Who publishes, an office rather than a person, and why."""

    by: str
    reason: str = ""
    approved_by: str = ""


def checked(directory: Path) -> tuple[dict[str, bytes], Ruleset]:
    """Return a ruleset's files and what they say. Raises `NotPublished` where it does not load or a test fails."""
    files = read_bundle(directory)
    loaded = load(files)
    if loaded.ruleset is None:
        raise NotPublished(loaded.findings, None)
    report = run_tests(compile_ruleset(loaded.ruleset), files)
    if not report.passed:
        raise NotPublished(loaded.findings, report)
    return files, loaded.ruleset


async def publish(
    directory: Path, connection: Connection, topics: Topics, replication: int, author: Author, now: datetime
) -> Publication:
    """Check the ruleset in `directory` and put it in force. Raises `NotPublished`, or aiokafka's errors.

    The way of the house's own scripts, who ask nobody; people go by `incidentbus.publishing.doing`.
    """
    from incidentbus.publishing.doing import Place, publish_as  # late: it stands on this module

    both = author if author.approved_by else replace(author, approved_by=f"{author.by} (script)")
    place = Place(connection, topics, replication)
    return await publish_as(directory, place, Stage.LIVE, both, lambda _effect, _digest: "script", now)


def bundled(ruleset: Ruleset, files: dict[str, bytes], author: Author, now: datetime) -> bytes:
    """Return a ruleset as it is stored on the topic of rulesets."""
    bundle = RulesetBundle(
        id=ruleset.id, version=ruleset.version, hash=ruleset.hash, published_at=now, published_by=author.by,
        packed=pack(files),
    )  # fmt: skip
    return bundle.model_dump_json().encode()


async def ensure_topics(connection: Connection, topics: Topics, ruleset: Ruleset, replication: int) -> tuple[str, ...]:
    """Make those topics of the deployment that are missing; return their names."""
    specs = topics.specs(ruleset.channels, ruleset.agencies)
    wanted = wanted_topics(specs, topics, replication)
    found = await find_topics(connection, topics.prefix)
    missing = [each for each in differences(wanted, found, topics.prefix) if each.change is Change.CREATE]
    await apply(connection, missing)
    return tuple(each.topic for each in missing)
