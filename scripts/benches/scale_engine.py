"""What an event costs the controller as the fabric grows, and a full compile; pure, one process for each size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from statistics import median
from typing import Any

from benches.figures import Goal, Measure
from benches.scale_child import child
from benches.section import Runs, Section
from topologies.errors import LabError

SIZES = (100, 1_000, 10_000)  # hosts
EVENTS = {"host": "one host learned", "link": "one link lost", "policy": "one policy line changed"}
GROWTH = Goal("<=", 2)
PODS, UPLINKS, NETWORKS, HOSTS = WHOLE = (8, 4, 1_000, 10_000)  # of the full compile
HALVED = (PODS // 2, UPLINKS // 2, NETWORKS // 2, HOSTS // 2)

Point = tuple[int, int, int, int]  # pods, uplinks, networks, hosts


def sections(quick: bool) -> list[Section]:
    """A section for each event, and one for the full compile."""
    runs = 3 if quick else 9

    @cache
    def costs(hosts: int) -> Any:
        return child("benches.scale_core", "events", hosts, runs)

    return [*(_event_section(event, costs) for event in EVENTS), _compile_section(quick)]


def _event_section(event: str, costs: Callable[[int], Any]) -> Section:
    what = f"{EVENTS[event]}, fat-tree of 80 switches"
    growth = Measure(f"{what}: {SIZES[-1]:,} hosts against {SIZES[0]}", "ratio", GROWTH)
    curve = {size: Measure(f"{what}, {size:,} hosts", "ms") for size in SIZES}
    return Section(what, (growth, *curve.values()), lambda: _curve(event, growth, curve, costs))


def _curve(event: str, growth: Measure, curve: Mapping[int, Measure], costs: Callable[[int], Any]) -> Runs:
    found = {size: costs(size)[event] for size in curve}
    if any(cost["mods"] == 0 for each in found.values() for cost in each):
        raise LabError(f"{EVENTS[event]}: that changes no rule yet")
    times = {size: [cost["seconds"] * 1000 for cost in each] for size, each in found.items()}
    ratio = median(times[SIZES[-1]]) / median(times[SIZES[0]])
    return {growth: [ratio], **{curve[size]: runs for size, runs in times.items()}}


def _compile_section(quick: bool) -> Section:
    """Takes minutes: in a hurry, all of it and half of it, once."""
    points, runs = _points(), 1 if quick else 2
    if quick:
        points = {name: point for name, point in points.items() if point in (WHOLE, HALVED)}
    seconds = {name: Measure(f"full compile, {name}", "s") for name in points}
    memory = {name: Measure(f"full compile, {name}: all that the process holds", "MB") for name in points}
    connect = {name: Measure(f"all switches connect empty, {name}", "s") for name in points}
    measures = [each[name] for name in points for each in (seconds, connect, memory)]

    def run() -> Runs:
        found: dict[Measure, Sequence[float]] = {}
        for name, point in points.items():
            costs = [child("benches.scale_core", "compile", *point) for _ in range(runs)]
            for figures, key in ((seconds, "compile"), (connect, "connect"), (memory, "memory")):
                found[figures[name]] = [cost[key] for cost in costs]
        return found

    return Section("full compile", tuple(measures), run)


def _points() -> dict[str, Point]:
    """All, and all with half of one or of each."""
    return {
        f"{_switches(pods, uplinks)} switches, {hosts:,} hosts, {networks:,} networks": (pods, uplinks, networks, hosts)
        for pods, uplinks, networks, hosts in (
            WHOLE,
            (PODS, UPLINKS, NETWORKS, HOSTS // 2),
            (PODS, UPLINKS, NETWORKS // 2, HOSTS),
            (PODS // 2, UPLINKS // 2, NETWORKS, HOSTS),
            HALVED,
        )
    }


def _switches(pods: int, uplinks: int) -> int:
    return 4 * uplinks + 8 * pods
