"""How to reach the brokers, said once: every aiokafka client of the command line and of the connectors is made here."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

_REQUEST_MS: Final = 20_000
_LARGEST_REQUEST: Final = (
    100 * 1024 * 1024
)  # the broker's socket.request.max.bytes; a topic's own limit is checked before


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the brokers are and who we are to them.

    `security` goes to every client as it stands: aiokafka's `security_protocol`, `ssl_context`, `sasl_*`.
    """

    bootstrap: str
    client_id: str = "incidentbus"
    security: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments that every aiokafka client understands."""
        return {"bootstrap_servers": self.bootstrap, "client_id": self.client_id, **self.security}


def security(
    protocol: str = "PLAINTEXT", mechanism: str = "", username: str = "", password: str = "", cafile: Path | None = None
) -> dict[str, Any]:
    """Return aiokafka's security options for `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`.

    Without `cafile` the system's authorities are trusted. Raises `ValueError` for SASL without a user.
    """
    if protocol == "PLAINTEXT":
        return {}
    options: dict[str, Any] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        options["ssl_context"] = ssl.create_default_context(cafile=str(cafile) if cafile else None)
    if protocol.startswith("SASL"):
        if not (mechanism and username and password):
            raise ValueError(f"{protocol} needs a mechanism, a user and a password")
        options |= {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": username,
            "sasl_plain_password": password,
        }
    return options


@asynccontextmanager
async def admin(connection: Connection) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open an admin client. Raises aiokafka's `KafkaConnectionError` if nobody answers."""
    client = AIOKafkaAdminClient(**connection.options(), request_timeout_ms=_REQUEST_MS)
    try:
        await client.start()
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def producer(connection: Connection, **overrides: Any) -> AsyncIterator[AIOKafkaProducer]:
    """Open a producer that waits for every replica and never writes a record twice."""
    options = {
        "acks": "all",
        "enable_idempotence": True,
        "linger_ms": 5,
        "request_timeout_ms": _REQUEST_MS,
        "max_request_size": _LARGEST_REQUEST,
        **overrides,
    }
    client = AIOKafkaProducer(**connection.options(), **options)
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


@asynccontextmanager
async def consumer(
    connection: Connection, *topics: str, kind: type[AIOKafkaConsumer] = AIOKafkaConsumer, **overrides: Any
) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer that sees committed records only and, in a group or not, commits nothing by itself.

    `kind` is its class: whoever reads what strangers may have written hands in one that no header name stops.
    """
    options = {
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "request_timeout_ms": _REQUEST_MS * 2,
        **overrides,
    }
    client = kind(*topics, **connection.options(), **options)
    try:
        await client.start()
        yield client
    finally:
        await client.stop()
