"""A fake segment: routers that hear each other with loss, delay and partitions, in virtual time."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from planes.control.fhrp import glbp, hsrp, vrrp
from planes.control.fhrp.glbp import Glbp
from planes.control.fhrp.hsrp import Hsrp
from planes.control.fhrp.machine import (
    BecomeActive,
    Disabled,
    Effect,
    Enabled,
    Event,
    Heard,
    LeaveActive,
    OwnForwarder,
    ReleaseForwarder,
    Send,
    Tick,
)
from planes.control.fhrp.messages import Address, Message
from planes.control.fhrp.vrrp import Vrrp

MAX_STEPS = 20_000  # handled in one run: more is a storm of messages or a timer that never moves

Router = Hsrp | Vrrp | Glbp
Heap = list[tuple[float, int, Address, Address, Message]]


def address(number: int) -> Address:
    return IPv4Address(f"10.77.0.{number}")


def fresh(router: Router) -> Router:
    """The same router after a reboot, remembering nothing."""
    if isinstance(router, Hsrp):
        return hsrp.router(router.settings)
    return vrrp.router(router.settings) if isinstance(router, Vrrp) else glbp.router(router.settings)


@dataclass
class Segment:
    """Routers by address. `loses(sender, receiver, message)` says what gets lost; `sides` are who hears whom."""

    routers: dict[Address, Router]
    delay: float = 0.001
    loses: Callable[[Address, Address, Message], bool] = lambda sender, receiver, message: False
    now: float = 0.0
    active: set[Address] = field(default_factory=set)  # by the effects, not by the states
    owners: set[tuple[int, Address]] = field(default_factory=set)  # of forwarders
    idle: float = 0.0  # seconds with nobody active
    doubled: float = 0.0  # ...with several
    log: list[tuple[float, Address, Effect]] = field(default_factory=list)
    _sides: Mapping[Address, int] = field(default_factory=dict)
    _dead: set[Address] = field(default_factory=set)
    _heap: Heap = field(default_factory=list)
    _due: dict[Address, float] = field(default_factory=dict)  # the routers' deadlines
    _count: int = 0

    def do(self, router: Address, event: Event) -> None:
        """An event at a router, now."""
        if router in self._dead:
            return
        self.routers[router], effects = self.routers[router].handle(event, self.now)
        due = self.routers[router].deadline()
        self._due[router] = math.inf if due is None else due
        for effect in effects:
            self.log.append((self.now, router, effect))
            self._effect(router, effect)

    def start(self) -> None:
        """Enable all, one after the other."""
        for router in self.routers:
            self.do(router, Enabled())

    def split(self, *sides: Iterable[Address]) -> None:
        """Only who is on one side hears each other; no sides: all do. Frames under way across get lost."""
        self._sides = {router: number for number, side in enumerate(sides) for router in side}

    def crash(self, router: Address) -> None:
        """Power off: nothing is said."""
        self._dead.add(router)
        self._due[router] = math.inf
        self.active.discard(router)
        self.owners = {owned for owned in self.owners if owned[1] != router}
        self.routers[router] = fresh(self.routers[router])

    def boot(self, router: Address) -> None:
        """Power on."""
        self._dead.discard(router)
        self.do(router, Enabled())

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until, steps = self.now + seconds, 0
        while (at := self._next()) <= until:
            steps += 1
            if steps > MAX_STEPS:
                raise AssertionError(f"no end at {self.now}: {self.log[-20:]}")
            self._pass(max(self.now, at))
            self._one()
        self._pass(until)

    def alive(self) -> list[Address]:
        """Who is powered on."""
        return [router for router in self.routers if router not in self._dead]

    def stop(self, router: Address) -> None:
        """Take a router's interface down."""
        self.do(router, Disabled())

    def _pass(self, until: float) -> None:
        self.idle += until - self.now if not self.active else 0
        self.doubled += until - self.now if len(self.active) > 1 else 0
        self.now = until

    def _one(self) -> None:
        """What is next: a frame arrives, or a timer is out."""
        if self._heap and self._heap[0][0] <= self.now:
            _, _, sender, receiver, message = heapq.heappop(self._heap)
            if self._sides.get(sender) == self._sides.get(receiver):
                self.do(receiver, Heard(message, sender))
        else:
            self.do(min(self._due, key=lambda router: self._due[router]), Tick())

    def _next(self) -> float:
        return min([*self._due.values(), *(frame[0] for frame in self._heap[:1])], default=math.inf)

    def _effect(self, router: Address, effect: Effect) -> None:
        match effect:
            case Send(message):
                self._send(router, message)
            case BecomeActive():
                assert router not in self.active
                self.active.add(router)
            case LeaveActive():
                self.active.remove(router)
            case OwnForwarder(number):
                assert (number, router) not in self.owners
                self.owners.add((number, router))
            case ReleaseForwarder(number):
                self.owners.remove((number, router))

    def _send(self, sender: Address, message: Message) -> None:
        for receiver in self.routers:
            if receiver != sender and receiver not in self._dead and not self.loses(sender, receiver, message):
                self._count += 1
                heapq.heappush(self._heap, (self.now + self.delay, self._count, sender, receiver, message))
