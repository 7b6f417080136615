"""IF-MIB (RFC 2863): switches' ports, and gateways' members as interfaces of layer 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from planes.management.mibs.facts import Facts
from planes.management.mibs.scope import Place
from planes.management.mibs.smi import Column, Event, Form, Index, Module, Scalar, Table
from planes.management.mibs.words import TRUTH, mac, text, truth
from planes.management.snmp.objects import Oid, Syntax
from planes.model import phrases, state

INTERFACES: Oid = (1, 3, 6, 1, 2, 1, 2)
IF_MIB: Oid = (1, 3, 6, 1, 2, 1, 31)
TYPES: Mapping[int, str] = MappingProxyType({6: "ethernetCsmacd", 136: "l3ipvlan"})
ADMIN: Mapping[int, str] = MappingProxyType({1: "up", 2: "down", 3: "testing"})
OPER: Mapping[int, str] = MappingProxyType(
    {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown"}
)
ETHERNET, L3_VLAN = 6, 136
UP, DOWN, UNKNOWN, DORMANT = 1, 2, 4, 5
_MAX_ALIAS = 64
_UNREACHABLE = "unreachable"  # a member whose switch takes no orders


@dataclass(frozen=True)
class Interface:
    """A row of ifTable and ifXTable. `traffic` is None where nothing is known of it."""

    index: int
    name: str
    description: str
    alias: str
    kind: int
    oper: int
    mac: str = ""
    speed: int = 0
    changed: int = 0
    traffic: state.Traffic | None = None


def oper_status(port: state.Port, facts: Facts) -> int:
    """ifOperStatus of a port; nobody knows it while the switch is away."""
    switch = facts.switches.get(port.switch)
    if switch is None or not switch.connected:
        return UNKNOWN
    return DOWN if not port.up else DORMANT if port.role == "dampened" else UP


def interfaces(facts: Facts) -> Iterator[tuple[Oid, Interface]]:
    """All that have a number."""
    attached, changed = _attached(facts), _changed(facts)
    traffic = {(row.switch, row.number): row for row in facts.rows(state.Traffic) if row.at}
    for port in facts.rows(state.Port):
        place = port.switch, port.number
        if (index := facts.ports.get(place)) is not None:
            name = phrases.place(*place, None)
            alias = attached.get(place) or _peer(facts, place)
            yield (
                (index,),
                Interface(
                    index, name, f"{port.name} on {port.switch}", alias, ETHERNET, oper_status(port, facts),
                    port.mac, port.speed, facts.stamp(changed.get(name, 0.0)), traffic.get(place),
                ),
            )  # fmt: skip
    for (network, segment, switch), index in facts.seats.items():
        name = f"{network}/{segment} on {switch}"
        yield (
            (index,),
            Interface(
                index, name, name, f"gateway of {network}/{segment}", L3_VLAN, _seat(facts, network, segment, switch)
            ),
        )


def _seat(facts: Facts, network: str, segment: str, name: str) -> int:
    row, switch = facts.standing.get((network, segment, name)), facts.switches[name]
    if row is None:
        return UP if switch.connected else UNKNOWN
    return UNKNOWN if row.state == _UNREACHABLE or not switch.connected else UP


def _attached(facts: Facts) -> Mapping[Place, str]:
    """The segments that a port is attached to, as ifAlias says it."""
    found: dict[Place, list[str]] = {}
    for (network, name), segment in facts.segments.items():
        for at in segment.ports:
            for number in (at.port, *at.lag):
                tag = f".{at.vlan}" if at.vlan else ""
                found.setdefault((at.switch, number), []).append(f"{network}/{name}{tag}")
    return {place: ", ".join(sorted(names)) for place, names in found.items()}


def _peer(facts: Facts, place: Place) -> str:
    peer = facts.peers.get(place)
    return phrases.place(*peer, None) if peer else ""


def _changed(facts: Facts) -> Mapping[str, float]:
    """When ports last went up or down, as far as events remember."""
    found: dict[str, float] = {}
    for event in facts.rows(state.Event):
        if event.kind == "port":
            found[event.subject] = max(event.at, found.get(event.subject, 0.0))
    return found


def _count(name: str, row: Interface) -> int | None:
    """A counter of what is known of a port's traffic."""
    return None if row.traffic is None else int(getattr(row.traffic, name))


