"""The Faust app of the observers, made by a function: no app stands in a module.

What Faust does by default and here does not: it reads aborted records unless its consumer is told otherwise before it
starts; it creates topics of its own (a leader's, replies', changelogs); it listens on a port; it looks for modules.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import faust
from faust.tables.manager import TableManager

from contracts.ports import Clock
from contracts.telemetry import Meter
from contracts.topics import Topics
from streams.agents.surge import SurgeWatch
from streams.consuming import CommittedConsumer, CommittedTransport

OBSERVER: Final = "surge"
_COMMIT_SECONDS: Final = 1.0


class ObserverApp(faust.App):
    """A Faust app that reads committed records only, with the agents of one observer."""

    watch: SurgeWatch

    def settled(self) -> bool:
        """Say whether it has joined its group and its tables are restored."""
        recovery = cast("TableManager", self.tables).recovery
        restored = bool(self.started) and recovery.completed.is_set() and not recovery.in_recovery
        return restored and not self.rebalancing

    async def behind(self) -> dict[str, int]:
        """Return by input topic how many offsets it has not taken; nothing where it has not settled."""
        return await cast("CommittedConsumer", self.consumer).behind() if self.settled() else {}

    def _new_transport(self) -> CommittedTransport:
        return CommittedTransport(self.conf.broker_consumer, self)


def create_app(
    bootstrap: str,
    topics: Topics,
    clock: Clock,
    meter: Meter,
    *,
    group_prefix: str,
    datadir: Path,
    security: Mapping[str, Any] | None = None,
    session_seconds: float = 10.0,
) -> ObserverApp:
    """Return the app that watches for surges; its group is `<group_prefix>surge`. Faust writes nothing to `datadir`.

    `security` has aiokafka's names (`connectors.kafka.clients.security`). To be called where the loop runs.
    """
    app = ObserverApp(
        f"{group_prefix}{OBSERVER}",
        broker=[f"kafka://{address.strip()}" for address in bootstrap.split(",")],
        broker_credentials=credentials_of(security or {}),
        broker_commit_interval=_COMMIT_SECONDS,
        broker_session_timeout=session_seconds,
        broker_heartbeat_interval=session_seconds / 5,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        store="memory://",
        datadir=str(datadir),
        topic_partitions=topics.spine,
        topic_allow_declare=False,
        topic_disable_leader=True,
        reply_create_topic=False,
        table_standby_replicas=0,
        stream_wait_empty=False,
        web_enabled=False,
        autodiscover=False,
    )
    app.watch = SurgeWatch(app, topics, clock, meter)
    return app


def credentials_of(security: Mapping[str, Any]) -> faust.types.auth.CredentialsT | None:
    """Return Faust's form of a connection's security, or None where there is none."""
    protocol = security.get("security_protocol", "PLAINTEXT")
    context = security.get("ssl_context")
    if protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=security["sasl_plain_username"], password=security["sasl_plain_password"],
            mechanism=security["sasl_mechanism"], ssl_context=context,
        )  # fmt: skip
    return faust.SSLCredentials(context) if protocol == "SSL" else None
