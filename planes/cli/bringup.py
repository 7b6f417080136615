"""Waiting for a fabric: what is still missing, read from the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from planes.model import state
from planes.model.intent import Intent, Segment
from planes.store.base import Store
from planes.store.ovsdb import Store as OvsdbStore
from topologies.directory import last_lines
from topologies.errors import LabError
from topologies.lab import Lab

if TYPE_CHECKING:  # slow to load, and with a wiring in hand it is
    from planes.model.wiring import Wire, Wiring

SYNC_SECONDS = 5.0  # that a store may take to tell all it holds
ACTIVE = "active"  # the state of a gateway's member that routes
LOOK_INTERVAL = 1.0  # seconds between looks at whether the controller still lives

Progress = Callable[[str, int, int], None]


@contextmanager
def open_store(lab: Lab, configuration: bool = False) -> Iterator[Store]:
    """A lab's store; with its `configuration`, if that is asked for."""
    store = OvsdbStore(f"unix:{lab.directory.store}", configuration=configuration)
    try:
        yield store
    finally:
        store.close()


def synced(lab: Lab, store: Store) -> state.State:
    """What a store that was just opened holds. LabError when it does not answer."""
    deadline = time.monotonic() + SYNC_SECONDS
    store.run()
    while not store.synced:
        if time.monotonic() > deadline:
            raise LabError(f"the store of lab {lab.name!r} does not answer", "start it again by `triplane heal store`")
        store.wait(SYNC_SECONDS / 50)
        store.run()
    return store.state()


def await_controller(lab: Lab, store: Store, before: int, timeout: float) -> None:
    """Wait until a controller of a later epoch than `before` has all switches that are not failed. LabError."""
    failed = lab.info().failed

    def missing() -> list[str]:
        known = store.state()
        away = [f"switch {row.name}" for row in known.of(state.Switch) if not row.connected and row.name not in failed]
        return away if known.epoch > before else ["the controller"]

    _await(lab, store, missing, timeout)


def await_switch(lab: Lab, store: Store, switch: str, timeout: float) -> None:
    """Wait until a switch is connected and has found the links that it can find: so it has its rules. LabError.

    Where it is a gateway's best member and preempts, wait until it routes, which it does at the active's next hello.
    """
    info = lab.info()
    ours = {name for node in info.nodes if node.name == switch for name in node.interfaces}
    switches = {name for node in info.nodes if node.kind == "switch" for name in node.interfaces}
    between = [
        link for link in info.links if switches.issuperset(link.interfaces) and not ours.isdisjoint(link.interfaces)
    ]
    links = [link for link in between if link.up and not link.failed]

    def missing() -> list[str]:
        known = store.state()
        connected = any(row.name == switch and row.connected for row in known.of(state.Switch))
        found = {row.name for row in known.of(state.Port) if row.role != "unused"}
        unseen = [f"link {link.name}" for link in links if not found.issuperset(link.interfaces)]
        away = [] if connected else [f"switch {switch}"]
        return [*away, *unseen, *_elections(switch, known, store.intent(), timeout)]

    _await(lab, store, missing, timeout)


def _elections(switch: str, known: state.State, intent: Intent, timeout: float) -> Iterator[str]:
    """What a switch is still to take over, if it does so in time: from an active member that is less than it is."""
    gateways = {(each.name, segment.name): segment.gateway for each in intent.networks for segment in each.segments}
    rows = known.of(state.GatewayState)
    for mine in (row for row in rows if row.switch == switch and row.preempt and row.state != ACTIVE):
        place = (mine.network, mine.segment)
        gateway = gateways.get(place)
        beaten = [row for row in rows if (row.network, row.segment) == place and row.state == ACTIVE]
        is_soon = gateway is not None and not gateway.preempt_delay and (gateway.hello or 0) / 1000 < timeout
        if is_soon and any(row.priority < mine.priority for row in beaten):
            yield f"the election for {mine.network}/{mine.segment}"


