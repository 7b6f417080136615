"""Members of gateways that elect, as several MIBs tell of them: one row each, indexed by the member's interface."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planes.management.mibs.facts import Facts
from planes.model.intent import Gateway, Member
from planes.model.state import GatewayState

LOCAL = "local"  # GatewayState's word for a member's own address
ACTIVE = "active"


@dataclass(frozen=True)
class Seat:
    """A member: its interface, how it stands, and what is configured."""

    index: int
    row: GatewayState
    gateway: Gateway
    member: Member

    @property
    def virtual(self) -> tuple[str, ...]:
        """The virtual addresses; those that are configured where the machine has none, as while it is unreachable."""
        return self.row.virtual_ips or self.gateway.addresses

    def address(self, named: str) -> str:
        """An address of a row, the member's own in full; "" while unknown."""
        own = self.member.addresses[0] if self.member.addresses else ""
        return own if named == LOCAL else named


def seats(facts: Facts, *protocols: str) -> Iterator[Seat]:
    """Those of these protocols that are wanted and stand in the store; of all that elect, if none is named."""
    for place, index in facts.seats.items():
        row, gateway = facts.standing.get(place), facts.gateway(*place[:2])
        member = next((each for each in gateway.members if each.switch == place[2]), None) if gateway else None
        if row is None or gateway is None or member is None or row.protocol != gateway.protocol:
            continue
        if not protocols or row.protocol in protocols:
            yield Seat(index, row, gateway, member)
