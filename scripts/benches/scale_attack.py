"""What a tenant suffers while a host of another tenant, on the same switches, floods them.

Some floods the fabric bounds by itself. What is nothing but much traffic takes from all who share a link, whether it
comes in fragments or whole, unless the tenant has a rate; so both are measured, with a rate and without. Without one,
it depends on the order in which Open vSwitch polls its ports, another in each lab, whether the other tenant loses
nothing or most: topologies/README.md tells why.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benches.fabric import running
from benches.figures import Goal, Measure, Statistic
from benches.section import Runs, Section
from benches.throughput import inside
from topologies.errors import LabError
from topologies.lab import Lab
from topologies.stream import Log, Stream, windows

SCRIPT = Path(__file__).with_name("scale_flood.py")
RATE = 1000  # datagrams a second of the victim
QUIET = "quiet"

PLAN = """
name: attack
topology:
  switches: {s1: , s2: }
  hosts:
    v1: {address: 10.0.0.1/24}
    v2: {address: 10.0.0.2/24}
    a1: {address: 10.0.0.1/24, gateway: 10.0.0.254}
    a2: {address: 10.0.1.2/24, gateway: 10.0.1.254}
  links: [[v1, s1], [v2, s2], [a1, s1], [a2, s2], [s1, s2]]
networks:
  victim:
    segments:
      lan: {subnet: 10.0.0.0/24, ports: [v1, v2]}
  attacker:
    segments:
      near: {subnet: 10.0.0.0/24, ports: [a1], gateway: {address: 10.0.0.254}}
      far: {subnet: 10.0.1.0/24, ports: [a2], gateway: {address: 10.0.1.254}}
"""
# Less than one ovs-vswitchd carries in small frames.
LIMITED_PLAN = PLAN.replace("  attacker:\n", "  attacker:\n    rate: 20M\n")
GATEWAY, TARGET = "10.0.0.254", "10.0.1.2"
NO_LOSS = Goal("<=", 0)


@dataclass(frozen=True)
class Attack:
    """Frames of one of scale_flood's kinds."""

    kind: str
    what: str
    goal: Goal | None = NO_LOSS

    @property
    def lost(self) -> Measure:
        return Measure(f"{self.what}: another tenant's loss", "packets", self.goal, Statistic.MAXIMUM)

    @property
    def delay(self) -> Measure:
        return Measure(f"{self.what}: another tenant's added delay", "ms")

    @property
    def sent(self) -> Measure:
        return Measure(f"{self.what}: sent", "packets/s")


# What is measured in one lab, as its order of polling is one; its plan first.
LABS = (
    (PLAN, (Attack("macs", "random source MACs"),)),
    (PLAN, (Attack("arp", "an ARP storm"),)),
    (PLAN, (Attack("icmp", "pings to the gateway"),)),
    (PLAN, (Attack("ttl", "TTL 0 and 1 through the gateway"),)),
    (
        LIMITED_PLAN,
        (
            Attack("fragments", "IP fragments through the gateway, at a rate of 20 Mbit/s"),
            Attack("udp", "whole datagrams, at a rate of 20 Mbit/s"),
        ),
    ),
    (
        PLAN,
        (
            Attack("fragments", "IP fragments through the gateway, no rate", goal=None),
            Attack("udp", "whole datagrams, no rate", goal=None),
        ),
    ),
)


def sections(quick: bool) -> list[Section]:
    """A section for each lab."""
    times, seconds = (2, 2) if quick else (5, 5)
    return [_section(plan, attacks, times, seconds) for plan, attacks in LABS]


def _section(plan: str, attacks: Sequence[Attack], times: int, seconds: int) -> Section:
    title = "; ".join(attack.what for attack in attacks)
    measures = tuple(measure for attack in attacks for measure in (attack.lost, attack.delay, attack.sent))
    return Section(title, measures, lambda: _measure(plan, attacks, times, seconds))


def _measure(plan: str, attacks: Sequence[Attack], times: int, seconds: int) -> Runs:
    marks: list[tuple[str, int]] = []
    runs: dict[Measure, list[float]] = {attack.sent: [] for attack in attacks}
    with running(plan) as up, Stream(up.lab, "v1", "v2", "10.0.0.2", RATE) as stream:
        router = _router(up.lab)
        for _ in range(times):
            marks.append((QUIET, time.monotonic_ns()))
            stream.more(seconds * RATE, 2.0 * seconds)
            for attack in attacks:
                with _flood(up.lab, attack.kind, router) as flood:
                    marks.append((attack.what, time.monotonic_ns()))
                    time.sleep(seconds)  # however much of the stream arrives
                    marks.append(("after", time.monotonic_ns()))
                    runs[attack.sent].append(_ended(flood))
                stream.more(RATE, 2.0 * seconds)
        log = stream.log()
    quiet = _delays(log, marks, QUIET)
    for attack in attacks:
        flooded = _delays(log, marks, attack.what)
        runs[attack.lost] = [window.lost for window in windows(log, marks) if window.label == attack.what]
        runs[attack.delay] = [b - a for a, b in zip(quiet, flooded, strict=True)]
    return runs


def _delays(log: Log, marks: Sequence[tuple[str, int]], label: str) -> list[float]:
    """The median delay in each window of a label, in ms. LabError where nothing arrived."""
    ends = [*(at for _, at in marks), marks[-1][1]][1:]
    found = []
    for (name, begin), end in zip(marks, ends, strict=True):
        pairs = zip(log.numbers, log.arrived, strict=True)
        delays = [at - log.sent[number] for number, at in pairs if begin <= log.sent[number] < end]
        if name == label:
            if not delays:
                raise LabError("nothing of the victim's stream arrived")
            found.append(median(delays) / 1e6)
    return found


def _router(lab: Lab) -> str:
    """The gateway's MAC, as the attacker's host knows it. LabError."""
    inside(lab, "a1", "ping", "-c", "1", "-W", "5", TARGET)
    said = inside(lab, "a1", "ip", "-json", "neighbor", "show", GATEWAY)
    return str(json.loads(said)[0]["lladdr"])


@contextmanager
def _flood(lab: Lab, kind: str, router: str) -> Iterator[subprocess.Popen[str]]:
    """The attack, under way."""
    script = [sys.executable, "-I", "-S", str(SCRIPT), kind, "a1-eth0", "10.0.0.1", GATEWAY, router, TARGET]
    with subprocess.Popen(
        lab.exec_argv("a1", script), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as flood:
        try:
            if not (flood.stdout and flood.stdout.readline()):
                raise LabError("the flood does not begin", "look at what it printed above")
            yield flood
        finally:
            flood.kill()


def _ended(flood: subprocess.Popen[str]) -> float:
    """Frames a second that were sent."""
    said, _ = flood.communicate()
    done = json.loads(said)
    return float(done["sent"] / done["seconds"])
