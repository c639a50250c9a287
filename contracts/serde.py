"""Bytes to words and back: pydantic parses the bytes itself, orjson writes (DESIGN D5)."""

from functools import cache
from typing import Any, TypeVar, cast

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from contracts.codes import ReasonCode
from contracts.errors import Permanent

T = TypeVar("T")

Raw = orjson.Fragment

_REASONS = {
    "missing": ReasonCode.MISSING_FIELD,
    "json_invalid": ReasonCode.UNPARSABLE,
    "recursion_loop": ReasonCode.NESTED_TOO_DEEP,
    "enum": ReasonCode.INVALID_VALUE,
    "literal_error": ReasonCode.INVALID_VALUE,
}


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def adapter(kind: type[T]) -> TypeAdapter[T]:
    """Return the validator of `kind`, a model or a dataclass; made once."""
    made: TypeAdapter[T] = _adapter(cast("Any", kind))
    return made


def read(kind: type[T], raw: bytes) -> T:
    """Parse and check `raw` as `kind`. Raises `Permanent` naming the first field at fault, never its content."""
    try:
        return adapter(kind).validate_json(raw)
    except ValidationError as error:
        raise permanent_from(error) from None


def permanent_from(error: ValidationError) -> Permanent:
    """Return the closed reason and the field path of a validation error; no value of the input goes along."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    kind = first["type"]
    path = ".".join(str(step) for step in first["loc"])[:200]
    return Permanent(_reason_of(kind), f"{path}: {kind}" if path else kind)


def _reason_of(kind: str) -> ReasonCode:
    if kind in _REASONS:
        return _REASONS[kind]
    if kind.startswith(("datetime", "date", "timezone", "time")):
        return ReasonCode.INVALID_TIME
    if kind.endswith(("_type", "_parsing")):
        return ReasonCode.WRONG_TYPE
    return ReasonCode.INVALID_VALUE


def write(value: Any) -> bytes:
    """Return `value` as compact JSON: models, dataclasses and plain structures, times as RFC 3339."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_OMIT_MICROSECONDS)


def raw(value: Any) -> Raw:
    """Return `value` written already, to stand in other values: for what goes into several messages."""
    return orjson.Fragment(write(value))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return orjson.Fragment(value.__pydantic_serializer__.to_json(value, exclude_none=True))
    raise TypeError(f"{type(value).__name__} does not go on the wire")
