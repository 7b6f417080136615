"""A Mininet `Topo` as a topology of ours. What can't be obeyed is told, not dropped.

A Topo is whatever has its methods: this imports nothing of Mininet, whose only door is topologies.build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeGuard

from planes.model.drawing.names import fitted
from planes.model.phrases import rate
from planes.model.words import MAX_NODE_NAME, RESERVED
from topologies.api import Topology, TopologyError

MEGABIT = 1_000_000
NETWORK, BITS = "10.0.0.0/8", 8  # Mininet's ipBase, and the prefix of an address that has none
# What changes nothing here: hosts are namespaces, htb shapes, interfaces are named after their nodes.
HARMLESS = frozenset({"isSwitch", "inNamespace", "use_htb", "node1", "node2", "port1", "port2", "cls", "intf"})
METHODS = ("addHost", "addSwitch", "addLink", "hosts", "switches", "links", "nodeInfo")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_DIGITS = re.compile(r"\d+")


class MininetTopo(Protocol):
    """What is asked of a Topo."""

    def switches(self) -> list[str]:
        """Names."""

    def hosts(self) -> list[str]:
        """Names."""

    def links(self, sort: bool = False, withKeys: bool = False, withInfo: bool = False) -> list[tuple[Any, ...]]:
        """Ends, and what was said of the link."""

    def nodeInfo(self, name: str) -> Mapping[str, Any]:
        """What was said of a node."""


def is_topo(found: object) -> TypeGuard[MininetTopo]:
    """Whether it has a Topo's methods: an object, or a class."""
    return all(callable(getattr(found, method, None)) for method in METHODS)


def translated(topo: MininetTopo) -> Topology:
    """Same nodes, port numbers, addresses and datapath ids. TopologyError."""
    t = Topology()
    links = topo.links(withInfo=True)
    names = _names(topo, links)
    for name, new in names.items():
        if name != new:
            t.note(f"node {name!r} is called {new!r} here")
    _switches(t, topo, names)
    _hosts(t, topo, names)
    for _, _, info in links:
        _link(t, info, names)
    return t


def _names(topo: MininetTopo, links: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    """Names as they are where they can be; Mininet allows some that we don't."""
    nodes = [*map(str, topo.switches()), *map(str, topo.hosts())]
    highest = dict.fromkeys(nodes, 0)
    for _, _, info in links:
        for side in ("1", "2"):
            node = str(info[f"node{side}"])
            highest[node] = max(highest[node], int(info[f"port{side}"]))
    good = {
        node
        for node in nodes
        if _NAME.fullmatch(node) and len(node) <= MAX_NODE_NAME and len(f"{node}-eth{highest[node]}") <= 15
    } - RESERVED
    others = [node for node in nodes if node not in good]
    new: list[str] = []
    for name in fitted((node, highest[node]) for node in others):
        number, found = 2, name
        while found in good or found in new:
            end = str(number)
            found, number = f"{name[: MAX_NODE_NAME - 5 - len(end)]}{end}", number + 1
        new.append(found)
    renamed = dict(zip(others, new, strict=True))
    return {node: renamed.get(node, node) for node in nodes}


def _switches(t: Topology, topo: MininetTopo, names: Mapping[str, str]) -> None:
    """Mininet makes a datapath id of the digits in a name; where two would have one, we number."""
    taken: set[int] = set()
    for name in map(str, topo.switches()):
        info = dict(topo.nodeInfo(name))
        digits = _DIGITS.findall(name)
        number = int(str(info.pop("dpid")), 16) if info.get("dpid") else int(digits[0]) if digits else 0
        given = {"datapath_id": number} if number and number not in taken else {}
        taken.add(number)
        t.switch(names[name], **given)
        _tell(t, f"switch {name}", info)


def _hosts(t: Topology, topo: MininetTopo, names: Mapping[str, str]) -> None:
    for name in map(str, topo.hosts()):
        info = dict(topo.nodeInfo(name))
        given: dict[str, Any] = {}
        if address := info.pop("ip", None):
            given["address"] = str(address) if "/" in str(address) else f"{address}/{BITS}"
        if mac := info.pop("mac", None):
            given["mac"] = str(mac)
        if route := info.pop("defaultRoute", None):
            given["gateway"] = _via(str(route))
        t.host(names[name], **given)
        _tell(t, f"host {name}", info)


def _via(route: str) -> str:
    """`via 10.0.0.1`, `dev h1-eth0 via 10.0.0.1`."""
    words = route.split()
    if "via" not in words[:-1]:
        raise TopologyError(f"a default route goes via an address, found {route!r}")
    return words[words.index("via") + 1]


def _link(t: Topology, info: Mapping[str, Any], names: Mapping[str, str]) -> None:
    ends = [f"{names[str(info[f'node{side}'])]}:{info[f'port{side}']}" for side in (1, 2)]
    options = {key: value for key, value in info.items() if value is not None}
    given = dict(_options(options))
    t.link(*ends, **given)
    _tell(t, f"link {info['node1']}/{info['node2']}", options)


def _options(options: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """TCLink's: bw is Mbit/s, loss percent, delay and jitter text or microseconds."""
    if bandwidth := options.pop("bw", None):
        yield "rate", rate(round(float(bandwidth) * MEGABIT))
    for key in ("delay", "jitter"):
        if value := options.pop(key, None):
            yield key, value if isinstance(value, str) else f"{value}us"
    if loss := options.pop("loss", None):
        yield "loss", f"{loss}%"
    if queue := options.pop("max_queue_size", None):
        yield "queue", int(queue)


def _tell(t: Topology, what: str, options: Mapping[str, Any]) -> None:
    if left := sorted(key for key in options if key not in HARMLESS):
        t.note(f"{what}: not obeyed: {', '.join(left)}")
