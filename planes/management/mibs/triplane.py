"""TRIPLANE-MIB: what no standard has a place for. Its module is the file TRIPLANE-MIB.txt beside this one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from planes.management.mibs import triplane_gateways
from planes.management.mibs.facts import Facts
from planes.management.mibs.scope import places, refusals
from planes.management.mibs.smi import Column, Event, Form, Index, Module, Part, Scalar, Table, string
from planes.management.mibs.triplane_oids import (
    CONTROL,
    DATA,
    DROPS,
    EVENTS,
    FAILOVERS,
    IDENTITIES,
    MANAGEMENT,
    TENANTS,
    TRIPLANE,
)
from planes.management.mibs.words import date, text
from planes.management.snmp.objects import Oid, Syntax
from planes.management.watch import PATIENCE, age
from planes.model import state
from planes.model.intent import Network

CONNECTION: Mapping[int, str] = MappingProxyType({1: "connected", 2: "lost"})
STATUS: Mapping[int, str] = MappingProxyType({1: "up", 2: "down", 3: "unknown"})
STORE: Mapping[int, str] = MappingProxyType({1: "synced", 2: "away"})
UP, DOWN, UNKNOWN = 1, 2, 3
_MAX_NAME = 64


def connection(switch: state.Switch) -> int:
    """tripSwitchStatus."""
    return 1 if switch.connected else 2


def status(since: float | None) -> int:
    """Whether a controller lives, by how long ago it gave a sign of life; None where that is not known."""
    return UNKNOWN if since is None else UP if since < PATIENCE else DOWN


def _milliseconds(since: float | None) -> int | None:
    return None if since is None else round(since * 1000)


def _whole(number: int, facts: Facts) -> int | None:
    """What is counted of the whole fabric is no tenant's business."""
    return number if facts.network is None else None


# switches and controllers


def _switches(facts: Facts) -> Iterator[tuple[Oid, tuple[state.Switch, bool]]]:
    return (((row.index,), (row, facts.network is None)) for row in facts.switches.values())


SWITCHES = Table[tuple[state.Switch, bool]](
    "tripSwitchTable", "tripSwitchEntry", (*DATA, 8), (Index("tripSwitchIndex"),),
    (
        Column(2, "tripSwitchName", Syntax.OCTETS, lambda row: text(row[0].name, _MAX_NAME), form=Form.TEXT),
        Column(
            3, "tripSwitchDatapathId", Syntax.OCTETS, lambda row: row[0].datapath_id.to_bytes(8, "big"), form=Form.HEX
        ),
        Column(4, "tripSwitchStatus", Syntax.INTEGER, lambda row: connection(row[0]), CONNECTION),
        Column(5, "tripSwitchEntries", Syntax.GAUGE32, lambda row: row[0].rules if row[1] else None),
        Column(6, "tripSwitchError", Syntax.OCTETS, lambda row: text(row[0].error), form=Form.TEXT),
    ),
    _switches, {"tripSwitchIndex": 1},
)  # fmt: skip


@dataclass(frozen=True)
class Controller:
    """A controller's row, and how many seconds ago it gave a sign of life."""

    row: state.Controller
    since: float | None


def _controllers(facts: Facts) -> Iterator[tuple[Oid, Controller]]:
    for row in facts.rows(state.Controller):
        yield string(text(row.name, _MAX_NAME)), Controller(row, max(0.0, facts.now - row.seen) if row.seen else None)


CONTROLLERS = Table[Controller](
    "tripControllerTable", "tripControllerEntry", (*CONTROL, 6), (Index("tripControllerName", Part.STRING, Form.TEXT),),
    (
        Column(2, "tripControllerEpoch", Syntax.GAUGE32, lambda one: one.row.epoch),
        Column(3, "tripControllerSoftware", Syntax.OCTETS, lambda one: text(one.row.software), form=Form.TEXT),
        Column(4, "tripControllerStarted", Syntax.OCTETS, lambda one: date(one.row.started), form=Form.DATE),
        Column(5, "tripControllerStatus", Syntax.INTEGER, lambda one: status(one.since), STATUS),
        Column(6, "tripControllerAge", Syntax.GAUGE32, lambda one: _milliseconds(one.since)),
    ),
    _controllers, {"tripControllerName": 1}, ticks=True,
)  # fmt: skip


def _age(facts: Facts) -> float | None:
    return age(facts.view.state, facts.now)


_SCALARS = (
    Scalar("tripSwitches", (*DATA, 1), Syntax.GAUGE32, lambda facts: _whole(len(facts.rows(state.Switch)), facts)),
    Scalar(
        "tripSwitchesConnected", (*DATA, 2), Syntax.GAUGE32,
        lambda facts: _whole(sum(row.connected for row in facts.rows(state.Switch)), facts),
    ),
    Scalar(
        "tripSwitchesRefusing", (*DATA, 3), Syntax.GAUGE32,
        lambda facts: _whole(sum(bool(row.error) for row in facts.rows(state.Switch)), facts),
    ),
    Scalar("tripPorts", (*DATA, 4), Syntax.GAUGE32, lambda facts: _whole(len(facts.rows(state.Port)), facts)),
    Scalar(
        "tripPortsUp", (*DATA, 5), Syntax.GAUGE32,
        lambda facts: _whole(sum(row.up for row in facts.rows(state.Port)), facts),
    ),
    Scalar("tripLinks", (*DATA, 6), Syntax.GAUGE32, lambda facts: _whole(len(facts.rows(state.Link)), facts)),
    Scalar(
        "tripEntries", (*DATA, 7), Syntax.GAUGE32,
        lambda facts: _whole(sum(row.rules for row in facts.rows(state.Switch)), facts),
    ),
    Scalar("tripControlStatus", (*CONTROL, 1), Syntax.INTEGER, lambda facts: status(_age(facts)), STATUS, ticks=True),
    Scalar("tripControlAge", (*CONTROL, 2), Syntax.GAUGE32, lambda facts: _milliseconds(_age(facts)), ticks=True),
    Scalar("tripControlEpoch", (*CONTROL, 3), Syntax.GAUGE32, lambda facts: facts.view.state.epoch),
    Scalar("tripIntentWanted", (*CONTROL, 4), Syntax.GAUGE32, lambda facts: _whole(facts.view.serial, facts)),
    Scalar("tripIntentApplied", (*CONTROL, 5), Syntax.GAUGE32, lambda facts: _whole(facts.view.state.applied, facts)),
    Scalar("tripStoreStatus", (*MANAGEMENT, 1), Syntax.INTEGER, lambda facts: 1 if facts.view.synced else 2, STORE),
    Scalar("tripNetworks", (*TENANTS, 1), Syntax.GAUGE32, lambda facts: _whole(len(facts.networks), facts)),
)  # fmt: skip

