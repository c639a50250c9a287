"""Evidence (依据): on what a field was inferred. Rule words and place names only, never the reporter's text."""

from contracts.lean import lean


@lean
class Evidence:
    """One ground for one inferred field.

    `of` is kind, category, place, area or about; `value` the code that it speaks for; `field` is title, text, address,
    point or `channel`. `start` and `end` are offsets into the original field (after the codec), so that a reader may
    underline it. `points` is a word's weight times the field's.
    """

    of: str
    value: str
    field: str
    words: str = ""
    start: int | None = None
    end: int | None = None
    points: int | None = None
