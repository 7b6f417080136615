"""How evenly flows spread over equally short ways, and how many change theirs when one way is cut.

Each switch deals out the 64 values of its hash, as many for one way as for another. So over one tier of four ways
chance alone gives the largest share of 1,024 flows some 1.06 times the mean; 1.25 is four standard deviations away.
Over two tiers it is the values themselves that are dealt by chance, 16 for each of four ways in the mean, with a
standard deviation of 2; so that has no goal. Of the flows that could stay, planes/control/fragments/transport.py moves
5 % in the mean when one of four ways is gone, and never a fifth.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benches.fabric import Fabric, running
from benches.figures import Goal, Measure
from benches.section import Runs, Section
from benches.throughput import inside
from planes.model.wiring import End
from topologies.control import CONTROLLER
from topologies.errors import LabError

SCRIPT = Path(__file__).with_name("scale_flows.py")
FLOWS, FIRST_PORT = 1024, 20_000
WATCH_SECONDS, WAIT_SECONDS, LOOK_SECONDS = 30.0, 60.0, 0.1
TARGET = "10.0.0.2"

ONE_TIER = """
name: spread
topology:
  switches: {leaf1: , leaf2: , spine1: , spine2: , spine3: , spine4: }
  hosts: {h1: {address: 10.0.0.1/24}, h2: {address: 10.0.0.2/24}}
  links:
    - [h1, leaf1]
    - [h2, leaf2]
    - [leaf1, spine1]
    - [leaf1, spine2]
    - [leaf1, spine3]
    - [leaf1, spine4]
    - [leaf2, spine1]
    - [leaf2, spine2]
    - [leaf2, spine3]
    - [leaf2, spine4]
networks:
  one:
    segments:
      lan: {subnet: 10.0.0.0/24, ports: [h1, h2]}
"""
WAYS = ("leaf1/spine1", "leaf1/spine2", "leaf1/spine3", "leaf1/spine4")

TWO_TIERS = """
name: tiers
topology:
  switches: {edge1: , edge2: , agg1: , agg2: , agg3: , agg4: , core1: , core2: , core3: , core4: }
  hosts: {h1: {address: 10.0.0.1/24}, h2: {address: 10.0.0.2/24}}
  links:
    - [h1, edge1]
    - [h2, edge2]
    - [edge1, agg1]
    - [edge1, agg2]
    - [edge2, agg3]
    - [edge2, agg4]
    - [agg1, core1]
    - [agg1, core2]
    - [agg2, core3]
    - [agg2, core4]
    - [agg3, core1]
    - [agg3, core2]
    - [agg4, core3]
    - [agg4, core4]
networks:
  one:
    segments:
      lan: {subnet: 10.0.0.0/24, ports: [h1, h2]}