# networks


@dataclass(frozen=True)
class Tenant:
    """A network, how many hosts it has, and what switches refuse of it."""

    network: Network
    hosts: int
    error: str


def _error(facts: Facts, network: str) -> str:
    told = ((row.name, part) for row in facts.switches.values() if row.error for part in refusals(row.error, network))
    return "; ".join(sorted(f"{name}: {part}" for name, part in told))


def tenants(facts: Facts) -> Iterator[tuple[Oid, Tenant]]:
    """Networks that have a number."""
    hosts = Counter(row.network for row in facts.rows(state.Host))
    for network in facts.networks.values():
        number = facts.number("network", network.name)
        if number is not None:
            yield (number,), Tenant(network, hosts[network.name], _error(facts, network.name))


NETWORKS = Table[Tenant](
    "tripNetworkTable", "tripNetworkEntry", (*TENANTS, 2), (Index("tripNetworkNumber"),),
    (
        Column(2, "tripNetworkName", Syntax.OCTETS, lambda row: text(row.network.name, _MAX_NAME), form=Form.TEXT),
        Column(3, "tripNetworkHosts", Syntax.GAUGE32, lambda row: row.hosts),
        Column(4, "tripNetworkSegments", Syntax.GAUGE32, lambda row: len(row.network.segments)),
        Column(5, "tripNetworkPorts", Syntax.GAUGE32, lambda row: len(places(row.network))),
        Column(
            6, "tripNetworkPolicyLines", Syntax.GAUGE32, lambda row: len({line.line for line in row.network.policy})
        ),
        Column(7, "tripNetworkError", Syntax.OCTETS, lambda row: text(row.error), form=Form.TEXT),
    ),
    tenants, {"tripNetworkNumber": 1},
)  # fmt: skip

# failovers and drops


def _failovers(facts: Facts) -> Iterator[tuple[Oid, state.Event]]:
    return (((row.number,), row) for row in facts.rows(state.Event) if row.kind == "failover")


FAILOVER_TABLE = Table[state.Event](
    "tripFailoverTable", "tripFailoverEntry", (*FAILOVERS, 1), (Index("tripFailoverNumber"),),
    (
        Column(2, "tripFailoverTime", Syntax.OCTETS, lambda row: date(row.at), form=Form.DATE),
        Column(3, "tripFailoverSubject", Syntax.OCTETS, lambda row: text(row.subject), form=Form.TEXT),
        Column(4, "tripFailoverText", Syntax.OCTETS, lambda row: text(row.text), form=Form.TEXT),
        Column(5, "tripFailoverCause", Syntax.OCTETS, lambda row: text(row.cause), form=Form.TEXT),
        Column(6, "tripFailoverDuration", Syntax.GAUGE32, lambda row: round(row.seconds * 1000)),
    ),
    _failovers, {"tripFailoverNumber": 1},
)  # fmt: skip


def _drops(facts: Facts) -> Iterator[tuple[Oid, state.Counter]]:
    return ((string(text(row.reason, _MAX_NAME)), row) for row in facts.rows(state.Counter))


DROP_TABLE = Table[state.Counter](
    "tripDropTable", "tripDropEntry", (*DROPS, 1), (Index("tripDropReason", Part.STRING, Form.TEXT),),
    (Column(2, "tripDropCount", Syntax.COUNTER64, lambda row: row.count),),
    _drops, {"tripDropReason": 1},
)  # fmt: skip

MODULE = Module(
    "TRIPLANE-MIB", TRIPLANE, "the three planes, networks, gateways, failovers", _SCALARS,
    (
        SWITCHES, CONTROLLERS, NETWORKS, triplane_gateways.GATEWAYS, triplane_gateways.FORWARDERS, FAILOVER_TABLE,
        DROP_TABLE,
    ),
    (
        Event("tripGatewayChange", (*EVENTS, 1), triplane_gateways.TOLD),
        Event(
            "tripFailover", (*EVENTS, 2),
            ("tripFailoverSubject", "tripFailoverText", "tripFailoverCause", "tripFailoverDuration"),
        ),
        Event("tripSwitchLost", (*EVENTS, 3), ("tripSwitchName", "tripSwitchDatapathId")),
        Event("tripSwitchFound", (*EVENTS, 4), ("tripSwitchName", "tripSwitchDatapathId")),
        Event("tripControllerDown", (*EVENTS, 5), ("tripControllerEpoch", "tripControllerStatus")),
        Event("tripControllerUp", (*EVENTS, 6), ("tripControllerEpoch", "tripControllerStatus")),
        Event("tripRefusal", (*EVENTS, 7), ("tripSwitchName", "tripSwitchError")),
    ),
    IDENTITIES,
)  # fmt: skip
