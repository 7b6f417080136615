"""What is, as rows for the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address

from planes.control import facts
from planes.control.engine import Engine
from planes.control.facts import Address, Port
from planes.control.graph import Link
from planes.control.hosts import Known
from planes.control.inventory import Inventory
from planes.control.segments import Segments
from planes.data.packet import mac_text
from planes.data.rule import MAX_PORT
from planes.model import state


def switches(inventory: Inventory, engine: Engine) -> Iterable[state.Switch]:
    """Every switch that was ever seen."""
    for dpid, record in inventory.records.items():
        rules = engine.size(dpid)
        yield state.Switch(dpid, record.name, record.index, record.connected, rules, record.error)


def ports(inventory: Inventory, engine: Engine, dampened: Collection[Port]) -> Iterable[state.Port]:
    """Their ports; a bridge's local port is no port of the fabric."""
    edges, fabric = engine.facts.table(facts.EDGE_PORT), engine.facts.table(facts.FABRIC_PORT)
    for dpid, record in inventory.records.items():
        for number, port in record.ports.items():
            if number <= MAX_PORT:
                at = (dpid, number)
                role = "edge" if at in edges else "fabric" if at in fabric else "unused"
                yield state.Port(record.name, number, port.name, port.up, "dampened" if at in dampened else role)


def links(inventory: Inventory, found: Iterable[Link]) -> Iterable[state.Link]:
    """The links that discovery vouches for."""
    for link in found:
        a, b = (inventory.records[end[0]].name for end in (link.a, link.b))
        yield state.Link(a, link.a[1], b, link.b[1])


def counters(drops: Mapping[str, int]) -> Iterable[state.Counter]:
    """What was dropped, by reason."""
    return (state.Counter(reason, count) for reason, count in drops.items())


def host(inventory: Inventory, segments: Segments, address: Address, known: Known | None) -> state.Host | state.Key:
    """A host's row; its key when it is no more."""
    network, segment = segments.names(address[0])
    if known is None:
        return network, segment, mac_text(address[1])
    switch = inventory.records[known.port[0]].name
    texts = (*(str(IPv4Address(a)) for a in known.ipv4), *(str(IPv6Address(a)) for a in known.ipv6))
    return state.Host(network, segment, mac_text(address[1]), switch, known.port[1], texts)
