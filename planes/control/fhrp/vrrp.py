"""VRRP version 2 (RFC 3768) and version 3 (RFC 9568)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from planes.control.fhrp.machine import (
    BecomeActive,
    Costs,
    Disabled,
    Effect,
    Effects,
    Enabled,
    Event,
    GratuitousAnnounce,
    Heard,
    LeaveActive,
    Log,
    MemberLost,
    Peer,
    PriorityChanged,
    Rejected,
    Send,
    Shutdown,
    TakeOver,
    Tracked,
    Transition,
    View,
    earliest,
    table,
    tracked,
)
from planes.control.fhrp.messages import VRRP_OWNER, VRRP_RELEASE, Address, VrrpMessage, vrrp_mac

MAX_INTERVAL = {2: 25_500, 3: 4095}  # centiseconds
_V2_UNIT = 100  # centiseconds in v2's second


class State(Enum):
    """RFC 9568, 6.3, numbered as VRRPV3-MIB does."""

    INITIALIZE = 1
    BACKUP = 2
    ACTIVE = 3


class Input(Enum):
    """What RFC 9568, 6.4 reacts to, with the reason that is given for a transition; and ours below."""

    STARTUP_OWNER = "started as the owner of the address"
    STARTUP = "started"
    SHUTDOWN = "shut down"
    DOWN_TIMER = "the active was not heard for Active_Down_Interval"
    ADVER_TIMER = "advertisement"
    RELEASE = "the active released"
    HIGHER = "higher priority"
    EQUAL_HIGHER = "equal priority, higher address"
    EQUAL_LOWER = "equal priority, lower address"
    LOWER = "lower priority"
    LOWER_KEPT = "lower priority, not preempted"
    PRIORITY = "another priority"
    TAKE_OVER = "told to take over"


class Action(Enum):
    """The actions of RFC 9568, 6.4."""

    ADVERTISE = "A"  # and set Adver_Timer
    ANNOUNCE = "N"  # gratuitous ARP request, or unsolicited neighbor advertisement
    OWN_INTERVAL = "O"  # Active_Adver_Interval := Advertisement_Interval
    TAKE_INTERVAL = "T"  # Active_Adver_Interval := the advertisement's
    START_DOWN = "D"  # Active_Down_Timer := Active_Down_Interval
    START_SKEW = "S"  # Active_Down_Timer := Skew_Time
    STOP = "C"  # cancel the timer that runs
    RELEASE = "R"  # advertise priority 0


_RFC_9568 = {
    #                    Initialize Backup  Active
    Input.STARTUP_OWNER: "AN/3      !       !",
    Input.STARTUP:       "OD/2      !       !",
    Input.SHUTDOWN:      "!         C/1     CR/1",
    Input.DOWN_TIMER:    "!         CAN/3   !",
    Input.ADVER_TIMER:   "!         !       A",
    Input.RELEASE:       "!         S       AN",
    Input.HIGHER:        "!         TD      CTD/2",
    Input.EQUAL_HIGHER:  "!         TD      CTD/2",
    Input.EQUAL_LOWER:   "!         TD      AN",
    Input.LOWER:         "!         -       AN",
    Input.LOWER_KEPT:    "!         TD      AN",
    Input.PRIORITY:      "-         -       A",
    Input.TAKE_OVER:     "!         CAN/3   !",
}  # fmt: skip
# RFC 3768 discards a lower advertisement in silence; the announcement is ours (README.md).
_RFC_3768 = {
    **_RFC_9568,
    Input.EQUAL_LOWER:   "!         TD      N",
    Input.LOWER:         "!         -       N",
    Input.LOWER_KEPT:    "!         TD      N",
}  # fmt: skip
TRANSITIONS = {2: table(State, Action, _RFC_3768), 3: table(State, Action, _RFC_9568)}


@dataclass(frozen=True)
class Settings:
    """A router's configuration for one virtual router; `interval` in centiseconds. ValueError names all flaws.

    `accept` is for who forwards: whether the active takes what is addressed to the virtual addresses (RFC 9568, 6.1).
    """

    version: int
    vrid: int
    address: Address
    addresses: tuple[Address, ...]
    priority: int = 100
    interval: int = 100
    preempt: bool = True
    preempt_delay: float = 0.0
    accept: bool = False

    def __post_init__(self) -> None:
        flaws = list(_flaws(self))
        if flaws:
            raise ValueError("; ".join(flaws))

    @property
    def virtual_mac(self) -> int:
        """The virtual router's MAC."""
        return vrrp_mac(self.vrid, self.address.version == 6)


