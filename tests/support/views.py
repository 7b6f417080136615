"""Views of a store, for tests of what is made from them: a fabric of two tenants with the same addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from planes.management.watch import View
from planes.model import state
from planes.model.intent import (
    Attachment,
    Gateway,
    Intent,
    Member,
    Network,
    Policy,
    Route,
    Segment,
    Track,
)
from planes.model.state import Row, State, key

STARTED, NOW = 1_000_000.0, 1_000_100.0  # when the controller was started, and when it is looked at
SWITCHES = {"leaf1": 0x11, "leaf2": 0x22, "spine1": 0xAB}
WEB, DB = "02:00:00:00:00:01", "02:00:00:00:00:02"

GATEWAYS = {
    "hsrp": Gateway(
        ("10.1.0.1", "10.1.0.254"), "hsrp", 1,
        (
            Member("leaf1", ("10.1.0.2",), 110, True, (Track("link", "leaf1/spine1", 20, (("leaf1", 9),)),)),
            Member("leaf2", ("10.1.0.3",), 100, False),
        ),
        hello=1000, preempt_delay=5000,
    ),
    "vrrp": Gateway(
        ("10.2.0.1",), "vrrp", 7,
        (Member("leaf1", ("10.2.0.2",), 100, True), Member("leaf2", ("10.2.0.3",), 120, True)), hello=100,
    ),
    "vrrp6": Gateway(("fe80::1", "fd00::1"), "vrrp", 8, (Member("leaf1", ("fe80::2",), 100, True),)),
    "glbp": Gateway(("10.3.0.1",), "glbp", 300, (Member("leaf2", ("10.3.0.2",), 100, True),)),
}  # fmt: skip


def network(name: str) -> Network:
    """A tenant: a segment for each kind of gateway, one with an anycast one, and one without any."""
    port = 1 if name == "red" else 2
    segments = (
        Segment("hsrp", ("10.1.0.0/24",), (Attachment("leaf1", port), Attachment("leaf2", port)), GATEWAYS["hsrp"]),
        Segment("vrrp", ("10.2.0.0/24",), (Attachment("leaf1", port, 20),), GATEWAYS["vrrp"]),
        Segment("vrrp6", ("fd00::/64",), (Attachment("leaf1", port, 21),), GATEWAYS["vrrp6"]),
        Segment("glbp", ("10.3.0.0/24",), (Attachment("leaf2", port, 30),), GATEWAYS["glbp"]),
        Segment("any", ("10.4.0.0/24",), (), Gateway(("10.4.0.1",), "anycast", 1)),
        Segment("alone", ("10.9.0.0/24",), (Attachment("leaf2", port + 2, lag=(port + 4,)),)),
    )
    policy = (Policy("deny", "hsrp", line=0), Policy("allow", line=1), Policy("allow", line=1))
    return Network(name, segments, (Route("0.0.0.0/0", "10.1.0.9"),), policy)


def intent(*names: str) -> Intent:
    """These tenants in one fabric."""
    return Intent("campus", tuple(map(network, names or ("red", "blue"))), tuple(SWITCHES.items()))


def known(*rows: Row) -> State:
    """These rows."""
    tables: dict[type[Row], dict[state.Key, Row]] = {}
    for row in rows:
        tables.setdefault(type(row), {})[key(row)] = row
    return State(tables)


def fabric() -> list[Row]:
    """Rows of switches, ports, links and the controller, in which nobody is a tenant."""
    rows: list[Row] = [state.Controller("controller", 3, "Triplane 1", STARTED, NOW - 1)]
    number = 0
    for index, (name, dpid) in enumerate(SWITCHES.items(), 1):
        rows += [state.Switch(dpid, name, index, True, 40), state.Id("switch", f"{dpid:016x}", index)]
        for port in range(1, 10):
            number += 1
            mac = f"0a:00:00:00:{index:02x}:{port:02x}"
            role = "fabric" if port == 9 or name == "spine1" else "edge"
            rows += [
                state.Port(name, port, f"{name}-eth{port}", True, role, mac, 10**10),
                state.Id("interface", f"{dpid:016x}:{port}", number),
                state.Traffic(name, port, NOW, 1000 + port, 2000 + port, 2**33 + port, 2**32 - port, 3, 4, 5, 6),
            ]
    rows += [state.Link("leaf1", 9, "spine1", 1), state.Link("leaf2", 9, "spine1", 2)]
    rows.append(state.Counter("address-spoofed", 17))
    return rows


def tenant(name: str, number: int) -> list[Row]:
    """Rows of a tenant: hosts, numbers, gateways."""
    port, wanted = 1 if name == "red" else 2, network(name)
    rows: list[Row] = [
        state.Id("network", name, number),
        *(state.Id("segment", f"{name}/{one.name}", number * 10 + at) for at, one in enumerate(wanted.segments)),
        state.Host(name, "hsrp", WEB, "leaf1", port, ("10.1.0.11",)),
        state.Host(name, "hsrp", DB, "leaf2", port, ("10.1.0.12", "fd01::12")),
        state.Host(name, "vrrp", WEB, "leaf1", port, ("10.2.0.11",), 20),
    ]
    places = [(one.name, member) for one in wanted.segments if one.gateway for member in one.gateway.members]
    for at, (segment, member) in enumerate(places):
        gateway = GATEWAYS[segment]
        is_first = member is gateway.members[0]
        rows.append(state.Id("interface", f"{SWITCHES[member.switch]:016x}/{name}/{segment}", 1000 * number + at))
        standing = "active" if is_first else "backup" if gateway.protocol == "vrrp" else "standby"
        active = "local" if is_first else gateway.members[0].addresses[0]
        rows.append(
            state.GatewayState(
                name, segment, member.switch, gateway.group, gateway.protocol, member.priority, member.preempt,
                standing, active, "local" if standing == "standby" else "", gateway.addresses, "00:00:0c:07:ac:01",
                f"speak -> {standing}: the active was not heard for its hold time", NOW - 50,
                ("1 active 00:07:b4:01:2c:01", "2 listen 00:07:b4:01:2c:02") if gateway.protocol == "glbp" else (),
                "secret", 2,
            )
        )  # fmt: skip
    return rows


def view(*more: Row, rows: Iterable[Row] | None = None, serial: int = 4) -> View:
    """The fabric with its two tenants, `more` rows over or beside it."""
    base = [*fabric(), *tenant("red", 1), *tenant("blue", 2)] if rows is None else rows
    return View(replace(known(*base, *more), applied=3), intent(), serial, True)
