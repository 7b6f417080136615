"""Chapter gateway: what a stream through a gateway that elects loses when the active member, or the way to it, fails.

All with HSRP at its defaults (hello 3 s, hold 10 s), for the failover waits for none of its timers.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from benches.fabric import REACT_SECONDS, Fabric, running
from benches.figures import Goal, Measure, Statistic
from benches.section import Runs, Section
from planes.cli.bringup import await_applied
from planes.model import state
from planes.model.intent import Intent
from topologies.control import CONTROLLER
from topologies.errors import LabError
from topologies.stream import Stream, Window

RATE = 2000  # datagrams a second
OUTAGE_SECONDS = 10.0  # longer ones are given up
IN_ONE_LAB = 3  # faults: a link that fails more often in a short time is dampened, another matter
ACTIVE, STANDBY = "dist1", "dist2"
EDGE_LINK, UPLINK = "acc1/dist1", "dist1/core"
BFD_MS = 50

PLAN = """
name: gateways
topology:
  switches: {acc1: , dist1: , dist2: , core: }
  hosts:
    h1: {address: 10.1.0.11/24, gateway: 10.1.0.1}
    isp: {address: 198.51.100.1/24, routes: [{to: 10.0.0.0/8, via: 198.51.100.2}]}
  links:
    - [h1, acc1]
    - [isp, core]
    - [acc1, dist1]
    - [acc1, dist2]
    - [dist1, dist2]
    - [dist1, core]
    - [dist2, core]
networks:
  office:
    segments:
      users:
        subnet: 10.1.0.0/24
        ports: [h1]
        gateway:
          address: 10.1.0.1
          protocol: hsrp
          members:
            dist1: {address: 10.1.0.2, priority: 110, preempt: true, track: [{port: dist1/core, decrement: 20}]}
            dist2: {address: 10.1.0.3, preempt: true}
      wan: {subnet: 198.51.100.0/24, ports: [isp], gateway: {address: 198.51.100.2}}
    routes: [{to: 0.0.0.0/0, via: 198.51.100.1}]
"""


Change = Callable[[Fabric], object]


@dataclass(frozen=True)
class Fault:
    """Something that fails and is mended, `alive`: under a controller."""

    what: str
    goal: Goal | None
    fail: Change
    heal: Change
    alive: bool = True
    bfd: bool = False

    @property
    def outage(self) -> Measure:
        return Measure(f"{self.what}: outage", "ms", self.goal, limit=OUTAGE_SECONDS * 1000)

    @property
    def lost(self) -> Measure:
        return Measure(f"{self.what}, then mended: lost", "packets", None, Statistic.MAXIMUM)


def sections(quick: bool) -> list[Section]:
    """The chapter's parts, each in labs of its own."""
    times = 3 if quick else 9
    return [*(_fault_section(fault, times) for fault in FAULTS), _handover_section(times), _restart_section(times)]


def _fault_section(fault: Fault, times: int) -> Section:
    def run() -> Runs:
        found: list[Window] = []
        plan = PLAN + (f"bfd: {BFD_MS}ms\n" if fault.bfd else "")
        for begun in range(0, times, IN_ONE_LAB):
            with running(plan) as fabric, Stream(fabric.lab, "h1", "isp", "198.51.100.1", RATE) as stream:
                await_active(fabric, ACTIVE)
                stream.more(RATE, OUTAGE_SECONDS)
                if not fault.alive:
                    fabric.lab.fail(CONTROLLER)
                for _ in range(min(IN_ONE_LAB, times - begun)):
                    _step(stream, "fail", lambda: fault.fail(fabric))
                    _step(stream, "heal", lambda: fault.heal(fabric))
                found += stream.result()
        outages = [window.outage * 1000 for window in found if window.label == "fail"]
        return {fault.outage: outages, fault.lost: _losses(found, "heal")}

    return Section(fault.what, (fault.outage, fault.lost), run)


def _handover_section(times: int) -> Section:
    lost = Measure(
        "planned handover, by an apply of other priorities: lost", "packets", Goal("<=", 0), Statistic.MAXIMUM
    )

    def run() -> Runs:
        with running(PLAN) as fabric, Stream(fabric.lab, "h1", "isp", "198.51.100.1", RATE) as stream:
            await_active(fabric, ACTIVE)
            stream.more(RATE, OUTAGE_SECONDS)
            for _ in range(times):
                for priority, heir in ((90, STANDBY), (110, ACTIVE)):
                    _step(stream, "handover", lambda p=priority, h=heir: _hand_over(fabric, p, h))  # type: ignore[misc]
            return {lost: _losses(stream.result(), "handover")}

    return Section("planned handover", (lost,), run)


