"""Rulesets as the stages see them: what is in force when a turn begins. Who follows the topics is assembly's affair.

A bundle is checked again where it arrives: a broken one that got past the publisher is refused here and the last good
one stays in force.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from contracts.decision import ModeRecord
from contracts.ruleset import RulesetBundle
from routing_rules.engine.compiler import Compiled, compile_ruleset
from routing_rules.engine.loader import load
from streams.shadows import Shadow, reads_alike


class RefusedRuleset(ValueError):
    """A bundle that must not decide anything; the message says why, without quoting the files."""


@dataclass(frozen=True, slots=True)
class RulesetInForce:
    """A compiled ruleset with the modes that are declared: all that a decision needs besides incident and state.

    `shadow` decides beside it and moves nothing; `rereads` says that it would understand reports otherwise.
    """

    compiled: Compiled
    modes: tuple[ModeRecord, ...] = ()
    shadow: Shadow | None = None
    rereads: bool = False


class RulesetSource(Protocol):
    """Where a processor asks, once a turn, what is in force."""

    def current(self) -> RulesetInForce | None:
        """Return what is in force, or None before the first ruleset arrived."""


@dataclass(slots=True)
class HeldRuleset:
    """The one place of a process that holds what is in force; swapped between turns, read at their beginning.

    A shadow may come before what it is compared with, and stays when that is swapped.
    """

    in_force: RulesetInForce | None = None
    shadow: Shadow | None = None

    def current(self) -> RulesetInForce | None:
        """Return what is in force."""
        return self.in_force

    def put_in_force(self, fresh: RulesetInForce) -> None:
        """Swap the ruleset; declared modes and the shadow stay."""
        modes = self.in_force.modes if self.in_force else fresh.modes
        self.in_force = self._shadowed(replace(fresh, modes=modes))

    def put_in_shadow(self, shadow: Shadow | None) -> None:
        """Let another ruleset decide beside the one in force, or none."""
        self.shadow = shadow
        if self.in_force is not None:
            self.in_force = self._shadowed(self.in_force)

    def _shadowed(self, in_force: RulesetInForce) -> RulesetInForce:
        if self.shadow is None:
            return replace(in_force, shadow=None, rereads=False)
        alike = reads_alike(in_force.compiled.ruleset, self.shadow.compiled.ruleset)
        return replace(in_force, shadow=self.shadow, rereads=not alike)

    def declare(self, modes: tuple[ModeRecord, ...]) -> None:
        """Swap the declared modes; the ruleset stays."""
        if self.in_force is not None:
            self.in_force = replace(self.in_force, modes=modes)


def open_bundle(bundle: RulesetBundle) -> RulesetInForce:
    """Load, check and compile a bundle; some 0.1 s of CPU. Raises `RefusedRuleset`."""
    try:
        files = bundle.files()
    except ValueError as error:
        raise RefusedRuleset(str(error)) from error
    loaded = load(files)
    if loaded.ruleset is None:
        codes = sorted({finding.code for finding in loaded.errors})
        raise RefusedRuleset(f"the ruleset does not load: {', '.join(codes)}")
    if loaded.ruleset.hash != bundle.hash:
        raise RefusedRuleset("the bundle's content is not what its hash says")
    return RulesetInForce(compile_ruleset(loaded.ruleset))
