"""What came of a row: the witnesses' figures, and how they are printed."""

from dataclasses import dataclass, field

HEAD = (
    f"{'#':>2} {'row':32} {'times':>9} {'reports':>8} {'assigned':>8} {'lost':>5} {'twice':>5} {'order':>5} "
    f"{'orphan':>6} {'stall s':>8} {'a task':>6} {'crash':>5} {'s':>5}  verdict"
)


@dataclass(slots=True)
class Outcome:
    """One row's figures. `problems` are what fails it beside the counts."""

    number: int
    name: str
    times: int = 0
    least: int = 0
    reports: int = 0
    assignments: int = 0
    lost: int = 0
    duplicates: int = 0
    disordered: int = 0
    orphans: int = 0
    stall: float = 0.0
    stall_limit: float | None = None
    task_stall: float = 0.0
    crashes: int = 0
    seconds: float = 0.0
    skipped: str = ""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether no promise was broken."""
        return not (self.lost or self.duplicates or self.disordered or self.orphans)

    @property
    def passed(self) -> bool:
        """Whether the row holds."""
        return self.clean and not self.problems

    def line(self) -> str:
        """Return the row of the table."""
        if self.skipped:
            return f"{self.number:>2} {self.name:32} skipped: {self.skipped}"
        told = "ok" if self.passed else "; ".join(self.problems) or "FAILED"
        limit = "" if self.stall_limit is None else f"/{self.stall_limit:.0f}"
        return (
            f"{self.number:>2} {self.name:32} {f'{self.times}/{self.least}':>9} {self.reports:>8} "
            f"{self.assignments:>8} {self.lost:>5} {self.duplicates:>5} {self.disordered:>5} {self.orphans:>6} "
            f"{f'{self.stall:.1f}{limit}':>8} {self.task_stall:>6.1f} {self.crashes:>5} {self.seconds:>5.0f}  {told}"
        )


def summary(outcomes: list[Outcome], seconds: float) -> str:
    """Return the last line."""
    ran = [each for each in outcomes if not each.skipped]
    skipped = len(outcomes) - len(ran)
    return (
        f"faults: rows={len(outcomes)} passed={sum(each.passed for each in ran)}"
        f"{f' skipped={skipped}' if skipped else ''} lost={sum(each.lost for each in ran)} "
        f"duplicates={sum(each.duplicates for each in ran)} disordered={sum(each.disordered for each in ran)} "
        f"orphans={sum(each.orphans for each in ran)} seconds={seconds:.0f}"
    )
