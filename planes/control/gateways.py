"""Gateways that elect: a machine of their protocol for each member, and what comes of it.

Hellos are real frames in the segment, sent from the member's switch and heard where they arrive, so that other routers
take part. With `detect` "fabric" the machines are also told what the controller knows; so it need not be waited for.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address

from planes.control import facts
from planes.control.actives import Actives, Seats
from planes.control.engine import Engine
from planes.control.events import SendFrame
from planes.control.facts import Access
from planes.control.failovers import Failovers
from planes.control.fhrp import frames
from planes.control.fhrp import machine as m
from planes.control.fhrp.glbp import Glbp
from planes.control.fhrp.malformed import Malformed
from planes.control.fhrp.messages import Address as IpAddress
from planes.control.fhrp.vrrp import Vrrp
from planes.control.fragments.segment import BROADCAST_GROUP, MULTICAST4_GROUP, MULTICAST6_GROUP
from planes.control.inventory import Inventory
from planes.control.journal import Journal
from planes.control.protocols import PROTOCOLS, virtual_macs
from planes.control.seat import Seat
from planes.control.sending import Sending
from planes.control.tenants import Tenants
from planes.control.tracks import Tracks
from planes.control.wall import Wall
from planes.data import fields as f
from planes.data import packet
from planes.data.packet import Fields
from planes.data.rule import CONTROLLER_PORT, MAX_PORT, ToGroup
from planes.model import state
from planes.model.intent import Network

LINK_PATIENCE = 5.0  # seconds in which a switch's links are waited for: some of its ports may lead nowhere
PATIENCE = 2.0  # seconds in which a segment's other members may come before the best of those that are here begins
ASK_INTERVAL = 1.0  # seconds between questions for a foreign router's MAC
OVER, NEVER = -math.inf, math.inf  # times that need no tick: one that has passed, and one that does not come


class Gateways:
    """All members of all gateways that elect."""

    def __init__(
        self, inventory: Inventory, engine: Engine, tenants: Tenants, drops: Counter[str], journal: Journal,
        failovers: Failovers, wall: Wall,
    ) -> None:  # fmt: skip
        self._inventory, self._engine, self._tenants, self._drops = inventory, engine, tenants, drops
        self._journal, self._wall = journal, wall
        self._sending = Sending(engine)
        self._tracks = Tracks(inventory, engine, tenants)
        self._seats: Seats = {}
        self._failovers = failovers
        self._actives = Actives(self._seats, inventory, engine, tenants, failovers)
        self._followed: dict[str, tuple[Network, frozenset[int]]] = {}
        self._remembered: dict[state.Key, state.GatewayState] = {}
        self._frames: list[SendFrame] = []
        self._stale: set[int] = set()  # segments whose active may have changed
        self._rows: dict[state.Key, state.GatewayState] = {}
        self._changed: set[state.Key] = set()
        self._begin: dict[int, float] = {}  # segments where nobody was told to begin yet, and until when to wait
        self._asked: dict[facts.Neighbor, float] = {}
        self._settled: dict[int, float] = {}  # datapath id -> until when its links are waited for

    # what is wanted

    def restore(self, known: state.State) -> None:
        """What the store holds of earlier elections."""
        self._remembered = {state.key(row): row for row in known.of(state.GatewayState)}
        self._rows = dict(self._remembered)

    def follow(self, now: float) -> None:
        """The intent changed, or names of switches."""
        wanted = {network.name: network for network in self._tenants.networks}
        for name in self._followed.keys() - wanted.keys():
            self._refollow(name, self._followed.pop(name)[0], None, now)
        for name, network in wanted.items():
            named = frozenset(dpid for dpid in map(self._inventory.named, _members(network)) if dpid is not None)
            old, before = self._followed.get(name, (None, frozenset()))
            if old != network or before != named:
                self._followed[name] = network, named
                self._refollow(name, old, network, now)

    def _refollow(self, network: str, old: Network | None, new: Network | None, now: float) -> None:
        names = {segment.name for each in (old, new) if each for segment in each.segments if segment.gateway}
        for name in sorted(names):
            number = self._tenants.number(network, name)
            wanted = dict(self._wanted(new, name)) if new else {}
            if number is None:
                continue
            seats = self._seats.setdefault(number, {})
            for dpid in [dpid for dpid in seats if dpid not in wanted]:
                self._leave(number, seats.pop(dpid), now)
                self._failovers.well(number, dpid)
            for dpid, seat in wanted.items():
                self._settle_seat(number, dpid, seat, now)
            self._anycast(number, new, name)
            self._stale.add(number)
            if not seats:
                del self._seats[number]

    def _wanted(self, network: Network, name: str) -> Iterator[tuple[int, Seat]]:
        gateway = next((each.gateway for each in network.segments if each.name == name), None)
        for member in gateway.members if gateway and gateway.protocol in PROTOCOLS else ():
            dpid = self._inventory.named(member.switch)
            if gateway and dpid is not None:
                mac = facts.MEMBER_MAC | self._inventory.record(dpid).index
                try:
                    yield dpid, Seat(network.name, name, gateway, member, mac)
                except ValueError:  # a plan's checks refuse what a protocol does not allow; the store may hold it
                    self._drops["gateway-not-allowed"] += 1

    def _settle_seat(self, number: int, dpid: int, wanted: Seat, now: float) -> None:
        """Take a member in, or change its configuration; what it is in the election stays where it may."""
        old = self._seats[number].get(dpid)
        if old and (old.gateway, old.member) == (wanted.gateway, wanted.member):
            return
        if old and old.only_priority_differs(wanted):
            self._seats[number][dpid] = old.configured(wanted)
            self._do(number, dpid, m.PriorityChanged(wanted.member.priority), now)
            return
        row = self._rows.get((wanted.network, wanted.segment, wanted.member.switch))
        self._seats[number][dpid] = wanted.recalled(row, now)
        if old is None and row is None:
            self._begin.setdefault(number, NEVER)

    def _leave(self, number: int, seat: Seat, now: float) -> None:
        """A member is no more: it says so."""
        if seat.up:
            for effect in seat.machine.handle(m.Shutdown(), now)[1]:
                self._effect(number, seat, effect, now)
        self._changed.add(seat.key)
        self._stale.add(number)

    def _anycast(self, number: int, network: Network | None, name: str) -> None:
        """Where nobody elects, all members forward at once."""
        gateway = next((each.gateway for each in network.segments if each.name == name), None) if network else None
        known = self._engine.facts.table(facts.ACTIVE)
        macs = set(virtual_macs(gateway)) if gateway and gateway.members else set()
        for key in [key for key in known if key[0] == number and key[1] not in macs]:
            self._engine.drop(facts.ACTIVE, key)
        members = self._engine.facts.table(facts.MEMBERS).get(number)
        if gateway and members and gateway.protocol not in PROTOCOLS:
            spots = tuple((member.dpid, members.slot) for member in members.members)
            for mac in macs:
                self._engine.put(facts.ACTIVE, (number, mac), spots)

    # what happens

    @property
    def waiting(self) -> bool:
        """Whether any member's switch did not take all its rules yet."""
        return any(not seat.up for seats in self._seats.values() for seat in seats.values())

    def ready(self, dpids: Iterable[int], now: float) -> None:
        """These switches hold all that they should: their members begin, or go on.

        Not before their links are found as well, or a while has passed: who preempts must know where to send to.
        """
        settled = {dpid for dpid in dpids if self._knows_its_links(dpid, now)}
        for number, seats in self._seats.items():
            for dpid in sorted(seats.keys() & settled):
                if not seats[dpid].up:
                    self._start(number, dpid, now)

    def _knows_its_links(self, dpid: int, now: float) -> bool:
        until = self._settled.setdefault(dpid, now + LINK_PATIENCE)
        known = self._engine.facts.table(facts.FABRIC_PORT)
        ports = [(dpid, number) for number in self._inventory.records[dpid].ports if number <= MAX_PORT]
        inner = (port for port in ports if self._inventory.is_up(port) and not self._tenants.is_edge(port))
        return now >= until or all(port in known for port in inner)

    def _start(self, number: int, dpid: int, now: float) -> None:
        seat = self._seats[number][dpid]
        seat.up = True
        seat.costs = {}
        self._failovers.well(number, dpid)
        if number in self._begin:
            self._begin[number] = min(self._begin[number], now + PATIENCE)
        if seat.resting:
            seat.machine, seat.resting = seat.machine.resumed(now), False
            self._track(number, dpid, now)
            self._do(number, dpid, m.Tick(), now)
        else:
            self._track(number, dpid, now)
            self._do(number, dpid, m.Enabled(), now)

    def lost(self, dpid: int, now: float) -> None:
        """A switch's channel closed: nothing can be said for its members any more."""
        self._settled.pop(dpid, None)
        for number, seats in self._seats.items():
            seat = seats.get(dpid)
            if seat is None or not seat.up:
                continue
            seat.up, seat.machine = False, seat.fresh()
            self._changed.add(seat.key)
            self._stale.add(number)
            self._event(seat, f"{seat.member.switch} is out of reach", "its connection was lost", now)
            self._failovers.trouble(number, dpid, f"{seat.member.switch} is out of reach", now)
            self._tell_lost(number, now)

    def look(self, now: float) -> None:
        """Ports, links, ways or hosts changed: see what is tracked, and who is cut off."""
        for number, seats in self._seats.items():
            for dpid, seat in seats.items():
                if seat.up:
                    self._track(number, dpid, now)
            isolated = {dpid for dpid, seat in seats.items() if seat.up and self._is_isolated(number, dpid)}
            newly = isolated - {dpid for dpid, seat in seats.items() if seat.isolated}
            for dpid, seat in seats.items():
                seat.isolated = dpid in isolated
                if seat.up:
                    self._judge(number, dpid, now)
            foreign, gone = self._actives.foreign(number), self._actives.lost_router(number)
            for dpid, _ in foreign:
                if gone:
                    self._failovers.trouble(number, dpid, f"the port of {gone[0]} is down", now)
                else:
                    self._failovers.well(number, dpid)
            if newly or gone:
                self._tell_lost(number, now)
            if seats and foreign:
                self._stale.add(number)

    def hello(self, dpid: int, segment: int, data: bytes, now: float) -> None:
        """A hello arrived at a member's switch."""
        seat = self._seats.get(segment, {}).get(dpid)
        if seat is None or not seat.up:
            self._drops["hello-for-nobody"] += 1
            return
        received = frames.decode(data, seat.gateway.authentication)
        if isinstance(received, Malformed):
            self._drops[received.value] += 1
            return
        self._do(segment, dpid, m.Heard(received.message, received.source), now)
        self._improve(segment, dpid, now)
        if not self._actives.is_member(segment, int(received.source)):
            self._find(segment, dpid, received.source, now)

    def asked(self, segment: int, access: Access, fields: Fields, now: float) -> bool:
        """Whether an ARP request is for an address that each host gets a MAC of its own for; it is answered here."""
        members, gateway = self._actives.members(segment), self._engine.facts.table(facts.GATEWAY).get(segment)
        target = fields.get(f.ARP_TPA)
        if members is None or gateway is None or not members.shares or target not in gateway.ipv4:
            return False
        host = fields[f.ETH_SRC]
        for seat in self._seats.get(segment, {}).values():
            if seat.up and isinstance(seat.machine, Glbp):
                seat.machine, mac = seat.machine.answer(host, now)
                if mac is not None:
                    answer = packet.arp(2, mac, IPv4Address(target), host, IPv4Address(fields[f.ARP_SPA]))
                    self._sending.out(access, packet.ethernet(host, mac, f.ETH_ARP, answer))
                    break
        return True

    def expire(self, now: float) -> None:
        """Timers are out."""
        self._settled.update(dict.fromkeys((dpid for dpid, until in self._settled.items() if until <= now), OVER))
        for number, seats in self._seats.items():
            for dpid, seat in seats.items():
                due = seat.machine.deadline() if seat.up else None
                if due is not None and due <= now:
                    self._do(number, dpid, m.Tick(), now)
        for number in [number for number, until in self._begin.items() if until <= now or self._all_up(number)]:
            if self._nominate(number, now):
                del self._begin[number]
            else:
                self._begin[number] = NEVER  # until one of them is here

    def deadline(self) -> float | None:
        """When `expire` has something to do next."""
        timers = (seat.machine.deadline() for seats in self._seats.values() for seat in seats.values() if seat.up)
        over = {dpid: until for dpid, until in self._settled.items() if until != OVER}
        waiting = {dpid for seats in self._seats.values() for dpid, seat in seats.items() if not seat.up}
        begin = (until for until in self._begin.values() if until != NEVER)
        return m.earliest((*timers, *begin, *(over[dpid] for dpid in waiting & over.keys())))

    def settle(self, now: float) -> None:
        """Tell the engine who is active."""
        for number in sorted(self._stale):
            self._actives.point(number, now)
        self._stale.clear()

    def take_frames(self) -> list[SendFrame]:
        """The frames to send since the last call."""
        found, self._frames = self._frames, []
        return [*found, *self._sending.take()]

    def take_changed(self) -> tuple[list[state.GatewayState], list[state.Key]]:
        """Rows that are new since the last call, and the keys of those that are no more."""
        rows, gone = [], []
        seats = {seat.key: seat for seats in self._seats.values() for seat in seats.values()}
        for key in sorted(self._changed):
            if key in seats:
                self._rows[key] = seats[key].row(self._rows.get(key))
                rows.append(self._rows[key])
            else:
                self._rows.pop(key, None)
                gone.append(key)
        self._changed.clear()
        return rows, gone

    # machines

    def _do(self, number: int, dpid: int, event: m.Event, now: float) -> None:
        seat = self._seats[number][dpid]
        before = seat.machine
        seat.machine, effects = before.handle(event, now)
        for effect in effects:
            self._effect(number, seat, effect, now)
        if seat.machine.view() != before.view() or any(isinstance(each, m.Transition) for each in effects):
            self._changed.add(seat.key)
            self._stale.add(number)

    def _effect(self, number: int, seat: Seat, effect: m.Effect, now: float) -> None:
        match effect:
            case m.Send(message, source_mac):
                mac = seat.mac if source_mac is None else source_mac
                data = frames.encode(message, seat.address, mac, seat.gateway.authentication)
                self._flood(number, seat, MULTICAST4_GROUP if seat.address.version == 4 else MULTICAST6_GROUP, data)
            case m.GratuitousAnnounce(mac, address, reply):
                self._announce(number, seat, mac, address, reply)
            case m.Transition(before, after, reason, _):
                self._event(seat, f"{before} -> {after}", reason, now)
                seat.since = self._wall.time(now)
                seat.became_active += after == "active"
            case m.Rejected(reason) if not reason.startswith("own-address"):
                self._drops[f"{seat.gateway.protocol}-{reason}"] += 1
            case m.Log(reason):
                self._event(seat, reason, "", now)

    def _flood(self, number: int, seat: Seat, group: int, data: bytes) -> None:
        dpid = self._inventory.named(seat.member.switch)
        if dpid is not None:
            self._frames.append(SendFrame(dpid, CONTROLLER_PORT, (ToGroup(group | number),), data))

    def _announce(self, number: int, seat: Seat, mac: int, address: IpAddress, reply: bool) -> None:
        if isinstance(address, IPv4Address):
            told = packet.arp(2 if reply else 1, mac, address, f.BROADCAST if reply else 0, address)
            self._flood(number, seat, BROADCAST_GROUP, packet.ethernet(f.BROADCAST, mac, f.ETH_ARP, told))
        else:
            nodes = IPv6Address("ff02::1")
            told = packet.neighbor_advertisement(address, nodes, address, mac, router=True, solicited=False)
            data = packet.ethernet(packet.multicast_mac(nodes), mac, f.ETH_IPV6, told)
            self._flood(number, seat, MULTICAST6_GROUP, data)

    def _event(self, seat: Seat, text: str, cause: str, now: float) -> None:
        subject = f"{seat.network}/{seat.segment} on {seat.member.switch}"
        self._journal.tell(subject, text, now, kind="gateway", cause=cause)

    # what the controller knows

    def _all_up(self, number: int) -> bool:
        return all(seat.up for seat in self._seats.get(number, {}).values())

    def _nominate(self, number: int, now: float) -> bool:
        """Nobody was active yet: the best of those that are here begins, unless other routers might be there."""
        up = self._actives.ranked(number)
        members = self._actives.members(number)
        if not up or members is None:
            return False
        if self._actives.informed(number) and not members.routers and not any(seat.is_active for _, seat in up):
            self._do(number, up[0][0], m.TakeOver(), now)
        return True

    def _tell_lost(self, number: int, now: float) -> None:
        """The heir is told who is gone; the others hear of it from the heir."""
        seats = self._seats[number]
        if not self._actives.informed(number):
            return
        for dpid, seat in self._actives.ranked(number):
            if not seat.isolated:
                lost = [each.address for each in seats.values() if not each.up or each.isolated]
                for address in (*lost, *self._actives.lost_router(number)):
                    self._do(number, dpid, m.MemberLost(address), now)
                if seat.machine.view().active is None:  # as yet nobody was standby
                    self._do(number, dpid, m.TakeOver(), now)
                return

    def _improve(self, number: int, dpid: int, now: float) -> None:
        """VRRP lets a lower active's time run out; a better member of ours need not wait for that."""
        seat = self._seats[number][dpid]
        hurried = self._actives.informed(number) and seat.member.preempt and not seat.gateway.preempt_delay
        if not hurried or not isinstance(seat.machine, Vrrp) or seat.is_active:
            return
        if any(each.is_active and each.standing < seat.standing for each in self._seats[number].values()):
            self._do(number, dpid, m.TakeOver(), now)

    def _track(self, number: int, dpid: int, now: float) -> None:
        seat = self._seats[number][dpid]
        costs = self._tracks.costs(seat.network, seat.member.track)
        for name in costs.keys() | seat.costs.keys():
            if costs.get(name, 0) != seat.costs.get(name, 0):
                self._do(number, dpid, m.Tracked(name, costs.get(name, 0)), now)
        seat.costs = costs

    def _judge(self, number: int, dpid: int, now: float) -> None:
        """What might make a member that is active hand over, or be left."""
        seat = self._seats[number][dpid]
        if seat.isolated:
            self._failovers.trouble(number, dpid, f"nobody has a way to {seat.member.switch}", now)
        elif seat.costs:
            self._failovers.trouble(number, dpid, f"{', '.join(sorted(seat.costs))} failed", now)
        else:
            self._failovers.well(number, dpid)

    def _is_isolated(self, number: int, dpid: int) -> bool:
        """Whether no edge of the segment has a way to a member, as far as the controller knows."""
        index = self._inventory.records[dpid].index
        ways, edges = self._engine.facts.table(facts.WAY), self._engine.facts.table(facts.SEGMENT_SWITCHES)
        found = [edge for edge in edges.get(number, ()) if edge != dpid]
        return bool(found) and not any((way := ways.get((edge, index))) and way.distance >= 0 for edge in found)

    def _find(self, number: int, dpid: int, router: IpAddress, now: float) -> None:
        """Ask for a foreign router's own MAC, by which frames get to it."""
        neighbor = (number, router.version, int(router))
        known = neighbor in self._engine.facts.table(facts.NEIGHBOR)
        if known or self._asked.get(neighbor, 0.0) > now or not isinstance(router, IPv4Address):
            return
        self._asked[neighbor] = now + ASK_INTERVAL
        seat = self._seats[number][dpid]
        if isinstance(seat.address, IPv4Address):
            question = packet.arp(1, seat.mac, seat.address, 0, router)
            self._flood(number, seat, BROADCAST_GROUP, packet.ethernet(f.BROADCAST, seat.mac, f.ETH_ARP, question))


def _members(network: Network) -> list[str]:
    return [member.switch for each in network.segments if each.gateway for member in each.gateway.members]
