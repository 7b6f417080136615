"""A run of the checks of a lab's plan: for `triplane check`, and for tests."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from planes.cli.check_tools import tools
from planes.cli.origin import PlanFile
from planes.cli.running import running
from planes.model.results import Outcome, Result, Verdict
from planes.model.source import Path as Place
from topologies.checking.bench import Bench
from topologies.checking.faulting import faults
from topologies.checking.planning import Planned, chosen, ground, planned
from topologies.checking.running import run
from topologies.errors import LabError
from topologies.lab import Lab

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Wishes:
    """What a run is asked for: checks by name or kind, all where none is named."""

    only: tuple[str, ...] = ()
    fail_fast: bool = False


def checked(lab: Lab, file: str, wishes: Wishes, tell: Tell) -> Outcome:
    """Run them; `file` is where the plan is, if that is known. Each is told as it ends. LabError."""
    plan, text = running(lab)
    known = PlanFile(plan, text, file or str(lab.directory.plan))
    checks = chosen(planned(plan), wishes.only)
    begun, at = time.monotonic(), time.time()
    with tools(lab, file) as mine, faults(lab, mine.heal, mine.tell) as made:
        bench = Bench(lab, ground(plan, lab.info().failed), mine, made)
        if not bench.ground.hosts:
            raise LabError(f"lab {lab.name!r} has no hosts to ask")
        results = tuple(_told(tell, run(bench, checks, _spot(known), wishes.fail_fast)))
    return Outcome(lab.name, plan.name, at, time.monotonic() - begun, _ordered(checks, results), _versions())


def _ordered(checks: Sequence[Planned], results: Sequence[Result]) -> tuple[Result, ...]:
    """In the plan's order, whatever was run first."""
    places = {check.name: place for place, check in enumerate(checks)}
    return tuple(sorted(results, key=lambda result: places[result.name]))


def _told(tell: Tell, results: Iterator[Result]) -> Iterator[Result]:
    """As they come, each with a word."""
    for result in results:
        if result.verdict is not Verdict.SKIPPED:
            tell(f"{result.name} {result.verdict.value}, {result.seconds:.1f} s")
        yield result


def _spot(file: PlanFile) -> Callable[[Place], str]:
    def spot(path: Place) -> str:
        found = file.spot(path) if path else None
        return f"{found}: {found.text}" if found else ""

    return spot


def _versions() -> tuple[tuple[str, str], ...]:
    """Of what the results depend on."""
    packages = [(name, found) for name in ("triplane", "ryu", "os-ken", "mininet") if (found := _version(name))]
    switch = subprocess.run(["ovs-vsctl", "--version"], capture_output=True, text=True, check=False).stdout
    vswitchd = [("Open vSwitch", switch.split("\n")[0].rpartition(" ")[2])] if switch else []
    system = [("Python", platform.python_version()), (platform.system(), platform.release())]
    return (*packages, *vswitchd, *system)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
