"""Lean dataclasses are dataclasses in all but the time they take."""

from copy import copy
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace

import orjson
import pytest
from pydantic import TypeAdapter

from contracts.lean import lean


@lean
class Lean:
    name: str
    round: int = 1
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plain:
    name: str
    round: int = 1
    words: tuple[str, ...] = ()


def test_takes_what_a_dataclass_takes() -> None:
    for given, named in ((("a",), {}), (("a", 2), {}), (("a",), {"words": ("b",)}), ((), {"name": "a", "round": 3})):
        assert vars(Lean(*given, **named)) == vars(Plain(*given, **named))


@pytest.mark.parametrize("call", [lambda c: c(), lambda c: c("a", b=1), lambda c: c("a", 1, (), 2)])
def test_refuses_what_a_dataclass_refuses(call: object) -> None:
    for kind in (Lean, Plain):
        with pytest.raises(TypeError):
            call(kind)  # type: ignore[operator]


def test_can_not_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Lean("a").name = "b"  # type: ignore[misc]


def test_is_a_dataclass_to_everybody_else() -> None:
    one = Lean("a", 2, ("w",))
    assert one == Lean("a", 2, ("w",))
    assert hash(one) == hash(Lean("a", 2, ("w",)))
    assert one != Lean("a")
    assert repr(one) == "Lean(name='a', round=2, words=('w',))"
    assert replace(one, round=3) == Lean("a", 3, ("w",))
    assert asdict(one) == {"name": "a", "round": 2, "words": ("w",)}
    assert [each.name for each in fields(one)] == ["name", "round", "words"]
    assert orjson.dumps(one) == orjson.dumps(Plain("a", 2, ("w",)))
    assert copy(one) == one
    assert TypeAdapter(Lean).validate_json(orjson.dumps(one)) == one


def test_refuses_a_class_that_needs_more_than_its_fields_set() -> None:
    class Factory:
        words: list[str] = field(default_factory=list)

    class After:
        name: str

        def __post_init__(self) -> None: ...

    for kind in (Factory, After):
        with pytest.raises(TypeError, match="plain dataclass"):
            lean(kind)
