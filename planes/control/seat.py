"""A member's seat in the election of one segment's gateway."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from planes.control.fhrp import memory
from planes.control.fhrp.forwarder import State as ForwarderState
from planes.control.fhrp.glbp import Glbp
from planes.control.fhrp.machine import Machine
from planes.control.fhrp.messages import Address
from planes.control.protocols import seated, virtual_macs
from planes.data.packet import mac_text
from planes.model import state
from planes.model.intent import Gateway, Member

_STANDING = {"active": 2, "standby": 1}


@dataclass
class Seat:
    """One member: what is configured, and how it stands. `mac` is its own.

    `up`: its switch takes orders. `resting`: it stands as a controller before us left it, and no time passes for it.
    """

    network: str
    segment: str
    gateway: Gateway
    member: Member
    mac: int
    machine: Machine = field(init=False)
    up: bool = False
    resting: bool = False
    isolated: bool = False
    costs: dict[str, int] = field(default_factory=dict)
    since: float = 0.0
    became_active: int = 0

    def __post_init__(self) -> None:
        self.machine = self.fresh()

    @property
    def key(self) -> state.Key:
        """That of its row."""
        return self.network, self.segment, self.member.switch

    @property
    def address(self) -> Address:
        """Its own address, from which it speaks."""
        return ip_address(self.member.addresses[0])

    @property
    def is_active(self) -> bool:
        """Whether it is the active router, or the gateway that answers (AVG)."""
        return self.machine.view().state == "active"

    @property
    def rank(self) -> tuple[int, int, int]:
        """Who is before whom: active, then standby, then by priority and address."""
        view = self.machine.view()
        return _STANDING.get(view.state, 0), view.priority, int(self.address)

    @property
    def standing(self) -> int:
        """Its priority now."""
        return self.machine.view().priority

    def forwards(self, forwarder: int) -> bool:
        """Whether it routes for a virtual MAC: GLBP's of this number, or the only one."""
        if not forwarder or not isinstance(self.machine, Glbp):
            return self.is_active
        return any(e.number == forwarder and e.state is ForwarderState.ACTIVE for e in self.machine.forwarders)

    def why(self, forwarder: int) -> str:
        """The reason of its last transition, or of that of a forwarder of GLBP's."""
        last = self.machine.view().last
        if forwarder and isinstance(self.machine, Glbp):
            last = next((each.last for each in self.machine.forwarders if each.number == forwarder), None)
        return last.reason if last else ""

    def fresh(self) -> Machine:
        """Its machine, not begun."""
        return seated(self.gateway, self.member, self.mac)

    def only_priority_differs(self, other: Seat) -> bool:
        """Whether the configuration is the same but for the priority and what is tracked."""
        mine = replace(self.member, priority=0, track=())
        return (self.gateway_alone, mine) == (other.gateway_alone, replace(other.member, priority=0, track=()))

    @property
    def gateway_alone(self) -> Gateway:
        """The gateway's own configuration."""
        return replace(self.gateway, members=())

    def configured(self, other: Seat) -> Seat:
        """The same under another configuration."""
        self.gateway, self.member = other.gateway, other.member
        return self

    def recalled(self, row: state.GatewayState | None, now: float) -> Seat:
        """As a row of the store remembers it, resting, if that is of the same protocol and had begun."""
        if row is not None and row.protocol == self.gateway.protocol and row.memory:
            found = memory.recall(self.machine, row.memory)
            if found is not None and found.view().state != self.machine.view().state:
                self.machine, self.resting, self.since = found, True, row.since
        if row is not None:
            self.became_active = row.became_active
        return self

    def row(self, before: state.GatewayState | None) -> state.GatewayState:
        """For the store."""
        view, gateway = self.machine.view(), self.gateway
        last = f"{view.last.before} -> {view.last.after}: {view.last.reason}" if view.last else ""
        if not last and before is not None:
            last = before.last
        return state.GatewayState(
            self.network, self.segment, self.member.switch, gateway.group, gateway.protocol, view.priority,
            self.member.preempt, view.state if self.up or self.resting else "unreachable",
            self._named(view.active), self._named(view.standby), tuple(sorted(map(str, view.virtual_ips))),
            mac_text(virtual_macs(gateway)[0]), last[:1000], self.since, tuple(self._forwarders()),
            memory.remember(self.machine), self.became_active,
        )  # fmt: skip

    def _named(self, address: Address | None) -> str:
        return "" if address is None else "local" if address == self.address else str(address)

    def _forwarders(self) -> list[str]:
        if not isinstance(self.machine, Glbp):
            return []
        macs = virtual_macs(self.gateway)
        return [f"{e.number} {e.state.name.lower()} {mac_text(macs[e.number - 1])}" for e in self.machine.forwarders]
