"""What a virtual router does slowly: it asks for neighbors, and tells senders what became of their packets.

Packets that ROUTE did not forward come here, still addressed to ROUTER_MAC. Those that wait for a neighbor go on from
ROUTE once it is known.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from planes.control.bucket import Bucket
from planes.control.engine import Engine
from planes.control.events import SendFrame
from planes.control.facts import (
    GATEWAY,
    NEIGHBOR,
    ROUTER,
    SEGMENT_SWITCHES,
    Access,
    Address,
    Edge,
    GatewayFact,
    Neighbor,
    View,
)
from planes.control.hosts import Known
from planes.control.inventory import Inventory
from planes.control.routes import longest, next_hop, own, routed, ways
from planes.control.sending import Sending
from planes.control.tenants import Tenants
from planes.data import fields as f
from planes.data import packet
from planes.data.icmp import Datagram, Trouble, datagram, error
from planes.data.packet import Fields
from planes.data.pipeline import Table
from planes.data.rule import CONTROLLER_PORT

ASK_INTERVAL, MAX_ASKED = 1.0, 3  # seconds, times
HOLD_DOWN = 5.0  # seconds in which an address that did not answer is not asked for again
MAX_WAITING = 4  # packets, for an address
MAX_WAITING_NETWORK = 256
TOLD_RATE, TOLD_BURST = 50.0, 50.0  # errors and advertisements a second, an access (RFC 1812, 4.3.2.8; RFC 4443, 2.4 f)
AGAIN_RATE, AGAIN_BURST = 100.0, 100.0  # packets a second, an access, whose neighbor became known on their way here

ALL_NODES = IPv6Address("ff02::1")
ND_HOP_LIMIT = 255  # or it was forwarded (RFC 4861, 7.1.1)
_ECHO = (f.IP_ICMP, f.IP_ICMPV6)
_WITH_PORTS = (f.IP_TCP, f.IP_UDP)


@dataclass(frozen=True)
class _Punted:
    """A packet that the switch did not route, and where it came from."""

    edge: Edge
    access: Access
    sender: int  # MAC
    data: bytes
    packet: Datagram


@dataclass
class _Waiting:
    """Packets for a neighbor that is being asked for."""

    edge: Edge  # of the neighbor
    due: float
    asked: int = 0
    packets: deque[_Punted] = field(default_factory=deque)


class Routing:
    """The slow work of all virtual routers."""

    def __init__(self, inventory: Inventory, engine: Engine, tenants: Tenants, drops: Counter[str]) -> None:
        self._inventory, self._tenants, self._drops = inventory, tenants, drops
        self._facts = engine.facts
        self._sending = Sending(engine)
        self._waiting: dict[Neighbor, _Waiting] = {}  # in the order in which they are due
        self._load: Counter[int] = Counter()  # packets that wait, by network
        self._held: dict[Neighbor, float] = {}  # until when, in this order
        self._told: dict[Access, Bucket] = {}
        self._again: dict[Access, Bucket] = {}

    def routes(self, segment: int) -> bool:
        """Whether frames to ROUTER_MAC in this segment are the router's."""
        return segment in self._facts.table(GATEWAY)

    def frame(self, edge: Edge, access: Access, fields: Fields, data: bytes, now: float) -> None:
        """A frame to ROUTER_MAC was punted from LOCATE."""
        gateway, about = self._facts.table(GATEWAY).get(edge.segment), datagram(data, fields)
        if gateway is None or about is None or fields[f.VLAN_VID] != f.NO_VLAN:
            self._drops["router-malformed"] += 1
            return
        punted = _Punted(edge, access, fields[f.ETH_SRC], data, about)
        version, destination = about.destination.version, int(about.destination)
        if fields.get(f.ICMPV6_TYPE) == f.NEIGHBOR_SOLICIT:
            self._advertise(gateway, punted, fields.get(f.ND_TARGET), now)
        elif self._is_own(edge, gateway, version, destination):
            self._deliver(punted, now)
        elif about.ttl <= 1:
            self._tell(Trouble.EXPIRED, punted, now)
        else:
            self._forward(punted, now)

    def learned(self, hosts: Iterable[tuple[Address, Known | None]]) -> None:
        """These hosts changed: what waited for one of their addresses goes on."""
        for (segment, _), known in hosts if self._waiting else ():
            for neighbor in known.neighbors(segment) if known else ():
                self._release(neighbor)

    def expire(self, now: float) -> None:
        """Ask again, or give up."""
        while self._waiting and (first := next(iter(self._waiting.items())))[1].due <= now:
            neighbor, waiting = first
            if self._release(neighbor):
                continue
            del self._waiting[neighbor]
            if waiting.asked < MAX_ASKED:
                self._ask(neighbor, waiting, now)
            else:
                self._give_up(neighbor, waiting, now)
        while self._held and (over := next(iter(self._held.items())))[1] <= now:
            del self._held[over[0]]

    def deadline(self) -> float | None:
        """When `expire` has something to do next."""
        return next((waiting.due for waiting in self._waiting.values()), None)

    def take_frames(self) -> list[SendFrame]:
        """The frames to send since the last call."""
        return self._sending.take()

    # packets to the router itself

    def _is_own(self, edge: Edge, gateway: GatewayFact, version: int, address: int) -> bool:
        if address in own(gateway, version):
            return True
        router, gateways = self._facts.table(ROUTER).get(edge.network), self._facts.table(GATEWAY)
        return any(address in own(gateways[n], version) for n in (router.segments if router else ()) if n in gateways)

    def _deliver(self, punted: _Punted, now: float) -> None:
        """The router has no services; what it answers is answered in the switch."""
        protocol = punted.packet.protocol
        if protocol in _ECHO:
            self._drops["router-message-without-answer"] += 1
        else:
            self._tell(Trouble.NO_PORT if protocol in _WITH_PORTS else Trouble.NO_PROTOCOL, punted, now)

    def _advertise(self, gateway: GatewayFact, punted: _Punted, target: int | None, now: float) -> None:
        """Answer a solicitation that has no place for the answer's option (RFC 4861, 7.2.4)."""
        source = punted.packet.source
        if target not in gateway.ipv6 or punted.packet.ttl != ND_HOP_LIMIT or not isinstance(source, IPv6Address):
            self._drops["router-malformed"] += 1
        elif self._may_tell(punted.access, now):
            to, mac = (ALL_NODES, packet.multicast_mac(ALL_NODES)) if not int(source) else (source, punted.sender)
            asked, solicited = IPv6Address(target), bool(int(source))
            answer = packet.neighbor_advertisement(asked, to, asked, gateway.mac, router=True, solicited=solicited)
            self._sending.out(punted.access, packet.ethernet(mac, gateway.mac, f.ETH_IPV6, answer))

    # packets that wait

    def _forward(self, punted: _Punted, now: float) -> None:
        version, destination = punted.packet.destination.version, int(punted.packet.destination)
        neighbor = next_hop(ways(View(self._facts), punted.edge.network), version, destination)
        if neighbor is None:
            self._tell(Trouble.NO_ROUTE, punted, now)
        elif neighbor in self._facts.table(NEIGHBOR):  # learned since the frame was punted
            if self._again.setdefault(punted.access, Bucket(AGAIN_RATE, AGAIN_BURST)).take(now):
                self._sending.again(punted.edge, punted.access, punted.data, Table.ROUTE)
            else:
                self._drops["router-above-rate"] += 1
        elif self._held.get(neighbor, now) > now:
            self._tell(Trouble.NO_HOST, punted, now)
        else:
            self._queue(neighbor, punted, now)

    def _queue(self, neighbor: Neighbor, punted: _Punted, now: float) -> None:
        """The newest packets wait (RFC 1122, 2.3.2.2)."""
        network = punted.edge.network
        waiting = self._waiting.get(neighbor)
        if waiting and len(waiting.packets) >= MAX_WAITING:
            waiting.packets.popleft()
            self._load[network] -= 1
            self._drops["router-queue-full"] += 1
        if self._load[network] >= MAX_WAITING_NETWORK:
            self._drops["router-queue-full"] += 1
            return
        if waiting is None:
            waiting = _Waiting(Edge(neighbor[0], network), now)
            self._ask(neighbor, waiting, now)
        waiting.packets.append(punted)
        self._load[network] += 1

    def _ask(self, neighbor: Neighbor, waiting: _Waiting, now: float) -> None:
        """Ask all of the neighbor's segment: one of its switches floods the question, each time another."""
        segment = neighbor[0]
        self._waiting[neighbor] = waiting
        switches = self._facts.table(SEGMENT_SWITCHES).get(segment, ())
        connected = [dpid for dpid in switches if self._inventory.records[dpid].connected]
        question = _question(self._facts.table(GATEWAY).get(segment), neighbor)
        if connected and question:
            dpid = connected[waiting.asked % len(connected)]
            self._sending.again(waiting.edge, (dpid, CONTROLLER_PORT, 0), question, Table.LOCATE)
        waiting.asked, waiting.due = waiting.asked + 1, now + ASK_INTERVAL

    def _release(self, neighbor: Neighbor) -> bool:
        """What waited for a neighbor goes on if it is known now."""
        if neighbor not in self._waiting or neighbor not in self._facts.table(NEIGHBOR):
            return False
        for punted in self._taken(neighbor, self._waiting.pop(neighbor)):
            if self._tenants.edge(punted.access) == punted.edge:
                self._sending.again(punted.edge, punted.access, punted.data, Table.ROUTE)
        return True

    def _give_up(self, neighbor: Neighbor, waiting: _Waiting, now: float) -> None:
        self._held[neighbor] = now + HOLD_DOWN
        for punted in self._taken(neighbor, waiting):
            self._tell(Trouble.NO_HOST, punted, now)

    def _taken(self, neighbor: Neighbor, waiting: _Waiting) -> Iterable[_Punted]:
        network = waiting.edge.network
        self._load[network] -= len(waiting.packets)
        if not self._load[network]:
            del self._load[network]
        return waiting.packets

    # senders are told

    def _tell(self, trouble: Trouble, punted: _Punted, now: float) -> None:
        """ICMP's word to the sender, from the gateway of its segment."""
        gateway, version = self._facts.table(GATEWAY).get(punted.edge.segment), punted.packet.source.version
        source = _speaker(gateway, version, int(punted.packet.source)) if gateway else None
        if source is None or self._tenants.edge(punted.access) != punted.edge or not punted.packet.answerable:
            self._drops["router-not-answerable"] += 1
        elif self._may_tell(punted.access, now):
            told = error(trouble, _address(version, source), punted.packet)
            eth_type = f.ETH_IPV4 if version == 4 else f.ETH_IPV6
            if told and gateway:
                self._sending.out(punted.access, packet.ethernet(punted.sender, gateway.mac, eth_type, told))

    def _may_tell(self, access: Access, now: float) -> bool:
        if self._told.setdefault(access, Bucket(TOLD_RATE, TOLD_BURST)).take(now):
            return True
        self._drops["router-answers-above-rate"] += 1
        return False


