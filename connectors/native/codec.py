"""A codec made of a native form and a pure function that reads it: what `contracts.ports.Codec` asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Generic

from pydantic import ValidationError

from connectors.native.coordinates import CHINA_BOX, Box
from connectors.native.payload import N, parse
from connectors.native.reading import Reading
from connectors.native.times import CHINA
from contracts.report import Report
from contracts.serde import permanent_from


@dataclass(slots=True)
class NativeCodec(Generic[N]):
    """A channel's codec. `read` turns the parsed form into a report; `sent` is the envelope's time, if there was one.

    `zone` is the local time of times without a zone, `box` the part of the earth where its points can be.
    """

    channel: str
    form: type[N]
    read: Callable[[N, Reading, str | None], Report]
    zone: tzinfo = CHINA
    box: Box = CHINA_BOX

    def decode(self, payload: bytes, attributes: dict[str, str]) -> Report:
        """Read one native payload. Raises `Permanent` and nothing else, whatever the bytes."""
        native, mended = parse(self.form, payload)
        reading = Reading(payload, mended=mended, zone=self.zone, box=self.box)
        try:
            return self.read(native, reading, attributes.get("time"))
        except ValidationError as error:
            raise permanent_from(error) from None


__all__ = ["NativeCodec"]
