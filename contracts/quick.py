"""Quick reading: what a model declares, read without pydantic where every event is met (DESIGN D5).

A model costs an object, a dictionary and a set each, made field by field. A quick form is a `msgspec.Struct` derived
from the model when it is first asked for: the same fields under the same names with the same limits, one object,
parsed as it is built. It is the stricter of the two: it refuses fields that the model does not name, numbers written
as text, times in other forms than RFC 3339. What a form refuses the model judges, so that one judge says what is
accepted, and why not. What may not enter: a field, a limit or a reason that the model does not have.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, is_dataclass
from dataclasses import fields as dataclass_fields
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from annotated_types import Ge, Le, MaxLen, MinLen
from msgspec.structs import astuple, force_setattr
from pydantic import AfterValidator, AllowInfNan, AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from contracts.report import Wire

T = TypeVar("T")

_PLAIN: Final = (str, int, float, bool, date)
_LIMITS: Final = {MinLen: "min_length", MaxLen: "max_length", Ge: "ge", Le: "le"}
_FINER: Final = re.compile(rb"\.\d{7,}[Zz+-]")
"""A moment finer than microseconds, perhaps: msgspec would round what pydantic cuts off."""


class Quick(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of quick forms: a model's fields, none of its methods."""


def quick_reader(model: type[T]) -> Callable[[bytes], T | None]:
    """Return a reader that gives `model`'s fields, or None where the model itself must judge.

    What it gives has the fields of a model and equals it field by field; to a type checker it is one. It is no
    pydantic model all the same: it can't be copied, dumped or compared with one. Raises `TypeError` for a model that
    says what no form can: whatever is not known here is not guessed at.
    """
    decode = msgspec.json.Decoder(quick_form(model)).decode
    finer = _FINER.search

    def quick(raw: bytes) -> Any:
        if finer(raw):
            return None
        try:
            return decode(raw)
        except (msgspec.DecodeError, ValueError):  # ValueError: bytes that are not UTF-8
            return None

    return quick


