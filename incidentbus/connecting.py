"""From settings to a connection: what every Kafka client of this deployment is given."""

from connectors.kafka.clients import Connection, security
from incidentbus.settings import Settings


def connection_of(settings: Settings, client_id: str = "incidentbus") -> Connection:
    """Return where the brokers are and who we are to them."""
    return Connection(
        settings.bootstrap_servers,
        client_id,
        security(
            settings.security_protocol,
            settings.sasl_mechanism,
            settings.sasl_username,
            settings.sasl_password.get_secret_value(),
            settings.ssl_cafile,
        ),
    )
