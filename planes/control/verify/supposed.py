"""A plan's fabric as its controller would know it once all is up and every host has spoken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planes.control import facts
from planes.control.core import Core
from planes.control.forecast import forecast
from planes.data.packet import mac_text
from planes.model import state
from planes.model.intent import Intent, Member
from planes.model.nics import home, nics
from planes.model.plan import Host, Topology
from planes.model.state import Key, Row, State, key
from planes.model.wiring import Wiring

FIRST_MAC = 0x0200_5E00_0001  # of hosts whose plan names none: those of a lab are the kernel's choice


def supposed(topology: Topology, wiring: Wiring, intent: Intent) -> State:
    """The store's rows, all switches connected, all links found, every host heard with the addresses of the plan."""
    switches = dict(wiring.switches)
    ends = [end for wire in wiring.wires for end in (wire.a, wire.b) if end.node in switches]
    rows: list[Row] = [state.Switch(dpid, name, index, True) for index, (name, dpid) in _indexed(wiring)]
    rows += [state.Id("switch", f"{dpid:016x}", index) for index, (_, dpid) in _indexed(wiring)]
    rows += [state.Port(end.node, end.port, wiring.interface(end), up=True) for end in ends]
    for wire in wiring.wires:
        if wire.a.node in switches and wire.b.node in switches:
            a, b = sorted((wire.a, wire.b), key=lambda end: (switches[end.node], end.port))
            rows.append(state.Link(a.node, a.port, b.node, b.port))
    rows += _hosts(topology, wiring, intent)
    tables: dict[type[Row], dict[Key, Row]] = {}
    for row in rows:
        tables.setdefault(type(row), {})[key(row)] = row
    return State(tables)


def compiled(topology: Topology, wiring: Wiring, intent: Intent) -> Core:
    """What a controller would install then, the best members of each gateway having been elected."""
    core = forecast(supposed(topology, wiring, intent), intent)
    elect(core, intent)
    return core


def elect(core: Core, intent: Intent) -> None:
    """Where nobody was active yet, the members with the best priorities are."""
    known = core.engine.facts
    members = {
        (network.name, segment.name): segment.gateway.members
        for network in intent.networks
        for segment in network.segments
        if segment.gateway is not None
    }
    for segment, fact in known.table(facts.MEMBERS).items():
        ranked = _ranked(core, members.get(core.tenants.names(segment), ()), fact)
        for place, (mac, _) in enumerate(fact.virtual):
            if ranked and (segment, mac) not in known.table(facts.ACTIVE):
                first = place % len(ranked) if fact.shares else 0
                spots = tuple((dpid, fact.slot) for dpid in (*ranked[first:], *ranked[:first]))
                core.engine.put(facts.ACTIVE, (segment, mac), spots)
    core.engine.run()


def _ranked(core: Core, members: Iterable[Member], fact: facts.MembersFact) -> list[int]:
    ours = {member.dpid for member in fact.members}
    found = [(member.priority, core.inventory.named(member.switch)) for member in members]
    return [dpid for _, dpid in sorted(found, reverse=True, key=lambda pair: pair[0]) if dpid in ours]


def _indexed(wiring: Wiring) -> Iterator[tuple[int, tuple[str, int]]]:
    yield from enumerate(sorted(wiring.switches, key=lambda switch: switch[1]), 1)


def _hosts(topology: Topology, wiring: Wiring, intent: Intent) -> Iterator[state.Host]:
    """Each interface of a host that is in a segment, with the addresses that belong there."""
    bound = {
        (at.switch, at.port, at.vlan or 0): at.mac
        for network in intent.networks
        for segment in network.segments
        for at in segment.bindings
    }
    taken = {mac for host in topology.hosts.values() if (mac := _mac(host))}
    number = FIRST_MAC
    for name, interfaces in nics(wiring, intent).items():
        host = topology.hosts[name]
        for place, nic in enumerate(interfaces):
            ports = sorted(peer for end in nic.ends if (peer := wiring.peer(end)))
            if nic.segment is None or not ports:
                continue
            while mac_text(number) in taken:
                number += 1
            at = ports[0].node, ports[0].port, nic.vlan or 0
            mac = (_mac(host) if place == 0 else None) or bound.get(at) or mac_text(number)
            taken.add(mac)
            own = tuple(str(each.ip) for each in host.address if home(interfaces, each.ip) == nic)
            yield state.Host(*nic.segment, mac, *at[:2], own, at[2])


def _mac(host: Host) -> str | None:
    return None if host.mac is None else str(host.mac)
