"""What every kind of check works with: the lab, what was planned, tools that others bring, and faults that heal."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from planes.model.results import Evidence, Figure, Plot, Result, Verdict
from planes.model.state import State
from topologies.checking.faulting import Faults
from topologies.checking.planning import Ground, Planned
from topologies.checks import Finding, roll_call
from topologies.errors import LabError
from topologies.lab import Lab

MAX_EVIDENCE = 3  # traces a check: one tells more than fifty do


@dataclass(frozen=True)
class Forged:
    """A frame that a host sends though it should not pass, what it pretends, and to whom."""

    source: str
    target: str
    words: str
    interface: str
    frame: bytes


@dataclass(frozen=True)
class Suspect:
    """A packet that arrives and should not, or the other way round: the forged frame, or UDP from host to host."""

    source: str
    target: str
    forged: Forged | None = None
    port: int | None = None  # of UDP; a ping without


class Tools(Protocol):
    """What the checks need of others: rules and traces are not for this floor."""

    def heal(self, what: str) -> None:
        """Heal a link, a switch or the controller, and wait until it is at work again. LabError."""

    def trace(self, suspect: Suspect) -> Evidence:
        """The way of a packet, through the rules that the switches hold now. What can't be traced, it says."""

    def forge(self, source: str, targets: Sequence[str], mark: Callable[[], bytes]) -> Sequence[Forged]:
        """Frames of a host to each of the targets; each draws a mark and has it inside, in their order. LabError."""

    def ways(self, source: str, target: str) -> Sequence[tuple[str, ...]]:
        """Every way from host to host that the rules have, as switches and links in their order. LabError."""

    def state(self, *tables: type) -> State:
        """What the store holds now of these classes of rows. LabError."""

    def quiet(self, since: float, patience: float) -> float | None:
        """Wait until nothing changes in the store any more: when the last change was; None when that never ends.

        Times are CLOCK_MONOTONIC.
        """

    def tell(self, text: str) -> None:
        """Tell people how far it is."""


@dataclass
class Bench:
    """A lab under checks."""

    lab: Lab
    ground: Ground
    tools: Tools
    faults: Faults

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """A roll call, once for all checks that ask for it; before anything was failed."""
        return tuple(roll_call(self.lab, self.ground.hosts))

    def traced(self, suspects: Sequence[Suspect]) -> tuple[Evidence, ...]:
        """The first few, traced."""
        return tuple(map(self.tools.trace, suspects[:MAX_EVIDENCE]))

    def run(self, host: str, argv: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
        """What a program on a host prints; LabError when it does not end in time."""
        try:
            return subprocess.run(
                self.lab.exec_argv(host, argv), capture_output=True, text=True, check=False, timeout=seconds
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{host}: {argv[0]} did not end within {seconds:.0f} s, and was ended") from error


Run = Callable[[Bench, Planned], Result]


def judged(
    check: Planned,
    failures: Sequence[str],
    figures: Sequence[Figure] = (),
    plots: Sequence[Plot] = (),
    evidence: Sequence[Evidence] = (),
) -> Result:
    """A result that holds when nothing failed."""
    verdict = Verdict.FAILS if failures else Verdict.HOLDS
    return Result(
        check.name, check.kind, check.what, verdict, tuple(failures), tuple(figures), tuple(plots), tuple(evidence)
    )


def script(path: str, *arguments: str) -> list[str]:
    """An argument list that runs a script of the standard library alone."""
    return [sys.executable, "-I", "-S", path, *arguments]


def decoded(host: str, text: str) -> Mapping[str, Any]:
    """The JSON object that a host's program printed. LabError."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise LabError(f"{host} printed no JSON: {text[:200]!r}") from error
    if not isinstance(found, dict):
        raise LabError(f"{host} printed no JSON object: {text[:200]!r}")
    return found
