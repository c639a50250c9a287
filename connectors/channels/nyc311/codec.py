"""NYC 311 row → Report. The field map, in Chinese and English, is in the README beside this file.

The columns `Agency` and `Agency Name` say who really got the request. They are the answer that a ruleset is judged by,
so no report carries them.
"""

import re
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import Field

from connectors.native.codec import NativeCodec
from connectors.native.coordinates import Box, System
from connectors.native.payload import Native
from connectors.native.reading import Reading
from contracts.codes import Channel
from contracts.report import Report

CHANNEL: Final = Channel.NYC311.value
NEW_YORK: Final = ZoneInfo("America/New_York")
CITY: Final = Box(-75.0, 40.0, -73.0, 41.5)

_AMERICAN: Final = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})(?: +(\d{1,2}):(\d{2})(?::(\d{2}))? *([AP])M)?", re.ASCII | re.IGNORECASE
)
_BLANK: Final = frozenset({"", "N/A", "Unspecified"})


class ServiceRequest(Native):
    """One row of the city's open data set; older extracts lack the times and the coordinates."""

    unique_key: str | None = Field(default=None, alias="Unique Key")
    created: str | None = Field(default=None, alias="Created Date")
    complaint_type: str | None = Field(alias="Complaint Type")
    descriptor: str | None = Field(default=None, alias="Descriptor")
    location_type: str | None = Field(default=None, alias="Location Type")
    zip_code: str | None = Field(default=None, alias="Incident Zip")
    incident_address: str | None = Field(default=None, alias="Incident Address")
    street: str | None = Field(default=None, alias="Street Name")
    cross_1: str | None = Field(default=None, alias="Cross Street 1")
    cross_2: str | None = Field(default=None, alias="Cross Street 2")
    corner_1: str | None = Field(default=None, alias="Intersection Street 1")
    corner_2: str | None = Field(default=None, alias="Intersection Street 2")
    address_type: str | None = Field(default=None, alias="Address Type")
    city: str | None = Field(default=None, alias="City")
    facility_type: str | None = Field(default=None, alias="Facility Type")
    community_board: str | None = Field(default=None, alias="Community Board")
    borough: str | None = Field(default=None, alias="Borough")
    park_borough: str | None = Field(default=None, alias="Park Borough")
    latitude: str | None = Field(default=None, alias="Latitude")
    longitude: str | None = Field(default=None, alias="Longitude")


def read(row: ServiceRequest, reading: Reading, sent: str | None) -> Report:
    """Return the report that a row tells."""
    external_id = reading.identifier(row.unique_key, "Unique Key")
    title, text = reading.text(row.complaint_type), reading.text(row.descriptor)
    occurred, reported = reading.time(None), reading.time(_iso(row.created))
    return Report(
        channel=CHANNEL,
        external_id=external_id,
        title=title,
        text=text,
        native_category=reading.label(row.complaint_type),
        native_place=reading.label(row.community_board),
        address=_address(row, reading),
        point=reading.point(row.longitude, row.latitude, None, System.WGS84),
        reported_at=reported.at,
        attributes=_attributes(row, reading),
        flags=reading.flags(occurred, reported, sent, empty=not (title or text)),
    )


def _iso(value: str | None) -> str | None:
    """Return the city's 03/14/2015 02:31:05 PM as 2015-03-14 14:31:05; anything else as it came."""
    found = _AMERICAN.fullmatch(value.strip()) if value else None
    if found is None:
        return value
    month, day, year, hour, minute, second, half = found.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    civil = int(hour) % 12 + (12 if half in "Pp" else 0)
    return f"{year}-{month}-{day} {civil:02}:{minute}:{second or '00'}"


def _address(row: ServiceRequest, reading: Reading) -> str | None:
    corner = [street for street in (reading.text(row.corner_1), reading.text(row.corner_2)) if street]
    spot = reading.text(row.incident_address) or " & ".join(corner) or reading.text(row.street)
    parts = [part for part in (spot, reading.text(row.city), reading.text(row.zip_code)) if part not in _BLANK]
    return ", ".join(parts) or None


def _attributes(row: ServiceRequest, reading: Reading) -> dict[str, str]:
    named = (
        ("descriptor", row.descriptor),
        ("location-type", row.location_type),
        ("zip", row.zip_code),
        ("cross-street-1", row.cross_1),
        ("cross-street-2", row.cross_2),
        ("address-type", row.address_type),
        ("city", row.city),
        ("facility-type", row.facility_type),
        ("borough", row.borough),
        ("park-borough", row.park_borough),
    )
    return reading.attributes((name, value) for name, value in named if value not in _BLANK)


CODEC: Final = NativeCodec(CHANNEL, ServiceRequest, read, NEW_YORK, CITY)

__all__ = ["CITY", "CODEC", "NEW_YORK", "ServiceRequest", "read"]
