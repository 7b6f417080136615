"""What the tables are made from: a view of the store, and what many of them look up in it, found once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from planes.management.mibs.scope import Place, scoped
from planes.management.watch import View
from planes.model import state
from planes.model.intent import Gateway, Network, Segment
from planes.model.state import R

Seat = tuple[str, str, str]  # a gateway's member: network, segment, switch


@dataclass(frozen=True, eq=False)
class Facts:
    """A view at `now` (Unix time); with `network` it is that tenant's part. Build it with `of`."""

    view: View
    now: float
    network: str | None = None

    @staticmethod
    def of(view: View, now: float, network: str | None = None) -> Facts:
        """The whole, or a tenant's part of it."""
        return Facts(view if network is None else scoped(view, network), now, network)

    def rows(self, table: type[R]) -> Collection[R]:
        """The rows of one table, in no order: tables sort by their indexes, which is much cheaper."""
        return cast("Mapping[state.Key, R]", self.view.state.rows.get(table, {})).values()

    @cached_property
    def started(self) -> float:
        """When the controller was started (Unix time): what sysUpTime counts from; 0.0 if it never was."""
        return max((row.started for row in self.rows(state.Controller)), default=0.0)

    def stamp(self, at: float) -> int:
        """A moment as TimeStamp (RFC 2579): sysUpTime's value then, 0 for what was before."""
        return max(0, round((at - self.started) * 100)) if self.started and at else 0

    @cached_property
    def switches(self) -> Mapping[str, state.Switch]:
        """By name."""
        return {row.name: row for row in self.rows(state.Switch)}

    @cached_property
    def networks(self) -> Mapping[str, Network]:
        """Those that are wanted, by name."""
        return {network.name: network for network in self.view.intent.networks}

    @cached_property
    def segments(self) -> Mapping[tuple[str, str], Segment]:
        """By the names of network and segment."""
        return {(n.name, segment.name): segment for n in self.networks.values() for segment in n.segments}

    def gateway(self, network: str, segment: str) -> Gateway | None:
        """What is configured of a segment's gateway."""
        found = self.segments.get((network, segment))
        return found.gateway if found else None

    def number(self, kind: str, name: str) -> int | None:
        """The number of a name, None as long as the controller gave it none."""
        row = self.view.state.rows.get(state.Id, {}).get((kind, name))
        return cast("state.Id", row).number if row is not None else None

    @cached_property
    def ports(self) -> Mapping[Place, int]:
        """ifIndex by switch and port number, of ports that have one."""
        found = {}
        for port in self.rows(state.Port):
            switch = self.switches.get(port.switch)
            number = self.number("interface", f"{switch.datapath_id:016x}:{port.number}") if switch else None
            if number is not None:
                found[port.switch, port.number] = number
        return found

    @cached_property
    def seats(self) -> Mapping[Seat, int]:
        """ifIndex of the members of gateways that are wanted, of those that have one."""
        wanted = {
            (network, name, member.switch)
            for (network, name), segment in self.segments.items()
            for member in (segment.gateway.members if segment.gateway else ())
        }
        found = {}
        for network, segment, name in sorted(wanted):
            switch = self.switches.get(name)
            number = self.number("interface", f"{switch.datapath_id:016x}/{network}/{segment}") if switch else None
            if number is not None:
                found[network, segment, name] = number
        return found

    @cached_property
    def standing(self) -> Mapping[Seat, state.GatewayState]:
        """How the members stand in their elections."""
        return {(row.network, row.segment, row.switch): row for row in self.rows(state.GatewayState)}

    @cached_property
    def peers(self) -> Mapping[Place, Place]:
        """What is at the other end of a port's link."""
        found: dict[Place, Place] = {}
        for link in self.rows(state.Link):
            found[link.switch, link.port] = link.peer, link.peer_port
            found[link.peer, link.peer_port] = link.switch, link.port
        return found
