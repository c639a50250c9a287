"""Draws the life of a case from its table: a diagram of where facts take it, and the table itself."""

from contracts.codes import CaseStatus
from streams.lifecycle import ANY, DONE, OPEN, PART_TABLE, TABLE, UNDECIDED, WORKING, Moves, Row

_SETS: tuple[tuple[str, frozenset[CaseStatus]], ...] = (
    ("any", ANY), ("open", OPEN), ("working", WORKING), ("done", DONE), ("undecided", UNDECIDED),
)  # fmt: skip


def diagram() -> str:
    """Return the moves between statuses as a Mermaid diagram; facts that leave a case where it stands are left out."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in TABLE:
        for target in dict.fromkeys(row.moves.values()):
            sources = frozenset(source for source, to in row.moves.items() if to is target and source is not target)
            for source in _grouped(sources, target):
                arrows.setdefault((source, target), []).append(row.fact)
    lines = [
        f"    {source} --> {target}: {', '.join(dict.fromkeys(facts))}" for (source, target), facts in arrows.items()
    ]
    inner = [f"        state {name} {{\n" + "".join(f"            {each}\n" for each in sorted(group)) + "        }"
             for name, group in _SETS[2:]]  # fmt: skip
    boxes = ["    state open {", *inner, "    }"]
    return "\n".join(["```mermaid", "stateDiagram-v2", *boxes, "    [*] --> expected", *lines, "```"]) + "\n"


def _grouped(sources: frozenset[CaseStatus], target: CaseStatus) -> list[str]:
    """Return the sources with the boxes that they fill named as such; the target itself may be missing of a box."""
    left, named = set(sources), []
    for name, group in _SETS[1:]:
        if group - {target} <= left and len(group & left) > 1:
            named.append(name)
            left -= group
    return [*named, *sorted(left)]


def table() -> str:
    """Return the table: fact, who tells it, from where, to where, with what effect; below it the co-handlers'."""
    rows = [_line(row) for row in TABLE]
    head = ["| fact | told by | where the case stands | and then | effects |", "|---|---|---|---|---|"]
    parts = [
        f"| `{fact}` | {', '.join(f'{source} → {target}' for source, target in moves.items())} |"
        for fact, moves in PART_TABLE.items()
    ]
    more = ["", "| a co-handler tells | its part: from → to |", "|---|---|", *parts]
    return "\n".join([*head, *rows, *more]) + "\n"


def _line(row: Row) -> str:
    who = ", ".join(sorted((each.name or "").lower().replace("_", "-") for each in row.who))
    stays, goes = _split(row.moves)
    cells = [(stays, "as it stood")] if stays else []
    cells += [(sources, f"**{target}**") for target, sources in goes.items()]
    effects = ", ".join(row.effects)
    return "\n".join(
        f"| `{row.fact}` | {who} | {_named(frozenset(sources))} | {target} | {effects} |" for sources, target in cells
    )


def _split(moves: Moves) -> tuple[list[str], dict[str, list[str]]]:
    stays = [source for source, target in moves.items() if source is target]
    goes: dict[str, list[str]] = {}
    for source, target in moves.items():
        if source is not target:
            goes.setdefault(target, []).append(source)
    return [str(each) for each in stays], goes


def _named(sources: frozenset[str]) -> str:
    for name, statuses in _SETS:
        if sources == frozenset(map(str, statuses)):
            return f"*{name}*"
    return ", ".join(sorted(sources))
