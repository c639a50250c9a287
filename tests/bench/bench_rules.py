"""`make bench-rules`: what a decision costs as rules grow from 10 to 10,000, beside AWS event-ruler on the same rules.

One process, one thread, no Kafka. Two mixes (`rules/workload.py`): conditions on codes only, and the county's, where
rules ask for words and by expressions too. What is compared within one run alternates; see `rules/measuring.py`.
"""

import argparse
import cProfile
import pstats
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from connectors.kafka.jars import JarError
from contracts.decision import DecisionState, decision_wire
from contracts.incident import Incident, incident_bytes, read_incident
from contracts.report import Report
from contracts.serde import write
from incidentbus.settings import Settings
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.decide import decide
from routing_rules.engine.leading import open_case
from routing_rules.engine.loader import load
from routing_rules.engine.normal import normal
from routing_rules.engine.schema import Ruleset
from tests.bench.page import Page
from tests.bench.rules import workload
from tests.bench.rules.measuring import Timed, alternate, least, megabytes
from tests.bench.rules.moment import NOW, TOGETHER, stamps
from tests.bench.rules.peer import VERSION, NoPeer, agreement, run_peer
from tests.bench.rules.workload import CODES, MIXED, SIZES, Mix

Thing = TypeVar("Thing")

PAGE: Final = Page("bench-rules", ("orjson", "pydantic", "ahocorasick-rs", "common-expression-language"))
FRESH: Final = DecisionState()
STEPS: Final = ("end to end", "decide", "index", "first", "all")
GOALS: Final = {"index": 500_000, "decide": 60_000, "growth": 0.05, "compile": 1.0, "understand": 60e-6}


@dataclass(slots=True)
class Figures:
    """What one ruleset came to; `seconds` an incident by step, the others in seconds and megabytes."""

    mix: Mix
    size: int
    ruleset: Ruleset
    compiled: Compiled
    load: float
    compile: float
    held: float
    warm: float
    timed: dict[str, Timed] = field(default_factory=dict)

    def seconds(self, step: str) -> float:
        return self.timed[step].seconds


@dataclass(frozen=True, slots=True)
class Run:
    """How long this run is."""

    sizes: Sequence[int]
    incidents: int
    rounds: int
    warming: int  # seconds of the peer's, a ruleset


LONG: Final = Run(SIZES, 3_000, 25, 6)
QUICK: Final = Run((10, 1_000), 750, 8, 2)


def prepare(mix: Mix, size: int, incidents: Sequence[Incident]) -> Figures:
    """Load and compile a ruleset of a size, and take the time and memory of it."""
    files = workload.files(mix, size)
    loaded: list[Any] = []
    loading = least(lambda: loaded.append(load(files).ruleset), 1)
    ruleset = loaded[0]
    compiling = least(lambda: compile_ruleset(ruleset), 5)
    compiled, held = megabytes(lambda: compile_ruleset(ruleset))
    _, more = megabytes(lambda: _decide_all(compiled, stamped(incidents)))
    return Figures(mix, size, ruleset, compile_ruleset(ruleset), loading, compiling, held, more)


def _decide_all(compiled: Compiled, piece: Sequence[tuple[Incident, datetime]]) -> None:
    for incident, now in piece:
        decide(incident, FRESH, compiled, now)


def stamped(things: Sequence[Thing]) -> list[tuple[Thing, datetime]]:
    """Return each with the broker's stamp."""
    return list(zip(things, stamps(), strict=False))


def steps(figures: Figures, incidents: Sequence[Incident]) -> dict[str, Timed]:
    """Return what is timed of a ruleset; facts that are asked again and again are made ready before."""
    compiled = figures.compiled
    routes, index_of = compiled.routes, compiled.routes.index
    raws = [incident_bytes(incident) for incident in workload.read_by(compiled, incidents)]
    incidents = [read_incident(raw) for raw in raws]  # as dispatch has them
    cases = [open_case(incident, FRESH, compiled, NOW) for incident in incidents]
    ready = [(case.facts, case.on) for case in cases]

    def whole(piece: Sequence[tuple[bytes, datetime]]) -> None:
        for raw, now in piece:
            write(decision_wire(decide(read_incident(raw), FRESH, compiled, now)))

    def index(piece: Sequence[Any]) -> None:
        for facts, on in piece:
            index_of.candidates(facts, on)

    def first(piece: Sequence[Any]) -> None:
        for facts, on in piece:
            next(routes.holding(facts, on))

    def every(piece: Sequence[Any]) -> None:
        for facts, on in piece:
            for _ in routes.holding(facts, on):
                pass

    return {
        "end to end": Timed(whole, stamped(raws)),
        "decide": Timed(lambda piece: _decide_all(compiled, piece), stamped(incidents)),
        "index": Timed(index, ready),
        "first": Timed(first, ready),
        "all": Timed(every, ready),
    }