def quick_form(kind: type[Any]) -> type[Quick]:
    """Return a quick form of a frozen model or dataclass. Raises as `quick_reader` does."""
    told = list(_fields(kind))
    made = msgspec.defstruct(
        f"Quick{kind.__name__}",
        [(field.name, field.kind, field.default) for field in told],
        bases=(Quick,),
        namespace=_completion(told),
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return cast("type[Quick]", made)


def _completion(told: list["_Field"]) -> dict[str, Any]:
    """Return what is left to do once the fields of a form are read, if anything is.

    The model's own checks, which refuse with a `ValueError`; and rows of dataclasses are made of their forms, for
    they go on into what orjson writes.
    """
    checks = [(field.name, check) for field in told for check in field.checks]
    rows = [(field.name, field.row) for field in told if field.row is not None]

    def complete(form: Any) -> None:
        for name, check in checks:
            value = getattr(form, name)
            if value is not None and check(value) is not value:
                raise ValueError(f"{name}: a check that changes what it is given")
        for name, kind in rows:
            read = getattr(form, name)
            if read:
                force_setattr(form, name, tuple([kind(*astuple(each)) for each in read]))

    return {"__post_init__": complete} if checks or rows else {}


class _Field(NamedTuple):
    """A field of a form: its type with limits, and what the type can't say."""

    name: str
    kind: Any
    default: Any
    checks: list[Callable[[Any], Any]]
    row: type[Any] | None


def _fields(kind: type[Any]) -> Iterator[_Field]:
    for name, said, default in _declared(kind):
        checks: list[Callable[[Any], Any]] = []
        row = _row(said)
        typed: Any = tuple[quick_form(row), ...] if row else _type(said, checks)  # type: ignore[misc]
        yield _Field(name, typed, default, checks, row)


def _row(said: Any) -> type[Any] | None:
    """Return the dataclass that a field holds a row of, if it does."""
    item: Any = get_args(said)[0] if get_origin(said) is tuple else None
    return cast("type[Any]", item) if is_dataclass(item) else None


def _declared(kind: type[Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield each field's name, annotation and default as msgspec takes them."""
    if is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        for field in dataclass_fields(kind):
            yield field.name, hints[field.name], msgspec.NODEFAULT if field.default is MISSING else field.default
    elif issubclass(kind, Wire) and not _says_more(kind):
        for name, info in kind.model_fields.items():
            yield name, _annotation(info), _default(info)
    else:
        raise TypeError(f"{kind.__name__} has no quick form")


def _says_more(model: type[Wire]) -> bool:
    """Say whether a model has rules beside those of its fields."""
    decorated = model.__pydantic_decorators__
    rules = (decorated.validators, decorated.field_validators, decorated.root_validators, decorated.model_validators)
    return any(rules) or model.__pydantic_post_init__ is not None or model.model_config != Wire.model_config


def _annotation(info: FieldInfo) -> Any:
    if info.alias or info.validation_alias or info.discriminator:
        raise TypeError("a field under another name has no quick form")
    said: Any = info.annotation
    return Annotated[(said, *info.metadata)] if info.metadata else said


def _default(info: FieldInfo) -> Any:
    if info.is_required():
        return msgspec.NODEFAULT
    if info.default_factory is not None:
        return msgspec.field(default_factory=info.default_factory)  # type: ignore[arg-type]  # no factory of ours takes data
    return info.default


def _type(said: Any, checks: list[Callable[[Any], Any]]) -> Any:
    """Return an annotation as msgspec takes it; what it has no word for goes to `checks`."""
    origin, parts = get_origin(said), get_args(said)
    if origin is Annotated and get_origin(parts[0]) in (Union, UnionType):
        return _unchecked(Annotated[(_given(parts[0]), *parts[1:])]) | None  # a limit is not asked of None
    if origin is Annotated:
        return _limited(_type(parts[0], checks), _flat(parts[1:]), checks)
    if origin in (Union, UnionType):
        return _type(_given(said), checks) | None
    if origin is tuple and parts[1:] == (...,):
        return tuple[_unchecked(parts[0]), ...]  # type: ignore[misc]
    if origin is dict:
        return dict[_unchecked(parts[0]), _unchecked(parts[1])]  # type: ignore[misc]
    if said is AwareDatetime:
        return Annotated[datetime, msgspec.Meta(tz=True)]
    if said in _PLAIN or (isinstance(said, type) and issubclass(said, Enum)):
        return said
    if isinstance(said, type) and issubclass(said, BaseModel):
        return quick_form(said)
    raise TypeError(f"{said} has no quick form")


def _given(said: Any) -> Any:
    """Return what stands where something that may be None is given."""
    given = [each for each in get_args(said) if each is not NoneType]
    if len(given) != 1:
        raise TypeError(f"{said} has no quick form")
    return given[0]


def _unchecked(said: Any) -> Any:
    checks: list[Callable[[Any], Any]] = []
    typed = _type(said, checks)
    if checks:
        raise TypeError(f"a check within {said} has no quick form")
    return typed


def _flat(said: tuple[Any, ...]) -> Iterator[Any]:
    for each in said:
        yield from each.metadata if isinstance(each, FieldInfo) else (each,)


def _limited(typed: Any, limits: Iterator[Any], checks: list[Callable[[Any], Any]]) -> Any:
    told: dict[str, Any] = {}
    for each in limits:
        if isinstance(each, AfterValidator):
            checks.append(cast("Callable[[Any], Any]", each.func))
        elif type(each) in _LIMITS:
            told[_LIMITS[type(each)]] = getattr(each, _LIMITS[type(each)])
        elif not (isinstance(each, AllowInfNan) and not each.allow_inf_nan):  # msgspec reads neither anyhow
            raise TypeError(f"{each} has no quick form")
    return Annotated[typed, msgspec.Meta(**told)] if told else typed
