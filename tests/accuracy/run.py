"""`make accuracy`: what the rulesets get right, with 95 % intervals. Exits 1 where a bound is missed.

The bounds are what an operator can live with: a wrong guess costs a return (days), an unclassified one a minute.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from tests.accuracy import measuring
from tests.accuracy.measuring import Share
from tests.outside import DATA


class Line(NamedTuple):
    """A figure: what it is, its value, what it must be, and whether it is so (None: nothing asked of it)."""

    name: str
    value: Share
    bound: str = ""
    kept: bool | None = None


def main() -> int:
    """Print every figure and return the exit code."""
    lines = list(_places())
    if DATA.is_dir():
        lines += [*_categories(), *_board(), *_city()]
    else:
        print(
            f"accuracy: only our own places measured: the samples ({DATA}) are not beside this clone", file=sys.stderr
        )
    for line in lines:
        verdict = "" if line.kept is None else f"  {line.bound}: {'kept' if line.kept else 'MISSED'}"
        print(f"{line.name:<52} {line.value}{verdict}")
    missed = [line.name for line in lines if line.kept is False]
    print(f"accuracy: figures={len(lines)} missed={len(missed)}")
    return 1 if missed else 0


def _places() -> Iterator[Line]:
    put = measuring.placed(measuring.ruleset("hongze"))
    for each in put:
        if not each.right:
            print(f"places: {each.text}: {_told(each.actual)}, not {_told(each.expected)}")
    share = Share(sum(each.right for each in put), len(put))
    yield Line("hongze places, messages written by hand, right", share, "must be >= 0.95", share.share >= 0.95)


def _told(place: tuple[str, frozenset[str]]) -> str:
    return " ".join([place[0], *sorted(place[1])])


def _categories() -> Iterator[Line]:
    counted = measuring.categories(measuring.ruleset("hongze"))
    right, unclassified, wrong = (Share(counted[key], counted.total()) for key in ("right", "unclassified", "wrong"))
    yield Line("hongze first-level category, right", right, "must be >= 0.72, goal 0.78", right.share >= 0.72)
    yield Line("hongze first-level category, unclassified", unclassified)
    yield Line("hongze first-level category, wrong", wrong, "must be <= 0.18, goal 0.15", wrong.share <= 0.18)


def _board() -> Iterator[Line]:
    hongze = measuring.ruleset("hongze")
    reports = measuring.board("reports")
    fallen = measuring.fallbacks(hongze, reports)
    yield Line("hongze reports that no rule of substance takes", fallen, "must be < 0.25", fallen.share < 0.25)
    texts = [*reports, *measuring.board("answered"), *measuring.board("labelled")]
    found = measuring.found_places(hongze, texts)
    yield Line("hongze places found in another province's texts", found, "must be 0", found.hits == 0)


def _city() -> Iterator[Line]:
    requests = measuring.requests(measuring.ruleset("nyc"))
    counted, odd = measuring.leads(requests), measuring.unseen(requests)
    right, wrong = Share(counted["right"], counted.total()), Share(counted["wrong"], counted.total())
    yield Line("nyc lead agency, right", right, "must be >= 0.98", right.share >= 0.98)
    yield Line("nyc lead agency, wrong", wrong, "must be 0", wrong.hits == 0)
    yield Line("nyc odd rows by the even rows' types alone, right", Share(odd["right"], odd.total()))
    yield Line("nyc odd rows by the even rows' types alone, wrong", Share(odd["wrong"], odd.total()))


if __name__ == "__main__":
    raise SystemExit(main())