def measure(mix: Mix, run: Run, incidents: Sequence[Incident]) -> list[Figures]:
    told = [prepare(mix, size, incidents) for size in run.sizes]
    for figures in told:
        figures.timed = steps(figures, incidents)
    alternate([figures.timed[step] for step in STEPS for figures in told], run.rounds)
    return told


def say_mix(told: Sequence[Figures], incidents: Sequence[Incident]) -> None:
    """Print what the rules are like, then what they cost."""
    mix = told[0].mix
    PAGE.say("")
    PAGE.say(f"{mix.name}: " + ("conditions on codes only" if mix.codes_only else "codes, words and expressions"))
    PAGE.say(f"{'':11s}{'each rule':>21s}{'each incident':>29s}")
    PAGE.say(f"{'rules':>7s}{'blocks':>8s}{'text':>6s}{'CEL':>6s}{'hold':>9s}{'roles':>7s}{'grounds':>9s}{'bytes':>7s}")
    for figures in told:
        PAGE.say(_likeness(figures, incidents))
    PAGE.say("per second  end to end   decide     index  first route  all rules | compile     load  memory   warm")
    for figures in told:
        rates = [1 / figures.seconds(step) for step in STEPS]
        PAGE.say(
            f"{figures.size:7,d}   {rates[0]:12,.0f}{rates[1]:9,.0f}{rates[2]:10,.0f}{rates[3]:13,.0f}{rates[4]:11,.0f}"
            f" | {figures.compile * 1000:4.0f} ms{figures.load:7.2f} s{figures.held:5.1f} MB +{figures.warm:4.1f}"
        )


def _likeness(figures: Figures, incidents: Sequence[Incident]) -> str:
    rules = figures.ruleset.rules
    blocks = sum(len(rule.when) for rule in rules)
    text = sum(any(block.text for block in rule.when) for rule in rules) / len(rules)
    expr = sum(any(block.expr for block in rule.when) for rule in rules) / len(rules)
    many = len(incidents)
    held = sum(map(len, all_found(figures.compiled, incidents))) / many
    made = [decide(incident, FRESH, figures.compiled, NOW) for incident in incidents]
    roles = sum(len(decision.roles) for decision in made) / many
    grounds = sum(len(decision.evidence.conditions) for decision in made) / many
    size = sum(len(write(decision_wire(decision))) for decision in made) / many
    return f"{figures.size:7,d}{blocks:8,d}{text:6.0%}{expr:6.0%}{held:9.1f}{roles:7.2f}{grounds:9.2f}{size:7,.0f}"


def all_found(compiled: Compiled, incidents: Sequence[Incident]) -> list[list[str]]:
    """Return, for each incident, every route that holds, the fallback left out."""
    cases = [open_case(incident, FRESH, compiled, NOW) for incident in incidents]
    held = [[row.rule for row in compiled.routes.holding(case.facts, case.on)] for case in cases]
    return [[rule.id for rule in rules if not rule.fallback] for rules in held]


def say_understanding(run: Run, most: Figures) -> bool:
    """Print what inference costs, normal form included, and that alone; and with the words of `most` rules to find."""
    reports = workload.reports(run.incidents)

    def understanding(compiled: Compiled) -> Timed:
        understand = compiled.interpreter.understand

        def all_of(piece: Sequence[Report]) -> None:
            for report in piece:
                understand(report, "inc-bench", NOW)

        return Timed(all_of, reports)

    def form(piece: Sequence[Report]) -> None:
        for report in piece:
            normal(report.title)
            normal(report.text)

    whole, alone = understanding(compile_ruleset(workload.base())), Timed(form, reports)
    of_most = understanding(most.compiled)
    alternate([whole, alone, of_most], run.rounds)
    PAGE.say("")
    seen = f"{whole.seconds * 1e6:.1f} us"
    PAGE.say(f"understanding a report: {seen}, of which the normal form {alone.seconds * 1e6:.1f} us")
    PAGE.say(f"with the words of {most.size:,} rules to find for dispatch: {of_most.seconds * 1e6:.1f} us")
    return goal("normal form and inference of a message", seen, "<= 60 us",
                whole.seconds <= GOALS["understand"])  # fmt: skip


