"""The slow twin: understanding and deciding once more, from the text of the rule language alone.

It is there to disagree. Loops, no index, no automaton, no memory; nothing of the engine enters but the schema, so that
an error has to be made twice to pass. Nobody runs it in service: the tests hold it beside the engine.
"""

from routing_rules.engine.reference.deciding import amend, decide
from routing_rules.engine.reference.understanding import understand

__all__ = ["amend", "decide", "understand"]
