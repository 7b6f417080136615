"""Chapter gateway, its second half: our gateway and keepalived on two Linux routers, in one lab, by turns.

Each fault is made to ours, then to theirs, under streams of the same rate. keepalived has no virtual MAC here: it tells
the host its own by gratuitous ARP, which is its fastest way, as no switch has to learn where a MAC went. It tells it
every second, for after a partition its master tells nobody by itself.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass

from benches.fabric import REACT_SECONDS, Fabric, running
from benches.figures import Goal, Measure
from benches.gateway import ACTIVE, EDGE_LINK, OUTAGE_SECONDS, Change, await_active, cut, mend, silence
from benches.section import Runs, Section
from topologies import lab as labs
from topologies import needs
from topologies.errors import LabError
from topologies.stream import Stream, Window

RATE = 1000  # datagrams a second, each
INTERVALS = ((1.0, "1 s"), (0.1, "100 ms"), (0.01, "10 ms"))  # between advertisements
BFD_MS = 50
MASTER, BACKUP, VIRTUAL = "r1", "r2", "10.9.0.1"
POLL_SECONDS = 0.05
SETTLE_SECONDS = 1.0  # Linux keeps a neighbour's MAC for a second at least (locktime), whatever it is told

PLAN = """
name: paired
bfd: {bfd}ms
topology:
  switches: {{acc1: , dist1: , dist2: , core: }}
  hosts:
    h1: {{address: 10.1.0.11/24, gateway: 10.1.0.1}}
    isp: {{address: 198.51.100.1/24, routes: [{{to: 10.0.0.0/8, via: 198.51.100.2}}]}}
    k1: {{address: 10.9.0.11/24, gateway: 10.9.0.1}}
    far: {{address: 203.0.113.1/24}}
    r1:
      address: [10.9.0.2/24, 203.0.113.2/24]
      forward: true
      files: {{keepalived.conf: "{r1}"}}
      run: [{keepalived}]
    r2:
      address: [10.9.0.3/24, 203.0.113.3/24]
      forward: true
      files: {{keepalived.conf: "{r2}"}}
      run: [{keepalived}]
  links:
    - [h1, acc1]
    - [isp, core]
    - [k1, acc1]
    - [far, core]
    - [r1, "acc1:11"]
    - [r2, "acc1:12"]
    - [r1, "core:11"]
    - [r2, "core:12"]
    - [acc1, dist1]
    - [acc1, dist2]
    - [dist1, dist2]
    - [dist1, core]
    - [dist2, core]
networks:
  ours:
    segments:
      users:
        subnet: 10.1.0.0/24
        ports: [h1]
        gateway:
          address: 10.1.0.1
          protocol: hsrp
          members:
            dist1: {{address: 10.1.0.2, priority: 110, preempt: true}}
            dist2: {{address: 10.1.0.3, preempt: true}}
      wan: {{subnet: 198.51.100.0/24, ports: [isp], gateway: {{address: 198.51.100.2}}}}
    routes: [{{to: 0.0.0.0/0, via: 198.51.100.1}}]
  theirs:
    segments:
      lan: {{subnet: 10.9.0.0/24, ports: [k1, "acc1:11", "acc1:12"], routers: ["acc1:11", "acc1:12"]}}
      wan: {{subnet: 203.0.113.0/24, ports: [far, "core:11", "core:12"]}}
"""
CONF = (
    "vrrp_instance lan {{ state BACKUP; interface {host}-eth0; virtual_router_id 9; version 3; priority {priority};"
    " advert_int {interval}; garp_master_refresh 1; virtual_ipaddress {{ 10.9.0.1/24 }} }}"
)
RUN = "keepalived --dont-fork --log-console --vrrp --use-file /run/keepalived.conf"


@dataclass(frozen=True)
class Pair:
    """A fault of our active member, and the same of keepalived's master; ours is to be below theirs at `bound`."""

    what: str
    bound: str
    ours: Change
    mend_ours: Change
    theirs: Change
    mend_theirs: Change


def sections(quick: bool) -> list[Section]:
    """One for each fault and interval."""
    return [_section(pair, *interval, 3 if quick else 5) for pair in PAIRS for interval in INTERVALS]


