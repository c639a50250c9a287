"""What the doctor says of a cluster's settings: judged on settings as clusters of one, two and three brokers have them,
and on a real broker that was started with wrong ones.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.kafka.clients import Connection
from connectors.kafka.clustersettings import OFFSETS, TRANSACTIONS, ClusterSettings, cluster_settings
from connectors.kafka.embedded import start_broker
from connectors.kafka.topicplan import Found
from contracts.topics import DAY_MS, Topics
from incidentbus.promise import QUESTIONS, Needs, Verdict

SPECS = Topics(spine=2).specs(["petition"], ["police"])
NEEDS = Needs(SPECS, transaction_ms=12_000, session_ms=6_000)
BROKER = {
    "transaction.max.timeout.ms": "900000",
    "transactional.id.expiration.ms": "604800000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "group.min.session.timeout.ms": "6000",
    "group.max.session.timeout.ms": "1800000",
    "auto.create.topics.enable": "false",
    "unclean.leader.election.enable": "false",
    "offsets.retention.minutes": "10080",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
}
TOPIC = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false", "retention.bytes": "-1"}
FORGETFUL = "bus.dispatch-state.v1"
REPORTS = "channel.petition.reports.v1"
SEEN = "bus.intake-state.v1"


def cluster(brokers: int = 3, replication: int = 3, **changes: str) -> ClusterSettings:
    """Three brokers as they should be, each changed by `changes` (dots written as underscores)."""
    every = BROKER | {name.replace("_", "."): value for name, value in changes.items()}
    topics = {s.name: Found(s.name, 2, replication, TOPIC | s.configs()) for s in SPECS}
    internal = {name: Found(name, 50, replication, TOPIC) for name in (OFFSETS, TRANSACTIONS)}
    return ClusterSettings(dict.fromkeys(range(1, brokers + 1), every), topics, internal)


def having(sound: ClusterSettings, topic: str, **configs: str) -> ClusterSettings:
    """Return the cluster with other settings on one topic, internal ones too."""
    changed = {name.replace("_", "."): value for name, value in configs.items()}
    every = {
        room: {
            name: replace(found, configs={**found.configs, **changed}) if name == topic else found
            for name, found in getattr(sound, room).items()
        }
        for room in ("topics", "internal")
    }
    return ClusterSettings(sound.brokers, every["topics"], every["internal"])


def asked(question: str, of: ClusterSettings, needs: Needs = NEEDS) -> Verdict:
    return QUESTIONS[question](of, needs)


def wrong(of: ClusterSettings, needs: Needs = NEEDS) -> list[str]:
    """Return the questions that are not answered well."""
    return [name for name, question in QUESTIONS.items() if not question(of, needs).right]


def test_three_brokers_as_they_should_be_are_right_in_everything() -> None:
    assert wrong(cluster()) == []


def test_one_broker_can_have_one_copy_only_and_that_is_said() -> None:
    alone = cluster(brokers=1, replication=1, offsets_topic_replication_factor="1")
    for name in (*alone.topics, *alone.internal):
        alone = having(alone, name, min_insync_replicas="1")
    assert wrong(alone) == []
    assert "one broker, one copy" in asked("copies", alone).found


@pytest.mark.parametrize(
    ("of", "question", "names"),
    [
        (cluster(replication=2), "copies", OFFSETS),
        (cluster(brokers=2, replication=2), "copies", OFFSETS),
        (having(cluster(), REPORTS, min_insync_replicas="1"), "copies", REPORTS),
        (having(cluster(), TRANSACTIONS, min_insync_replicas="1"), "copies", TRANSACTIONS),
        (having(cluster(), REPORTS, min_insync_replicas="3"), "copies", REPORTS),
        (having(cluster(), REPORTS, min_insync_replicas="4"), "copies", REPORTS),
        (having(cluster(), REPORTS, unclean_leader_election_enable="true"), "elections", REPORTS),
        (cluster(unclean_leader_election_enable="true"), "elections", "broker 1"),
        (cluster(transaction_max_timeout_ms="11999"), "transactions", "transaction.max.timeout.ms=11999"),
        (cluster(transactional_id_expiration_ms="3600000"), "transactions", "transactional.id.expiration.ms=3600000"),
        (
            cluster(transaction_abort_timed_out_transaction_cleanup_interval_ms="60000"),
            "transactions",
            "cleanup.interval.ms=60000",
        ),
        (cluster(group_min_session_timeout_ms="6001"), "sessions", "6000"),
        (cluster(group_max_session_timeout_ms="5999"), "sessions", "6000"),
        (having(cluster(), SEEN, retention_ms=str(364 * DAY_MS)), "retention", REPORTS),
        (having(cluster(), REPORTS, retention_ms="-1"), "retention", REPORTS),
        (having(cluster(), "bus.rekeyed-reports.v1", retention_ms=str(401 * DAY_MS)), "retention", "rekeyed"),
        (having(cluster(), REPORTS, retention_bytes="1073741824"), "retention", REPORTS),
        (having(cluster(), FORGETFUL, cleanup_policy="compact,delete"), "retention", FORGETFUL),
        (having(cluster(), REPORTS, message_timestamp_type="CreateTime"), "stamps", REPORTS),
        (having(cluster(), "bus.incidents.v1", message_timestamp_type="CreateTime"), "stamps", "bus.incidents.v1"),
        (cluster(auto_create_topics_enable="true"), "creation", "broker 1"),
        (cluster(offsets_retention_minutes="1440"), "offsets", "offsets.retention.minutes=1440"),
        (cluster(transaction_state_log_min_isr="1"), "offsets", "transaction.state.log.min.isr=1"),
        (cluster(transaction_state_log_replication_factor="1"), "offsets", "transaction.state.log.replication.factor"),
        (cluster(offsets_topic_replication_factor="1"), "offsets", "offsets.topic.replication.factor=1"),
    ],
)  # fmt: skip
def test_each_wrong_setting_is_found_by_its_question_alone_and_named(of, question: str, names: str) -> None:
    assert wrong(of) == [question]
    verdict = asked(question, of)
    assert names in verdict.found
    assert verdict.cure


def test_one_wrong_broker_among_three_is_found() -> None:
    sound = cluster()
    one = ClusterSettings({**sound.brokers, 2: {**BROKER, "auto.create.topics.enable": "true"}}, sound.topics, {})
    assert "broker 2" in asked("creation", one).found


def test_a_horizon_just_as_long_as_what_is_kept_is_right() -> None:
    assert asked("retention", having(cluster(), SEEN, retention_ms=str(365 * DAY_MS))).right
    assert asked("retention", having(having(cluster(), SEEN, retention_ms="-1"), REPORTS, retention_ms="-1")).right


def test_our_own_time_outs_count() -> None:
    assert wrong(cluster(), replace(NEEDS, transaction_ms=900_001)) == ["transactions"]
    assert wrong(cluster(), replace(NEEDS, session_ms=5_999)) == ["sessions"]


def test_without_topics_nothing_is_taken_for_right_that_was_not_looked_at() -> None:
    bare = ClusterSettings(dict.fromkeys((1, 2, 3), BROKER), {}, {})
    assert wrong(bare) == ["retention", "stamps"]


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Connection]:
    """A real broker that was started with settings that break the promise."""
    overrides = {
        "auto.create.topics.enable": "true",
        "unclean.leader.election.enable": "true",
        "transaction.max.timeout.ms": "11000",
        "transactional.id.expiration.ms": "3600000",
        "group.min.session.timeout.ms": "7000",
        "offsets.retention.minutes": "60",
    }
    home = tmp_path_factory.mktemp("careless")
    broker = start_broker(home, cache_dir=cache_dir, ephemeral=True, overrides=overrides, leash=True, quick=True)
    try:
        yield Connection(broker.bootstrap)
    finally:
        broker.stop()


async def test_a_real_broker_with_wrong_settings_is_seen_through(careless: Connection) -> None:
    found = await cluster_settings(careless)
    assert list(found.brokers) == [1]
    assert set(found.internal) == {OFFSETS, TRANSACTIONS}
    assert {"elections", "transactions", "sessions", "creation", "offsets"} <= set(wrong(found))
    assert "transaction.max.timeout.ms=11000" in asked("transactions", found).found
    patient = replace(NEEDS, transaction_ms=10_000)
    assert "transactional.id.expiration.ms=3600000" in asked("transactions", found, patient).found
