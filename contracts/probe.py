"""A probe: written by `doctor` to a topic that the broker stamps, to compare clocks and time a write."""

from contracts.report import Wire


class Probe(Wire):
    """`at` is the asker's clock, in ms since the epoch."""

    at: int
