"""NYC 311: the status of a service request and what was resolved, in the city's own field names."""

from typing import Final

from connectors.native.outcomes import Fields, NativeOutcomes
from contracts.codes import Channel, FactKind, Satisfaction

OUTCOMES: Final = NativeOutcomes(
    Channel.NYC311.value,
    Fields(
        number="unique_key",
        stage="status",
        at="resolution_action_updated_date",
        agency="agency",
        until="due_date",
        satisfaction="satisfaction",
        again="reopened_count",
        event="update_id",
    ),
    {
        FactKind.DISPATCHED: "Assigned",
        FactKind.REASSIGNED: "Assigned",
        FactKind.ADJUDICATED: "Assigned",
        FactKind.ACKNOWLEDGED: "In Progress",
        FactKind.RESPONDED: "In Progress",
        FactKind.EXTENSION_GRANTED: "In Progress",
        FactKind.DEFERRED: "Pending",
        FactKind.TRANSFERRED: "Assigned",
        FactKind.NOTIFIED: "In Progress",
        FactKind.RESOLVED: "Closed",
        FactKind.VERIFIED: "Closed",
        FactKind.FOLLOW_UP_DUE: "Closed",
        FactKind.REOPENED: "In Progress",
        FactKind.MERGED: "Closed",
        FactKind.WITHDRAWN: "Cancelled",
        FactKind.CLOSED: "Closed",
    },
    {
        Satisfaction.SATISFIED: "Satisfied",
        Satisfaction.BASICALLY_SATISFIED: "Somewhat Satisfied",
        Satisfaction.DISSATISFIED: "Dissatisfied",
        Satisfaction.UNREACHED: "Not Reached",
    },
)
