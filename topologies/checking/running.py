"""Runs checks over a lab, one after the other: each by its kind, each timed, with the lab's events meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from planes.model.results import Result, Verdict
from planes.model.source import Path
from planes.model.state import Event
from topologies.checking.bench import Bench, Run, judged
from topologies.checking.converging import converge
from topologies.checking.gateways import gateway
from topologies.checking.isolating import isolate
from topologies.checking.measuring import bandwidth, latency
from topologies.checking.paths import path
from topologies.checking.planning import ROLL_CALL, Planned, impossible
from topologies.checking.reaching import reach, roll_call
from topologies.checking.surviving import survive
from topologies.errors import LabError

RUNS: Mapping[str, Run] = {
    ROLL_CALL: roll_call,
    "reach": reach,
    "isolate": isolate,
    "survive": survive,
    "bandwidth": bandwidth,
    "latency": latency,
    "gateway": gateway,
    "path": path,
    "converge": converge,
}


Spot = Callable[[Path], str]  # where a path of the plan stands in its file


def forecast(bench: Bench, checks: Sequence[Planned]) -> dict[str, list[str]]:
    """Why checks can't hold, by name: known, and told, before anything is tried."""
    found = {check.name: impossible(check, bench.ground) for check in checks}
    return {name: reasons for name, reasons in found.items() if reasons}


def run(bench: Bench, checks: Sequence[Planned], spot: Spot, fail_fast: bool) -> Iterator[Result]:
    """A result for each check. LabError when the lab ends meanwhile."""
    hopeless = forecast(bench, checks)
    for check in checks:
        for reason in hopeless.get(check.name, ()):
            bench.tools.tell(f"{check.name} can't hold: {reason}")
    stopped = False
    for check in sorted(checks, key=lambda each: each.kind not in (ROLL_CALL, "reach")):  # before anything is failed
        begun = time.monotonic()
        if stopped:
            result = Result(check.name, check.kind, check.what, Verdict.SKIPPED)
        elif check.name in hopeless:
            result = Result(check.name, check.kind, check.what, Verdict.CANNOT, tuple(hopeless[check.name]))
        else:
            bench.tools.tell(f"{check.name}: {check.what} ...")
            result = _one(bench, check)
        stopped = stopped or (fail_fast and not result.holds)
        yield result.at(spot(check.path), time.monotonic() - begun)


def _one(bench: Bench, check: Planned) -> Result:
    """With the events meanwhile. LabError when the lab itself is gone: then nothing that follows means anything."""
    try:
        latest = max((event.number for event in _events(bench)), default=0)
        result = _tried(bench, check)
        bench.faults.heal()
        return replace(result, events=tuple(event for event in _events(bench) if event.number > latest))
    except LabError as error:
        if _lives(bench):
            raise
        raise LabError(
            f"lab {bench.lab.name!r} ended while {check.name} was checked",
            f"{error.message}; what was seen till then counts for nothing",
        ) from error


def _tried(bench: Bench, check: Planned) -> Result:
    try:
        return RUNS[check.kind](bench, check)
    except LabError as error:
        if not _lives(bench):
            raise
        return judged(check, [str(error)])


def _lives(bench: Bench) -> bool:
    try:
        bench.lab.info()
    except LabError:
        return False
    return True


def _events(bench: Bench) -> tuple[Event, ...]:
    return tuple(bench.tools.state(Event).of(Event))