def _counter(number: int, name: str, what: str, syntax: Syntax = Syntax.COUNTER32) -> Column[Interface]:
    return Column(number, name, syntax, partial(_count, what))


_INDEX = (Index("ifIndex"),)
IF_TABLE = Table[Interface](
    "ifTable", "ifEntry", (*INTERFACES, 2), _INDEX,
    (
        Column(1, "ifIndex", Syntax.INTEGER, lambda row: row.index),
        Column(2, "ifDescr", Syntax.OCTETS, lambda row: text(row.description), form=Form.TEXT),
        Column(3, "ifType", Syntax.INTEGER, lambda row: row.kind, TYPES),
        Column(5, "ifSpeed", Syntax.GAUGE32, lambda row: row.speed),
        Column(6, "ifPhysAddress", Syntax.OCTETS, lambda row: mac(row.mac), form=Form.MAC),
        Column(7, "ifAdminStatus", Syntax.INTEGER, lambda _: UP, ADMIN),
        Column(8, "ifOperStatus", Syntax.INTEGER, lambda row: row.oper, OPER),
        Column(9, "ifLastChange", Syntax.TIMETICKS, lambda row: row.changed),
        _counter(10, "ifInOctets", "rx_bytes"),
        _counter(11, "ifInUcastPkts", "rx_packets"),
        _counter(13, "ifInDiscards", "rx_dropped"),
        _counter(14, "ifInErrors", "rx_errors"),
        _counter(16, "ifOutOctets", "tx_bytes"),
        _counter(17, "ifOutUcastPkts", "tx_packets"),
        _counter(19, "ifOutDiscards", "tx_dropped"),
        _counter(20, "ifOutErrors", "tx_errors"),
    ),
    interfaces,
)  # fmt: skip
IF_X_TABLE = Table[Interface](
    "ifXTable", "ifXEntry", (*IF_MIB, 1, 1), _INDEX,
    (
        Column(1, "ifName", Syntax.OCTETS, lambda row: text(row.name), form=Form.TEXT),
        _counter(6, "ifHCInOctets", "rx_bytes", Syntax.COUNTER64),
        _counter(7, "ifHCInUcastPkts", "rx_packets", Syntax.COUNTER64),
        _counter(10, "ifHCOutOctets", "tx_bytes", Syntax.COUNTER64),
        _counter(11, "ifHCOutUcastPkts", "tx_packets", Syntax.COUNTER64),
        Column(
            14, "ifLinkUpDownTrapEnable", Syntax.INTEGER, lambda row: 1 if row.kind == ETHERNET else 2,
            {1: "enabled", 2: "disabled"},
        ),
        Column(15, "ifHighSpeed", Syntax.GAUGE32, lambda row: (row.speed + 500_000) // 1_000_000),
        Column(16, "ifPromiscuousMode", Syntax.INTEGER, lambda row: truth(row.kind == ETHERNET), TRUTH),
        Column(17, "ifConnectorPresent", Syntax.INTEGER, lambda row: truth(row.kind == ETHERNET), TRUTH),
        Column(18, "ifAlias", Syntax.OCTETS, lambda row: text(row.alias, _MAX_ALIAS), form=Form.TEXT),
        Column(19, "ifCounterDiscontinuityTime", Syntax.TIMETICKS, lambda _: 0),
    ),
    interfaces,
)  # fmt: skip
_LINK = ("ifIndex", "ifAdminStatus", "ifOperStatus")
MODULE = Module(
    "IF-MIB", IF_MIB, "interfaces: ports, and gateways' members (RFC 2863)",
    (Scalar("ifNumber", (*INTERFACES, 1), Syntax.INTEGER, lambda facts: len(facts.ports) + len(facts.seats)),),
    (IF_TABLE, IF_X_TABLE),
    (
        Event("linkDown", (1, 3, 6, 1, 6, 3, 1, 1, 5, 3), _LINK),
        Event("linkUp", (1, 3, 6, 1, 6, 3, 1, 1, 5, 4), _LINK),
    ),
)  # fmt: skip
