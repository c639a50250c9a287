"""How far each agency is behind on its assignments, against how long they are kept: measured, and judged.

The one place where it is said how late is too late; the alert rules use the same figures.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from connectors.kafka.admin import described
from connectors.kafka.clients import Connection, admin
from connectors.kafka.topicplan import Found
from connectors.kafka.unread import Reading, Unread, UnreadLook
from contracts.telemetry import Meter
from contracts.topics import Topics

DANGER: Final = 0.5
"""An assignment that has waited for this share of what its topic keeps: half of the time to act is left."""
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class AgencyLag:
    """One agency on its assignments. Seconds; `kept_s` is None where they are kept for ever."""

    agency: str
    offsets: int
    waited_s: float
    """For how long the oldest has waited that the agency has not taken; 0 where none has for five minutes."""
    kept_s: float | None
    removed: int
    placed: bool

    @property
    def right(self) -> bool:
        """Whether nothing was lost unread and nothing is about to be."""
        return not self.removed and (self.kept_s is None or self.waited_s < DANGER * self.kept_s)

    def told(self) -> str:
        """Say where it stands, in both languages."""
        kept = "∞" if self.kept_s is None else _span(self.kept_s)
        came = "" if self.placed else "；从没读过，或离开太久 / never came, or was away for too long"
        gone = f"；已删掉 {self.removed} 条未读的 / deleted unread" if self.removed else ""
        return f"最早一条等了 / the oldest has waited {_span(self.waited_s)}，保留 / kept {kept}{came}{gone}"

    def cure(self) -> str:
        """Name the page that says what to do."""
        return f"docs/runbooks/IncidentbusAgency{'Lost' if self.removed else 'Expiring'}.md"


async def agency_lags(
    look: UnreadLook, connection: Connection, topics: Topics, agencies: Iterable[str], now_ms: int
) -> list[AgencyLag]:
    """Measure every agency that has a topic, in the order of their codes."""
    readings = {Reading(topics.agency_group(each), topics.agency_assignments(each)): each for each in sorted(agencies)}
    names = {reading.topic for reading in readings}
    async with admin(connection) as client:
        found = await described(client, names.__contains__)
    told = await look.look(list(readings), now_ms)
    return [_lag(readings[each.reading], each, found[each.reading.topic], now_ms) for each in told
            if each.reading.topic in found]  # fmt: skip


def _lag(agency: str, unread: Unread, topic: Found, now_ms: int) -> AgencyLag:
    waited = 0 if unread.oldest_ms is None else max(0, now_ms - unread.oldest_ms) / 1000
    kept = int(topic.configs.get("retention.ms", "-1"))
    for_ever = kept < 0 or "delete" not in topic.configs.get("cleanup.policy", "delete")
    return AgencyLag(agency, unread.offsets, waited, None if for_ever else kept / 1000, unread.removed, unread.placed)


def show(meter: Meter, lags: Iterable[AgencyLag]) -> None:
    """Let the gauges stand at what was measured; what was said before of agencies is forgotten."""
    hide(meter)
    for lag in lags:
        meter.set("incidentbus_agency_unread_offsets", lag.offsets, agency=lag.agency)
        meter.set("incidentbus_agency_unread_seconds", lag.waited_s, agency=lag.agency)
        if lag.kept_s is not None:
            meter.set("incidentbus_agency_retention_seconds", lag.kept_s, agency=lag.agency)
        meter.set("incidentbus_agency_removed_unread_offsets", lag.removed, agency=lag.agency)
        meter.set("incidentbus_agency_place_kept", int(lag.placed), agency=lag.agency)


def hide(meter: Meter) -> None:
    """Say nothing of agencies any more: what could not be measured again is not told as if it were so."""
    meter.forget("incidentbus_agency_unread_offsets")
    meter.forget("incidentbus_agency_unread_seconds")
    meter.forget("incidentbus_agency_retention_seconds")
    meter.forget("incidentbus_agency_removed_unread_offsets")
    meter.forget("incidentbus_agency_place_kept")


def _span(seconds: float) -> str:
    if seconds >= _DAY_S:
        return f"{seconds / _DAY_S:.1f} 天 d"
    return f"{seconds / _HOUR_S:.1f} 小时 h"
