"""What is explored at each bound, and for each cure the smallest world in which its absence shows.

A bound is a row of worlds, since no single one that is small enough has everything in it: two records behind each
other and two beside each other, repeats, a record whose output is refused, a clock, a third worker, a forwarded
record, one transactional id a process.
"""

from dataclasses import dataclass, replace
from typing import Final

from tests.model.protocol import CURES, EVERY, World

ONE: Final = World(inputs=(("x",),), tasks=((0,),))
TWO: Final = replace(ONE, inputs=(("x", "y"),))
BESIDE: Final = World(inputs=(("x",), ("y",)), tasks=((0, 1),))
REPEAT: Final = World(inputs=(("x",), ("x",)), tasks=((0, 1),), remembers=True)
REFUSED: Final = replace(TWO, bad="x")
CLOCK: Final = replace(ONE, clock=True)
THIRD: Final = replace(ONE, workers=3)
REKEYED: Final = World(inputs=(("x",), ("x",), ()), tasks=((0,), (1, 2)), rekeyed=2, remembers=True, workers=1)
PROCESS: Final = replace(ONE, per_process=True)
PROCESS_TWO: Final = replace(TWO, per_process=True)
MORE: Final = World(inputs=(("x", "y"), ("x",)), tasks=((0, 1),), remembers=True, bad="y")
THREE: Final = replace(ONE, inputs=(("x", "y", "z"),))

BOUNDS: Final[dict[int, dict[str, World]]] = {
    1: {"process": PROCESS, "refused": REFUSED, "one": ONE, "rekeyed": REKEYED},
    2: {
        "third-worker": THIRD, "process": PROCESS_TWO, "beside": BESIDE, "two": TWO, "repeat": REPEAT,
        "refused": REFUSED, "clock": CLOCK, "rekeyed": REKEYED,
    },
    3: {
        "third-worker-two": replace(TWO, workers=3), "more": MORE, "three": THREE, "third-worker": THIRD,
        "process": PROCESS_TWO, "beside": BESIDE, "two": TWO, "repeat": REPEAT, "refused": REFUSED, "clock": CLOCK,
        "rekeyed-two-workers": replace(REKEYED, workers=2),
    },
}  # fmt: skip
"""By bound, the worlds by name, the longest to explore first."""

MOST: Final = {1: 1_000_000, 2: 4_000_000, 3: 40_000_000}
"""How many states of one world each bound puts up with."""


@dataclass(frozen=True)
class Removal:
    """A cure taken out of a world, and the word that the property broken by it begins with."""

    cure: str
    world: World
    symptom: str

    @property
    def without(self) -> World:
        """The world without the cure."""
        return replace(self.world, cures=EVERY - {self.cure})


REMOVALS: Final = (
    Removal("A-await", REFUSED, "lost"),
    Removal("A-bisect", replace(REFUSED, workers=1), "stuck"),
    Removal("A-sequences", ONE, "lost"),
    Removal("B-locate", ONE, "twice"),
    Removal("B-restore", TWO, "state"),
    Removal("C-generation", ONE, "twice"),
    Removal("C-clock", CLOCK, "twice"),
    Removal("C-fence-back", ONE, "twice"),
    Removal("D-callback", replace(ONE, workers=1), "stuck"),
    Removal("E-whole", replace(BESIDE, workers=1), "state"),
    Removal("F-rekey", REKEYED, "twice"),
    Removal("G-overlay", replace(ONE, remembers=True), "lost"),
    Removal("G-seek", TWO, "lost"),
    Removal("H-abort", ONE, "twice"),
    Removal("J-committed", replace(ONE, remembers=True), "lost"),
    Removal("P-follow", PROCESS, "twice"),
    Removal("P-stable", PROCESS, "twice"),
    Removal("P-wait", PROCESS_TWO, "state"),
    Removal("T-offsets", ONE, "twice"),
)
assert {removal.cure for removal in REMOVALS} == set(CURES), "every cure is taken out once"
