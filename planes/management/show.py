"""What the store says of a fabric, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from planes.management.tables import Table
from planes.model import phrases, state
from planes.model.intent import Intent
from planes.model.state import State


def switches(known: State) -> Table:
    """Every switch that was ever seen; `entries` counts the flows, groups and meters it is to hold."""
    rows = [
        (row.name, f"{row.datapath_id:016x}", row.index, row.connected, row.rules, row.error or None)
        for row in known.of(state.Switch)
    ]
    return Table("switches", ("switch", "datapath id", "index", "connected", "entries", "error"), rows)


def gateways(known: State, now: float) -> Table:
    """The members of gateways that elect, as `show standby brief` does it; `now` is Unix time."""
    rows: list[tuple[str | int | bool | None, ...]] = []
    for row in known.of(state.GatewayState):
        place = f"{row.network}/{row.segment} on {row.switch}"
        virtual, preempt = ", ".join(row.virtual_ips), "P" if row.preempt else ""
        told = (row.state, row.active or "unknown", row.standby or "unknown", virtual)
        since = f"{now - row.since:.0f} s ago" if row.since else None
        rows.append((place, row.protocol, row.group, row.priority, preempt, *told, row.last or None, since))
        for forwarder in row.forwarders:
            number, standing, mac = forwarder.split()
            named = f"{place}, forwarder {number}"
            rows.append((named, row.protocol, row.group, None, "", standing, None, None, mac, None, None))
    columns = ("Interface", "Protocol", "Grp", "Pri", "P", "State", "Active", "Standby", "Virtual IP", "Last", "When")
    return Table("gateways", columns, rows)


def events(happened: Iterable[state.Event]) -> Table:
    """What happened, in this order; `ms` is how long it lasted, where it did."""
    rows = [
        (
            datetime.fromtimestamp(row.at).astimezone().isoformat(timespec="milliseconds"),
            row.kind,
            row.subject,
            row.text,
            row.cause or None,
            round(row.seconds * 1000) if row.seconds else None,
        )
        for row in happened
    ]
    return Table("events", ("time", "kind", "subject", "event", "cause", "ms"), rows)


def networks(intent: Intent, known: State) -> Table:
    """Every network that is wanted; `error` is what switches refuse of it."""
    rows = []
    for network in intent.networks:
        gateways = [
            f"{segment.name} {address}"
            for segment in network.segments
            if segment.gateway
            for address in segment.gateway.addresses
        ]
        routes = [f"{route.to} via {route.via}" for route in network.routes]
        names = [segment.name for segment in network.segments]
        count = sum(row.network == network.name for row in known.of(state.Host))
        rows.append((network.name, *map(", ".join, (names, gateways, routes)), count, _refusals(network.name, known)))
    return Table("networks", ("network", "segments", "gateways", "routes", "hosts", "error"), rows)


def _refusals(network: str, known: State) -> str | None:
    """What each switch refuses of a network; a switch's error names the networks that it is about."""
    mark = f"network {network}: "
    errors = [(row.name, part) for row in known.of(state.Switch) for part in row.error.split("; ")]
    return "; ".join(f"{name}: {part.removeprefix(mark)}" for name, part in errors if part.startswith(mark)) or None


def segments(intent: Intent) -> Table:
    """Every segment that is wanted."""
    rows = [
        (network.name, segment.name, ", ".join(segment.subnets), len(segment.ports))
        for network in intent.networks
        for segment in network.segments
    ]
    return Table("segments", ("network", "segment", "subnets", "ports"), rows)


def hosts(known: State) -> Table:
    """Every host that spoke."""
    return host_table(known.of(state.Host))


def host_table(hosts: Iterable[state.Host]) -> Table:
    """These hosts."""
    rows = [(row.network, row.segment, row.mac, f"{row.switch}:{row.port}", ", ".join(row.addresses)) for row in hosts]
    return Table("hosts", ("network", "segment", "MAC", "port", "addresses"), rows)


def policy(intent: Intent, counts: Mapping[tuple[str, int], tuple[int, int]]) -> Table:
    """Every line of every policy; packets and bytes that it met, by network and number of the line, as far as known."""
    rows = [
        (network.name, number, said, *counts.get((network.name, number), (None, None)))
        for network in intent.networks
        for number, said in phrases.policy(network)
    ]
    return Table("policy", ("network", "line", "says", "packets", "bytes"), rows)


def drops(known: State) -> Table:
    """What the controller dropped or was refused, and why."""
    return Table("drops", ("reason", "count"), [(row.reason, row.count) for row in known.of(state.Counter)])
