"""What dispatch writes beside decisions: directives taken, once each, with what came of them; assignments released."""

from enum import StrEnum

from pydantic import AwareDatetime

from contracts.codes import DirectiveKind
from contracts.directive import Directive
from contracts.report import Code, Wire


class DirectiveOutcome(StrEnum):
    """What became of a directive at dispatch."""

    DECIDED = "decided"  # led to a decision, which stands beside it
    PASSED_ON = "passed_on"  # concerns the case's life: supervise acts on it
    ACTED = "acted"  # dispatch itself did it: a hold, a release
    REFUSED = "refused"  # did not fit the case as it stood; `because` says why


class DirectiveTaken(Wire):
    """One directive as dispatch recorded it on `bus.decisions.v1`; the directive itself goes along for supervise."""

    directive: Directive
    kind: DirectiveKind
    outcome: DirectiveOutcome
    because: str = ""
    decision: str | None = None
    taken_at: AwareDatetime


class AssignmentReleased(Wire):
    """One assignment that a hold had kept back has gone out; on `bus.decisions.v1`, keyed by incident."""

    directive: str
    incident: str
    assignment: str
    agency: Code
    held_at: AwareDatetime
    released_at: AwareDatetime
