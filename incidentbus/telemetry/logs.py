"""Logs: one JSON line a fact, or readable on a terminal; our own and those of the libraries by the same road.

An event is a short fact in the past tense (`turn committed`) with its particulars as keys. What is personal is masked
on the way out, whoever logged it; of an exception that nobody named only its type and place are told, for its message
may quote a record.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Final, Literal, TextIO

import orjson
import structlog
from aiokafka.errors import KafkaError
from structlog.typing import Processor

from contracts.errors import BusError
from incidentbus.telemetry.masking import mask, mask_text

Event = MutableMapping[str, Any]
LogFormat = Literal["auto", "json", "console"]

_OF_THE_SYSTEM: Final = (BusError, KafkaError, OSError, ImportError, TimeoutError)
"""Errors whose message is our own, the broker's or the system's, and so may be told."""
_TALKATIVE: Final = ("aiokafka", "kafka", "faust", "mode", "asyncio", "aiohttp", "incidentbus")
"""Loggers heard from WARNING on. Under `incidentbus` mode tells of its services; our own facts have short names."""
_OWN_KEYS: Final = frozenset({"event", "level", "at", "logger", "exception"})


def configure_logs(log_format: LogFormat = "auto", level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all logs of this process to `stream` (standard error). May be called again, for other settings."""
    out = stream or sys.stderr
    as_json = log_format == "json" or (log_format == "auto" and not out.isatty())
    shared = _shared()
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(as_json=as_json)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.WARNING))
    logging.captureWarnings(capture=True)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        exception_without_words,
        mask_event,
    ]


def _renderer(*, as_json: bool) -> Processor:
    if as_json:
        return structlog.processors.JSONRenderer(serializer=_json_line)
    return structlog.dev.ConsoleRenderer(timestamp_key="at", colors=False)


def _json_line(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()


def mask_event(_: Any, __: str, event: Event) -> Event:
    """Mask what is personal in an event, its sentence included."""
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = mask_text(value, 8000) if key in _OWN_KEYS and isinstance(value, str) else mask(value, key)
    return event


def exception_without_words(_: Any, __: str, event: Event) -> Event:
    """Replace the exception of an event by its type and place, with its message only where that is known to be safe."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = told(error)
    return event


def told(error: BaseException) -> str:
    """Return an exception and what it came from, deepest last: type, place, and the message where it may be told."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        message = f": {current}" if isinstance(current, _OF_THE_SYSTEM) else ""
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}{message}")
        frames = traceback.extract_tb(current.__traceback__)[-8:]
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in reversed(frames)]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n".join(lines)
