"""On a cluster with an authorizer, what the registry permits an agency is enough for it, and no more is open."""

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupAuthorizationFailedError

from connectors.agencies.client import AgencyClient, facts
from connectors.agencies.client.kafkaside import NoSuchTopic
from connectors.kafka import jvm
from connectors.kafka.acl import outsider_grants, render, topic_grants
from connectors.kafka.clients import Connection, producer, security
from connectors.kafka.embedded import EmbeddedBroker, start_broker
from connectors.kafka.jars import TOOLS, ensure_jars
from connectors.kafka.launching import free_port
from contracts.errors import Temporary
from contracts.topics import Topics

AGENCIES = ["urban", "police"]
ACL_COMMAND = "org.apache.kafka.tools.AclCommand"
WORD = "a-word"
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


def _guarded(port: int, controller: int, guarded: int) -> dict[str, str]:
    """Return what makes a broker ask who is there, on a listener of its own; we are its superuser on the other."""
    users = " ".join(f'user_agency.{code}="{WORD}"' for code in AGENCIES)
    listeners = f"PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{guarded}"
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": listeners,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listener.security.protocol.map": ("PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT"),
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": f"{LOGIN} required {users};",
    }


class Guarded:
    """A broker that asks who is there."""

    def __init__(self, broker: EmbeddedBroker, port: int) -> None:
        self.broker = broker
        self.bootstrap = f"127.0.0.1:{port}"

    def connect(self, user: str, agency: str, **options: Any) -> Any:
        who = security("SASL_PLAINTEXT", "PLAIN", f"agency.{user}", WORD)
        return AgencyClient.connect(agency=agency, bootstrap=self.bootstrap, security=who, **options)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Guarded]:
    port, controller, behind = free_port(), free_port(), free_port()
    home = tmp_path_factory.mktemp("guarded")
    broker = start_broker(
        home, cache_dir=cache_dir, ephemeral=True, leash=True, quick=True, port=port,
        overrides=_guarded(port, controller, behind),
    )  # fmt: skip
    try:
        asyncio.run(_furnished(broker, home, cache_dir))
        yield Guarded(broker, behind)
    finally:
        broker.stop()


async def _furnished(broker: EmbeddedBroker, home: Path, cache_dir: Path) -> None:
    """Make the agencies' topics, and give what the registry gives, with Kafka's own tool."""
    specs = Topics().specs([], AGENCIES)
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(spec.name, 1, 1) for spec in specs if spec.name.startswith("agency.")])
    await admin.close()
    jars = ensure_jars(cache_dir, TOOLS)
    grants = [each for each in (*topic_grants(specs), *outsider_grants([], AGENCIES)) if "agency" in each.principal]
    for line in render(each for each in grants if each.operation != "Describe").splitlines():
        words = ["--bootstrap-server", broker.bootstrap, *shlex.split(line)]
        command = jvm.java(jars, ACL_COMMAND, words, heap_mb=96, flags=["-XX:TieredStopAtLevel=1"])
        assert await asyncio.to_thread(jvm.run, command, home / "acls.log", 60) == 0, (home / "acls.log").read_text()


async def test_an_agency_takes_and_tells_with_what_it_is_given(guarded, make_record) -> None:
    assignment, record = make_record("urban")
    async with producer(Connection(guarded.broker.bootstrap)) as dispatch:
        await dispatch.send_and_wait("agency.urban.assignments.v1", **record)
    async with guarded.connect("urban", "urban") as client, asyncio.timeout(30):
        async for each in client.assignments():
            assert each == assignment
            await client.tell(facts.acknowledged(each, each.decided_at))
            await client.done(each)
            break
        assert client.counts.handled == client.counts.told == 1


async def test_another_agencys_topic_is_not_there_for_it(guarded) -> None:
    with pytest.raises(NoSuchTopic):
        async with guarded.connect("police", "urban"):
            pass


async def test_another_group_than_its_own_is_refused(guarded) -> None:
    async with guarded.connect("urban", "urban", group="another") as client, asyncio.timeout(30):
        with pytest.raises(GroupAuthorizationFailedError):
            await anext(client.assignments())


async def test_it_cannot_write_what_another_tells(guarded, make_record) -> None:
    assignment, _ = make_record("police")
    async with guarded.connect("urban", "urban") as client:
        client._agency = "police"
        with pytest.raises(Temporary, match="broker_unavailable"):
            await client.tell(facts.acknowledged(assignment, assignment.decided_at))
