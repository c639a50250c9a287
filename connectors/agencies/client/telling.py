"""A fact as the record that tells it: topic, key and headers. What a fact may say is `facts`' affair."""

from typing import Final

from connectors.kafka.publisher import Outgoing
from contracts.envelope import binary_headers
from contracts.feedback import Feedback
from contracts.serde import write
from contracts.topics import Topics

FACT_TYPE: Final = "incidentbus.fact.v1"


def outgoing(topics: Topics, feedback: Feedback, agency: str) -> Outgoing:
    """Return the record that tells a fact, keyed by its incident. Raises `ValueError` for another agency's."""
    if feedback.agency != agency:
        raise ValueError(f"{agency} cannot speak for {feedback.agency}")
    headers = binary_headers(
        id_=feedback.id, source=f"incidentbus/{agency}", type_=FACT_TYPE, time=feedback.at, subject=feedback.incident
    )
    return Outgoing(topics.agency_feedback(agency), feedback.incident.encode(), write(feedback), headers)
