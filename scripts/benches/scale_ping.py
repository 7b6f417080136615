"""Round trips between two hosts, in a segment and across the virtual router, against plain learning bridges."""

from __future__ import annotations

import re
from statistics import median

from benches.fabric import running
from benches.figures import Measure
from benches.section import Runs, Section
from benches.throughput import NORMAL, SWITCHES, inside
from topologies.control import CONTROLLER
from topologies.errors import LabError
from topologies.lab import Lab

PLAN = """
name: two
topology:
  switches: {s1: , s2: }
  hosts:
    h1: {address: 10.0.0.1/24, gateway: 10.0.0.254}
    h2: {address: 10.0.0.2/24, gateway: 10.0.0.254}
    h3: {address: 10.0.1.3/24, gateway: 10.0.1.254}
  links: [[h1, s1], [h2, s2], [h3, s2], [s1, s2]]
networks:
  one:
    segments:
      lan: {subnet: 10.0.0.0/24, ports: [h1, h2], gateway: {address: 10.0.0.254}}
      far: {subnet: 10.0.1.0/24, ports: [h3], gateway: {address: 10.0.1.254}}
"""
BRIDGED, ROUTED = "10.0.0.2", "10.0.1.3"
INTERVAL = "0.005"  # seconds
FIRST_TRIES = 10  # the hosts find each other

WAYS = ("in one segment", "across the virtual router", "through the same two bridges with actions=NORMAL")
TIMES = {way: Measure(f"ping {way}", "ms") for way in WAYS}
RATIOS = {way: Measure(f"ping {way}, against NORMAL, ratio of the medians", "ratio") for way in WAYS[:2]}


def section(quick: bool) -> Section:
    """Rounds of all three, one after the other, so that whatever else the machine does meets all alike."""
    rounds, pings = (2, 200) if quick else (5, 500)
    return Section("ping", (*RATIOS.values(), *TIMES.values()), lambda: _measure(rounds, pings))


def _measure(rounds: int, pings: int) -> Runs:
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    bridged, routed, plain = WAYS
    with running(PLAN) as up:
        for address in (BRIDGED, ROUTED):
            inside(up.lab, "h1", "ping", "-c", str(FIRST_TRIES), "-i", "0.2", address)
        up.lab.fail(CONTROLLER)  # it would take the rule for NORMAL away; the fabric's own rules stay
        for _ in range(rounds):
            found[bridged].append(_ping(up.lab, BRIDGED, pings))
            found[routed].append(_ping(up.lab, ROUTED, pings))
            for switch in SWITCHES:
                inside(up.lab, switch, "ovs-ofctl", "-OOpenFlow13", "add-flow", switch, f"{NORMAL},actions=NORMAL")
            found[plain].append(_ping(up.lab, BRIDGED, pings))
            for switch in SWITCHES:
                inside(up.lab, switch, "ovs-ofctl", "-OOpenFlow13", "--strict", "del-flows", switch, NORMAL)
    ratios = {ratio: [median(found[way]) / median(found[plain])] for way, ratio in RATIOS.items()}
    return {**ratios, **{TIMES[way]: runs for way, runs in found.items()}}


def _ping(lab: Lab, address: str, pings: int) -> float:
    """The median round trip in ms, after a few that see to the switches' caches. LabError when some are missing."""
    inside(lab, "h1", "ping", "-c", str(FIRST_TRIES), "-i", INTERVAL, address)
    said = inside(lab, "h1", "ping", "-c", str(pings), "-i", INTERVAL, address)
    times = [float(time) for time in re.findall(r"time=([\d.]+) ms", said)]
    if len(times) < pings:
        raise LabError(f"{pings - len(times)} of {pings} pings to {address} were not answered")
    return median(times)