def say_peer(told: Sequence[Figures], run: Run, incidents: Sequence[Incident]) -> bool:
    """Run event-ruler on the codes-only rules; print both sides and whether they found the same."""
    PAGE.say("")
    cache = Settings().cache_dir
    try:
        theirs = run_peer([figures.ruleset for figures in told], incidents, cache, run.rounds, run.warming)
    except (NoPeer, JarError, subprocess.CalledProcessError) as error:
        PAGE.say(f"event-ruler {VERSION}: skipped, {error}")
        return True
    PAGE.say(
        f"all rules that hold, codes only, incidents a second; event-ruler {VERSION} on one thread, warmed, parsing"
    )
    PAGE.say(
        "an event of the codes alone with each; ours with the facts made ready, and with the whole incident parsed"
    )
    PAGE.say("  rules  event-ruler (adding rules)     ours  with parsing   rules found   disagreements")
    wrong = 0
    for figures, peer in zip(told, theirs, strict=True):
        same = agreement(all_found(figures.compiled, incidents), peer.found)
        wrong += same.disagreements
        parsing = figures.seconds("end to end") - figures.seconds("decide")
        PAGE.say(
            f"{figures.size:7,d}{1 / peer.seconds:13,.0f}{peer.adding * 1000:12,.0f} ms"
            f"{1 / figures.seconds('all'):12,.0f}{1 / (figures.seconds('all') + parsing):14,.0f}"
            f"{same.matches:14,d}{same.disagreements:16,d}"
        )
    return goal("incidents on which the two sides differ", str(wrong), "0", wrong == 0)


def goal(what: str, seen: str, wanted: str, met: bool) -> bool:
    PAGE.say(f"goal: {what}: {seen}, wanted {wanted}: {'yes' if met else 'NO'}")
    return met


def say_goals(told: Sequence[Figures]) -> list[bool]:
    few, many = told[0], told[-1]
    index = 1 / max(figures.seconds("index") for figures in told)
    decided = 1 / max(figures.seconds("decide") for figures in told)
    slower = many.seconds("end to end") / few.seconds("end to end") - 1
    name = few.mix.name
    met = [
        goal(f"{name}: index alone, at its slowest", f"{index:,.0f}/s", ">= 500,000/s", index >= GOALS["index"]),
        goal(f"{name}: {few.size:,} to {many.size:,} rules, end to end slower by", f"{slower:.1%}", "<= 5 %",
             slower <= GOALS["growth"]),
        goal(f"{name}: compile {many.size:,} rules", f"{many.compile:.2f} s", "<= 1 s",
             many.compile <= GOALS["compile"]),
    ]  # fmt: skip
    if few.mix.codes_only:
        seen = f"{decided:,.0f}/s"
        met.append(goal(f"{name}: decide with trace, at its slowest", seen, ">= 60,000/s", decided >= GOALS["decide"]))
    return met


def say_profile(figures: Figures, incidents: Sequence[Incident]) -> None:
    """Print where the time of the whole way goes, by room."""
    raws = [incident_bytes(incident) for incident in workload.read_by(figures.compiled, incidents)]
    profiler = cProfile.Profile()
    profiler.enable()
    for raw, now in stamped(raws * 4):
        write(decision_wire(decide(read_incident(raw), FRESH, figures.compiled, now)))
    profiler.disable()
    spent: Counter[str] = Counter()
    stats = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    for (file, _, function), (_, _, own, _, _) in stats.items():
        spent[room(file, function)] += own
    total = sum(spent.values())
    PAGE.say("")
    PAGE.say(
        f"end to end at {figures.size:,} rules, {figures.mix.name}: share of own time, the profiler's own cost included"
    )
    for name, seconds in spent.most_common(16):
        PAGE.say(f"  {name:34s} {seconds / total:5.1%}")


def room(file: str, function: str) -> str:
    """Return where a function of the profile belongs: our files by name, the two parsers, the rest."""
    for house in ("routing_rules/engine", "contracts"):
        if f"/{house}/" in file:
            return f"{house}{file.partition(house)[2]}"
    for word, name in (("validate_json", "pydantic, parsing"), ("orjson", "orjson, writing")):
        if word in function:
            return name
    return "built-in functions" if file == "~" else "others"


def main(run: Run) -> bool:
    """Print everything; say whether all goals were met."""
    PAGE.begin()
    incidents = workload.incidents(run.incidents)
    length = sum(len(incident.report.text) for incident in incidents) / len(incidents)
    size = sum(len(incident_bytes(incident)) for incident in incidents) / len(incidents)
    whose = workload.whose_texts()
    PAGE.say(f"{len(incidents):,} incidents of {size:,.0f} bytes, {whose} messages of {length:.0f} characters")
    PAGE.say(f"CPU seconds of one thread, least of {run.rounds} rounds in turn; memory as tracemalloc counts it")
    PAGE.say(f"{TOGETHER} incidents have one stamp of the broker, as one batch of records has")
    codes = measure(CODES, run, incidents)
    say_mix(codes, incidents)
    met = say_goals(codes)
    met.append(say_peer(codes, run, incidents))
    say_profile(next(figures for figures in codes if figures.size == 1_000), incidents)
    county = measure(MIXED, run, incidents)
    say_mix(county, incidents)
    met += say_goals(county)
    met.append(say_understanding(run, county[-1]))
    return all(met)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="two sizes, fewer rounds")
    arguments.add_argument("--write", type=Path, help="put what was printed on this page of the documents")
    given = arguments.parse_args()
    main(QUICK if given.quick else LONG)
    if given.write:
        PAGE.write(given.write)
