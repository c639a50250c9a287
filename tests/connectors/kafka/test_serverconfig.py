"""The broker's configuration as Java will read it."""

from pathlib import Path

import pytest

from connectors.kafka import serverconfig


def test_nothing_is_created_by_accident_and_internal_topics_are_small():
    told = serverconfig.properties(Path("/data"), 1, 2)
    assert told["auto.create.topics.enable"] == "false"
    assert told["offsets.topic.num.partitions"] == told["transaction.state.log.num.partitions"] == "4"
    assert told["listeners"] == "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2"
    assert "message.max.bytes" not in told


def test_an_override_wins():
    assert serverconfig.properties(Path("/d"), 1, 2, {"num.partitions": "7"})["num.partitions"] == "7"


def test_a_further_listener_sends_its_clients_to_another_port():
    told = serverconfig.properties(Path("/d"), 1, 2, more=[serverconfig.Listener("PATH1", 3, 4)])
    assert told["listeners"] == "PLAINTEXT://127.0.0.1:1,PATH1://127.0.0.1:3,CONTROLLER://127.0.0.1:2"
    assert told["advertised.listeners"] == "PLAINTEXT://127.0.0.1:1,PATH1://127.0.0.1:4"
    assert told["listener.security.protocol.map"].endswith(",PATH1:PLAINTEXT")
    assert told["inter.broker.listener.name"] == "PLAINTEXT"


@pytest.mark.parametrize(
    ("value", "written"),
    [("plain", "plain"), ("中心", "\\u4e2d\\u5fc3"), ("a\\b", "a\\\\b"), ("😀", "\\ud83d\\ude00"), ("a b", "a b")],
)
def test_a_property_is_escaped_as_java_wants_it(value, written):
    assert serverconfig.render({"key": value}) == f"key={written}\n"


@pytest.mark.parametrize("directory", ["/a", "/b", "/中"])
def test_a_cluster_id_is_one_that_kafka_takes(directory):
    made = serverconfig.cluster_id_for(Path(directory))
    assert len(made) == 22
    assert not made.startswith("-")
    assert made == serverconfig.cluster_id_for(Path(directory))
