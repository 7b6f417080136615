"""What a topology's graph allows, whatever the rules are: who is connected to whom when something is failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from planes.model.wiring import Wire, Wiring


def fabric_links(wiring: Wiring) -> list[str]:
    """The links between switches, by name, in the plan's order."""
    hosts = set(wiring.hosts)
    return [wire.name for wire in wiring.wires if hosts.isdisjoint((wire.a.node, wire.b.node))]


def connected(wiring: Wiring, a: str, b: str, failed: Collection[str] = ()) -> bool:
    """Whether links that are left lead from one host to another; hosts in between carry nothing on.

    `failed` names links and switches; a name that is neither fails nothing.
    """
    return b in _reached(wiring, a, list(_left(wiring, failed)))


def width(wiring: Wiring, a: str, b: str) -> float | None:
    """The rate of the slowest link on the fastest way from host to host, in bits per second: what one flow may get.

    None where no way has a rate, 0 where there is no way.
    """
    if not connected(wiring, a, b):
        return 0.0
    rates = sorted({wire.rate for wire in wiring.wires if wire.rate is not None}, reverse=True)
    for rate in (None, *rates):
        left = [wire for wire in wiring.wires if wire.rate is None or (rate is not None and wire.rate >= rate)]
        if b in _reached(wiring, a, left):
            return rate
    return 0.0


def _left(wiring: Wiring, failed: Collection[str]) -> Iterator[Wire]:
    links = {wire.name for name in failed if (wire := wiring.wire_named(name))}
    gone = set(failed)
    yield from (w for w in wiring.wires if w.name not in links and gone.isdisjoint((w.a.node, w.b.node)))


def _reached(wiring: Wiring, start: str, wires: Iterable[Wire]) -> set[str]:
    peers: dict[str, set[str]] = {}
    for wire in wires:
        peers.setdefault(wire.a.node, set()).add(wire.b.node)
        peers.setdefault(wire.b.node, set()).add(wire.a.node)
    hosts, found, waiting = set(wiring.hosts), {start}, [start]
    while waiting:
        node = waiting.pop()
        for peer in peers.get(node, set()) - found if node == start or node not in hosts else ():
            found.add(peer)
            waiting.append(peer)
    return found
