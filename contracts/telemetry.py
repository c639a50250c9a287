"""What is measured: the one registry of metrics, and the shape by which pure code tells its counts.

A metric that is not declared here does not exist: names are literal types, labels are checked at first use, and
docs/metrics.md and the alert rules are tested against this list. A label never tells of one
report or one person: its values come from closed lists (`contracts.codes`), the ruleset, or the deployment's topics.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, Protocol, cast, get_args

CounterName = Literal[
    "incidentbus_reports_received_total",
    "incidentbus_reports_accepted_total",
    "incidentbus_reports_repeated_total",
    "incidentbus_reports_rekeyed_total",
    "incidentbus_reports_rejected_total",
    "incidentbus_report_flags_total",
    "incidentbus_decisions_total",
    "incidentbus_decision_routes_total",
    "incidentbus_assignments_total",
    "incidentbus_assignments_dropped_total",
    "incidentbus_hard_rules_total",
    "incidentbus_trial_decisions_total",
    "incidentbus_shadow_decisions_total",
    "incidentbus_shadow_differences_total",
    "incidentbus_shadow_drops_total",
    "incidentbus_directives_total",
    "incidentbus_notices_total",
    "incidentbus_held_assignments_total",
    "incidentbus_expression_errors_total",
    "incidentbus_facts_total",
    "incidentbus_case_steps_total",
    "incidentbus_dead_letters_total",
    "incidentbus_records_read_total",
    "incidentbus_records_written_total",
    "incidentbus_turns_total",
    "incidentbus_aborts_total",
    "incidentbus_fences_total",
    "incidentbus_task_restarts_total",
    "incidentbus_rebalances_total",
    "incidentbus_input_pauses_total",
    "incidentbus_timers_fired_total",
    "incidentbus_timer_failures_total",
    "incidentbus_ruleset_reloads_total",
    "incidentbus_surge_sightings_total",
    "incidentbus_surges_total",
]
GaugeName = Literal[
    "incidentbus_fallback_share",
    "incidentbus_tasks",
    "incidentbus_lag_records",
    "incidentbus_inputs_paused",
    "incidentbus_ruleset_info",
    "incidentbus_ruleset_last_reload_successful",
    "incidentbus_shadow_info",
    "incidentbus_ruleset_last_reload_success_timestamp_seconds",
    "incidentbus_worker_info",
    "incidentbus_readmodel_behind_offsets",
    "incidentbus_readmodel_whole_timestamp_seconds",
    "incidentbus_agency_unread_offsets",
    "incidentbus_agency_unread_seconds",
    "incidentbus_agency_retention_seconds",
    "incidentbus_agency_removed_unread_offsets",
    "incidentbus_agency_place_kept",
    "incidentbus_check_passed",
    "incidentbus_watch_timestamp_seconds",
    "incidentbus_surges_open",
    "incidentbus_surge_behind_offsets",
]
HistogramName = Literal[
    "incidentbus_understand_seconds",
    "incidentbus_decide_seconds",
    "incidentbus_turn_seconds",
    "incidentbus_turn_records",
    "incidentbus_transaction_seconds",
    "incidentbus_timer_lateness_seconds",
    "incidentbus_publish_to_assignment_seconds",
    "incidentbus_restore_seconds",
]
MetricName = CounterName | GaugeName | HistogramName
PREFIX: Final = "incidentbus_"


class MetricKind(StrEnum):
    """How a metric behaves: only grows, stands at a value, or is spread over buckets."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """All that is known of a metric. `buckets` are upper bounds, ascending, without infinity; histograms only."""

    name: MetricName
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


class Meter(Protocol):
    """Where counts go. Called from one thread. A wrong label name is a `ValueError` at first use, in every meter."""

    def count(self, name: CounterName, value: float = 1, **labels: str) -> None:
        """Add `value` (not negative) to a counter."""

    def observe(self, name: HistogramName, value: float, **labels: str) -> None:
        """Enter one value into a histogram."""

    def set(self, name: GaugeName, value: float, **labels: str) -> None:
        """Let a gauge stand at `value`."""

    def forget(self, name: GaugeName, **labels: str) -> None:
        """Take back the series of a gauge that have these labels: a task that left has no lag here any more."""

    def add(self, tally: "Tally") -> None:
        """Enter everything that a tally holds."""


class NoMeter:
    """A meter that keeps nothing: for tools and tests that don't look."""

    def count(self, name: CounterName, value: float = 1, **labels: str) -> None:
        """Keep nothing."""

    def observe(self, name: HistogramName, value: float, **labels: str) -> None:
        """Keep nothing."""

    def set(self, name: GaugeName, value: float, **labels: str) -> None:
        """Keep nothing."""

    def forget(self, name: GaugeName, **labels: str) -> None:
        """Keep nothing."""

    def add(self, tally: "Tally") -> None:
        """Keep nothing."""