def await_link(lab: Lab, store: Store, name: str, timeout: float) -> None:
    """Wait until a link between switches that was healed is a way again: found, and not dampened. LabError."""
    info = lab.info()
    switches = {each for node in info.nodes if node.kind == "switch" for each in node.interfaces}
    ends = {
        each for link in info.links if link.name == name and link.up and not link.failed for each in link.interfaces
    }

    def missing() -> list[str]:
        fabric = {row.name for row in store.state().of(state.Port) if row.up and row.role == "fabric"}
        return [] if ends <= fabric else [f"link {name}"]

    if ends and ends <= switches and info.process("controller").alive:
        _await(lab, store, missing, timeout)


def await_fabric(
    lab: Lab, store: Store, wiring: Wiring, intent: Intent, serial: int, timeout: float, progress: Progress
) -> None:
    """Wait until all is found and in force: switches, links, the intent, who routes for each gateway. LabError."""
    electing = {(each.name, segment.name) for each in intent.networks for segment in each.segments if _elects(segment)}

    def missing() -> list[str]:
        known = store.state()
        switches, links = _switches_away(wiring, known), _links_unseen(wiring, known)
        headless = electing - {(row.network, row.segment) for row in known.of(state.GatewayState) if row.active}
        progress("switches", len(wiring.switches) - len(switches), len(wiring.switches))
        progress("links", len(_fabric_wires(wiring)) - len(links), len(_fabric_wires(wiring)))
        if electing:
            progress("gateways", len(electing) - len(headless), len(electing))
        return [
            *(f"switch {name}" for name in switches),
            *(f"link {name}" for name in links),
            *_unapplied(known, serial),
            *(f"an active router for {network}/{segment}" for network, segment in sorted(headless)),
        ]

    _await(lab, store, missing, timeout)


def await_applied(lab: Lab, store: Store, serial: int, timeout: float) -> None:
    """Wait until every connected switch holds the intent, or has refused what it would not take. LabError."""
    _await(lab, store, lambda: _unapplied(store.state(), serial), timeout)
    refused = [f"switch {row.name}: {row.error}" for row in store.state().of(state.Switch) if row.error]
    if refused:
        raise LabError(
            f"not all of it is in force: {'; '.join(refused)}",
            "what is refused is tried again every 30 s, and when something of it changes; `triplane inspect` tells",
        )


def _await(lab: Lab, store: Store, missing: Callable[[], list[str]], timeout: float) -> None:
    deadline, look = time.monotonic() + timeout, 0.0
    while True:
        store.run()
        left = missing() if store.synced else ["the store"]
        if not left:
            return
        if time.monotonic() >= deadline:
            raise LabError(
                f"lab {lab.name!r} is not up after {timeout:.0f} s; still missing: {', '.join(left)}",
                last_lines(lab.directory.controller_log),
            )
        if time.monotonic() < look:  # asking a large lab for itself at each change of its store would slow it down
            store.wait(min(look, deadline) - time.monotonic())
            continue
        look = time.monotonic() + LOOK_INTERVAL
        if not lab.info().process("controller").alive:
            raise LabError(
                f"the controller of lab {lab.name!r} is dead",
                last_lines(lab.directory.controller_log) or "start it again by `triplane heal controller`",
            )


def _elects(segment: Segment) -> bool:
    return segment.gateway is not None and segment.gateway.protocol != "anycast"


def _unapplied(known: state.State, serial: int) -> list[str]:
    return [] if known.applied >= serial else ["the networks in the switches"]


def _switches_away(wiring: Wiring, known: state.State) -> list[str]:
    connected = {row.name for row in known.of(state.Switch) if row.connected}
    return [name for name, _ in wiring.switches if name not in connected]


def _links_unseen(wiring: Wiring, known: state.State) -> list[str]:
    seen = {frozenset(((row.switch, row.port), (row.peer, row.peer_port))) for row in known.of(state.Link)}
    wanted = {w.name: frozenset(((w.a.node, w.a.port), (w.b.node, w.b.port))) for w in _fabric_wires(wiring)}
    return [name for name, ends in wanted.items() if ends not in seen]


def _fabric_wires(wiring: Wiring) -> list[Wire]:
    """The wires between two switches."""
    switches = dict(wiring.switches)
    return [wire for wire in wiring.wires if wire.a.node in switches and wire.b.node in switches]
