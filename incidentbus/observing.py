"""What the runtime tells of itself, turned into metrics and log lines; and the counts of turns, told once committed."""

from collections.abc import Sequence
from typing import Final

import structlog

from contracts.codes import ReasonCode
from contracts.ports import Clock
from contracts.telemetry import Meter
from streams.counts import TurnCounts
from streams.gate import Abort, Loss, TurnReport

log: Final = structlog.get_logger("gate")


class MeteredObserver:
    """The runtime's observer for one process; all its stages share it."""

    def __init__(self, meter: Meter, clock: Clock) -> None:
        self._meter = meter
        self._clock = clock
        self._counts: dict[tuple[str, int], TurnCounts] = {}

    def counts(self, stage: str, partition: int) -> TurnCounts:
        """Return the counts that the processor of a task fills; fresh whenever the task starts."""
        self._counts[stage, partition] = TurnCounts()
        return self._counts[stage, partition]

    def turn(self, report: TurnReport) -> None:
        """Count a committed turn."""
        meter, stage = self._meter, report.stage
        meter.count("incidentbus_turns_total", stage=stage, result="committed")
        meter.count("incidentbus_records_read_total", report.records_in, stage=stage)
        meter.count("incidentbus_records_written_total", sum(report.records_out.values()), stage=stage)
        meter.observe("incidentbus_turn_seconds", report.seconds, stage=stage)
        meter.observe("incidentbus_turn_records", report.records_in, stage=stage)
        meter.observe("incidentbus_transaction_seconds", report.transaction_seconds, stage=stage)
        if report.records_in and stage == "dispatch":
            meter.observe("incidentbus_decide_seconds", report.think_seconds / report.records_in)
        elif report.records_in and stage == "intake":
            meter.observe("incidentbus_understand_seconds", report.think_seconds / report.records_in)
        counts = self._counts.get((stage, report.partition))
        if counts is not None:
            counts.committed(meter, self._clock.now_ms() / 1000)

    def dead_letter(self, stage: str, topic: str, partition: int, offset: int, reason: ReasonCode) -> None:
        """Count a dead letter."""
        self._meter.count("incidentbus_dead_letters_total", stage=stage, reason=reason.value)
        record = f"{topic}/{partition}/{offset}"
        log.warning("dead letter", stage=stage, record=record, reason=reason.value)

    def aborted(self, stage: str, partition: int, cause: Abort) -> None:
        """Count an aborted transaction."""
        self._meter.count("incidentbus_turns_total", stage=stage, result="aborted")
        self._meter.count("incidentbus_aborts_total", stage=stage, cause=cause)
        log.warning("transaction aborted", stage=stage, partition=partition, cause=cause)

    def lost(self, stage: str, partition: int, cause: Loss) -> None:
        """Count a task that was dropped whole."""
        self._meter.count("incidentbus_task_restarts_total", stage=stage, cause=cause)
        if cause in ("fenced", "generation"):
            self._meter.count("incidentbus_fences_total", stage=stage)
        log.warning("task dropped, to be started anew", stage=stage, partition=partition, cause=cause)

    def restored(self, stage: str, partition: int, records: int, seconds: float) -> None:
        """Note a restored task."""
        self._meter.observe("incidentbus_restore_seconds", seconds, stage=stage)
        log.info("task restored", stage=stage, partition=partition, records=records, seconds=round(seconds, 3))

    def assigned(self, stage: str, tasks: int) -> None:
        """Note the outcome of a rebalance."""
        self._meter.count("incidentbus_rebalances_total", stage=stage)
        self._meter.set("incidentbus_tasks", tasks, stage=stage, state="running")
        self._meter.forget("incidentbus_lag_records", stage=stage)  # of tasks that left; those that stay tell it anew
        log.info("tasks assigned", stage=stage, tasks=tasks)

    def paused(self, stage: str, topic: str, partition: int, reason: str) -> None:
        """Note an input that stopped."""
        self._meter.count("incidentbus_input_pauses_total", stage=stage)
        self._meter.set("incidentbus_inputs_paused", 1, topic=topic, partition=str(partition))
        log.error(
            "input paused: resume it with `incidentbus inputs resume`", topic=topic, partition=partition, why=reason
        )

    def resumed(self, stage: str, topic: str, partition: int) -> None:
        """Note an input that goes on."""
        self._meter.set("incidentbus_inputs_paused", 0, topic=topic, partition=str(partition))
        log.info("input resumed", stage=stage, topic=topic, partition=partition)

    def lag(self, stage: str, topic: str, partition: int, records: int) -> None:
        """Note what waits on an input."""
        self._meter.set("incidentbus_lag_records", records, stage=stage, topic=topic, partition=str(partition))

    def timers_fired(self, stage: str, partition: int, lateness_ms: Sequence[int]) -> None:
        """Count what fell due and was done, and how late."""
        self._meter.count("incidentbus_timers_fired_total", len(lateness_ms), stage=stage)
        for late in lateness_ms:
            self._meter.observe("incidentbus_timer_lateness_seconds", late / 1000, stage=stage)

    def timer_failed(self, stage: str, partition: int, reason: ReasonCode) -> None:
        """Count what fell due and could not be done."""
        self._meter.count("incidentbus_timer_failures_total", stage=stage)
        log.error("timer failed, tried again later", stage=stage, partition=partition, reason=reason.value)
