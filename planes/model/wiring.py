"""A topology's links with every end a numbered port, the same numbers each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from planes.model.plan import LinkOptions, Topology

MAX_INTERFACE = 15  # Linux: IFNAMSIZ less the final zero


@dataclass(frozen=True, order=True)
class End:
    """A port of a node. Switch ports are OpenFlow numbers from 1, host ports count from 0."""

    node: str
    port: int

    def __str__(self) -> str:
        return f"{self.node}:{self.port}"


@dataclass(frozen=True, order=True)
class Wire:
    """A link, and what packets meet on it either way: bits per second, seconds, percent, packets; None is nothing."""

    name: str
    a: End
    b: End
    rate: int | None = None
    delay: float | None = None
    jitter: float | None = None
    loss: float | None = None
    queue: int | None = None


@dataclass(frozen=True)
class Wiring:
    """Switches with their datapath ids, hosts, and the wires between them, in the plan's order."""

    switches: tuple[tuple[str, int], ...]
    hosts: tuple[str, ...]
    wires: tuple[Wire, ...]

    @cached_property
    def _by_name(self) -> dict[str, Wire]:
        return {name: wire for wire in self.wires for name in (wire.name, _reversed(wire.name))}

    @cached_property
    def _peers(self) -> dict[End, End]:
        return {end: peer for wire in self.wires for end, peer in ((wire.a, wire.b), (wire.b, wire.a))}

    @cached_property
    def _plugs(self) -> dict[str, tuple[tuple[End, End], ...]]:
        found: dict[str, tuple[tuple[End, End], ...]] = dict.fromkeys(self.hosts, ())
        for end, peer in self._peers.items():
            if end.node in found:
                found[end.node] += ((end, peer),)
        return found

    def wire_named(self, name: str) -> Wire | None:
        """The wire called `a/b` or `b/a` (`a/b#2` the second of parallel ones), or None."""
        return self._by_name.get(name)

    def peer(self, end: End) -> End | None:
        """What is plugged in at the other end, or None where nothing is wired."""
        return self._peers.get(end)

    def end_of(self, host: str) -> End | None:
        """The switch port that a host's first link is plugged in, or None."""
        return next((peer for _, peer in self.plugs(host)), None)

    def plugs(self, host: str) -> tuple[tuple[End, End], ...]:
        """The ends of a host's links, its own and the switch's, in link order."""
        return self._plugs.get(host, ())

    @cached_property
    def _parts(self) -> dict[str, int]:
        """Which part of the fabric each switch is in: switches that links between switches join."""
        found = {name: number for number, (name, _) in enumerate(self.switches)}
        near: dict[str, list[str]] = {name: [] for name in found}
        for wire in self.wires:
            if wire.a.node in near and wire.b.node in near:
                near[wire.a.node].append(wire.b.node)
                near[wire.b.node].append(wire.a.node)
        left = set(found)
        for name, part in list(found.items()):
            rim = {name} & left
            while rim:
                left -= rim
                found.update(dict.fromkeys(rim, part))
                rim = {other for each in rim for other in near[each]} & left
        return found

    def parts(self, host: str) -> frozenset[int]:
        """The parts of the fabric that a host is plugged in to: one, unless the switches are not all joined."""
        return frozenset(self._parts[peer.node] for _, peer in self.plugs(host) if peer.node in self._parts)

    def interface(self, end: End) -> str:
        """The name of the network interface at an end."""
        return f"{end.node}-eth{end.port}"


def wire(topology: Topology) -> Wiring:
    """Number what the plan leaves open: the lowest free port in link order, the lowest free datapath id."""
    ends = _ends(topology)
    names = _link_names(topology)
    wires = tuple(
        _wire(name, a, b, link.options) for name, link, (a, b) in zip(names, topology.links, ends, strict=True)
    )
    return Wiring(_datapath_ids(topology), tuple(topology.hosts), wires)


def _wire(name: str, a: End, b: End, options: LinkOptions) -> Wire:
    return Wire(name, a, b, options.rate, options.delay, options.jitter, options.loss, options.queue)


def _ends(topology: Topology) -> list[tuple[End, End]]:
    wanted = [end for link in topology.links for end in (link.a, link.b)]
    taken: dict[str, set[int]] = {}
    for end in wanted:
        if end.number is not None:
            taken.setdefault(end.node, set()).add(end.number)
    lowest: dict[str, int] = {}
    ends = []
    for end in wanted:
        number = end.number
        if number is None:
            number = _free(lowest.get(end.node, 1 if end.node in topology.switches else 0), taken.get(end.node, ()))
            lowest[end.node] = number + 1
        ends.append(End(end.node, number))
    return list(zip(ends[::2], ends[1::2], strict=True))


def _free(lowest: int, taken: Collection[int]) -> int:
    while lowest in taken:
        lowest += 1
    return lowest


def _link_names(topology: Topology) -> Iterable[str]:
    seen: Counter[frozenset[str]] = Counter()
    for link in topology.links:
        pair = frozenset((link.a.node, link.b.node))
        seen[pair] += 1
        yield f"{link.a.node}/{link.b.node}" + (f"#{seen[pair]}" if seen[pair] > 1 else "")


def _reversed(name: str) -> str:
    link, mark, number = name.partition("#")
    a, _, b = link.partition("/")
    return f"{b}/{a}{mark}{number}"


def _datapath_ids(topology: Topology) -> tuple[tuple[str, int], ...]:
    taken = {switch.datapath_id for switch in topology.switches.values() if switch.datapath_id is not None}
    lowest = 0
    found = []
    for name, switch in topology.switches.items():
        number = switch.datapath_id
        if number is None:
            number = lowest = _free(lowest + 1, taken)
        found.append((name, number))
    return tuple(found)
