"""What the store says of a fabric's parts and of the whole, as tables for `triplane show`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime

from planes.management.show import events
from planes.management.tables import Cell, Table
from planes.management.view import age, alive
from planes.model import phrases, state
from planes.model.intent import Intent, Network
from planes.model.state import State, Traffic

COUNTED = (
    "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_dropped", "tx_dropped", "rx_errors", "tx_errors"
)  # fmt: skip

Place = tuple[str, int]
Baseline = Mapping[Place, Traffic]
"""What ports had carried when their counters were cleared."""


def by_port(known: State) -> dict[Place, Traffic]:
    """The traffic of each port."""
    return {(row.switch, row.number): row for row in known.of(Traffic)}


def since(now: Traffic, before: Traffic | None) -> Traffic:
    """What a port has carried since then; all that it counts, when its switch has begun to count anew meanwhile."""
    if before is None:
        return now
    counts = {name: getattr(now, name) - getattr(before, name) for name in COUNTED}
    return now if min(counts.values()) < 0 else Traffic(**{**_values(now), **counts})


def ports(known: State, baseline: Baseline, switch: str | None = None) -> Table:
    """Every port, of one switch or of all. Rates are in bits per second, as the controller read them last."""
    carried = by_port(known)
    rows = []
    for port in known.of(state.Port):
        if switch not in (None, port.switch):
            continue
        place = port.switch, port.number
        traffic = carried.get(place)
        counts = [None] * (len(COUNTED) + 2) if traffic is None else _counts(since(traffic, baseline.get(place)))
        speed = phrases.rate(port.speed) if port.speed else None
        rows.append((f"{port.switch}:{port.number}", port.name, port.up, port.role, speed, port.mac or None, *counts))
    names = [name.replace("_", " ") for name in ("rx_rate", "tx_rate", *COUNTED)]
    return Table("ports", ("port", "name", "up", "role", "speed", "MAC", *names), rows)


def for_people(whole: Table) -> list[Table]:
    """The table of ports in two that fit a screen: what they are, and what they counted."""
    rows, split = whole.rows, len(whole.columns) - len(COUNTED)
    counted = Table("counters", (whole.columns[0], *whole.columns[split:]), [(row[0], *row[split:]) for row in rows])
    return [Table(whole.name, whole.columns[:split], [row[:split] for row in rows]), counted]


def log(happened: Iterable[state.Event]) -> Table:
    """What happened, in this order, as `show log` calls it."""
    return replace(events(happened), name="log")


def links(known: State) -> Table:
    """The links between switches that discovery knows, with what they carry now, each way, in bits per second."""
    carried, up = by_port(known), {(port.switch, port.number): port.up for port in known.of(state.Port)}
    speeds = {(port.switch, port.number): port.speed for port in known.of(state.Port)}
    rows: list[tuple[Cell, ...]] = []
    for link in known.of(state.Link):
        near, far = (link.switch, link.port), (link.peer, link.peer_port)
        there, back = carried.get(near), carried.get(far)
        rates = (there.tx_rate if there else None, back.tx_rate if back else None)
        load = _load(rates, min(speeds.get(near, 0), speeds.get(far, 0)))
        ends = (f"{link.switch}:{link.port}", f"{link.peer}:{link.peer_port}")
        rows.append((*ends, up.get(near, False) and up.get(far, False), *rates, load))
    return Table("links", ("end", "other end", "up", "rate", "rate back", "load"), rows)


def routes(networks: Iterable[Network]) -> Table:
    """What each network's router knows: connected subnets (C) and static routes (S), as `show ip route` tells them."""
    rows: list[tuple[Cell, ...]] = []
    for network in networks:
        for segment in network.segments:
            if segment.gateway:
                rows += [(network.name, "C", subnet, None, segment.name) for subnet in segment.subnets]
        rows += [(network.name, "S", route.to, route.via, None) for route in network.routes]
    return Table("routes", ("network", "code", "prefix", "via", "segment"), rows)


def gateways(networks: Iterable[Network], known: State) -> Table:
    """Who routes for each segment that has a gateway."""
    rows = []
    for network in networks:
        for segment in network.segments:
            if not (gateway := segment.gateway):
                continue
            here = [r for r in known.of(state.GatewayState) if (r.network, r.segment) == (network.name, segment.name)]
            active = [row.switch for row in here if row.state == "active"] or _elsewhere(here)
            standby = [row.switch for row in here if row.state == "standby"]
            members = ", ".join(member.switch for member in gateway.members)
            anycast = gateway.protocol == "anycast"
            told = (members or "all", members or "all", None) if anycast else _told(members, active, standby)
            group = None if anycast else gateway.group
            rows.append((network.name, segment.name, ", ".join(gateway.addresses), gateway.protocol, group, *told))
    columns = ("network", "segment", "addresses", "protocol", "group", "members", "active", "standby")
    return Table("gateways", columns, rows)


