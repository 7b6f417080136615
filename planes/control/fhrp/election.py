"""Who is active and who is standby: the machine of RFC 2281, which HSRP and GLBP's gateways share.

It says what to send as `Say`, and the protocols put it into their messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from planes.control.fhrp.machine import (
    BecomeActive,
    Costs,
    Disabled,
    Effect,
    Enabled,
    Event,
    LeaveActive,
    Log,
    MemberLost,
    Peer,
    PriorityChanged,
    Rejected,
    Row,
    Shutdown,
    TakeOver,
    Tracked,
    Transition,
    earliest,
    jittered,
    table,
    tracked,
)  # fmt: skip
from planes.control.fhrp.messages import Address, HsrpOpcode, HsrpState

DEFAULT_PRIORITY, DEFAULT_HELLO, DEFAULT_HOLD = 100, 3000, 10_000


class Input(Enum):
    """The events of RFC 2281, 5.5, each with the reason that is given for a transition; and ours below them."""

    ENABLED = "enabled"  # a, with a virtual IP address
    ENABLED_UNCONFIGURED = "enabled without an address"  # a, without
    DISABLED = "disabled"  # b
    ACTIVE_TIMER = "the active was not heard for its hold time"  # c
    STANDBY_TIMER = "the standby was not heard for its hold time"  # d
    HELLO_TIMER = "hello"  # e
    SPEAK_HIGHER = "a higher router speaks"  # f
    ACTIVE_HIGHER = "the active is higher"  # g
    ACTIVE_LOWER = "the active is lower"  # h
    ACTIVE_LOWER_PREEMPT = "preempts the lower active"  # h, where preemption is configured and its delay over
    RESIGN = "the active resigned"  # i
    COUP = "a higher router takes over"  # j
    STANDBY_HIGHER = "the standby is higher"  # k
    STANDBY_LOWER = "the standby is lower"  # l
    OTHER = "nothing that matters"  # a message that 5.5 has no event for
    PRIORITY = "another priority"
    TAKE_OVER = "told to take over"


class Action(Enum):
    """The actions of RFC 2281, 5.6."""

    START_ACTIVE = "A"
    START_STANDBY = "B"
    STOP_ACTIVE = "C"
    STOP_STANDBY = "D"
    LEARN = "E"
    HELLO = "F"
    COUP = "G"
    RESIGN = "H"
    ANNOUNCE = "I"


# RFC 2281, 5.7, and what its blanks leave open: README.md tells which cells are ours and why.
RFC_2281 = table(
    HsrpState,
    Action,
    {
        #                             Initial Learn  Listen  Speak   Standby Active
        Input.ENABLED:                "AB/3   !      !       !       !       !",
        Input.ENABLED_UNCONFIGURED:   "AB/2   !      !       !       !       !",
        Input.DISABLED:               "!      CD/1   CD/1    CD/1    CD/1    CDH/1",
        Input.ACTIVE_TIMER:           "!      -      AB/4    -       CDFI/6  -",
        Input.STANDBY_TIMER:          "!      -      B/4     D/5     !       D",
        Input.HELLO_TIMER:            "!      -      -       F       F       F",
        Input.SPEAK_HIGHER:           "!      -      -       B/3     B/3     -",
        Input.ACTIVE_HIGHER:          "!      EAB/3  EA      EA      EA      AB/4",
        Input.ACTIVE_LOWER:           "!      EAB/3  A       A       A       G",
        Input.ACTIVE_LOWER_PREEMPT:   "!      EAB/3  BGFI/6  BGFI/6  BGFI/6  G",
        Input.RESIGN:                 "!      -      AB/4    A       CFI/6   I",
        Input.COUP:                   "!      -      -       -       -       ABH/4",
        Input.STANDBY_HIGHER:         "!      -      B       B/3     B/3     B",
        Input.STANDBY_LOWER:          "!      -      B/4     D/5     -       B",
        Input.OTHER:                  "!      -      -       -       -       -",
        Input.PRIORITY:               "-      -      -       F       F       F",
        Input.TAKE_OVER:              "!      !      BGFI/6  BGFI/6  BGFI/6  !",
    },
)  # fmt: skip

# A gateway of GLBP says hello while it listens as well: that is how its forwarders are heard of.
GLBP = {**RFC_2281, (HsrpState.LISTEN, Input.HELLO_TIMER): Row[HsrpState, Action]((Action.HELLO,))}


@dataclass(frozen=True)
class Timers:
    """A hello interval and a hold time, in milliseconds."""

    hello: int = DEFAULT_HELLO
    hold: int = DEFAULT_HOLD


@dataclass(frozen=True)
class Terms:
    """What a router brings to an election. No `virtual_ip` or no `timers`: it learns them from the active.

    `preempt_delay` is in seconds from when it was enabled or last rose in priority.
    """

    address: Address
    virtual_ip: Address | None = None
    priority: int = DEFAULT_PRIORITY
    preempt: bool = False
    preempt_delay: float = 0.0
    timers: Timers | None = None


class Say(Enum):
    """What an election wants sent."""

    HELLO = HsrpOpcode.HELLO
    COUP = HsrpOpcode.COUP
    RESIGN = HsrpOpcode.RESIGN
    ANNOUNCE = None


@dataclass(frozen=True)
class Said:
    """Something to send, in the state in which it is said."""

    say: Say
    state: HsrpState


@dataclass(frozen=True)
class Opinion:
    """What another router says of itself, in whichever protocol; `timers` are those that it goes by."""

    say: Say
    state: HsrpState
    peer: Peer
    timers: Timers
    virtual_ip: Address


Spoken = tuple[Said | Effect, ...]
Outcome = tuple["Election", Spoken]

_MAY_PREEMPT = (HsrpState.LISTEN, HsrpState.SPEAK, HsrpState.STANDBY)
_TELLS = {Action.COUP: Say.COUP, Action.RESIGN: Say.RESIGN}  # what is said in the state that is left
_ASSERTS = {Action.HELLO: Say.HELLO, Action.ANNOUNCE: Say.ANNOUNCE}  # ...and in the state that is entered


@dataclass(frozen=True)
class Election:
    """A router's part in an election. Deadlines are None while their timer is stopped."""

    terms: Terms
    seed: str  # of the hellos' jitter
    chatty: bool = False  # goes by GLBP's table
    state: HsrpState = HsrpState.INITIAL
    virtual_ip: Address | None = None
    timers: Timers = Timers()
    active: Peer | None = None  # another router, never this one
    standby: Peer | None = None
    active_due: float | None = None
    standby_due: float | None = None
    hello_due: float | None = None
    preempt_from: float = 0.0
    costs: Costs = ()
    sequence: int = 0
    last: Transition | None = None

    @property
    def priority(self) -> int:
        """The configured priority less what is tracked and down."""
        return max(0, self.terms.priority - sum(cost for _, cost in self.costs))

    @property
    def rank(self) -> tuple[int, int]:
        """What decides between two routers."""
        return Peer(self.terms.address, self.priority).rank

    @property
    def active_address(self) -> Address | None:
        """Who is active, as far as this router knows."""
        if self.state is HsrpState.ACTIVE:
            return self.terms.address
        return self.active.address if self.active else None

    @property
    def standby_address(self) -> Address | None:
        """Who is standby, as far as this router knows."""
        if self.state is HsrpState.STANDBY:
            return self.terms.address
        return self.standby.address if self.standby else None

    def deadline(self) -> float | None:
        """When a timer is out that this state has a use for."""
        return earliest(due for due, _ in self._timers())

    def handle(self, event: Event, now: float) -> Outcome:
        """After any event but a message."""
        election, said = self._after(event, now)
        return _run(election, said, now)

    def hear(self, opinion: Opinion, now: float) -> Outcome:
        """After a message."""
        if opinion.peer.address == self.terms.address:
            return self, (Rejected("own-address"),)
        if opinion.say is Say.HELLO and not 0 < opinion.timers.hello < opinion.timers.hold:
            return self, (Rejected("hold-not-above-hello"),)
        given = self._heard(opinion, now)
        election, said = self.step(given, now, f"{given.value}, {opinion.peer.address}", opinion)
        if self.virtual_ip and int(opinion.virtual_ip) and opinion.virtual_ip != self.virtual_ip:
            said = (*said, Log(f"{opinion.peer.address} has virtual address {opinion.virtual_ip}"))
        return _run(election, said, now)

    def resumed(self, now: float) -> Election:
        """With every timer that runs started anew, and a hello at once."""
        hold = now + self.timers.hold / 1000
        return replace(
            self,
            active_due=hold if self.active_due is not None else None,
            standby_due=hold if self.standby_due is not None else None,
            hello_due=now if self.hello_due is not None else None,
            preempt_from=now + self.terms.preempt_delay,
        )

    def step(self, given: Input, now: float, reason: str, opinion: Opinion | None = None) -> Outcome:
        """What the table says to an input."""
        row = (GLBP if self.chatty else RFC_2281)[self.state, given]
        if isinstance(row, Rejected):
            return self, (row,)
        election, said = self, [Said(_TELLS[action], self.state) for action in row.actions if action in _TELLS]
        for action in row.actions:
            election = _DOES[action](election, opinion, now) if action in _DOES else election
        moved: list[Effect] = []
        if row.to is not None:
            election, moved = election._moved(row.to, reason, now)
        asserted = [Said(_ASSERTS[action], election.state) for action in row.actions if action in _ASSERTS]
        return election, (*said, *moved, *asserted)

    def _moved(self, to: HsrpState, reason: str, now: float) -> tuple[Election, list[Effect]]:
        if to is self.state:
            return self, []
        transition = Transition(self.state.name.lower(), to.name.lower(), reason, now)
        moved = replace(self, state=to, last=transition)
        if to is HsrpState.INITIAL:
            moved = replace(moved, virtual_ip=self.terms.virtual_ip, timers=self._own_timers(), hello_due=None)
        if to is HsrpState.ACTIVE:
            return replace(moved, active=None), [transition, BecomeActive()]
        return moved, [transition, LeaveActive()] if self.state is HsrpState.ACTIVE else [transition]

    def _after(self, event: Event, now: float) -> Outcome:
        match event:
            case Enabled():
                return self._enabled(now)
            case Disabled() | Shutdown():
                return self.step(Input.DISABLED, now, "shutdown" if isinstance(event, Shutdown) else "interface down")
            case MemberLost(peer):
                return self._lost(peer, now)
            case TakeOver():
                if self.active and self.active.rank > self.rank:
                    return self, (Rejected("take-over-of-a-higher-active"),)
                return self.step(Input.TAKE_OVER, now, Input.TAKE_OVER.value)
            case Tracked():
                return self._ranked(replace(self, costs=tracked(self.costs, event)), now)
            case PriorityChanged(priority):
                return self._ranked(replace(self, terms=replace(self.terms, priority=priority)), now)
        return self, ()

    def _own_timers(self) -> Timers:
        return self.terms.timers or Timers()

    def _enabled(self, now: float) -> Outcome:
        given = Input.ENABLED if self.terms.virtual_ip else Input.ENABLED_UNCONFIGURED
        if self.state is not HsrpState.INITIAL:
            return self.step(given, now, given.value)
        ready = replace(
            self, virtual_ip=self.terms.virtual_ip, timers=self._own_timers(), hello_due=now, active=None, standby=None,
            preempt_from=now + self.terms.preempt_delay,
        )  # fmt: skip
        return ready.step(given, now, given.value)

    def _lost(self, peer: Address, now: float) -> Outcome:
        """Its timers are out; an active timer that this state has no use for yet stays so."""
        reason = f"{peer} is lost"
        if self.active and self.active.address == peer:
            return replace(self, active_due=now, active=None).step(Input.ACTIVE_TIMER, now, reason)
        if self.standby and self.standby.address == peer:
            return replace(self, standby_due=now, standby=None).step(Input.STANDBY_TIMER, now, reason)
        return self, ()

    def _ranked(self, changed: Election, now: float) -> Outcome:
        """After what may have changed the priority: say so at once, and wait before preempting with a higher one."""
        if changed.priority == self.priority:
            return changed, ()
        if changed.priority > self.priority:
            changed = replace(changed, preempt_from=now + self.terms.preempt_delay)
        return changed.step(Input.PRIORITY, now, Input.PRIORITY.value)

    def _heard(self, opinion: Opinion, now: float) -> Input:
        """Which event of RFC 2281, 5.5 a message is."""
        higher = opinion.peer.rank > self.rank
        if opinion.say is Say.RESIGN:
            known = self.active is None or self.active.address == opinion.peer.address
            return Input.RESIGN if known else Input.OTHER
        if opinion.say is Say.COUP:
            return Input.COUP if higher else Input.OTHER
        if opinion.state is HsrpState.ACTIVE:
            preempts = self.terms.preempt and now >= self.preempt_from
            return Input.ACTIVE_HIGHER if higher else Input.ACTIVE_LOWER_PREEMPT if preempts else Input.ACTIVE_LOWER
        if opinion.state is HsrpState.STANDBY:
            return Input.STANDBY_HIGHER if higher else Input.STANDBY_LOWER
        return Input.SPEAK_HIGHER if higher and opinion.state is HsrpState.SPEAK else Input.OTHER

    def _timers(self) -> list[tuple[float, Input]]:
        """The timers that run and that this state has a use for, in the order in which they go when several are out."""
        lower = self.active is not None and self.active.rank < self.rank
        preempts = self.terms.preempt and lower and self.state in _MAY_PREEMPT
        timers = (
            (self.active_due, Input.ACTIVE_TIMER),
            (self.standby_due, Input.STANDBY_TIMER),
            (self.preempt_from if preempts else None, Input.ACTIVE_LOWER_PREEMPT),
            (self.hello_due, Input.HELLO_TIMER),
        )
        rows = GLBP if self.chatty else RFC_2281
        return [(due, given) for due, given in timers if due is not None and rows[self.state, given]]