def _flaws(settings: Settings) -> Iterable[str]:
    if settings.version not in MAX_INTERVAL:
        yield f"VRRP version {settings.version}, allowed are 2 and 3"
        return
    if not 1 <= settings.vrid <= 255:
        yield f"VRID {settings.vrid}, allowed are 1 to 255"
    if not 1 <= settings.priority <= VRRP_OWNER:
        yield f"priority {settings.priority}, allowed are 1 to {VRRP_OWNER}"
    if settings.version == 2 and settings.address.version == 6:
        yield f"address {settings.address}, version 2 knows IPv4 only"
    if not settings.addresses or any(one.version != settings.address.version for one in settings.addresses):
        yield f"virtual addresses {settings.addresses}, wanted is one or more of the family of {settings.address}"
    longest = MAX_INTERVAL[settings.version]
    if not 1 <= settings.interval <= longest:
        yield f"interval {settings.interval} cs, version {settings.version} allows 1 to {longest}"
    if settings.version == 2 and settings.interval % _V2_UNIT:
        yield f"interval {settings.interval} cs, version 2 allows whole seconds"


Outcome = tuple["Vrrp", Effects]


@dataclass(frozen=True)
class Vrrp:
    """A VRRP router in one virtual router. Deadlines are None while their timer is stopped."""

    settings: Settings
    state: State = State.INITIALIZE
    active: Peer | None = None  # another router, never this one
    interval: int = 100  # Active_Adver_Interval
    down_due: float | None = None
    adver_due: float | None = None
    preempt_from: float = 0.0
    costs: Costs = ()
    last: Transition | None = None

    @property
    def priority(self) -> int:
        """The configured priority less what is tracked and down, 1 at least; an owner's is fixed."""
        if self.settings.priority == VRRP_OWNER:
            return VRRP_OWNER
        return max(1, self.settings.priority - sum(cost for _, cost in self.costs))

    @property
    def skew(self) -> float:
        """Skew_Time in seconds; in version 2 it does not depend on the interval."""
        interval = self.interval if self.settings.version == 3 else _V2_UNIT
        return (256 - self.priority) * interval / 100 / 256

    @property
    def down_interval(self) -> float:
        """Active_Down_Interval in seconds."""
        return 3 * self.interval / 100 + self.skew

    def deadline(self) -> float | None:
        """When a timer is out."""
        return earliest((self.down_due, self.adver_due))

    def resumed(self, now: float) -> Vrrp:
        """The router of another time and clock: a backup waits anew, an active advertises at once."""
        return replace(
            self,
            down_due=now + self.down_interval if self.down_due is not None else None,
            adver_due=now if self.adver_due is not None else None,
            preempt_from=now + self.settings.preempt_delay,
        )

    def view(self) -> View:
        """What people see. Backups don't speak, so nobody knows of a standby."""
        peer = self.active.address if self.active else None
        active = self.settings.address if self.state is State.ACTIVE else peer
        return View(self.state.name.lower(), self.priority, active, None, self.settings.addresses, self.last)

    def handle(self, event: Event, now: float) -> Outcome:
        """The router after an event, and what there is to do."""
        router, effects = self._after(event, now)
        while (due := router.deadline()) is not None and due <= now:
            given = Input.DOWN_TIMER if router.down_due is not None else Input.ADVER_TIMER
            router, more = router._step(given, now, given.value)
            effects = (*effects, *more)
        return router, effects

    def _after(self, event: Event, now: float) -> Outcome:
        match event:
            case Enabled():
                owner = self.settings.priority == VRRP_OWNER
                given = Input.STARTUP_OWNER if owner else Input.STARTUP
                ready = self if self.state is not State.INITIALIZE else self._ready(now)
                return ready._step(given, now, given.value)
            case Disabled() | Shutdown():
                reason = Input.SHUTDOWN.value if isinstance(event, Shutdown) else "interface down"
                return self._step(Input.SHUTDOWN, now, reason)
            case Heard(message, source):
                return (
                    self._heard(message, source, now) if isinstance(message, VrrpMessage) else self._other("protocol")
                )
            case MemberLost(peer):
                known = self.state is State.BACKUP and self.active is not None and self.active.address == peer
                return self._step(Input.DOWN_TIMER, now, f"{peer} is lost") if known else (self, ())
            case TakeOver():
                higher = self.active is not None and self.active.rank > Peer(self.settings.address, self.priority).rank
                if higher:
                    return self, (Rejected("take-over-of-a-higher-active"),)
                return self._step(Input.TAKE_OVER, now, Input.TAKE_OVER.value)
            case Tracked():
                return self._ranked(replace(self, costs=tracked(self.costs, event)), now)
            case PriorityChanged(priority):
                return self._ranked(replace(self, settings=replace(self.settings, priority=priority)), now)
        return self, ()

    def _ready(self, now: float) -> Vrrp:
        return replace(self, interval=self.settings.interval, preempt_from=now + self.settings.preempt_delay)

    def _other(self, what: str) -> Outcome:
        return self, (Rejected(f"other-{what}"),)

    def _ranked(self, changed: Vrrp, now: float) -> Outcome:
        if changed.priority == self.priority:
            return changed, ()
        if changed.priority > self.priority:
            changed = replace(changed, preempt_from=now + self.settings.preempt_delay)
        return changed._step(Input.PRIORITY, now, Input.PRIORITY.value)

    def _heard(self, message: VrrpMessage, source: Address, now: float) -> Outcome:
        settings = self.settings
        if message.version != settings.version:
            return self._other("version")
        if message.vrid != settings.vrid or source.version != settings.address.version:
            return self._other("virtual-router")
        if source == settings.address:
            return self, (Rejected("own-address"),)
        if settings.priority == VRRP_OWNER:  # RFC 3768 and 9568, 7.1
            doubt = (Log(f"{source} claims to own our address"),) if message.priority == VRRP_OWNER else ()
            return self, (Rejected("we-own-the-address"), *doubt)
        differs = set(message.addresses) != set(settings.addresses)
        told = Log(f"{source} has addresses {', '.join(map(str, message.addresses))}")
        if settings.version == 2 and message.interval != settings.interval:  # RFC 3768, 7.1
            return self, (Rejected("other-interval"), Log(f"{source} advertises every {message.interval} cs"))
        if settings.version == 2 and differs and message.priority != VRRP_OWNER:
            return self, (Rejected("other-addresses"), told)
        given = self._input(message, Peer(source, message.priority), now)
        router, effects = self._step(given, now, f"{given.value}, {source}", message, source)
        return router, (*effects, told) if differs else effects

    def _input(self, message: VrrpMessage, peer: Peer, now: float) -> Input:
        if message.priority == VRRP_RELEASE:
            return Input.RELEASE
        if message.priority > self.priority:
            return Input.HIGHER
        if message.priority == self.priority:
            return Input.EQUAL_HIGHER if int(peer.address) > int(self.settings.address) else Input.EQUAL_LOWER
        return Input.LOWER if self.settings.preempt and now >= self.preempt_from else Input.LOWER_KEPT

    def _step(
        self, given: Input, now: float, reason: str, message: VrrpMessage | None = None, source: Address | None = None
    ) -> Outcome:
        """What the table says to an input."""
        row = TRANSITIONS[self.settings.version][self.state, given]
        if isinstance(row, Rejected):
            return self, (row,)
        router = self
        if message and source and message.priority and (row.to or self.state is State.BACKUP):
            router = replace(router, active=Peer(source, message.priority))
        for action in row.actions:
            router = _DOES[action](router, message, now) if action in _DOES else router
        said = [router._message(VRRP_RELEASE)] if Action.RELEASE in row.actions else []
        moved: list[Effect] = []
        if row.to is not None:
            router, moved = router._moved(row.to, reason, now)
        asserted: list[Effect] = [router._message(router.priority)] if Action.ADVERTISE in row.actions else []
        if Action.ANNOUNCE in row.actions:
            asserted += [GratuitousAnnounce(self.settings.virtual_mac, one) for one in self.settings.addresses]
        return router, (*said, *moved, *asserted)

    def _moved(self, to: State, reason: str, now: float) -> tuple[Vrrp, list[Effect]]:
        transition = Transition(self.state.name.lower(), to.name.lower(), reason, now)
        router = replace(self, state=to, last=transition, active=self.active if to is State.BACKUP else None)
        if to is State.ACTIVE:
            return router, [transition, BecomeActive()]
        return router, [transition, LeaveActive()] if self.state is State.ACTIVE else [transition]

    def _message(self, priority: int) -> Send:
        """An advertisement, from the virtual MAC (RFC 9568, 7.2)."""
        settings = self.settings
        message = VrrpMessage(settings.version, settings.vrid, priority, settings.interval, settings.addresses)
        return Send(message, settings.virtual_mac)


_DOES: Mapping[Action, Callable[[Vrrp, VrrpMessage | None, float], Vrrp]] = {
    Action.ADVERTISE: lambda router, message, now: replace(router, adver_due=now + router.settings.interval / 100),
    Action.OWN_INTERVAL: lambda router, message, now: replace(router, interval=router.settings.interval),
    Action.TAKE_INTERVAL: lambda router, message, now: (
        replace(router, interval=message.interval) if message else router
    ),
    Action.START_DOWN: lambda router, message, now: replace(router, down_due=now + router.down_interval),
    Action.START_SKEW: lambda router, message, now: replace(router, down_due=now + router.skew),
    Action.STOP: lambda router, message, now: replace(router, down_due=None, adver_due=None),
}


def router(settings: Settings) -> Vrrp:
    """A router that is not started yet."""
    return Vrrp(settings, interval=settings.interval)
