"""A cluster's settings as it answers them: of each broker, of our topics, and of the two topics that Kafka keeps its
own accounts on. Only reads; what they should be is judged elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from connectors.kafka.admin import described
from connectors.kafka.clients import Connection, admin
from connectors.kafka.topicplan import Found, is_ours

OFFSETS: Final = "__consumer_offsets"
TRANSACTIONS: Final = "__transaction_state"


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """What was answered. Values are text as Kafka gives it; a topic's are those in force, whoever set them."""

    brokers: Mapping[int, Mapping[str, str]]
    """By the broker's number: brokers may differ, and each counts."""
    topics: Mapping[str, Found]
    """Of this deployment."""
    internal: Mapping[str, Found]
    """`OFFSETS` and `TRANSACTIONS`, as soon as somebody has used them."""


async def cluster_settings(connection: Connection, prefix: str = "") -> ClusterSettings:
    """Ask every broker. Raises aiokafka's `KafkaConnectionError` if nobody answers, or what was refused."""
    async with admin(connection) as client:
        cluster = await client.describe_cluster()
        brokers = await _brokers(client, [broker["node_id"] for broker in cluster["brokers"]])
        topics = await described(client, lambda name: is_ours(name, prefix) or name in (OFFSETS, TRANSACTIONS))
    internal = {name: found for name, found in topics.items() if not is_ours(name, prefix)}
    return ClusterSettings(brokers, {name: topics[name] for name in topics.keys() - internal.keys()}, internal)


async def _brokers(client: AIOKafkaAdminClient, numbers: list[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for number in numbers:  # a broker answers for itself alone
        for response in await client.describe_configs([ConfigResource(ConfigResourceType.BROKER, str(number))]):
            for code, message, _, _, entries in response.resources:
                if code:
                    raise for_code(code)(f"broker {number}: {message}")
                found[number] = {entry[0]: entry[1] or "" for entry in entries}
    return found
