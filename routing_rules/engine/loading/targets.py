"""Who gets a part: an agency by its code, a role (function and tier), or whoever receives first."""

from typing import Final

from routing_rules.engine.loading.reading import Reading
from routing_rules.engine.loading.scalars import Code, Flag
from routing_rules.engine.loading.shapes import Field, Record, Values
from routing_rules.engine.schema import AgencyRef, FirstReceiver, RoleRef, Target
from routing_rules.engine.source import Node, Scalar, Table

FIRST_RECEIVER: Final = "first_receiver"


def _role(values: Values, reading: Reading) -> RoleRef:
    return RoleRef(values.get("function"), values.get("tier"), values.get("climb", True))


ROLE: Final = Record(
    "role",
    {
        "function": Field(Code("function"), required=True),
        "tier": Field(Code("tier")),
        "climb": Field(Flag()),
    },
    _role,
)


class Targets:
    """An agency's code, a role, or (where `first` allows it) first_receiver."""

    def __init__(self, first: bool) -> None:
        self.first = first

    def read(self, node: Node, name: str, reading: Reading) -> Target | None:
        """Return who is meant."""
        if isinstance(node, Table):
            return ROLE.read(node, name, reading)
        if not isinstance(node, Scalar):
            reading.wrong(node, name, "target", f"{name}: {{function: \u2026, tier: \u2026}}")
            return None
        if self.first and node.value == FIRST_RECEIVER:
            return FirstReceiver()
        functions = reading.vocabulary.get("function", {})
        known = reading.vocabulary.get("agency", {})
        if node.value in functions and node.value not in known and "agency" not in reading.blurred:
            reading.find("RR110", node.at, "function", what="term:agency", value=node.value)
            return None
        code = Code("agency").read(node, name, reading)
        return None if code is None else AgencyRef(code)


TARGET: Final = Targets(first=True)
NAMED: Final = Targets(first=False)
