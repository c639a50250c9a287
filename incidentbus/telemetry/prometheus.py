"""The process's meter: a tally that Prometheus reads when it scrapes.

Counting touches no lock and no Prometheus object: a scrape turns the tally into metric families. Both happen on the
event loop's thread, so a scrape never sees half a turn.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from contracts.codes import Outcome
from contracts.telemetry import SPECS, Meter, MetricKind, MetricSpec, Spread, Tally

_HASH_DIGITS: Final = 12


class PrometheusMeter(Tally, Collector):
    """A tally in the shape of a Prometheus collector. Never cleared: counters only grow."""

    def collect(self) -> Iterator[Metric]:
        """Yield every metric of the registry, also those of which nothing was said yet."""
        for spec in SPECS:
            if spec.kind is MetricKind.COUNTER:
                yield self._counter(spec)
            elif spec.kind is MetricKind.GAUGE:
                yield self._gauge(spec)
            else:
                yield self._histogram(spec)

    def _counter(self, spec: MetricSpec) -> CounterMetricFamily:
        family = CounterMetricFamily(spec.name.removesuffix("_total"), spec.help, labels=spec.labels)
        for (name, values), cell in self.counts.items():
            if name == spec.name:
                family.add_metric(values, cell[0])
        return family

    def _gauge(self, spec: MetricSpec) -> GaugeMetricFamily:
        family = GaugeMetricFamily(spec.name, spec.help, labels=spec.labels)
        series = fallback_shares(self) if spec.name == "incidentbus_fallback_share" else self._stands(spec)
        for values, value in series:
            family.add_metric(values, value)
        return family

    def _stands(self, spec: MetricSpec) -> Iterator[tuple[tuple[str, ...], float]]:
        return ((values, value) for (name, values), value in self.gauges.items() if name == spec.name)

    def _histogram(self, spec: MetricSpec) -> HistogramMetricFamily:
        family = HistogramMetricFamily(spec.name, spec.help, labels=spec.labels)
        for (name, values), spread in self.spreads.items():
            if name == spec.name:
                family.add_metric(values, _cumulative(spec, spread), spread.total)
        return family


def _cumulative(spec: MetricSpec, spread: Spread) -> list[tuple[str, float]]:
    bounds = [*(str(float(bound)) for bound in spec.buckets), "+Inf"]
    return list(zip(bounds, map(float, accumulate(spread.counts)), strict=True))


def fallback_shares(tally: Tally) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield each channel's share of decisions that rest on the fallback, from the decisions counted."""
    decided: dict[str, list[float]] = {}
    for (name, values), cell in tally.counts.items():
        if name == "incidentbus_decisions_total":
            channel, outcome = values
            share = decided.setdefault(channel, [0.0, 0.0])
            share[0] += cell[0]
            share[1] += cell[0] if outcome == Outcome.FALLBACK else 0.0
    return (((channel,), fallen / every) for channel, (every, fallen) in decided.items() if every)


def registry_of(meter: PrometheusMeter) -> CollectorRegistry:
    """Return a registry of its own with this meter and what the client library tells of process and interpreter."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(meter)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def ruleset_taken(meter: Meter, *, id_: str, version: str, digest: str, at_ms: int) -> None:
    """Show that a ruleset decides from now on; the one before is shown no more."""
    meter.forget("incidentbus_ruleset_info")
    meter.set("incidentbus_ruleset_info", 1, id=id_, version=version, digest=digest[:_HASH_DIGITS])
    meter.set("incidentbus_ruleset_last_reload_successful", 1)
    meter.set("incidentbus_ruleset_last_reload_success_timestamp_seconds", at_ms / 1000)
    meter.count("incidentbus_ruleset_reloads_total", result="success")


def ruleset_refused(meter: Meter) -> None:
    """Show that a ruleset arrived that could not be taken: the last good one stays."""
    meter.set("incidentbus_ruleset_last_reload_successful", 0)
    meter.count("incidentbus_ruleset_reloads_total", result="refused")


__all__ = ["PrometheusMeter", "fallback_shares", "registry_of", "ruleset_refused", "ruleset_taken"]