def _question(gateway: GatewayFact | None, neighbor: Neighbor) -> bytes | None:
    """ARP's or Neighbor Discovery's question for an address; None when there is nobody to ask it."""
    _, version, address = neighbor
    source = _speaker(gateway, version, address) if gateway else None
    if source is None or gateway is None:
        return None
    if version == 4:
        request = packet.arp(packet.ARP_REQUEST, gateway.mac, IPv4Address(source), 0, IPv4Address(address))
        return packet.ethernet(f.BROADCAST, gateway.mac, f.ETH_ARP, request)
    target = IPv6Address(address)
    group = packet.solicited_node(target)
    ask = packet.neighbor_solicitation(IPv6Address(source), group, target, gateway.mac)
    return packet.ethernet(packet.multicast_mac(group), gateway.mac, f.ETH_IPV6, ask)


def _speaker(gateway: GatewayFact, version: int, other: int) -> int | None:
    """The gateway's address to speak from: one in the other's subnet, where there is one."""
    addresses = own(gateway, version)
    near = longest(routed(gateway, version), version, other)
    return max(addresses, key=lambda a: near is not None and longest((near,), version, a) is not None, default=None)


def _address(version: int, address: int) -> IPv4Address | IPv6Address:
    return IPv4Address(address) if version == 4 else IPv6Address(address)
