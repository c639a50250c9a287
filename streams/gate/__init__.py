"""Gate: the exactly-once runtime. It knows no stage and no rule: a `Stage` says what to run, a `GateRunner` runs it.

Consume, decide, produce and commit the offsets in one Kafka transaction, by tasks: one partition number over all of a
stage's inputs, with one transactional id, one state and one changelog partition. docs/gate.md says why each step is as
it is. aiokafka is at home here; Faust, rules, processors and connectors may not enter.
"""

from streams.gate.cluster import Cluster, Timeouts
from streams.gate.errors import GateError, StartRefused, StateTooNew
from streams.gate.faults import FaultHook, Point
from streams.gate.observer import Abort, Loss, Observer, Silent, TurnReport
from streams.gate.runner import GateRunner
from streams.gate.stage import DeadLetterBound, Limits, Stage

__all__ = [
    "Abort", "Cluster", "DeadLetterBound", "FaultHook", "GateError", "GateRunner", "Limits", "Loss", "Observer",
    "Point", "Silent", "Stage", "StartRefused", "StateTooNew", "Timeouts", "TurnReport",
]  # fmt: skip
