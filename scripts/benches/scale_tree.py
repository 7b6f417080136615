"""A fat-tree of switches and tenants on it, as values: what the pure benches feed to the controller's core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from planes.data.packet import ARP_REQUEST, arp, ethernet, mac_text
from planes.data.pipeline import metadata
from planes.data.rule import LOCAL_PORT
from planes.model import state
from planes.model.intent import Attachment, Gateway, Intent, Network, Policy, Segment
from planes.model.state import State, key

HALF = 4  # edge switches and aggregation switches in a pod: half of the ports of a switch with k = 8
FIRST_HOST_PORT = 101
FIRST_MAC = 0x0200_0000_0001
BROADCAST = 0xFFFF_FFFF_FFFF
ETH_ARP = 0x0806
STRIDE, STEP = 7, 3  # a network begins at another edge than the one before, its hosts are so many edges apart

Port = tuple[int, int]  # datapath id, port number


@dataclass(frozen=True)
class Tree:
    """`pods` of eight switches below `4 * uplinks` core switches; 8 and 4 make the fat-tree of k = 8, of 80 switches.

    Datapath ids: the core's first, then pod by pod the aggregation switches and the edges. Switches are named s<dpid>.
    """

    pods: int = 8
    uplinks: int = 4

    @property
    def switches(self) -> int:
        return HALF * self.uplinks + 2 * HALF * self.pods

    @property
    def edges(self) -> tuple[int, ...]:
        """The datapath ids of the switches with hosts."""
        return tuple(self._edge(pod, each) for pod in range(self.pods) for each in range(HALF))

    def links(self) -> Iterator[tuple[Port, Port]]:
        """Every link; those between aggregation and core first."""
        for pod in range(self.pods):
            for at in range(HALF):
                for up in range(self.uplinks):
                    yield (self._aggregation(pod, at), 11 + up), (1 + at * self.uplinks + up, 1 + pod)
        for pod in range(self.pods):
            for at in range(HALF):
                for edge in range(HALF):
                    yield (self._edge(pod, edge), 1 + at), (self._aggregation(pod, at), 1 + edge)

    def _aggregation(self, pod: int, at: int) -> int:
        return HALF * self.uplinks + 1 + pod * 2 * HALF + at

    def _edge(self, pod: int, at: int) -> int:
        return self._aggregation(pod, at) + HALF


@dataclass(frozen=True)
class Guest:
    """A host: its number within its network, where it is attached, its addresses."""

    network: int
    number: int
    port: Port
    mac: int
    address: IPv4Address

    @property
    def segment(self) -> str:
        return SEGMENTS[self.number % 2]

    @property
    def metadata(self) -> int:
        """What its frames have when they come up: the numbers that `known` gives to its segment and network."""
        return metadata(2 * self.network + self.number % 2 + 1, self.network + 1)

    def greeting(self) -> bytes:
        """The ARP request by which it is learned: for its gateway."""
        asked = IPv4Address(int(self.address) & ~0xFF | 1)
        return ethernet(BROADCAST, self.mac, ETH_ARP, arp(ARP_REQUEST, self.mac, self.address, 0, asked))


SEGMENTS = ("left", "right")
LINES = (Policy("deny", "left", "right", "tcp", (22, 22)), Policy("allow", "left", "right", "tcp", (1, 1023), line=1))


@dataclass(frozen=True)
class Tenants:
    """Networks on a tree, each of two segments with gateways, the same addresses in each, and a policy."""

    tree: Tree
    networks: int
    hosts: int  # in all

    def guests(self) -> list[Guest]:
        """All hosts, network by network; each on a port of its own."""
        edges, used = self.tree.edges, dict.fromkeys(self.tree.edges, FIRST_HOST_PORT)
        found: list[Guest] = []
        for network in range(self.networks):
            for number in range(self.hosts // self.networks):
                edge = edges[(network * STRIDE + number * STEP) % len(edges)]
                address = IPv4Address(f"10.0.{number % 2}.{10 + number}")
                found.append(Guest(network, number, (edge, used[edge]), FIRST_MAC + len(found), address))
                used[edge] += 1
        return found

    def intent(self, guests: list[Guest]) -> Intent:
        """What is wanted of the fabric: equal to what the store gives back."""
        rows: list[list[Guest]] = [[] for _ in range(self.networks)]
        for guest in guests:
            rows[guest.network].append(guest)
        networks = (_network(number, row) for number, row in enumerate(rows))
        named = tuple((f"s{dpid}", dpid) for dpid in range(1, self.tree.switches + 1))
        return Intent("tenants", tuple(networks), tuple(sorted(named)))

    def known(self, guests: list[Guest], absent: frozenset[Guest] = frozenset()) -> State:
        """What the store knows when the controller starts: all but some hosts."""
        links = [
            state.Link(f"s{a}", a_port, f"s{b}", b_port) for (a, a_port), (b, b_port) in map(sorted, self.tree.links())
        ]
        rows: list[state.Row] = [*links, *(_host(guest) for guest in guests if guest not in absent)]
        rows += [state.Switch(dpid, f"s{dpid}", dpid, True) for dpid in range(1, self.tree.switches + 1)]
        rows += [state.Id("switch", f"{dpid:016x}", dpid) for dpid in range(1, self.tree.switches + 1)]
        rows += [state.Id("network", _tenant(number), number + 1) for number in range(self.networks)]
        names = (f"{_tenant(number)}/{segment}" for number in range(self.networks) for segment in SEGMENTS)
        rows += [state.Id("segment", name, number) for number, name in enumerate(names, start=1)]
        rows += [
            state.Port(f"s{dpid}", number, name, True)
            for dpid, ports in self.ports(guests).items()
            for number, name in ports
            if number != LOCAL_PORT
        ]
        tables: dict[type[state.Row], dict[state.Key, state.Row]] = {}
        for row in rows:
            tables.setdefault(type(row), {})[key(row)] = row
        return State(tables)

    def ports(self, guests: list[Guest]) -> dict[int, list[tuple[int, str]]]:
        """Number and name of every port, by datapath id; the local port bears the switch's name."""
        ports = {dpid: [(LOCAL_PORT, f"s{dpid}")] for dpid in range(1, self.tree.switches + 1)}
        for dpid, number in [end for link in self.tree.links() for end in link] + [guest.port for guest in guests]:
            ports[dpid].append((number, f"s{dpid}-eth{number}"))
        return ports


