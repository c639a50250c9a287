"""From settings to what every aiokafka client is given: addresses and how to log in."""

import ssl
from typing import Any

from incidentbus.settings import Settings


def security_of(settings: Settings) -> dict[str, Any]:
    """Return the security keywords of aiokafka's clients; empty for a plain connection."""
    protocol = settings.security_protocol
    if protocol == "PLAINTEXT":
        return {}
    options: dict[str, Any] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        options["ssl_context"] = ssl.create_default_context(cafile=settings.ssl_cafile)
    if protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = settings.sasl_password.get_secret_value()
    return options
