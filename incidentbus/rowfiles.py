"""Files of reports, row by row: what rule authors try their rules on. A bad row says why and never hides the others.

`message-board` is NDJSON of a board's messages, `nyc311` the city's CSV, `report` NDJSON of canonical reports.
"""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import orjson

from connectors.channels.message_board.codec import CODEC as MESSAGE_BOARD
from connectors.channels.nyc311.codec import CODEC as NYC311
from contracts.codes import ReasonCode
from contracts.errors import Permanent
from contracts.ports import Codec
from contracts.report import Report
from contracts.serde import read

_BOM: Final = b"\xef\xbb\xbf"


class Row(NamedTuple):
    """One row of a file: its number, counted from 1 without a heading, and the report or what is wrong with it."""

    number: int
    outcome: Report | Permanent


def rows(content: bytes, form: str, channel: str) -> Iterator[Row]:
    """Yield every row of a file in one of `FORMS`, its report on `channel`; empty lines are passed over."""
    content = content.removeprefix(_BOM)
    for number, raw in _READERS[form](content):
        if isinstance(raw, Permanent):
            yield Row(number, raw)
            continue
        try:
            yield Row(number, _report(raw, form, channel))
        except Permanent as error:
            yield Row(number, error)


def _report(raw: bytes, form: str, channel: str) -> Report:
    codec = _CODECS.get(form)
    if codec is not None:
        return codec.decode(raw, {}).model_copy(update={"channel": channel})
    try:
        fields: Any = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Permanent(ReasonCode.UNPARSABLE, f"{error.msg}, column {error.colno}") from None
    if not isinstance(fields, dict):
        raise Permanent(ReasonCode.WRONG_TYPE, "a report is a JSON object")
    return read(Report, orjson.dumps(fields | {"channel": channel}))


_Raw = tuple[int, bytes | Permanent]


def _lines(content: bytes) -> Iterator[_Raw]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield number, line


def _csv_rows(content: bytes) -> Iterator[_Raw]:
    """Yield each row of a CSV file as a JSON object of column → text."""
    text = io.StringIO(content.decode("utf-8", errors="surrogateescape"), newline="")
    reader = csv.reader(text)
    heading = next(reader, [])
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, Permanent(ReasonCode.UNPARSABLE, str(error))
            continue
        if cells:
            yield number, _object(heading, cells)


def _object(heading: list[str], cells: list[str]) -> bytes | Permanent:
    if len(cells) != len(heading):
        return Permanent(ReasonCode.UNPARSABLE, f"{len(cells)} columns where the heading has {len(heading)}")
    try:
        return orjson.dumps(dict(zip(heading, cells, strict=True)))
    except TypeError:  # half characters: bytes that are not UTF-8
        return Permanent(ReasonCode.WRONG_ENCODING, "not UTF-8")


_READERS: Final[dict[str, Callable[[bytes], Iterator[_Raw]]]] = {
    "message-board": _lines,
    "nyc311": _csv_rows,
    "report": _lines,
}
_CODECS: Final[dict[str, Codec]] = {"message-board": MESSAGE_BOARD, "nyc311": NYC311}
FORMS: Final = tuple(_READERS)