def _restart_section(times: int) -> Section:
    lost = Measure("controller killed and restarted: lost", "packets", Goal("<=", 0), Statistic.MAXIMUM)
    moves = Measure("controller killed and restarted: transitions to active", "", Goal("<=", 0), Statistic.MAXIMUM)

    def run() -> Runs:
        counts = []
        with running(PLAN) as fabric, Stream(fabric.lab, "h1", "isp", "198.51.100.1", RATE) as stream:
            await_active(fabric, ACTIVE)
            stream.more(RATE, OUTAGE_SECONDS)
            for _ in range(times):
                before = _takeovers(fabric)
                _step(stream, "restart", lambda: _restart(fabric))
                fabric.store.run()
                counts.append(_takeovers(fabric) - before)
            return {lost: _losses(stream.result(), "restart"), moves: counts}

    return Section("controller killed and restarted", (lost, moves), run)


def _step(stream: Stream, label: str, do: Callable[[], object]) -> None:
    """Do it, then watch a second's datagrams, or until it is clear that they do not come."""
    stream.mark(label)
    do()
    stream.more(RATE, OUTAGE_SECONDS)


def _losses(found: list[Window], label: str) -> list[float]:
    return [window.lost for window in found if window.label == label]


def await_active(fabric: Fabric, member: str) -> None:
    """Wait until a member, and no other, is active. LabError."""
    await_actives(fabric, {member: 1})


def await_actives(fabric: Fabric, wanted: Mapping[str, int]) -> None:
    """Wait until these members are active in so many groups each, and no others. LabError."""
    deadline = time.monotonic() + REACT_SECONDS
    while Counter(_active(fabric)) != Counter(wanted):
        if time.monotonic() > deadline:
            raise LabError(f"after {REACT_SECONDS:.0f} s the active members are {dict(Counter(_active(fabric)))}")
        fabric.store.wait(1.0)
        fabric.store.run()


def _active(fabric: Fabric) -> list[str]:
    return [row.switch for row in fabric.store.state().of(state.GatewayState) if row.state == "active"]


def _takeovers(fabric: Fabric) -> int:
    return sum(row.became_active for row in fabric.store.state().of(state.GatewayState))


def _restart(fabric: Fabric) -> None:
    fabric.lab.fail(CONTROLLER)
    fabric.restart_controller()


def _hand_over(fabric: Fabric, priority: int, heir: str) -> None:
    serial = fabric.store.write_intent(_with_priority(fabric.store.intent(), priority))
    await_applied(fabric.lab, fabric.store, serial, REACT_SECONDS)
    await_active(fabric, heir)


def _with_priority(intent: Intent, priority: int) -> Intent:
    """The intent with another priority for the member that is active at first."""
    (network,) = intent.networks
    segments = []
    for segment in network.segments:
        gateway = segment.gateway
        if gateway is not None and gateway.members:
            members = tuple(
                replace(each, priority=priority) if each.switch == ACTIVE else each for each in gateway.members
            )
            gateway = replace(gateway, members=members)
        segments.append(replace(segment, gateway=gateway))
    return replace(intent, networks=(replace(network, segments=tuple(segments)),))


def cut(link: str) -> Change:
    return lambda fabric: fabric.lab.fail(link)


def silence(link: str) -> Change:
    return lambda fabric: fabric.lab.fail(link, keep_carrier=True)


def mend(node: str, alive: bool = True) -> Change:
    def mend(fabric: Fabric) -> None:
        fabric.lab.heal(node)
        if alive:
            fabric.await_up()
            await_active(fabric, ACTIVE)

    return mend


FAULTS = (
    Fault("edge link towards the active cut, controller alive", Goal("<=", 30), cut(EDGE_LINK), mend(EDGE_LINK)),
    Fault(
        "edge link towards the active cut, controller dead", Goal("<=", 30), cut(EDGE_LINK), mend(EDGE_LINK, False),
        alive=False,
    ),
    Fault("active member dies, controller alive", None, cut(ACTIVE), mend(ACTIVE)),
    Fault("active member dies, controller dead", Goal("<=", 50), cut(ACTIVE), mend(ACTIVE, False), alive=False),
    Fault(
        f"path to the active cut, carrier kept, BFD every {BFD_MS} ms", None, silence(EDGE_LINK), mend(EDGE_LINK),
        bfd=True,
    ),
    Fault("active's uplink lost, tracked", Goal("<=", 100), cut(UPLINK), mend(UPLINK)),
)  # fmt: skip
