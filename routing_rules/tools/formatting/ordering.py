"""Keys of block mappings put in order by moving whole lines: what stands above a key, as a comment, moves with it."""

from collections.abc import Iterator

from routing_rules.engine.source import Listing, Node, Table, read
from routing_rules.tools.formatting.shapes import Shape, ranked


def ordered(file: str, text: str, shape: Shape) -> str:
    """Return a text with its block mappings in order; one that can't be moved line by line stays."""
    root = read(file, text.encode()).root
    lines = text.split("\n")
    if root is None:
        return text
    tables = list(_tables(root, shape, len(lines) + 1))
    for table, order, end in sorted(tables, key=lambda each: (-each[0].at.line, -each[0].at.column)):
        _order(lines, table, order, end)
    return "\n".join(lines)


def _tables(node: Node, shape: Shape, end: int) -> Iterator[tuple[Table, tuple[str, ...], int]]:
    """Yield the mappings, the order due in each, and the first line (from 1) that is no longer theirs."""
    if isinstance(node, Table):
        if shape.order and node.entries:
            yield node, shape.order, end
        children = [(value, shape.at(key.value), key.at.line) for key, value in node.entries]
    elif isinstance(node, Listing):
        children = [(item, shape.items, item.at.line) for item in node.items]
    else:
        return
    ends = [*(line for _, _, line in children[1:]), end][: len(children)]
    for (child, its, _), until in zip(children, ends, strict=True):
        yield from _tables(child, its, until)


def _order(lines: list[str], table: Table, order: tuple[str, ...], end: int) -> None:
    keys = [key for key, _ in table.entries]
    wanted = ranked([key.value for key in keys], order)
    if wanted == list(range(len(keys))):
        return
    columns = {key.at.column for key in keys}
    firsts = [key.at.line for key in keys]
    if len(columns) > 1 or len(set(firsts)) < len(firsts):
        return  # within brackets: written by its value
    starts = [firsts[0], *(_with_comments(lines, line) for line in firsts[1:])]
    stop = _last(lines, firsts[-1], end)
    chunks = [lines[a - 1 : b - 1] for a, b in zip(starts, [*starts[1:], stop], strict=True)]
    if starts[wanted[0]] != firsts[wanted[0]]:
        return  # a comment would come before the dash
    column = keys[0].at.column - 1
    prefix = chunks[0][0][:column]
    chunks[0][0] = " " * column + chunks[0][0][column:]
    made = [line for number in wanted for line in chunks[number]]
    made[0] = prefix + made[0][column:]
    lines[firsts[0] - 1 : stop - 1] = made


def _with_comments(lines: list[str], line: int) -> int:
    while line > 1 and lines[line - 2].lstrip().startswith("#"):
        line -= 1
    return line


def _last(lines: list[str], start: int, end: int) -> int:
    """Return the first line behind a mapping: blank lines and comments before the next thing are that one's."""
    while end - 1 > start and (not lines[end - 2].strip() or lines[end - 2].lstrip().startswith("#")):
        end -= 1
    return end
