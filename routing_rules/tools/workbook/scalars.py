"""Values as YAML text, in the form that the rulesets have: flow within a line, codes that look like numbers quoted."""

import json
import re
from typing import Final

from routing_rules.tools.workbook.notation import Value

WIDEST: Final = 110
"""How wide a mapping may be in one line before it is laid out in several."""
_UNSAFE: Final = re.compile(
    r"""^[-?:,\[\]{}#&*!|>'"%@`\s“”‘’【]|[,\[\]{}\n\r\t]|:\s|\s#|:$|\s$|^$|^[.~=<]$|^---|^\.\.\."""
)
_READ_OTHERWISE: Final = re.compile(
    r"^(?:[-+.]?\d[\d_.:,+\-TZeE]*|0[xo][\da-fA-F]+|null|~|yes|no|on|off|y|n|[-+.]*(?:inf|nan))$", re.IGNORECASE
)
_SMALL: Final = re.compile(r"^(?:0|[1-9]\d{0,3})$")
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff\u2028\u2029]")


def scalar(text: str, style: str = "") -> str:
    """Return a text as a YAML scalar; `style` is the quotes of the one that it takes the place of."""
    if style == "'" and not _UNPRINTABLE.search(text):
        return "'" + text.replace("'", "''") + "'"
    plain = not _UNSAFE.search(text) and (not _READ_OTHERWISE.match(text) or bool(_SMALL.match(text)))
    if style != '"' and plain and not _UNPRINTABLE.search(text):
        return text
    return _UNPRINTABLE.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"


def flow(value: Value, style: str = "") -> str:
    """Return a value in one line."""
    if isinstance(value, str):
        return scalar(value, style)
    if isinstance(value, list):
        return f"[{', '.join(flow(item, style) for item in value)}]"
    return f"{{{', '.join(entry(key, item) for key, item in value.items())}}}"


def entry(key: str, value: Value) -> str:
    """Return an entry of a mapping in one line; a key without a value stands alone."""
    return scalar(key) if value == "" else f"{scalar(key)}: {flow(value)}"


def block(value: dict[str, Value], newline: str, indent: str) -> str:
    """Return a mapping an entry a line, the lines after the first indented; wide mappings within it likewise."""
    lines = []
    for key, item in value.items():
        line = f"{scalar(key)}: {flow(item)}"
        if isinstance(item, dict) and item and len(line) > WIDEST:
            line = f"{scalar(key)}:{newline}{indent}  {block(item, newline, indent + '  ')}"
        lines.append(line)
    return f"{newline}{indent}".join(lines)
