"""Segments: their subnets, their ports, and the hosts that are plugged in there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planes.model.consistency.context import Context, Fault
from planes.model.errors import did_you_mean
from planes.model.intent import Attachment
from planes.model.plan import Network, Segment
from planes.model.resolve import attachment
from planes.model.source import Path
from planes.model.wiring import End, Wiring
from planes.model.words import PortName, Prefix


def faults(context: Context) -> Iterator[Fault]:
    """Everything wrong with subnets and ports."""
    for name, tenant in context.plan.networks.items():
        yield from _overlaps(("networks", name), tenant)
    plugs = list(_plugs(context))
    for plug in plugs:
        yield from _port(context, plug)
    owners: dict[Attachment | None, _Plug] = {plug.attachment: plug for plug in reversed(plugs) if plug.attachment}
    yield from _shared(plugs, owners)
    yield from _forms(context)
    found: dict[str, list[_Plug]] = {}
    for plug in plugs:
        found.setdefault(plug.where, []).append(plug)
    for path, network, name, segment in context.segments():
        where = f"{network}/{name}"
        mine = found.get(where, [])
        hosts = [plug.host for plug in mine if plug.host and owners[plug.attachment] is plug]
        yield from _addresses(context, where, segment, hosts)
        yield from _named_ports(context, path, segment, mine)


@dataclass(frozen=True)
class _Plug:
    """One port of one segment, and what is known of it."""

    path: Path
    where: str
    port: PortName
    attachment: Attachment | None
    host: str | None


@dataclass(frozen=True)
class _Subnet:
    version: int
    first: int
    last: int
    order: int  # in the file
    prefix: Prefix
    segment: str
    path: Path


def _plugs(context: Context) -> Iterator[_Plug]:
    for path, network, name, segment in context.segments():
        for index, wanted in enumerate(segment.ports):
            for number, port in enumerate(wanted.names):
                key: Path = ("lag", number) if wanted.lag else ("port",)
                place: Path = (*path, "ports", index, *key)
                found = attachment(port, context.wiring)
                yield _Plug(place, f"{network}/{name}", port, found, _host(context.wiring, port, found))


def _host(wiring: Wiring | None, port: PortName, found: Attachment | None) -> str | None:
    if wiring is None or found is None:
        return None
    peer = wiring.peer(End(found.switch, found.port))
    return peer.node if peer and peer.node in wiring.hosts and port.vlan is None else None


def _overlaps(path: Path, network: Network) -> Iterator[Fault]:
    found: list[_Subnet] = []
    for name, segment in network.segments.items():
        for index, prefix in enumerate(segment.subnet):
            first, last = int(prefix.network_address), int(prefix.broadcast_address)
            place: Path = (*path, "segments", name, "subnet", index)
            found.append(_Subnet(prefix.version, first, last, len(found), prefix, name, place))
    widest: _Subnet | None = None
    for subnet in sorted(found, key=lambda each: (each.version, each.first, each.order)):
        if widest and widest.version == subnet.version and subnet.first <= widest.last:
            early, late = sorted((widest, subnet), key=lambda each: each.order)
            yield Fault(
                late.path, f"{late.prefix} overlaps {early.prefix} of segment {early.segment!r} in the same network"
            )
        if not widest or widest.version != subnet.version or subnet.last > widest.last:
            widest = subnet


def _port(context: Context, plug: _Plug) -> Iterator[Fault]:
    port, wiring = plug.port, context.wiring
    if wiring is None:
        if port.number is None and not (context.plan.topology and not context.plan.topology.drawn):
            yield Fault(plug.path, f"{port} is no port: there is no topology with hosts; write switch:port")
    elif port.number is None:
        yield from _host_port(context, plug)
    elif port.node in context.hosts:
        yield Fault(plug.path, f"{port.node!r} is a host; write {port.node} alone, without a number")
    elif port.node not in context.switches:
        yield from context.unknown("switch", port.node, context.switches, plug.path)
    elif context.intact("topology", "links"):
        yield from _switch_port(wiring, plug, End(port.node, port.number))


def _host_port(context: Context, plug: _Plug) -> Iterator[Fault]:
    node = plug.port.node
    if node in context.switches:
        yield Fault(plug.path, f"{node!r} is a switch; name one of its ports, as in {node}:7")
    else:
        yield from context.unknown("host", node, context.hosts, plug.path)


def _switch_port(wiring: Wiring, plug: _Plug, end: End) -> Iterator[Fault]:
    peer = wiring.peer(end)
    if peer is None:
        ends = (each for wire in wiring.wires for each in (wire.a, wire.b) if each.node == end.node)
        wired = sorted(str(each) for each in ends if not _inner(wiring, each))
        yield Fault(plug.path, f"nothing is wired to {end}, {did_you_mean(str(end), wired)}")
    elif _inner(wiring, end):
        yield Fault(plug.path, f"{end} is linked to the switch {peer.node!r}; a segment's port leads out of the fabric")


def _inner(wiring: Wiring, end: End) -> bool:
    peer = wiring.peer(end)
    return peer is not None and peer.node not in wiring.hosts


def _shared(plugs: list[_Plug], owners: dict[Attachment | None, _Plug]) -> Iterator[Fault]:
    for plug in plugs:
        other = owners.get(plug.attachment, plug)
        if other is not plug:
            alias = f" as {other.port}" if other.port != plug.port else ""
            yield Fault(plug.path, f"{plug.port} is already in segment {other.where!r}{alias}")


def _forms(context: Context) -> Iterator[Fault]:
    for path, _, _, segment in context.segments():
        for index, port in enumerate(segment.ports):
            place: Path = (*path, "ports", index)
            if (port.port is None) == (port.lag is None) and context.intact(*place):
                yield Fault(place, "a port is written h1, acc1:7, acc1:7.100, {port: ...} or {lag: [...]}")
            elif port.lag is not None and len(port.lag) < 2:
                yield Fault((*place, "lag"), "a LAG has at least two ports")


def _addresses(context: Context, where: str, segment: Segment, hosts: list[str]) -> Iterator[Fault]:
    addresses: dict[object, str] = {}
    macs: dict[str, str] = {}
    for name in hosts:
        host, here = context.hosts[name], ("topology", "hosts", name)
        for index, address in enumerate(host.address):
            if not any(address.ip in subnet for subnet in segment.subnet) and not address.is_link_local:
                subnets = ", ".join(map(str, segment.subnet))
                message = f"{address.ip} is outside the subnet of segment {where!r} ({subnets}), which {name!r} is in"
                yield Fault((*here, "address", index), message)
            other = addresses.setdefault(address.ip, name)
            if other != name:
                message = f"{address.ip} is also the address of {other!r} in segment {where!r}"
                yield Fault((*here, "address", index), message)
        if host.mac and macs.setdefault(host.mac, name) != name:
            yield Fault((*here, "mac"), f"{host.mac} is also the MAC of {macs[host.mac]!r} in segment {where!r}")


def _named_ports(context: Context, path: Path, segment: Segment, plugs: list[_Plug]) -> Iterator[Fault]:
    if not context.intact(*path, "ports"):
        return
    names = {str(plug.port) for plug in plugs}
    for index, router in enumerate(segment.routers):
        yield from context.unknown("port of this segment", str(router), names, (*path, "routers", index))
    for bound in segment.bind:
        yield from context.unknown("port of this segment", bound, names, (*path, "bind", bound), True)