def _run(election: Election, said: Spoken, now: float) -> Outcome:
    """Fire what is due, until nothing is."""
    while due := [given for at, given in election._timers() if at <= now]:
        election, more = election.step(due[0], now, due[0].value)
        said = (*said, *more)
    return election, said


def _start_active(election: Election, opinion: Opinion | None, now: float) -> Election:
    """A: for the hold time of the active's hello, else for our own."""
    if opinion is None or opinion.say is Say.RESIGN:
        return replace(election, active=None, active_due=now + election.timers.hold / 1000)
    timers = opinion.timers if opinion.say is Say.HELLO else election.timers
    standby = election.standby
    if standby and standby.address == opinion.peer.address:
        standby = None
    return replace(election, active=opinion.peer, active_due=now + timers.hold / 1000, standby=standby)


def _start_standby(election: Election, opinion: Opinion | None, now: float) -> Election:
    """B: for the hold time of the standby's hello, else for our own."""
    if opinion and opinion.say is Say.HELLO and opinion.state is HsrpState.STANDBY:
        return replace(election, standby=opinion.peer, standby_due=now + opinion.timers.hold / 1000)
    return replace(election, standby_due=now + election.timers.hold / 1000)


def _learn(election: Election, opinion: Opinion | None, now: float) -> Election:
    """E: what isn't configured."""
    if opinion is None:
        return election
    virtual_ip = election.virtual_ip or (opinion.virtual_ip if int(opinion.virtual_ip) else None)
    timers = election.terms.timers or opinion.timers
    soon = now + timers.hello / 1000
    hello_due = min(soon, election.hello_due) if election.hello_due is not None else None
    return replace(election, virtual_ip=virtual_ip, timers=timers, hello_due=hello_due)


def _hello(election: Election, opinion: Opinion | None, now: float) -> Election:
    """F, but for the message: the next hello's time."""
    interval = jittered(election.timers.hello / 1000, f"{election.seed}/{election.terms.address}", election.sequence)
    return replace(election, hello_due=now + interval, sequence=election.sequence + 1)


_DOES: Mapping[Action, Callable[[Election, Opinion | None, float], Election]] = {
    Action.START_ACTIVE: _start_active,
    Action.START_STANDBY: _start_standby,
    Action.STOP_ACTIVE: lambda election, opinion, now: replace(election, active=None, active_due=None),
    Action.STOP_STANDBY: lambda election, opinion, now: replace(election, standby=None, standby_due=None),
    Action.LEARN: _learn,
    Action.HELLO: _hello,
}