_MICRO: Final = (5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 2e-2, 1e-1)
_TURN: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0)
_JOURNEY: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_RECORDS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_LATENESS: Final = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0, 86_400.0)
_RESTORE: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 180.0)


def _counter(name: CounterName, labels: tuple[str, ...], about: str) -> MetricSpec:
    return MetricSpec(name, MetricKind.COUNTER, about, labels)


def _gauge(name: GaugeName, labels: tuple[str, ...], about: str) -> MetricSpec:
    return MetricSpec(name, MetricKind.GAUGE, about, labels)


def _histogram(name: HistogramName, labels: tuple[str, ...], buckets: tuple[float, ...], about: str) -> MetricSpec:
    return MetricSpec(name, MetricKind.HISTOGRAM, about, labels, buckets)


SPECS: Final = (
    _counter("incidentbus_reports_received_total", ("channel",),
             "reports that intake read; each is then accepted, repeated, rekeyed or rejected, and counted there too"),
    _counter("incidentbus_reports_accepted_total", ("channel",), "reports that became a new incident"),
    _counter("incidentbus_reports_repeated_total", ("channel", "change"),
             "reports of an external id already seen; change is `same`, or `updated` where the body differs"),
    _counter("incidentbus_reports_rekeyed_total", ("channel",),
             "reports that a publisher put on another partition than ours and that were passed on to the right one"),
    _counter("incidentbus_reports_rejected_total", ("channel", "reason"), "reports that became dead letters"),
    _counter("incidentbus_report_flags_total", ("channel", "flag"), "what was odd about reports accepted all the same"),
    _counter("incidentbus_decisions_total", ("channel", "outcome"), "decisions, by what they rest on"),
    _counter("incidentbus_decision_routes_total", ("route",), "decisions, by the route that named the lead"),
    _counter("incidentbus_assignments_total", ("agency", "role"), "assignments put on an agency's topic"),
    _counter("incidentbus_assignments_dropped_total", ("because",),
             "agencies and roles that a rule asked for and that got nothing"),
    _counter("incidentbus_hard_rules_total", ("rule",), "decisions that one of the engine's own rules changed"),
    _counter("incidentbus_trial_decisions_total", ("rule", "agrees"),
             "incidents that a rule on trial would have taken; agrees says whether to the same lead"),
    _counter("incidentbus_shadow_decisions_total", ("result",),
             "decisions that a ruleset in shadow made too; result is `same` or `different`"),
    _counter("incidentbus_shadow_differences_total", ("rule", "before", "after"),
             "differences of a ruleset in shadow, by its rule, the lead that was named and the one it would name"),
    _counter("incidentbus_shadow_drops_total", ("because",),
             "shadows that a worker dropped: `raised`, `too_slow`, `too_large`, `refused`, `not_writable`"),
    _counter("incidentbus_directives_total", ("kind", "result"),
             "directives by what came of them: `acted`, `repeated`, `passed` on to another stage, or `refused`"),
    _counter("incidentbus_notices_total", ("notice",), "notices told to agencies of assignments that they have"),
    _counter("incidentbus_held_assignments_total", ("change",),
             "assignments that a hold kept back: `held`, `released`, or `dropped`, their case decided anew or over"),
    _counter("incidentbus_facts_total", ("fact", "result"),
             "facts told of cases: `taken`, `repeated`, `refused`, or `early`, before the decision they speak of"),
    _counter("incidentbus_case_steps_total", ("step", "milestone"),
             "what fell due in cases: reminders, deadlines passed, supervision, escalation, follow-ups, closings"),
    _counter("incidentbus_expression_errors_total", ("rule",), "CEL expressions that failed and so did not hold"),
    _counter("incidentbus_dead_letters_total", ("stage", "reason"), "records put on a topic of dead letters"),
    _counter("incidentbus_records_read_total", ("stage",), "input records of committed turns"),
    _counter("incidentbus_records_written_total", ("stage",), "output records of committed turns"),
    _counter("incidentbus_turns_total", ("stage", "result"), "turns: `committed`, `aborted`"),
    _counter("incidentbus_aborts_total", ("stage", "cause"), "transactions given up, by the closed word for why"),
    _counter("incidentbus_fences_total", ("stage",), "tasks that learnt that another worker has taken over"),
    _counter("incidentbus_task_restarts_total", ("stage", "cause"), "tasks dropped whole and started anew"),
    _counter("incidentbus_rebalances_total", ("stage",), "times that tasks were shared out anew among workers"),
    _counter("incidentbus_input_pauses_total", ("stage",), "inputs that the dead-letter bound has paused"),
    _counter("incidentbus_timers_fired_total", ("stage",), "what fell due by the clock and was done, once committed"),
    _counter("incidentbus_timer_failures_total", ("stage",),
             "what fell due and could not be done; nothing of it is kept, and it is tried again after 1 s to 5 min"),
    _counter("incidentbus_ruleset_reloads_total", ("result",), "rulesets that arrived: `success`, `refused`"),
    _counter("incidentbus_surge_sightings_total", ("result",),
             "incidents seen for surges: counted, repeated or too late, rejected"),
    _counter("incidentbus_surges_total", ("status", "exercise"), "facts about surges, by status"),
    _gauge("incidentbus_fallback_share", ("channel",),
           "share of this process's decisions since its start that rest on the fallback, 0 to 1"),
    _gauge("incidentbus_tasks", ("stage", "state"), "tasks held here; state is `running`"),
    _gauge("incidentbus_lag_records", ("stage", "topic", "partition"),
           "records on an input that this worker's task has not committed yet"),
    _gauge("incidentbus_inputs_paused", ("topic", "partition"), "1 while the dead-letter bound holds this input"),
    _gauge("incidentbus_ruleset_info", ("id", "version", "digest"), "1 for the ruleset that decides now"),
    _gauge("incidentbus_shadow_info", ("id", "version", "digest"), "the ruleset in shadow on this worker: 1"),
    _gauge("incidentbus_ruleset_last_reload_successful", (), "1 if the ruleset that arrived last was taken, else 0"),
    _gauge("incidentbus_ruleset_last_reload_success_timestamp_seconds", (),
           "when a ruleset was last taken, seconds since the epoch"),
    _gauge("incidentbus_worker_info", ("version", "stages"), "1: which release runs, with which stages"),
    _gauge("incidentbus_readmodel_behind_offsets", ("topic",),
           "offsets of a topic that the read model has not taken yet"),
    _gauge("incidentbus_readmodel_whole_timestamp_seconds", (),
           "when the read model was last known to have all that the topics had, seconds since the epoch"),
    _gauge("incidentbus_agency_unread_offsets", ("agency",),
           "offsets that an agency's group has not committed on its assignments, transactions' markers among them"),
    _gauge("incidentbus_agency_unread_seconds", ("agency",),
           "how long the oldest assignment not yet taken has waited; 0 where none has for five minutes"),
    _gauge("incidentbus_agency_retention_seconds", ("agency",),
           "for how long the agency's topic keeps assignments; no series where it keeps them for ever"),
    _gauge("incidentbus_agency_removed_unread_offsets", ("agency",),
           "offsets of the agency's assignments that were deleted before the agency had taken them"),
    _gauge("incidentbus_agency_place_kept", ("agency",),
           "1 where the cluster knows how far the agency has read, 0 where it never came or was away for too long"),
    _gauge("incidentbus_check_passed", ("check",), "1 where `doctor`'s question of that name is answered well, else 0"),
    _gauge("incidentbus_watch_timestamp_seconds", (), "when the watch last looked at the agencies' topics, and could"),
    _gauge("incidentbus_surges_open", (), "surges under way, exercises left out, among what this worker watches"),
    _gauge("incidentbus_surge_behind_offsets", ("topic",),
           "offsets of its inputs that an observer has not taken yet, among what it watches"),
    _histogram("incidentbus_understand_seconds", (), _MICRO, "time to understand one report: its turn's mean"),
    _histogram("incidentbus_decide_seconds", (), _MICRO, "time to decide one incident: its turn's mean"),
    _histogram("incidentbus_turn_seconds", ("stage",), _TURN, "a turn from its first record to its commit"),
    _histogram("incidentbus_turn_records", ("stage",), _RECORDS, "input records in a turn"),
    _histogram("incidentbus_transaction_seconds", ("stage",), _TURN, "the part of a turn in a Kafka transaction"),
    _histogram("incidentbus_timer_lateness_seconds", ("stage",), _LATENESS,
               "from the moment at which something fell due to the commit of what it gave rise to"),
    _histogram("incidentbus_publish_to_assignment_seconds", ("channel",), _JOURNEY,
               "from the broker's stamp on the report to the commit of its assignments"),
    _histogram("incidentbus_restore_seconds", ("stage",), _RESTORE, "time that a task took to restore its state"),
)  # fmt: skip

