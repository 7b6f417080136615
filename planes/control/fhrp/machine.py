"""What the three machines share: the reader of a transition table, the events they take and the effects they give.

A machine is a frozen value. `handle(event, now)` gives the next value and its effects, in the order in which they are
to be done; `deadline()` says when it wants a `Tick`. Times are seconds of one clock, timers are deadlines in the value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

from planes.control.fhrp.messages import Address, Message

S = TypeVar("S", bound=Enum)
I = TypeVar("I", bound=Enum)  # noqa: E741
A = TypeVar("A", bound=Enum)
M = TypeVar("M")

JITTER = 0.1  # of a hello interval: how much shorter than it an interval may be, never longer (RFC 2281, 5.4)


# Events


@dataclass(frozen=True)
class Enabled:
    """The protocol is configured and its interface is up."""


@dataclass(frozen=True)
class Disabled:
    """The interface went down; what is still said of it may not arrive."""


@dataclass(frozen=True)
class Shutdown:
    """The protocol is taken off a working interface."""


@dataclass(frozen=True)
class Tick:
    """Time has passed, nothing else."""


@dataclass(frozen=True)
class Heard:
    """A message from the router whose address is `source`, checked and authenticated."""

    message: Message
    source: Address


@dataclass(frozen=True)
class MemberLost:
    """The controller knows that the router of this address is gone: its timers are out.

    Tell the heir first: when it takes over at once and says so, the others hear of it and nobody contests.
    """

    peer: Address


@dataclass(frozen=True)
class TakeOver:
    """The controller knows that this router is better than the active one: no need to wait for the protocol to tell.

    `forwarder` is a GLBP forwarder's number; 0 is the gateway itself.
    """

    forwarder: int = 0


@dataclass(frozen=True)
class Tracked:
    """What is tracked under a name costs so much now, 0 when it is well. Costs add up."""

    name: str
    decrement: int


@dataclass(frozen=True)
class PriorityChanged:
    """Another configured priority."""

    priority: int


Event = Enabled | Disabled | Shutdown | Tick | Heard | MemberLost | TakeOver | Tracked | PriorityChanged


# Effects


@dataclass(frozen=True)
class Send:
    """A message to the group's address, from this MAC address; None is the router's own."""

    message: Message
    source_mac: int | None


@dataclass(frozen=True)
class GratuitousAnnounce:
    """Tell hosts and bridges where a virtual address is: gratuitous ARP, a `reply` or a request, or an unsolicited
    neighbor advertisement with R and O set, from the virtual MAC."""

    virtual_mac: int
    virtual_ip: Address
    reply: bool = False


@dataclass(frozen=True)
class BecomeActive:
    """Route for the virtual MAC and answer for the virtual address; in GLBP: answer, as the AVG does."""


@dataclass(frozen=True)
class LeaveActive:
    """No longer."""


@dataclass(frozen=True)
class OwnForwarder:
    """Route for a GLBP forwarder's virtual MAC."""

    number: int
    virtual_mac: int


@dataclass(frozen=True)
class ReleaseForwarder:
    """No longer."""

    number: int
    virtual_mac: int


@dataclass(frozen=True)
class Transition:
    """A change of state: what was, what is, why and when."""

    before: str
    after: str
    reason: str
    at: float


@dataclass(frozen=True)
class Rejected:
    """An input that its state has no use for, or a message that isn't ours; `reason` is a stable name for counters."""

    reason: str


@dataclass(frozen=True)
class Log:
    """What an operator should know and no state shows."""

    reason: str


Duty = BecomeActive | LeaveActive | OwnForwarder | ReleaseForwarder
Effect = Send | GratuitousAnnounce | Duty | Transition | Rejected | Log
Effects = tuple[Effect, ...]


@dataclass(frozen=True)
class View:
    """What people see of a machine. `active` and `standby` are addresses, None while unknown."""

    state: str
    priority: int
    active: Address | None
    standby: Address | None
    virtual_ips: tuple[Address, ...]
    last: Transition | None


class Machine(Protocol):
    """A router's part in one group."""

    def handle(self: M, event: Event, now: float) -> tuple[M, Effects]:
        """The machine after an event, and what there is to do."""

    def deadline(self) -> float | None:
        """When a timer is out."""

    def resumed(self: M, now: float) -> M:
        """The machine of another time and clock, its timers started anew: after a restart nothing is held against a
        peer that nobody listened to."""

    def view(self) -> View:
        """What people see."""


# Tables


@dataclass(frozen=True)
class Row(Generic[S, A]):
    """What an input does in a state: actions in order, and the next state, None when it stays."""

    actions: tuple[A, ...] = ()
    to: S | None = None

    def __bool__(self) -> bool:
        return bool(self.actions) or self.to is not None


Table = Mapping[tuple[S, I], Row[S, A] | Rejected]


def table(states: type[S], actions: type[A], lines: Mapping[I, str]) -> dict[tuple[S, I], Row[S, A] | Rejected]:
    """Read a table with a column for each state, in the order of their enum, and a line for each input.

    A cell is `letters/state`, by the values of both enums, or either part alone; `-` does nothing, `!` is rejected.
    """
    cells: dict[tuple[S, I], Row[S, A] | Rejected] = {}
    for given, line in lines.items():
        for state, cell in zip(states, line.split(), strict=True):
            reason = f"{given.name}-in-{state.name}".lower()
            cells[state, given] = Rejected(reason) if cell == "!" else _row(states, actions, cell)
    return cells


def _row(states: type[S], actions: type[A], cell: str) -> Row[S, A]:
    letters, _, number = cell.strip("-").partition("/")
    return Row(tuple(map(actions, letters)), states(int(number)) if number else None)


# Small things


@dataclass(frozen=True)
class Peer:
    """Another router of the group, as it was last heard."""

    address: Address
    priority: int

    @property
    def rank(self) -> tuple[int, int]:
        """Who is higher wins: the priority, then the address (RFC 2281, 5.1; RFC 9568, 6.4.3)."""
        return self.priority, int(self.address)


Costs = tuple[tuple[str, int], ...]


def tracked(costs: Costs, event: Tracked) -> Costs:
    """The costs after a change of one."""
    others = tuple(cost for cost in costs if cost[0] != event.name)
    return (*others, (event.name, event.decrement)) if event.decrement else others


def jittered(interval: float, seed: str, sequence: int) -> float:
    """An interval or up to a tenth less, by a seed and a sequence number: the same each time they are the same."""
    digest = hashlib.blake2b(f"{seed}/{sequence}".encode(), digest_size=4).digest()
    return interval * (1 - JITTER * int.from_bytes(digest, "big") / 2**32)


def earliest(times: Iterable[float | None]) -> float | None:
    """The first of the times that are set."""
    return min((time for time in times if time is not None), default=None)
