"""What checks of a fabric came to, as values: written by whoever runs them, told by tables, JUnit and reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from planes.model.state import Event


class Verdict(Enum):
    """How a check ended."""

    HOLDS = "holds"
    FAILS = "fails"
    CANNOT = "cannot hold"  # on this graph or plan, which was said before anything was tried
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Figure:
    """Something measured, in `unit`; `limit` is what the check allows, None where it says nothing of it."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        limit = "" if self.limit is None else f" (limit {_number(self.limit)}{unit})"
        return f"{self.name} {_number(self.value)}{unit}{limit}"


@dataclass(frozen=True)
class Plot:
    """What arrived in each bin of `width` seconds, from the time 0 on, and what was done when (seconds, words)."""

    title: str
    width: float
    counts: tuple[int, ...]
    marks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Why a check fails: the trace of a packet, the rules that did it, and the lines of the plan behind those."""

    title: str
    verdict: str = ""
    lines: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A check and what came of it. `failures` has a line for each thing that is not as it should; `spot` is where the
    check stands in the plan. `seconds` is how long it took.
    """

    name: str
    kind: str
    what: str
    verdict: Verdict
    failures: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    plots: tuple[Plot, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    events: tuple[Event, ...] = ()
    spot: str = ""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return self.verdict in (Verdict.HOLDS, Verdict.SKIPPED)

    @property
    def told(self) -> str:
        """In one line."""
        if self.failures:
            more = f" and {len(self.failures) - 1} more" if len(self.failures) > 1 else ""
            return f"{self.failures[0]}{more}"
        return "; ".join(map(str, self.figures[:4]))

    def at(self, spot: str, seconds: float) -> Result:
        """The same with its place in the plan, and how long it took."""
        return replace(self, spot=spot, seconds=seconds)


@dataclass(frozen=True)
class Outcome:
    """All results of one run over one lab. `begun` is Unix time; `versions` are names and versions of software."""

    lab: str
    plan: str
    begun: float
    seconds: float
    results: tuple[Result, ...]
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def holds(self) -> bool:
        return all(result.holds for result in self.results)

    def count(self, verdict: Verdict) -> int:
        """How many results ended so."""
        return sum(result.verdict is verdict for result in self.results)


def _number(value: float) -> str:
    """With as many digits as are of interest."""
    return f"{value:.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.3g}"
