"""Moments on the wire: with a zone, and in years that a calendar of ours can be asked about.

Python's own times end at the years 1 and 9999, where a change of zone overflows: what lies outside 1950-2099 was
mistyped, and no rule should meet it.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError

FIRST_YEAR: Final = 1950
LAST_YEAR: Final = 2099

D = TypeVar("D", date, datetime)


def _plausible(moment: D) -> D:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise PydanticCustomError("datetime_out_of_range", "a year outside 1950-2099")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]
"""An instant with its zone, in the years 1950-2099."""

Day = Annotated[date, AfterValidator(_plausible)]
"""A civil date in the same years."""


def milliseconds_of(moment: datetime) -> int:
    """Return an aware moment in milliseconds since the epoch, to the nearest."""
    return round(moment.timestamp() * 1000)


def instant_of(milliseconds: int) -> datetime:
    """Return a record's stamp, milliseconds since the epoch, as a moment in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
