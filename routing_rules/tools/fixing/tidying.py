"""White space that means nothing: blanks at the end of a line, CRLF, a byte-order mark, a missing last line end."""

import re
from typing import Final

from routing_rules.engine.source import plain, read

_TRAILING: Final = re.compile(r"[ \t\u3000]+$", re.MULTILINE)


def tidy(file: str, content: bytes) -> bytes:
    """Return a file without them; as it was where that would change what is read, or where it is not UTF-8."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content
    made = _TRAILING.sub("", text.replace("\r\n", "\n")).rstrip("\n")
    tidied = f"{made}\n".encode() if made else content
    before, after = read(file, content).root, read(file, tidied).root
    same = before is not None and after is not None and plain(before) == plain(after)
    return tidied if same else content
