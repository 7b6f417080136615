"""Nodes and links: names, datapath ids, link ends, BFD, what a host is told about its own addresses."""

from __future__ import annotations

from collections.abc import Iterator

from planes.model.consistency.context import Context, Fault
from planes.model.plan import Host, Topology
from planes.model.source import Path
from planes.model.wiring import MAX_INTERFACE, End, Wiring

BFD_MIN, BFD_MAX = 0.01, 10.0  # seconds: Open vSwitch counts milliseconds, and its timers keep some ten of them


def faults(context: Context) -> Iterator[Fault]:
    """Everything wrong with the topology."""
    topology, bfd = context.plan.topology, context.plan.bfd
    if bfd is not None and not BFD_MIN <= bfd <= BFD_MAX:
        yield Fault(("bfd",), "'bfd' must be from 10ms to 10s")
    if topology is None:
        return
    yield from _names(topology)
    yield from _datapath_ids(topology)
    for name, host in topology.hosts.items():
        yield from _addresses(name, host)
        if context.intact("topology", "hosts", name):
            yield from _next_hops(name, host)
    if context.wiring:
        yield from _links(context, topology, context.wiring)
        yield from _plugged(context, context.wiring)


def _names(topology: Topology) -> Iterator[Fault]:
    for name in topology.hosts:
        if name in topology.switches:
            yield Fault(("topology", "hosts", name), f"{name!r} is also a switch; each node has its own name", True)


def _datapath_ids(topology: Topology) -> Iterator[Fault]:
    first: dict[int, str] = {}
    for name, switch in topology.switches.items():
        number = switch.datapath_id
        if number is None:
            continue
        if number in first:
            path = ("topology", "switches", name, "datapath_id")
            yield Fault(path, f"datapath id {number:#x} is already that of {first[number]!r}")
        first.setdefault(number, name)


def _addresses(name: str, host: Host) -> Iterator[Fault]:
    here: Path = ("topology", "hosts", name)
    for index, address in enumerate(host.address):
        plain = address.network.prefixlen < address.max_prefixlen - 1
        if plain and address.ip == address.network.network_address:
            yield Fault((*here, "address", index), f"{address} is the address of the subnet itself, not of a host")
        if plain and address.version == 4 and address.ip == address.network.broadcast_address:
            yield Fault((*here, "address", index), f"{address} is the broadcast address of {address.network}")


def _next_hops(name: str, host: Host) -> Iterator[Fault]:
    here: Path = ("topology", "hosts", name)
    hops = [((*here, "gateway", index), hop) for index, hop in enumerate(host.gateway)]
    hops += [((*here, "routes", index, "via"), route.via) for index, route in enumerate(host.routes)]
    for path, hop in hops:
        if not hop.is_link_local and not any(hop in address.network for address in host.address):
            own = ", ".join(map(str, host.address)) or "none"
            yield Fault(path, f"{hop} is not on any subnet of {name!r} (its addresses: {own})")
    for index, route in enumerate(host.routes):
        if route.to.version != route.via.version:
            yield Fault((*here, "routes", index, "via"), f"{route.via} and {route.to} are not of one IP version")


def _links(context: Context, topology: Topology, wiring: Wiring) -> Iterator[Fault]:
    nodes = {*topology.switches, *topology.hosts}
    used: dict[End, str] = {}
    for index, wire in enumerate(wiring.wires):
        here: Path = ("topology", "links", index)
        for side, end in enumerate((wire.a, wire.b)):
            yield from context.unknown("host or switch", end.node, nodes, (*here, side))
            yield from _end(topology, wiring, end, (*here, side))
            if end in used:
                yield Fault((*here, side), f"{end} is already an end of the link {used[end]}")
        for end in (wire.a, wire.b):
            used.setdefault(end, wire.name)
        if wire.a.node == wire.b.node:
            yield Fault(here, f"{wire.a.node!r} is linked to itself")
        elif wire.a.node in topology.hosts and wire.b.node in topology.hosts:
            yield Fault(here, f"{wire.name} links two hosts; a host is linked to a switch")


def _end(topology: Topology, wiring: Wiring, end: End, path: Path) -> Iterator[Fault]:
    interface = wiring.interface(end)
    if end.node in topology.switches and end.port == 0:
        yield Fault(path, f"{end}: the ports of a switch are numbered from 1")
    if len(interface) > MAX_INTERFACE:
        spare = len(interface) - MAX_INTERFACE
        yield Fault(
            path,
            f"the interface {interface!r} would have {len(interface)} characters, and Linux allows {MAX_INTERFACE}: "
            f"shorten the name {end.node!r} by {spare}",
        )
    if interface in topology.switches or interface in topology.hosts:
        yield Fault(path, f"the interface at {end} would be called {interface!r}, as a node is; rename the node")


def _plugged(context: Context, wiring: Wiring) -> Iterator[Fault]:
    for name in wiring.hosts:
        if not wiring.plugs(name) and context.intact("topology", "links"):
            yield Fault(
                ("topology", "hosts", name), f"host {name!r} has no link; add [{name}, SWITCH] to 'links'", True
            )