def interfaces(known: State) -> Table:
    """The numbers of ports and gateway members, and their names."""
    switches = {f"{row.datapath_id:016x}": row.name for row in known.of(state.Switch)}
    ports = {(row.switch, row.number): row.name for row in known.of(state.Port)}
    rows = []
    for row in sorted((row for row in known.of(state.Id) if row.kind == "interface"), key=lambda row: row.number):
        dpid, port, number = row.name.partition(":")
        if port and number.isdigit():
            switch = switches.get(dpid, dpid)
            rows.append((row.number, ports.get((switch, int(number))), f"{switch}:{number}", "port"))
        else:
            dpid, _, segment = row.name.partition("/")
            rows.append((row.number, None, f"{segment} on {switches.get(dpid, dpid)}", "gateway"))
    return Table("interfaces", ("number", "name", "is", "kind"), rows)


def controller(known: State, now: float) -> Table:
    """Every controller that was ever here; `now` is Unix time."""
    rows = [
        (row.name, row.software or None, row.epoch, _when(row.started), alive(known, now), _ago(age(known, now)))
        for row in known.of(state.Controller)
    ]
    return Table("controller", ("controller", "software", "epoch", "started", "alive", "last sign of life"), rows)


def fabric(intent: Intent, serial: int, known: State, now: float) -> Table:
    """The whole in a few lines."""
    switches, ports, gateways = known.of(state.Switch), known.of(state.Port), known.of(state.GatewayState)
    refused = [row.name for row in switches if row.error]
    there = sum(row.connected for row in switches)
    active = {(row.network, row.segment) for row in gateways if row.active or row.state == "active"}
    groups = {(row.network, row.segment) for row in gateways}
    force = "in force" if known.applied >= serial else f"number {known.applied} is in force"
    facts: list[tuple[str, Cell]] = [
        ("plan", intent.name or None),
        ("configuration", f"number {serial}, {force}" + (f", refused in part by {', '.join(refused)}" * bool(refused))),
        ("controller", _living(known, now)),
        ("switches", f"{there} of {len(switches)} connected"),
        ("ports", f"{sum(row.up for row in ports)} of {len(ports)} up"),
        ("links", f"{len(known.of(state.Link))} between switches"),
        ("networks", f"{len(intent.networks)}, {sum(len(each.segments) for each in intent.networks)} segments"),
        ("hosts", str(len(known.of(state.Host)))),
        ("gateways elected", f"{len(active)} of {len(groups)}" if groups else None),
        ("dropped or refused", str(sum(row.count for row in known.of(state.Counter)))),
    ]
    return Table("fabric", ("what", "is"), facts)


def signs(known: State, now: float) -> str:
    """What is to be said before tables that a controller writes; an empty text when it lives."""
    if alive(known, now):
        return ""
    silent = age(known, now)
    if silent is None:
        return "no controller has given a sign of life yet: what follows may be old"
    return f"the controller gave no sign of life for {silent:.0f} s: what follows is as old as that"


def only(networks: Iterable[Network], name: str | None) -> list[Network]:
    """The network of that name, or all."""
    return [network for network in networks if name in (None, network.name)]


def _told(members: str, active: list[str], standby: list[str]) -> tuple[str, str | None, str | None]:
    return members, ", ".join(active) or None, ", ".join(standby) or None


def _elsewhere(rows: Iterable[state.GatewayState]) -> list[str]:
    """The addresses of routers that are not ours."""
    return sorted({row.active for row in rows} - {"", "local"})


def _counts(row: Traffic) -> list[int | None]:
    return [row.rx_rate, row.tx_rate, *(getattr(row, name) for name in COUNTED)]


def _values(row: Traffic) -> dict[str, object]:
    return {field.name: getattr(row, field.name) for field in fields(row)}


def _load(rates: Iterable[int | None], speed: int) -> str | None:
    """The busier direction, of what the link can carry."""
    most = max((rate for rate in rates if rate is not None), default=None)
    return f"{100 * most / speed:.0f}%" if speed and most is not None else None


def _living(known: State, now: float) -> str:
    silent = age(known, now)
    if silent is None:
        return "never seen"
    return f"alive, epoch {known.epoch}" if alive(known, now) else f"silent for {silent:.0f} s"


def _when(at: float) -> str | None:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds") if at else None


def _ago(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:.0f} s ago"
