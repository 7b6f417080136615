"""Who is active for each virtual MAC, as its members' machines stand, and who would be next."""

from __future__ import annotations

from planes.control import facts
from planes.control.engine import Engine
from planes.control.facts import Address, HostFact, MembersFact, Spot
from planes.control.failovers import Failovers
from planes.control.fhrp.messages import Address as IpAddress
from planes.control.inventory import Inventory
from planes.control.seat import Seat
from planes.control.tenants import Tenants

Seats = dict[int, dict[int, Seat]]  # by segment and datapath id


class Actives:
    """Tells the engine, as facts."""

    def __init__(
        self, seats: Seats, inventory: Inventory, engine: Engine, tenants: Tenants, failovers: Failovers
    ) -> None:
        self._seats, self._failovers = seats, failovers
        self._inventory, self._engine, self._tenants = inventory, engine, tenants

    def members(self, number: int) -> MembersFact | None:
        """A segment's members, as the engine knows them."""
        return self._engine.facts.table(facts.MEMBERS).get(number)

    def informed(self, number: int) -> bool:
        """Whether the machines of a segment are told what the controller knows."""
        return any(seat.gateway.detect == "fabric" for seat in self._seats.get(number, {}).values())

    def ranked(self, number: int) -> list[tuple[int, Seat]]:
        """The members that are up: active ones, then the standby, then by priority."""
        up = [(dpid, seat) for dpid, seat in self._seats.get(number, {}).items() if seat.up or seat.resting]
        return sorted(up, key=lambda item: item[1].rank, reverse=True)

    def is_member(self, number: int, address: int) -> bool:
        """Whether this is a member's own address."""
        return any(int(seat.address) == address for seat in self._seats.get(number, {}).values())

    def point(self, number: int, now: float) -> None:
        """Say for each virtual MAC of a segment who is active."""
        members = self.members(number)
        for place, (mac, _) in enumerate(members.virtual if members else (), 1):
            if members and members.hellos:
                self._point(number, members, mac, place if members.shares else 0, now)

    def _point(self, number: int, members: MembersFact, mac: int, forwarder: int, now: float) -> None:
        """An edge's order: who is active, and, where the fabric may decide, who would be next."""
        key: Address = (number, mac)
        ranked = self.ranked(number)
        active: list[Spot] = [(dpid, members.slot) for dpid, seat in ranked if seat.forwards(forwarder)]
        active = active or self.foreign(number)
        before = self._engine.facts.table(facts.ACTIVE).get(key, ())
        if not active and not before:
            return
        if not active:
            active = list(before[:1])
        if self.informed(number):
            others = [*(dpid for dpid, _ in ranked), *sorted(self._seats.get(number, {}))]
            active += [(dpid, members.slot) for dpid in others]
        self._engine.put(facts.ACTIVE, key, tuple(dict.fromkeys(active)))
        if before and before[0] != active[0]:
            self._moved(key, members, forwarder, before[0], active[0], now)

    def _moved(self, key: Address, members: MembersFact, forwarder: int, old: Spot, new: Spot, now: float) -> None:
        names = [self._named(spot, members) for spot in (old, new)]
        text = (f"forwarder {forwarder}: " if forwarder else "") + " -> ".join(names)
        seat = self._seats.get(key[0], {}).get(new[0])
        cause = seat.why(forwarder) if seat else ""
        self._failovers.moved(key, "/".join(self._tenants.names(key[0])), text, old[0], cause, now)

    def _named(self, spot: Spot, members: MembersFact) -> str:
        switch = self._inventory.records[spot[0]].name
        return switch if spot[1] == members.slot else f"a router at {switch}"

    def foreign(self, number: int) -> list[Spot]:
        """Where the router is that our members take for active, when it is none of them."""
        for _, seat in self.ranked(number):
            active = seat.machine.view().active
            if active is not None and not self.is_member(number, int(active)):
                host = self._host(number, active)
                return [(host.access[0], host.slot)] if host else []
        return []

    def lost_router(self, number: int) -> tuple[IpAddress, ...]:
        """The router that our members take for active, when it is none of them and its port is down."""
        ranked = self.ranked(number)
        active = ranked[0][1].machine.view().active if ranked else None
        if active is None or self.is_member(number, int(active)):
            return ()
        host = self._host(number, active)
        is_down = host and not any(map(self._inventory.is_up, self._tenants.members(host.access)))
        return (active,) if is_down else ()

    def _host(self, number: int, address: IpAddress) -> HostFact | None:
        """Where a router that is no member is known to be."""
        mac = self._engine.facts.table(facts.NEIGHBOR).get((number, address.version, int(address)))
        return self._engine.facts.table(facts.HOST).get((number, mac)) if mac is not None else None
