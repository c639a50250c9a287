"""The protocol's model at the smallest bound: nothing breaks, and each cure is missed when it is gone."""

from dataclasses import replace

import pytest

from tests.model.__main__ import Told, sum_up
from tests.model.explore import TooLarge, explore
from tests.model.properties import broken
from tests.model.protocol import COMMITTING, EVERY, Broker, Entry, Transaction, World, first_broker
from tests.model.traces import trace
from tests.model.worlds import BOUNDS, MOST, ONE, REMOVALS, TWO, Removal

FIRST = (0, 0)
SECOND = (0, 1)


@pytest.mark.parametrize("name", BOUNDS[1])
def test_with_every_cure_in_place_no_state_breaks_a_property_and_none_is_stuck(name: str) -> None:
    world = BOUNDS[1][name]
    found = explore(world, MOST[1])
    assert found.wrong is None, trace(world, found)
    assert found.states > 10_000, "hardly anything was explored"


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: removal.cure)
def test_without_a_cure_there_is_a_counter_example_and_it_can_be_told(removal: Removal) -> None:
    found = explore(removal.without, MOST[1])
    assert found.wrong is not None
    assert found.wrong.startswith(removal.symptom)
    told = trace(removal.without, found).splitlines()
    assert "1. a joins the group" in told[0]
    assert found.wrong in told[-1]
    assert sum(line.lstrip()[0].isdigit() for line in told) == len(found.path) - 1


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: removal.cure)
def test_the_world_in_which_a_cure_is_missed_is_sound_with_it(removal: Removal) -> None:
    found = explore(removal.world, MOST[1]) if removal.world.workers == 1 else None
    assert found is None or found.wrong is None


def test_the_generation_is_a_second_line_behind_the_fence() -> None:
    """Where no client makes its producer anew with a turn in hand, the fence alone holds: it takes both to fail."""
    without = EVERY - {"C-generation"}
    assert explore(replace(ONE, anew=False, cures=without), MOST[1]).wrong is None
    assert explore(replace(ONE, anew=True, cures=without), MOST[1]).wrong is not None


def test_each_property_sees_what_it_is_for() -> None:
    taken = TWO
    first, second = Entry(FIRST, "x", 0, 0), Entry(SECOND, "y", 1, 0)
    good = first_broker(taken)._replace(out=(first, second), changelogs=((first, second),), offsets=(2,))
    assert broken(taken, good) is None
    assert said(taken, good._replace(out=(first,))) == "lost"
    assert said(taken, good._replace(out=(first, second, second))) == "twice"
    assert said(taken, good._replace(out=(second, first))) == "out of order"
    assert said(taken, good._replace(changelogs=((first,),))) == "state"
    assert said(taken, good._replace(out=(first, second._replace(number=0)))) == "state"
    back = Transaction(COMMITTING, 2, (1,))
    assert said(taken, good._replace(transactions=(back,))) == "twice"


def test_what_is_open_counts_from_the_moment_it_is_decided() -> None:
    entry = Entry(FIRST, "x", 0, 1)
    broker = first_broker(ONE)._replace(out=(entry, entry), changelogs=((entry, entry),))
    assert broken(ONE, broker._replace(transactions=(Transaction(1),))) is None
    assert said(ONE, broker._replace(transactions=(Transaction(COMMITTING, 1),))) == "twice"


def test_a_bound_that_is_passed_is_said() -> None:
    with pytest.raises(TooLarge, match="more than 100 states"):
        explore(ONE, 100)


def said(world: World, broker: Broker) -> str:
    sentence = broken(world, broker)
    assert sentence is not None
    return sentence.split(":")[0]


@pytest.mark.parametrize(
    ("removal", "ok", "code"), [(False, True, 0), (False, False, 1), (True, True, 0), (True, False, 1)]
)
def test_the_exit_code_says_whether_a_promise_broke_or_a_cure_was_not_missed(
    removal: bool, ok: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Told("a", removal, states=7, steps=9, wrong=None, told="", length=0, ok=ok)
    assert sum_up([told], 1, 0.4) == code
    violations, cures, found = int(not removal and not ok), int(removal), int(removal and ok)
    states = 0 if removal else 7
    line = f"model: bound=1 states={states} violations={violations} cures={cures} found={found} seconds=0\n"
    assert capsys.readouterr().out == line
