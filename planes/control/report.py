"""What is, as rows for the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address

from planes.control import facts
from planes.control.engine import Engine, fragment_number
from planes.control.facts import Address, Port
from planes.control.fragments.policy import LINE_FRAGMENT
from planes.control.graph import Link
from planes.control.hosts import Known
from planes.control.ids import Ids
from planes.control.inventory import Inventory
from planes.control.tenants import Tenants
from planes.data.packet import mac_text
from planes.data.rule import MAX_PORT
from planes.model import state
from planes.model.intent import Network


def switches(inventory: Inventory, engine: Engine) -> Iterable[state.Switch]:
    """Every switch that was ever seen."""
    for dpid, record in inventory.records.items():
        rules = engine.size(dpid)
        yield state.Switch(dpid, record.name, record.index, record.connected, rules, record.error)


def ports(
    inventory: Inventory, dpid: int, engine: Engine, tenants: Tenants, dampened: Collection[Port]
) -> Iterable[state.Port]:
    """A switch's ports; a bridge's local port is no port of the fabric."""
    fabric, record = engine.facts.table(facts.FABRIC_PORT), inventory.record(dpid)
    for number, port in record.ports.items():
        if number <= MAX_PORT:
            at = (dpid, number)
            role = "edge" if tenants.is_edge(at) else "fabric" if at in fabric else "unused"
            role = "dampened" if at in dampened else role
            yield state.Port(record.name, number, port.name, port.up, role, port.mac, port.speed)


def links(inventory: Inventory, found: Iterable[Link]) -> Iterable[state.Link]:
    """The links that discovery vouches for."""
    for link in found:
        a, b = (inventory.records[end[0]].name for end in (link.a, link.b))
        yield state.Link(a, link.a[1], b, link.b[1])


def counters(drops: Mapping[str, int]) -> Iterable[state.Counter]:
    """What was dropped, by reason."""
    return (state.Counter(reason, count) for reason, count in drops.items())


def policy_lines(networks: Iterable[Network], ids: Ids) -> dict[int, tuple[str, int]]:
    """The lines of all policies, by the number that they have in cookies: network, and line of the plan, from 1."""
    found = {}
    for network in networks:
        number = ids.find("network", network.name)
        for index, line in enumerate(network.policy if number is not None else ()):
            found[fragment_number((LINE_FRAGMENT, (number, index)))] = network.name, line.line + 1
    return found


def host(inventory: Inventory, tenants: Tenants, address: Address, known: Known | None) -> state.Host | state.Key:
    """A host's row; its key when it is no more."""
    network, segment = tenants.names(address[0])
    if known is None:
        return network, segment, mac_text(address[1])
    dpid, port, vlan = known.access
    texts = (*(str(IPv4Address(a)) for a in known.ipv4), *(str(IPv6Address(a)) for a in known.ipv6))
    return state.Host(network, segment, mac_text(address[1]), inventory.records[dpid].name, port, texts, vlan)
