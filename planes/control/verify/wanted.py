"""What must hold of a fabric, told by what is wanted and known, not by its rules: which frames must arrive where.

A wish is a set of headers that a host may send, and what must come of every one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from planes.control import facts
from planes.control.facts import Access, Facts, HostFact, Kind, Port
from planes.control.verify.fabric import Fabric
from planes.data import fields as f
from planes.data import headers as h
from planes.data.fields import Field
from planes.data.headers import Headers
from planes.data.packet import mac_text
from planes.data.rule import match


class Question(Enum):
    """What is asked."""

    LOOP = "no frame goes round"
    REACH = "known hosts reach each other within their segment"
    FLOOD = "broadcast and multicast reach all of their segment, once"
    GATEWAY = "gateways answer, and route to hosts and next hops"
    LEAK = "nothing passes between networks, or from ports of none"


@dataclass(frozen=True)
class Arrival:
    """Where a frame must arrive, and which fields must have become what: None is anything. `hops`: TTL used up."""

    access: Access
    becomes: tuple[tuple[Field, int | None], ...] = ()
    hops: int = 0


@dataclass(frozen=True)
class Wish:
    """Each frame of a set must get to all of these; with a single one, nothing else may come of it.

    `controller`: it may do it in their stead.
    """

    question: Question
    words: str
    headers: Headers
    arrivals: tuple[Arrival, ...]
    flood: bool = False
    controller: bool = False


@dataclass(frozen=True)
class Start:
    """Where frames enter: a port, which of them, and whose access that is, if any."""

    port: Port
    headers: Headers
    access: Access | None


Host = tuple[int, HostFact]  # its MAC
Named = Callable[[int, int], str]  # how people call the host of a segment's MAC


def by_mac(_: int, mac: int) -> str:
    """Where hosts have no names."""
    return mac_text(mac)


class Wanted:
    """What is wanted of a fabric, by access."""

    def __init__(self, known: Facts, ports: Iterable[Port], fabric: Fabric, named: Named = by_mac) -> None:
        self.facts, self._fabric, self.named = known, fabric, named
        self.accesses = known.table(facts.ACCESS)
        self._ports = sorted({*ports} - {*fabric.wires})

    @cached_property
    def by_port(self) -> dict[Port, tuple[Access, ...]]:
        """The accesses at each port, tagged ones first; those of a LAG at all of its ports."""
        found: dict[Port, list[Access]] = defaultdict(list)
        for access in sorted(self.accesses, key=lambda access: (access[:2], -access[2])):
            for number in self.members(access):
                found[access[0], number].append(access)
        return {port: tuple(accesses) for port, accesses in found.items()}

    def members(self, access: Access) -> tuple[int, ...]:
        """The ports of an access."""
        port = self.facts.table(facts.EDGE_PORT).get(access[:2])
        return port.members if port else (access[1],)

    def is_up(self, access: Access) -> bool:
        """Somebody may be there: one of its ports is up."""
        dpid = access[0]
        return dpid in self._fabric.entries and any(
            (dpid, number) not in self._fabric.down for number in self.members(access)
        )

    def starts(self) -> Iterator[Start]:
        """All ports that lead to no other switch, and what belongs to each access there."""
        for port in sorted({*self._ports, *self.by_port}):
            tagged = [access for access in self.by_port.get(port, ()) if access[2]]
            cubes = {access: h.cube(match(vlan_vid=f.VLAN_PRESENT | access[2])) for access in tagged}
            yield from (Start(port, Headers(cube), access) for access, cube in cubes.items())
            untagged = next((access for access in self.by_port.get(port, ()) if not access[2]), None)
            yield Start(port, Headers(h.EVERYTHING, tuple(cubes.values())), untagged)

    @cached_property
    def routers(self) -> frozenset[int]:
        """The MACs that routers of ours send from."""
        members = self.facts.table(facts.MEMBERS).values()
        gateways = (gateway.mac for gateway in self.facts.table(facts.GATEWAY).values())
        return frozenset({facts.ROUTER_MAC, *gateways, *(mac for fact in members for mac in fact.macs)})

    def basis(self, access: Access | None) -> object:
        """What the wishes of an access stand on: equal ones make equal wishes."""
        edge = self.accesses.get(access) if access else None
        return self._bases.get(edge.network) if edge else None

    @cached_property
    def _bases(self) -> dict[int, object]:
        """By network: what is known of it, and which of its accesses are up."""
        networks = {edge.segment: edge.network for edge in self.accesses.values()}
        found: dict[int, list[object]] = defaultdict(lambda: [self.routers])
        for access, edge in sorted(self.accesses.items(), key=_key):
            found[edge.network].append((access, edge.segment, self.is_up(access)))
        for kind, network_of in self._kinds(networks):
            for key, fact in sorted(self.facts.table(kind).items(), key=_key):
                found[network_of(key)].append((key, fact))
        return {network: tuple(parts) for network, parts in found.items()}

    @staticmethod
    def _kinds(networks: Mapping[int, int]) -> Iterator[tuple[Kind[Any, Any], Callable[[Any], int]]]:
        """The facts that wishes stand on, and whose each is by its key."""
        yield from ((kind, lambda key: key) for kind in (facts.ROUTER, facts.STATEFUL))
        yield facts.POLICY_LINE, lambda key: key[0]
        yield from ((kind, lambda key: networks.get(key, 0)) for kind in (facts.SEGMENT, facts.GATEWAY, facts.MEMBERS))
        yield from ((kind, lambda key: networks.get(key[0], 0)) for kind in (facts.HOST, facts.NEIGHBOR, facts.ACTIVE))

    def hosts(self, segment: int) -> list[Host]:
        """Known hosts whose accesses are the segment's."""
        return self._hosts.get(segment, [])

    @cached_property
    def _hosts(self) -> dict[int, list[Host]]:
        found: dict[int, list[Host]] = defaultdict(list)
        for (segment, mac), host in sorted(self.facts.table(facts.HOST).items()):
            edge = self.accesses.get(host.access)
            if edge is not None and edge.segment == segment and self.is_up(host.access):
                found[segment].append((mac, host))
        return found


def _key(item: tuple[Any, object]) -> Any:
    return item[0]
