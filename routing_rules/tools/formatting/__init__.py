"""Canonical writing of a ruleset's files: order of keys, quotes, brackets, width of lines. Meaning never changes.

Only values are written anew, each in its own place: what stands between them, comments and blank lines above all, is
never touched. ruamel.yaml is known here and nowhere else beneath `tools`, and writes single values only. Pure.
"""

from routing_rules.tools.formatting.canonical import Formatted, Unformatted, formatted

__all__ = ["Formatted", "Unformatted", "formatted"]