"""
TIERED_WAYS = ("agg1/core1", "agg1/core2", "agg2/core3", "agg2/core4")

Spread = Mapping[str, frozenset[int]]  # the source ports of the flows that take each link

EVEN, NOT_EMPTY = Goal("<=", 1.25), Goal(">=", 0.75)


def _shares(where: str, largest: Goal | None, smallest: Goal | None) -> tuple[Measure, Measure]:
    return (
        Measure(f"{where}: largest share over the mean", "ratio", largest),
        Measure(f"{where}: smallest share over the mean", "ratio", smallest),
    )


ALONE, REPAIRED = "by the switches alone", "repaired by the controller"
WHOLE = _shares("flows over four ways", EVEN, NOT_EMPTY)
TIERED = _shares("flows over two ways, each of two ways", None, None)
CUT = {state: _shares(f"one of four ways cut, {state}", EVEN, NOT_EMPTY) for state in (ALONE, REPAIRED)}
MOVED = {
    state: Measure(f"one of four ways cut, {state}: flows that moved and needn't", "%", goal)
    for state, goal in ((ALONE, Goal("<=", 0)), (REPAIRED, Goal("<=", 20)))
}


def sections(quick: bool) -> list[Section]:
    """One tier, whole and with a way cut; two tiers. Each run has other flows, and a lab of its own."""
    firsts = [FIRST_PORT + run * FLOWS for run in range(2 if quick else 5)]
    return [
        Section("flows over one tier", tuple(_one_tier_measures()), lambda: _together(_one_tier, firsts)),
        Section("flows over two tiers", TIERED, lambda: _together(_two_tiers, firsts)),
    ]


def _one_tier_measures() -> Iterator[Measure]:
    yield from WHOLE
    for state, shares in CUT.items():
        yield from (*shares, MOVED[state])


def _together(run: Callable[[int], Mapping[Measure, float]], firsts: Sequence[int]) -> Runs:
    found = [run(first) for first in firsts]
    return {measure: [each[measure] for each in found] for measure in found[0]}


def _two_tiers(first: int) -> Mapping[Measure, float]:
    with running(TWO_TIERS) as up:
        return dict(zip(TIERED, extremes(_spread(up, TIERED_WAYS, first)), strict=True))


def _one_tier(first: int) -> Mapping[Measure, float]:
    *left, cut = WAYS
    with running(ONE_TIER) as up:
        whole = _spread(up, WAYS, first)
        found = dict(zip(WHOLE, extremes(whole), strict=True))
        up.lab.fail(CONTROLLER)
        up.lab.fail(cut)
        _await(lambda: _is_down(up, cut), f"a switch takes {cut} for live, which was cut")
        found |= _after(ALONE, whole, _spread(up, left, first))
        up.lab.heal(CONTROLLER)
        _await(lambda: _is_out_of_use(up, cut), f"{cut} is still in use, which was cut")
        found |= _after(REPAIRED, whole, _spread(up, left, first))
    return found


def _after(state: str, before: Spread, now: Spread) -> dict[Measure, float]:
    return dict(zip(CUT[state], extremes(now), strict=True)) | {MOVED[state]: moved(before, now)}


def extremes(spread: Spread) -> tuple[float, float]:
    """The largest and the smallest share of the flows, as multiples of the mean."""
    counts = [len(ports) for ports in spread.values()]
    mean = sum(counts) / len(counts)
    return max(counts) / mean, min(counts) / mean


def moved(before: Spread, after: Spread) -> float:
    """How much, in percent, of the flows on links that are in both is not where it was."""
    could_stay = [(link, port) for link in after for port in before[link]]
    return 100 * sum(port not in after[link] for link, port in could_stay) / len(could_stay)


def _spread(up: Fabric, ways: Sequence[str], first: int) -> Spread:
    """Which way each flow from h1 to h2 takes now. LabError unless each takes one of these."""
    interfaces = {up.wiring.interface(_end(up, way)): way for way in ways}
    flows = [str(first), str(FLOWS)]
    script = [sys.executable, "-I", "-S", str(SCRIPT)]
    inside(up.lab, "h1", "ping", "-c", "1", "-W", "5", TARGET)  # the hosts know each other
    watch = up.lab.exec_argv(_end(up, ways[0]).node, [*script, "watch", str(WATCH_SECONDS), *flows, *interfaces])
    with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as watcher:
        if not (watcher.stdout and watcher.stdout.readline()):
            raise LabError("the flows can't be watched", "look at what was printed above")
        inside(up.lab, "h1", *script, "send", TARGET, *flows)
        seen = {interfaces[name]: frozenset(ports) for name, ports in json.loads(watcher.communicate()[0]).items()}
    if (found := len(frozenset().union(*seen.values()))) != FLOWS or sum(map(len, seen.values())) != FLOWS:
        raise LabError(f"of {FLOWS} flows {found} were seen on {', '.join(ways)}, or some on two of them")
    return seen


def _end(up: Fabric, way: str) -> End:
    """Where flows from h1 enter a link. LabError."""
    wire = up.wiring.wire_named(way)
    if wire is None:
        raise LabError(f"the plan has no link {way}")
    return wire.a


def _is_down(up: Fabric, way: str) -> bool:
    """Whether the switch where flows enter a link knows that its port is down."""
    end = _end(up, way)
    said = inside(up.lab, end.node, "ovs-ofctl", "-OOpenFlow13", "--no-names", "dump-ports-desc", end.node)
    return bool(re.search(rf"^ {end.port}\([^)]*\):[^(]*LINK_DOWN", said, re.MULTILINE))


def _is_out_of_use(up: Fabric, way: str) -> bool:
    """Whether no group of that switch names the port any more."""
    end = _end(up, way)
    said = inside(up.lab, end.node, "ovs-ofctl", "-OOpenFlow13", "--no-names", "dump-groups", end.node)
    return not re.search(rf"\boutput:{end.port}\b", said)


def _await(condition: Callable[[], bool], otherwise: str) -> None:
    """LabError, with `otherwise`, when it does not come true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"after {WAIT_SECONDS:.0f} s {otherwise}")
        time.sleep(LOOK_SECONDS)
