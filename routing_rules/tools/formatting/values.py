"""One value written canonically: keys in order, a blank after commas and colons, quotes where a reader might err.

The one module that knows ruamel.yaml here: it says when a text cannot stand without quotes.
"""

import io
import re
import unicodedata
from functools import lru_cache
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from routing_rules.tools.formatting.shapes import Shape, ranked

_TEXT: Final = "tag:yaml.org,2002:str"
_OTHERWISE: Final = re.compile(
    r"""[-+]?0[0-9_]+ | [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.* | [0-9]{5,}
    | [0-9][0-9.:+T-]*[.:-][0-9.:+TZ-]* | 0x[0-9a-f]+ | 0o[0-7]+ | [-+]?(\.[0-9]+|[0-9]+\.[0-9]*)(e[-+]?[0-9]+)?
    | [-+]?[0-9]+e[-+]?[0-9]+
    | yes | no | on | off | y | n | null | ~ | [-+]?\.inf | \.nan | = | <<""",
    re.IGNORECASE | re.VERBOSE,
)
"""What YAML 1.1 or 1.2 reads as another type than text: times, dates, octal and long numbers, truth in other words."""
_NUMBER_OR_TRUTH: Final = re.compile(r"[-+]?[0-9]+|true|false", re.IGNORECASE)
_AMBIGUOUS: Final = re.compile("[\uff1a\uff0c\u201c\u201d\u2018\u2019\u3010\u3011]")
"""Full-width signs that lint takes for slips in keys and codes: a text with them keeps the quotes that it has."""
_KEY: Final = "k"
_BLANKS: Final = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?<=[,:]) {2,}""")
_HUGE: Final = 1_000_000


def width(text: str) -> int:
    """Return the columns that a text takes on a screen: a Han character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


@lru_cache(maxsize=20_000)
def flow(source: str, shape: Shape) -> str:
    """Return a value, given as it was written, in one line."""
    if source[0] not in "{[":
        return _scalar(source)
    node = _read(source)
    _canonical(node, shape)
    written = _written(node)
    return source if _lined_up(source) == written else written


def _scalar(source: str) -> str:
    """Return a single value that stands behind a key or a dash of its own line: commas and brackets mean nothing."""
    if source[0] not in "\"'":
        return f'"{source}"' if _OTHERWISE.fullmatch(source) else source
    text = source[1:-1]
    if "\\" in text or source[0] in text:
        return source
    if _OTHERWISE.fullmatch(text) or not text or _NUMBER_OR_TRUTH.fullmatch(text) or _AMBIGUOUS.search(text):
        return f'"{text}"' if '"' not in text else source
    return text if _needed(text, source[0]) is None else f'"{text}"' if '"' not in text else source


def parts(source: str, shape: Shape) -> list[tuple[str, str, Shape]]:
    """Return the parts of a mapping or list in order: key ("" in a list), value as written in one line, its shape."""
    node = _read(source)
    _canonical(node, shape)
    if isinstance(node, MappingNode):
        return [(_written(key), _written(value), shape.at(key.value)) for key, value in node.value]
    return [("", _written(value), shape.items) for value in node.value]


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.width = _HUGE
    yaml.preserve_quotes = True
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    return yaml


def _lined_up(source: str) -> str:
    """Return a value without the blanks by which an author lines up the columns of a table."""
    return _BLANKS.sub(lambda found: found.group(1) or " ", source)


def _read(source: str) -> Node:
    node: Node
    ((_, node),) = _yaml().compose(f"{{{_KEY}: {source}\n}}").value
    return node


def _written(node: Node) -> str:
    """Return a node as it stands behind a key within brackets, where least may stand without quotes."""
    out = io.StringIO()
    key = ScalarNode(_TEXT, _KEY)
    _yaml().serialize(MappingNode("tag:yaml.org,2002:map", [(key, node)], flow_style=True), out)
    return out.getvalue().strip().removeprefix(f"{{{_KEY}:").removesuffix("}").strip()


def _canonical(node: Node, shape: Shape) -> None:
    if isinstance(node, ScalarNode):
        _quote(node)
    elif isinstance(node, SequenceNode):
        node.flow_style = True
        for item in node.value:
            _canonical(item, shape.items)
    elif isinstance(node, MappingNode):
        node.flow_style = True
        for key, value in node.value:
            _canonical(key, shape)
            _canonical(value, shape.at(key.value if isinstance(key, ScalarNode) else ""))
        order = ranked([key.value for key, _ in node.value], shape.order)
        node.value = [node.value[number] for number in order]


def _quote(node: ScalarNode) -> None:
    """Choose quotes: double ones where needed, none where not; those of a number, a truth or with doubt stay."""
    text, plain = node.value, not node.style
    if _OTHERWISE.fullmatch(text) or not text:
        node.style = '"' if not (plain and not text) else None
    elif plain or _AMBIGUOUS.search(text):
        return
    elif not _NUMBER_OR_TRUTH.fullmatch(text) and "\\" not in text and "\n" not in text:
        node.style = _needed(text, node.style)
    else:
        return
    node.tag = _TEXT if node.style else node.tag


def _needed(text: str, had: str) -> str | None:
    """Return the quotes that a text can't do without: none if it reads the same plain within brackets."""
    if ":" in text or re.search(r"^[-?:!&*|>%@`\"'#\s=.~<]|[,\[\]{}]|\s#|\s$", text):
        return had if had == "'" and '"' in text else '"'
    return None
