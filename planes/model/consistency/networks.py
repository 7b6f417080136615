"""Segments: their subnets, their ports, and the hosts that are plugged in there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planes.model.consistency.context import Context, Fault
from planes.model.errors import did_you_mean
from planes.model.intent import Attachment
from planes.model.nics import is_native
from planes.model.plan import Host, Network, Segment
from planes.model.resolve import attachment
from planes.model.source import Path
from planes.model.wiring import End, Wiring
from planes.model.words import Address, PortName, Prefix


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
    yield from _lags(plugs, owners)
    found: dict[str, list[_Plug]] = {}
    for plug in plugs:
        found.setdefault(plug.where, []).append(plug)
    for path, network, name, segment in context.segments():
        yield from _named_ports(context, path, segment, found.get(f"{network}/{name}", []))
    yield from _addresses(context, _homes(context, plugs, owners))


@dataclass(frozen=True)
class _Plug:
    """One port of one segment, and what is known of it. `index` is that of the plan's line, which a LAG's ports share.

    `host` is who is plugged in there.
    """

    path: Path
    where: str
    segment: Segment
    index: int
    port: PortName
    attachment: Attachment | None
    host: str | None

    @property
    def end(self) -> End | None:
        return End(self.attachment.switch, self.attachment.port) if self.attachment else None


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
                host = _host(context.wiring, found)
                yield _Plug(place, f"{network}/{name}", segment, index, port, found, host)


def _host(wiring: Wiring | None, found: Attachment | None) -> str | None:
    peer = wiring.peer(End(found.switch, found.port)) if wiring and found else None
    return peer.node if wiring and peer and peer.node in wiring.hosts else None


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
    elif context.wiring and len(ends := [end for _, end in context.wiring.plugs(node)]) > 1:
        names = ", ".join(map(str, ends))
        bond = f", or bond them: {{lag: [{names}]}}" if len({end.node for end in ends}) == 1 else ""
        yield Fault(plug.path, f"{node!r} has {len(ends)} links; name one of their ports ({names}){bond}")
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


def _lags(plugs: list[_Plug], owners: dict[Attachment | None, _Plug]) -> Iterator[Fault]:
    """A LAG is a port of one switch: its members are used alike, by it alone, and lead to one neighbour."""
    lines: dict[Path, list[_Plug]] = {}
    for plug in plugs:
        lines.setdefault(plug.path[: plug.path.index("ports") + 2], []).append(plug)
    members = {line: frozenset(plug.end for plug in bundle) for line, bundle in lines.items()}
    first: dict[End | None, Path] = {}
    for line, bundle in lines.items():
        yield from _lag(bundle)
        for plug in bundle:
            other = first.setdefault(plug.end, line)
            told = owners.get(plug.attachment, plug) is not plug
            if plug.end and members[other] != members[line] and not told:
                where = lines[other][0].where
                message = f"{plug.end} is in {_names(bundle)} here and in {_names(lines[other])} in segment {where!r}"
                yield Fault(plug.path, f"{message}; a port's VLANs share one LAG")


def _names(bundle: list[_Plug]) -> str:
    return f"[{', '.join(str(plug.port) for plug in bundle)}]"


def _lag(bundle: list[_Plug]) -> Iterator[Fault]:
    head = bundle[0]
    for plug in bundle[1:]:
        if plug.attachment is None or head.attachment is None:
            continue
        if plug.attachment.switch != head.attachment.switch:
            yield Fault(plug.path, f"{plug.port} and {head.port} are ports of two switches; a LAG has one")
        elif plug.attachment.vlan != head.attachment.vlan:
            yield Fault(plug.path, f"{plug.port} and {head.port} differ in their VLAN; a LAG has one")
        elif plug.host and head.host and plug.host != head.host:
            yield Fault(
                plug.path, f"{plug.port} leads to {plug.host!r} and {head.port} to {head.host!r}; a LAG has one"
            )


def _homes(context: Context, plugs: list[_Plug], owners: dict[Attachment | None, _Plug]) -> dict[str, list[_Plug]]:
    """Each host's segments, by a plug of each: those that it is in without adding tags of its own."""
    vlans: dict[End, set[int | None]] = {}
    for plug in plugs:
        if plug.end:
            vlans.setdefault(plug.end, set(context.elsewhere.vlans(plug.end))).add(plug.port.vlan)
    found: dict[str, list[_Plug]] = {}
    for plug in plugs:
        if plug.end and plug.host and owners[plug.attachment] is plug and is_native(plug.port.vlan, vlans[plug.end]):
            homes = found.setdefault(plug.host, [])
            homes += [plug] if all(plug.where != each.where for each in homes) else []
    return found


def _addresses(context: Context, homes: dict[str, list[_Plug]]) -> Iterator[Fault]:
    addresses: dict[tuple[str, object], str] = {}
    macs: dict[tuple[str, str], str] = {}
    for name, plugs in homes.items():
        host, here = context.hosts[name], ("topology", "hosts", name)
        whole = not context.elsewhere.is_home(name)
        for index, address in enumerate(host.address):
            inside = any(address.ip in subnet for plug in plugs for subnet in plug.segment.subnet)
            if whole and not inside and not address.is_link_local and not _behind(context, plugs, host, address.ip):
                yield Fault((*here, "address", index), _outside(name, address.ip, plugs))
            for plug in plugs:
                other = addresses.setdefault((plug.where, address.ip), name)
                if other != name:
                    message = f"{address.ip} is also the address of {other!r} in segment {plug.where!r}"
                    yield Fault((*here, "address", index), message)
        for plug in plugs[:1] if host.mac and whole else ():
            other = macs.setdefault((plug.where, host.mac or ""), name)
            if other != name:
                yield Fault((*here, "mac"), f"{host.mac} is also the MAC of {other!r} in segment {plug.where!r}")


def _outside(name: str, address: Address, plugs: list[_Plug]) -> str:
    of = " and ".join(f"{plug.where!r} ({', '.join(map(str, plug.segment.subnet))})" for plug in plugs)
    return f"{address} is outside the subnet of segment {of}, which {name!r} is in"


def _behind(context: Context, plugs: list[_Plug], host: Host, address: Address) -> bool:
    """Whether the host is a router to the address: the next hop of a route that leads there."""
    own = {interface.ip for interface in host.address}
    routes = (route for plug in plugs for route in context.plan.networks[plug.where.partition("/")[0]].routes)
    return any(address in route.to and route.via in own for route in routes)


def _named_ports(context: Context, path: Path, segment: Segment, plugs: list[_Plug]) -> Iterator[Fault]:
    if not context.intact(*path, "ports"):
        return
    names = {str(plug.port) for plug in plugs}
    for index, router in enumerate(segment.routers):
        yield from context.unknown("port of this segment", str(router), names, (*path, "routers", index))
    lines = {str(plug.port): plug.index for plug in plugs}
    first: dict[int, str] = {}
    for name, bound in segment.bind.items():
        place: Path = (*path, "bind", name)
        yield from context.unknown("port of this segment", name, names, place, True)
        other = first.setdefault(lines[name], name) if name in lines else name
        if other != name:
            yield Fault(place, f"{name} is of one LAG with {other}, which is bound already", True)
        address = bound.address
        if address and not address.is_link_local and not any(address in subnet for subnet in segment.subnet):
            subnets = ", ".join(map(str, segment.subnet))
            yield Fault(place, f"{address} is outside the segment's subnet ({subnets})")
