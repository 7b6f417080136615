"""Chapter gateway, its third part: many groups whose active is the same switch, which dies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benches.fabric import Fabric, running
from benches.figures import Goal, Measure, Statistic
from benches.gateway import ACTIVE, OUTAGE_SECONDS, await_actives
from benches.section import Runs, Section
from topologies.stream import Log, Stream, windows

GROUPS = 100
RATE = 80  # datagrams a second, each group: 12.5 ms between two
FAULTS = 3
SENDER = Path(__file__).with_name("tagged.py")
FAR = "198.51.100.1"
KEY = "fail"

HEAD = """
name: groups
topology:
  switches: {acc1: , dist1: , dist2: , core: }
  hosts:
    trunk: {}
    isp: {address: 198.51.100.1/24, routes: [{to: 10.0.0.0/8, via: 198.51.100.2}]}
  links:
    - [trunk, "acc1:9"]
    - [isp, core]
    - [acc1, dist1]
    - [acc1, dist2]
    - [dist1, dist2]
    - [dist1, core]
    - [dist2, core]
networks:
  office:
    routes: [{to: 0.0.0.0/0, via: 198.51.100.1}]
    segments:
      wan: {subnet: 198.51.100.0/24, ports: [isp], gateway: {address: 198.51.100.2}}
      spare: {subnet: 10.2.0.0/24, ports: ["acc1:9.4000"]}  # so that there are two VLANs at least, and the host tags
"""
SEGMENT = """\
      users{group}:
        subnet: 10.1.{group}.0/24
        ports: ["acc1:9.{vlan}"]
        gateway:
          address: 10.1.{group}.1
          protocol: hsrp
          group: {group}
          members:
            dist1: {{address: 10.1.{group}.2, priority: 110, preempt: true}}
            dist2: {{address: 10.1.{group}.3, preempt: true}}
"""


def sections(quick: bool) -> list[Section]:
    """Many groups beside one."""
    return [_section(1 if quick else FAULTS)]


def _section(times: int) -> Section:
    what = f"{ACTIVE} dies, the active of"
    one = Measure(f"{what} one group: outage", "ms", limit=OUTAGE_SECONDS * 1000)
    worst = Measure(
        f"{what} {GROUPS} groups: outage of the worst", "ms", None, Statistic.MAXIMUM, OUTAGE_SECONDS * 1000
    )
    ratio = Measure(
        f"{what} {GROUPS} groups: the worst to the median of one", "times", Goal("<=", 3), Statistic.MAXIMUM
    )

    def run() -> Runs:
        alone = [outage for _ in range(FAULTS) for outage in _outages(1)]
        found = [max(_outages(GROUPS)) for _ in range(times)]
        return {one: alone, worst: found, ratio: [each / median(alone) for each in found]}

    return Section(f"{GROUPS} groups on two switches", (one, worst, ratio), run)


def _outages(groups: int) -> list[float]:
    """What each group lost, ms, in a lab of its own."""
    segments = "".join(SEGMENT.format(group=group, vlan=group + 1) for group in range(groups))
    with running(HEAD + segments) as fabric:
        await_actives(fabric, {ACTIVE: groups})
        stream = Stream(fabric.lab, "trunk", "isp", FAR, RATE * groups, (str(SENDER), "send"), (str(groups),))
        with stream:
            _fail(fabric, stream, groups)
            marks = stream.marks
            log = stream.log()
    return [windows(each, marks)[0].outage * 1000 for each in _by_group(log, groups)]


def _fail(fabric: Fabric, stream: Stream, groups: int) -> None:
    """The switch dies two seconds after the first datagram, when all groups' hosts are known."""
    stream.more(2 * RATE * groups, OUTAGE_SECONDS)
    stream.mark(KEY)
    fabric.lab.fail(ACTIVE)
    stream.more(2 * RATE * groups, OUTAGE_SECONDS)


def _by_group(log: Log, groups: int) -> Iterator[Log]:
    for group in range(groups):
        chosen = [(number, at) for number, at in zip(log.numbers, log.arrived, strict=True) if number % groups == group]
        numbers, arrived = [number // groups for number, _ in chosen], [at for _, at in chosen]
        yield Log(log.sent[group::groups], numbers, arrived)