def _section(pair: Pair, interval: float, name: str, times: int) -> Section:
    ours = Measure(f"{pair.what}, ours beside keepalived at {name}: outage", "ms", limit=OUTAGE_SECONDS * 1000)
    theirs = Measure(f"{pair.what}, keepalived at {name}: outage", "ms", limit=OUTAGE_SECONDS * 1000)
    goal = Goal("<=", 100) if name == pair.bound else None
    ratio = Measure(f"{pair.what}: ours to keepalived at {name}", "%", goal)

    def run() -> Runs:
        labs.refuse_machine(needs.host_checks(needs.this_machine(), ["keepalived"]))
        with running(_plan(interval)) as fabric:
            await_active(fabric, ACTIVE)
            _await_master(fabric, MASTER)
            pairs = [(_ours(fabric, pair), _theirs(fabric, pair)) for _ in range(times)]
        return {
            ours: [mine.outage * 1000 for mine, _ in pairs],
            theirs: [other.outage * 1000 for _, other in pairs],
            ratio: [mine.outage / other.outage * 100 for mine, other in pairs],
        }

    return Section(f"{pair.what}, beside keepalived at {name}", (ours, theirs, ratio), run)


def _plan(interval: float) -> str:
    confs = {
        host: CONF.format(host=host, priority=priority, interval=interval).replace("; ", r"\n").replace("{ ", r"{\n")
        for host, priority in ((MASTER, 110), (BACKUP, 100))
    }
    return PLAN.format(bfd=BFD_MS, keepalived=RUN, **{host: conf.replace(" }", r"\n}") for host, conf in confs.items()})


def _ours(fabric: Fabric, pair: Pair) -> Window:
    with Stream(fabric.lab, "h1", "isp", "198.51.100.1", RATE) as stream:
        return _suffer(fabric, stream, pair.ours, pair.mend_ours)


def _theirs(fabric: Fabric, pair: Pair) -> Window:
    with Stream(fabric.lab, "k1", "far", "203.0.113.1", RATE) as stream:
        _await_told(fabric, stream)
        return _suffer(fabric, stream, pair.theirs, pair.mend_theirs)


def _suffer(fabric: Fabric, stream: Stream, fail: Change, heal: Change) -> Window:
    """A second of quiet, the fault until packets come again, and all mended."""
    stream.more(round(RATE * SETTLE_SECONDS), OUTAGE_SECONDS)
    stream.mark("fail")
    fail(fabric)
    stream.more(RATE, OUTAGE_SECONDS)
    stream.mark("heal")
    heal(fabric)
    return stream.result()[0]


def _power_off(fabric: Fabric) -> None:
    fabric.lab.fail(MASTER)


def _cut_off(fabric: Fabric) -> None:
    fabric.lab.fail(f"{MASTER}/acc1", keep_carrier=True)


def _mend_master(what: str) -> Change:
    def heal(fabric: Fabric) -> None:
        fabric.lab.heal(what)
        _await_master(fabric, MASTER)

    return heal


def _await_master(fabric: Fabric, wanted: str) -> None:
    """Wait until a router, and no other, has the virtual address. LabError."""
    deadline = time.monotonic() + REACT_SECONDS
    while (found := [router for router in (MASTER, BACKUP) if _has_address(fabric, router)]) != [wanted]:
        if time.monotonic() > deadline:
            raise LabError(f"after {REACT_SECONDS:.0f} s not {wanted} but {found} has keepalived's address")
        time.sleep(POLL_SECONDS)


def _await_told(fabric: Fabric, stream: Stream) -> None:
    """Wait until the host sends to the master. LabError."""
    deadline = time.monotonic() + REACT_SECONDS
    while not _is_told(fabric, MASTER):
        if time.monotonic() > deadline:
            raise LabError(f"after {REACT_SECONDS:.0f} s the host does not send to keepalived's master")
        stream.more(RATE // 10, OUTAGE_SECONDS)


def _has_address(fabric: Fabric, router: str) -> bool:
    return f"{VIRTUAL}/" in _said(fabric, router, "ip", "-brief", "address", "show")


def _is_told(fabric: Fabric, router: str) -> bool:
    """Whether the host sends to this router."""
    mac = _said(fabric, router, "cat", f"/sys/class/net/{router}-eth0/address").strip()
    return mac in _said(fabric, "k1", "ip", "neighbor", "show", VIRTUAL)


def _said(fabric: Fabric, host: str, *argv: str) -> str:
    return subprocess.run(fabric.lab.exec_argv(host, argv), capture_output=True, text=True, check=True).stdout


PAIRS = (
    Pair("active member dies", "10 ms", cut(ACTIVE), mend(ACTIVE), _power_off, _mend_master(MASTER)),
    Pair(
        "path to the active cut, carrier kept", "100 ms", silence(EDGE_LINK), mend(EDGE_LINK), _cut_off,
        _mend_master(f"{MASTER}/acc1"),
    ),
)  # fmt: skip
