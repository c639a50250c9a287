"""Report (诉求/来件): one telling of a matter, in the bus's own words. What every codec makes."""

from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field

from contracts.codes import Flag, Kind, ReporterKind, Urgency
from contracts.moments import Day, Moment

Code = Annotated[str, Field(min_length=1, max_length=64)]


class Wire(BaseModel):
    """Base of every model on the wire: frozen; unknown fields of a newer writer are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


class Point(Wire):
    """A place on the earth in WGS-84 degrees; codecs convert GCJ-02 and BD-09 (RULE-LANGUAGE G24)."""

    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)
    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)


class Reporter(Wire):
    """来件人: who told us. Personal data: only the lead agency's assignment carries it, and no log does."""

    kind: ReporterKind = ReporterKind.CITIZEN
    name: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=64)
    id_number: str | None = Field(default=None, max_length=64)
    address: str | None = Field(default=None, max_length=1000)
    secrecy: bool = False  # asked for secrecy (保密)


class Report(Wire):
    """One telling of one matter, as its channel gave it; labels are passed through untouched.

    Absent means not given: nothing here is guessed. `occurred_on` is a day without a clock time.
    """

    channel: Code
    external_id: str = Field(min_length=1, max_length=256)
    title: str = Field(default="", max_length=2_000)
    text: str = Field(default="", max_length=200_000)
    kind: Kind | None = None
    category: Code | None = None  # a code of the ruleset's tree, where the channel knows it
    native_category: str | None = Field(default=None, max_length=500)
    jurisdiction: Code | None = None
    native_place: str | None = Field(default=None, max_length=500)
    address: str | None = Field(default=None, max_length=2_000)  # of the matter, not of the reporter
    point: Point | None = None
    occurred_at: Moment | None = None
    occurred_on: Day | None = None
    reported_at: Moment | None = None  # by the channel's clock: shown, never decided on
    urgency: Urgency | None = None
    about: tuple[str, ...] = ()  # complained-about agencies, by whatever name the channel has
    reporter: Reporter = Reporter()
    tags: tuple[str, ...] = ()
    attributes: dict[str, str] = Field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    exercise: bool = False  # a drill: carried through, left out of statistics


def report_bytes(report: Report) -> bytes:
    """Return what `report.model_dump_json` writes, byte for byte, in a quarter of the time: digests are taken of it."""
    return orjson.dumps(report, default=vars, option=orjson.OPT_UTC_Z)


__all__ = ["Code", "Point", "Report", "Reporter", "Wire", "report_bytes"]
