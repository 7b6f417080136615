"""What streams lose while the intent changes, a host moves, the controller restarts and a link comes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from benches.fabric import REACT_SECONDS, Fabric, running
from benches.figures import Goal, Measure, Statistic
from benches.section import Runs, Section
from benches.throughput import inside
from planes.cli.bringup import await_applied
from planes.model import state
from planes.model.intent import Intent, Policy
from planes.model.load import parse
from planes.model.resolve import resolve
from topologies.control import CONTROLLER
from topologies.errors import LabError
from topologies.stream import Stream, Window

RATE = 1000  # datagrams a second, each stream
OUTAGE_SECONDS = 10.0  # longer ones are given up
ROAMER = "02:00:00:00:00:77"  # a MAC that moves from m1 to m2
LINK = "s1/s2"

PLAN = f"""
name: losses
topology:
  switches: {{s1: , s2: , s3: }}
  hosts:
    h1: {{address: 10.0.0.1/24, gateway: 10.0.0.254}}
    h2: {{address: 10.0.0.2/24, gateway: 10.0.0.254}}
    h3: {{address: 10.0.1.3/24, gateway: 10.0.1.254}}
    m1: {{address: 10.0.0.77/24, mac: "{ROAMER}"}}
    m2: {{address: 10.0.0.78/24}}
    o1: {{address: 10.0.0.1/24}}
    o2: {{address: 10.0.1.2/24}}
  links:
    - [h1, s1]
    - [h2, s2]
    - [h3, s2]
    - [m1, s1]
    - [m2, s3]
    - [o1, s1]
    - [o2, s3]
    - [s1, s2]
    - [s2, s3]
    - [s1, s3]
networks:
  tenant:
    segments:
      lan: {{subnet: 10.0.0.0/24, ports: [h1, h2, m1, m2], gateway: {{address: 10.0.0.254}}}}
      far: {{subnet: 10.0.1.0/24, ports: [h3], gateway: {{address: 10.0.1.254}}}}
  other:
    segments:
      left: {{subnet: 10.0.0.0/24, ports: [o1]}}
      right: {{subnet: 10.0.1.0/24, ports: [o2]}}
"""
STREAMS = {"in a segment": ("h2", "10.0.0.2"), "routed": ("h3", "10.0.1.3")}  # all from h1

Change = Callable[[Fabric], None]


def sections(quick: bool) -> list[Section]:
    """A section for each stream: the routed one needs more of the fabric."""
    return [_section(where, *target, 2 if quick else 5) for where, target in STREAMS.items()]


def _section(where: str, target: str, address: str, times: int) -> Section:
    lost = {
        name: Measure(f"{name}, stream {where}: lost", "packets", Goal("<=", 0), Statistic.MAXIMUM) for name in CHANGES
    }

    def run() -> Runs:
        found: list[Window] = []
        for _ in range(times):
            with running(PLAN) as fabric, Stream(fabric.lab, "h1", target, address, RATE) as stream:
                for name, change in CHANGES.items():
                    _step(stream, fabric, name, change)
                found += stream.result()
        return {measure: [w.lost for w in found if w.label == name] for name, measure in lost.items()}

    return Section(f"losses, stream {where}", tuple(lost.values()), run)


def _step(stream: Stream, fabric: Fabric, name: str, change: Change) -> None:
    """A fault that the change is to undo comes first, and isn't counted."""
    if name == RESTORED:
        stream.mark("fault")
        fabric.lab.fail(LINK)
        fabric.await_loss([LINK])
        stream.more(RATE, OUTAGE_SECONDS)
    stream.mark(name)
    change(fabric)
    stream.more(RATE, OUTAGE_SECONDS)


def _apply(fabric: Fabric, intent: Intent) -> None:
    serial = fabric.store.write_intent(intent)
    await_applied(fabric.lab, fabric.store, serial, REACT_SECONDS)


def _unrelated(fabric: Fabric) -> None:
    """Another tenant's policy changes."""
    wanted = fabric.store.intent()
    line = Policy("deny", "left", "right", "tcp", (22, 22))
    networks = (replace(each, policy=(line,)) if each.name == "other" else each for each in wanted.networks)
    _apply(fabric, replace(wanted, networks=tuple(networks)))


def _described(fabric: Fabric) -> None:
    """The plan says the same in another order, under another name."""
    left, right = PLAN.split("networks:\n")
    tenant, other = right.split("  other:\n")
    text = f"networks:\n  other:\n{other}{tenant}{left}".replace("name: losses", "name: renamed")
    _apply(fabric, resolve(parse(text, "a bench's plan")))


def _moved(fabric: Fabric) -> None:
    """m2 takes over the MAC and the address of m1, which is off."""
    fabric.lab.fail("m1/s1")
    _script(fabric, f"ip link set m2-eth0 address {ROAMER} && ip addr add 10.0.0.77/24 dev m2-eth0")
    deadline = time.monotonic() + REACT_SECONDS
    while not _is_at(fabric, ROAMER, "s3"):
        if time.monotonic() > deadline:
            raise LabError("the controller does not notice that a host has moved")
        _script(fabric, "ping -c 1 -W 1 -I 10.0.0.77 10.0.0.1 || true")
        fabric.store.run()


def _script(fabric: Fabric, text: str) -> None:
    inside(fabric.lab, "m2", "sh", "-c", text)


def _is_at(fabric: Fabric, mac: str, switch: str) -> bool:
    return any((row.mac, row.switch) == (mac, switch) for row in fabric.store.state().of(state.Host))


def _restarted(fabric: Fabric) -> None:
    fabric.lab.fail(CONTROLLER)
    fabric.restart_controller()


def _restored(fabric: Fabric) -> None:
    fabric.lab.heal(LINK)
    fabric.await_up()


RESTORED = "a link restored"
CHANGES: dict[str, Change] = {
    "a description changed": _described,
    "an unrelated change applied": _unrelated,
    "another host moved": _moved,
    "the controller restarted": _restarted,
    RESTORED: _restored,
}