METRICS: Final[dict[MetricName, MetricSpec]] = {spec.name: spec for spec in SPECS}
COUNTERS: Final = cast("tuple[CounterName, ...]", get_args(CounterName))
GAUGES: Final = cast("tuple[GaugeName, ...]", get_args(GaugeName))
HISTOGRAMS: Final = cast("tuple[HistogramName, ...]", get_args(HistogramName))


def checked_labels(name: MetricName, labels: dict[str, str]) -> tuple[str, ...]:
    """Return the label values in the order of the metric's declaration. Raises ValueError where names differ."""
    spec = METRICS[name]
    if labels.keys() != set(spec.labels):
        raise ValueError(f"{name} has the labels {spec.labels}, not {tuple(labels)}")
    return tuple(str(labels[label]) for label in spec.labels)


Series = tuple[MetricName, tuple[str, ...]]
"""A metric with its label values in the declared order."""


@dataclass(slots=True)
class Spread:
    """A histogram's series. `counts` has one place a bucket and one more for what exceeds all; not cumulative."""

    counts: list[int]
    total: float = 0.0


class Tally:
    """A meter in memory: what one turn counted, kept until it is known whether the turn counts.

    A turn that aborts must not be counted twice: the runtime hands its processor a tally and, once the transaction is
    committed, flushes it into the process's meter; after an abort it is cleared. Not for several threads at once.

    A count costs some 0.5 µs: one look-up by the labels as they were given. Two spellings of the same labels meet in
    one cell.
    """

    def __init__(self) -> None:
        self.counts: Final[dict[Series, list[float]]] = {}
        self.gauges: Final[dict[Series, float]] = {}
        self.spreads: Final[dict[Series, Spread]] = {}
        self._cells: dict[tuple[str, ...], list[float]] = {}
        self._places: dict[tuple[str, ...], tuple[Spread, tuple[float, ...]]] = {}
        self._forgotten: dict[tuple[GaugeName, tuple[tuple[str, str], ...]], None] = {}  # a set that keeps its order

    def count(self, name: CounterName, value: float = 1, **labels: str) -> None:
        """Add `value` to a counter."""
        try:
            self._cells[name, *labels, *labels.values()][0] += value
        except KeyError:
            self._cell(name, labels)[0] += value

    def observe(self, name: HistogramName, value: float, **labels: str) -> None:
        """Enter one value into a histogram."""
        try:
            spread, buckets = self._places[name, *labels, *labels.values()]
        except KeyError:
            spread, buckets = self._place(name, labels)
        spread.counts[bisect_left(buckets, value)] += 1
        spread.total += value

    def set(self, name: GaugeName, value: float, **labels: str) -> None:
        """Let a gauge stand at `value`."""
        self.gauges[name, checked_labels(name, labels)] = value

    def forget(self, name: GaugeName, **labels: str) -> None:
        """Take back a gauge's series that have these labels, here and, at the flush, where this is flushed to."""
        self._forgotten[name, tuple(labels.items())] = None
        for series in list(_having(self.gauges, name, labels)):
            del self.gauges[series]

    def add(self, tally: "Tally") -> None:
        """Enter everything that another tally holds: what it forgot first, then what it set."""
        for gauge, labels in tally._forgotten:
            self.forget(gauge, **dict(labels))
        for counter, cell in tally.counts.items():
            self.counts.setdefault(counter, [0.0])[0] += cell[0]
        self.gauges.update(tally.gauges)
        for histogram, spread in tally.spreads.items():
            ours = self._spread(histogram)
            ours.counts[:] = map(sum, zip(ours.counts, spread.counts, strict=True))
            ours.total += spread.total

    def flush_into(self, meter: Meter) -> None:
        """Give everything to `meter` and start from nothing."""
        meter.add(self)
        self.clear()

    def clear(self) -> None:
        """Forget everything: the turn did not happen."""
        for held in (self.counts, self.gauges, self.spreads, self._cells, self._places, self._forgotten):
            held.clear()

    def value(self, name: CounterName | GaugeName, **labels: str) -> float:
        """Return where a counter or gauge stands; 0 where nothing was said."""
        series = (name, checked_labels(name, labels))
        return self.counts[series][0] if series in self.counts else self.gauges.get(series, 0.0)

    def _cell(self, name: CounterName, labels: dict[str, str]) -> list[float]:
        cell = self.counts.setdefault((name, checked_labels(name, labels)), [0.0])
        self._cells[name, *labels, *labels.values()] = cell
        return cell

    def _place(self, name: HistogramName, labels: dict[str, str]) -> tuple[Spread, tuple[float, ...]]:
        place = (self._spread((name, checked_labels(name, labels))), METRICS[name].buckets)
        self._places[name, *labels, *labels.values()] = place
        return place

    def _spread(self, series: Series) -> Spread:
        if series not in self.spreads:
            self.spreads[series] = Spread([0] * (len(METRICS[series[0]].buckets) + 1))
        return self.spreads[series]


def _having(gauges: dict[Series, float], name: GaugeName, labels: dict[str, str]) -> Iterator[Series]:
    order = METRICS[name].labels
    unknown = labels.keys() - set(order)
    if unknown:
        raise ValueError(f"{name} has the labels {order}, not {tuple(labels)}")
    for series in gauges:
        if series[0] == name and all(series[1][order.index(label)] == value for label, value in labels.items()):
            yield series