def with_line(intent: Intent, network: int) -> Intent:
    """The intent with one policy line of one network changed: the other networks are the same objects."""
    old = intent.networks[network]
    first, *others = old.policy
    low, _ = first.ports or (22, 22)
    changed = replace(old, policy=(replace(first, ports=(low + 1, low + 1)), *others))
    return replace(intent, networks=(*intent.networks[:network], changed, *intent.networks[network + 1 :]))


def _tenant(number: int) -> str:
    return f"tenant{number:05d}"


def _network(number: int, guests: list[Guest]) -> Network:
    segments = (_segment(at, [guest for guest in guests if guest.number % 2 == at]) for at in range(2))
    return Network(_tenant(number), tuple(segments), policy=LINES)


def _segment(at: int, guests: list[Guest]) -> Segment:
    places = sorted((Attachment(f"s{guest.port[0]}", guest.port[1]) for guest in guests), key=lambda port: port.place)
    gateway = Gateway((f"10.0.{at}.1",), "anycast", 1)
    return Segment(SEGMENTS[at], (f"10.0.{at}.0/24",), tuple(places), gateway)


def _host(guest: Guest) -> state.Host:
    dpid, port = guest.port
    addresses = (str(guest.address),)
    return state.Host(_tenant(guest.network), guest.segment, mac_text(guest.mac), f"s{dpid}", port, addresses)
