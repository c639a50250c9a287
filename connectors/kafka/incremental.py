"""IncrementalAlterConfigs (KIP-339), which aiokafka 0.14 lacks: set single settings of a topic and leave the others.

The old AlterConfigs, which it has, replaces everything that was ever set on the topic: what an operator had set by hand
would silently go.
"""

from collections.abc import Mapping
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int8, Int16, Int32, Schema, String

_TOPIC: Final = 2
_SET: Final = 0
_TEXT: Final = String("utf-8")


class IncrementalAlterConfigsResponse(Response):  # type: ignore[misc]
    """Version 0 of the answer."""

    API_KEY = 44
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "responses",
            Array(("error_code", Int16), ("error_message", _TEXT), ("resource_type", Int8), ("resource_name", _TEXT)),
        ),
    )


class IncrementalAlterConfigsRequestV0(RequestStruct):  # type: ignore[misc]
    """Version 0 of the request."""

    API_KEY = 44
    API_VERSION = 0
    RESPONSE_TYPE = IncrementalAlterConfigsResponse
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("resource_type", Int8),
                ("resource_name", _TEXT),
                ("configs", Array(("name", _TEXT), ("config_operation", Int8), ("value", _TEXT))),
            ),
        ),
        ("validate_only", Boolean),
    )


class IncrementalAlterConfigsRequest(Request[IncrementalAlterConfigsRequestV0]):  # type: ignore[misc]
    """Set settings of topics, by topic and name."""

    API_KEY = 44

    def __init__(self, settings: Mapping[str, Mapping[str, str]]) -> None:
        self._settings = settings

    def build(self, request_struct_class: type[IncrementalAlterConfigsRequestV0]) -> IncrementalAlterConfigsRequestV0:
        """Return the request as it goes over the wire."""
        resources = [
            (_TOPIC, topic, [(name, _SET, value) for name, value in configs.items()])
            for topic, configs in self._settings.items()
        ]
        return request_struct_class(resources, False)


async def set_topic_configs(client: AIOKafkaAdminClient, settings: Mapping[str, Mapping[str, str]]) -> None:
    """Set the named settings of each topic; raises aiokafka's error for the first that the broker refuses."""
    if not settings:
        return
    node = client._client.get_random_node()  # any broker passes it on to the controller
    response = await client._client.send(node, IncrementalAlterConfigsRequest(settings))
    for code, message, _, topic in response.responses:
        if code:
            raise for_code(code)(f"{topic}: {message}")
