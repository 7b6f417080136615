"""A small fabric as a store holds it, for tests of what shows it."""

from __future__ import annotations

from planes.management.watch import View
from planes.model.intent import Attachment, Gateway, Intent, Network, Segment
from planes.model.intent import Member as Router
from planes.model.state import (
    Controller,
    Event,
    GatewayState,
    Host,
    Key,
    Link,
    Port,
    Row,
    State,
    Switch,
    Traffic,
    key,
)

MEGABIT = 1_000_000


def state_of(*rows: Row) -> State:
    """A state of these rows; of two with one key the later one."""
    tables: dict[type[Row], dict[Key, Row]] = {}
    for row in rows:
        tables.setdefault(type(row), {})[key(row)] = row
    return State(tables, 1)


def port(switch: str, number: int, up: bool = True, role: str = "fabric", speed: int = 100 * MEGABIT) -> Port:
    return Port(switch, number, f"{switch}-eth{number}", up, role, "", speed)


INTENT = Intent(
    "small",
    (
        Network(
            "red",
            (
                Segment(
                    "users", ("10.0.0.0/24",), (Attachment("leaf1", 1), Attachment("leaf2", 1)),
                    Gateway(("10.0.0.1",), "hsrp", 1, (Router("spine", ("10.0.0.2",), 110, True),)),
                ),
            ),
        ),
        Network("blue", (Segment("lan", ("10.0.0.0/24",), (Attachment("leaf2", 3),)),)),
    ),
)  # fmt: skip

ROWS: tuple[Row, ...] = (
    Switch(1, "leaf1", 1, True, 10),
    Switch(2, "leaf2", 2, True, 12),
    Switch(0xAB, "spine", 3, True, 8),
    port("leaf1", 1, role="edge"),
    port("leaf1", 2),
    port("leaf2", 1, role="edge"),
    port("leaf2", 2),
    port("leaf2", 3, role="edge"),
    port("spine", 1),
    port("spine", 2),
    Link("leaf1", 2, "spine", 1),
    Link("leaf2", 2, "spine", 2),
    Host("red", "users", "02:00:00:00:00:01", "leaf1", 1, ("10.0.0.11",)),
    Host("red", "users", "02:00:00:00:00:02", "leaf2", 1, ("10.0.0.12",)),
    Host("blue", "lan", "02:00:00:00:00:01", "leaf2", 3),
    Traffic("leaf1", 2, 100.0, tx_rate=50 * MEGABIT, rx_rate=MEGABIT),
    Traffic("spine", 1, 100.0, tx_rate=1_234_567, rx_rate=49 * MEGABIT),
    GatewayState(
        "red", "users", "spine", 1, "hsrp", 110, True, "active", "local", virtual_ips=("10.0.0.1",), since=90.0
    ),
    Controller("fabric", 2, "Ryu 4.34", 50.0, 100.0),
    Event(7, 91.0, "red/users on spine", "listen -> active", "gateway", "nobody was", 0.25),
)  # fmt: skip


def view(*rows: Row, synced: bool = True) -> View:
    """The small fabric, with these rows in place of its own."""
    return View(state_of(*ROWS, *rows), INTENT, 1, synced)


def without(*tables: type[Row]) -> View:
    """The small fabric less these tables."""
    return View(state_of(*(row for row in ROWS if type(row) not in tables)), INTENT, 1, True)
