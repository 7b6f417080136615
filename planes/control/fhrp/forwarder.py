"""One virtual forwarder of a GLBP group, as one router sees it: who routes for its MAC, and when that is us.

GLBP is not published. What the AVFs do is Cisco's configuration guide put into a table; README.md says what is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from planes.control.fhrp.machine import (
    Effect,
    Effects,
    OwnForwarder,
    Rejected,
    ReleaseForwarder,
    Transition,
    earliest,
    table,
)
from planes.control.fhrp.messages import Address, GlbpForwarder, GlbpState, glbp_mac

MAX_FORWARDERS = 4
# A forwarder's priority: who was given it comes first, but anyone comes before a router that lost too much weight.
ELIGIBLE, PRIMARY, LEAST, REMOVED = 0x80, 0x20, 0x07, 0


class State(Enum):
    """States of a forwarder in a router."""

    INITIAL = 1
    LISTEN = 2
    ACTIVE = 3


class Input(Enum):
    """What happens to a forwarder, each with the reason that is given for a transition."""

    MINE = "given to this router"
    THEIRS = "given to another router"
    HIGHER = "a better router forwards"
    EQUAL_HIGHER = "as good a router forwards, of a higher address"
    EQUAL_LOWER = "as good a router forwards, of a lower address"
    LOWER = "a worse router forwards"
    RELEASED = "who forwarded gave it up"
    TIMER = "who forwards was not heard for its hold time"
    PREEMPT_TIMER = "preempts a worse router"
    TAKE_OVER = "told to take over"
    REMOVED = "whom it was given to did not come back"
    DISABLED = "disabled"


class Action(Enum):
    """What is done about it."""

    START = "B"  # the timer of who forwards
    STOP = "C"
    START_PREEMPT = "P"  # unless it runs
    STOP_PREEMPT = "Q"
    HELLO = "F"


TRANSITIONS = table(
    State,
    Action,
    {
        #                    Initial Listen Active
        Input.MINE:          "F/3    -      -",
        Input.THEIRS:        "B/2    -      -",
        Input.HIGHER:        "B/2    BQ     B/2",
        Input.EQUAL_HIGHER:  "B/2    BQ     B/2",
        Input.EQUAL_LOWER:   "B/2    BQ     F",
        Input.LOWER:         "B/2    BP     F",
        Input.RELEASED:      "!      CQF/3  -",
        Input.TIMER:         "!      CQF/3  !",
        Input.PREEMPT_TIMER: "!      CQF/3  !",
        Input.TAKE_OVER:     "!      CQF/3  !",
        Input.REMOVED:       "!      CQ/1   CQF/1",
        Input.DISABLED:      "!      CQ/1   CQ/1",
    },
)  # fmt: skip


@dataclass(frozen=True)
class Holder:
    """Another router that forwards, as it was last heard; `owner` is its own MAC."""

    address: Address
    owner: int
    priority: int
    weight: int

    @property
    def worth(self) -> tuple[int, int]:
        """What preemption goes by; two that forward both compare addresses after it."""
        return self.priority, self.weight


@dataclass(frozen=True)
class Rules:
    """How a group's forwarders behave: times in seconds, `preempt` None where it is off."""

    group: int
    hold: float
    preempt: float | None
    redirect: float
    timeout: float


@dataclass(frozen=True)
class Forwarder:
    """One forwarder. `primary` is the own MAC of the router that it was given to, 0 while unknown.

    While another than the primary forwards, hosts are sent here until `redirect_until`, and it exists to `timeout_at`.
    """

    number: int
    primary: int = 0
    state: State = State.INITIAL
    active: Holder | None = None
    due: float | None = None
    preempt_due: float | None = None
    redirect_until: float | None = None
    timeout_at: float | None = None
    last: Transition | None = None

    def deadline(self) -> float | None:
        """When a timer is out."""
        return earliest((self.due, self.preempt_due, self.timeout_at))

    def fired(self, now: float) -> Input | None:
        """The timer that is out."""
        timers = (
            (self.timeout_at, Input.REMOVED), (self.due, Input.TIMER), (self.preempt_due, Input.PREEMPT_TIMER),
        )  # fmt: skip
        return next((given for at, given in timers if at is not None and at <= now), None)

    def step(
        self, given: Input, rules: Rules, now: float, reason: str = "", holder: Holder | None = None
    ) -> tuple[Forwarder, Effects, bool]:
        """After an input: the forwarder, its effects, and whether to say hello for it."""
        row = TRANSITIONS[self.state, given]
        if isinstance(row, Rejected):
            return self, (row,), False
        forwarder = replace(self, active=holder) if holder and Action.START in row.actions else self
        for action in row.actions:
            forwarder = _DOES[action](forwarder, rules, now) if action in _DOES else forwarder
        moved: Effects = ()
        if row.to is not None:
            forwarder, moved = forwarder._moved(row.to, reason or given.value, rules, now)
        return forwarder, moved, Action.HELLO in row.actions

    def compared(self, mine: Holder, other: Holder) -> Input:
        """Which input it is that another router forwards."""
        if other.worth != mine.worth:
            return Input.HIGHER if other.worth > mine.worth else Input.LOWER
        return Input.EQUAL_HIGHER if int(other.address) > int(mine.address) else Input.EQUAL_LOWER

    def watched(self, own_mac: int, rules: Rules, now: float) -> Forwarder:
        """With the redirect and the timeout running while another than the primary forwards."""
        holder = own_mac if self.state is State.ACTIVE else self.active.owner if self.active else self.primary
        if holder == self.primary:
            return replace(self, redirect_until=None, timeout_at=None)
        if self.timeout_at is not None:
            return self
        return replace(self, redirect_until=now + rules.redirect, timeout_at=now + rules.timeout)

    def resumed(self, rules: Rules, now: float) -> Forwarder:
        """With every timer that runs started anew."""
        replaced = self.timeout_at is not None
        return replace(
            self,
            due=now + rules.hold if self.due is not None else None,
            preempt_due=None,
            redirect_until=now + rules.redirect if replaced else None,
            timeout_at=now + rules.timeout if replaced else None,
        )

    def told(self, group: int, mine: Holder | None = None) -> GlbpForwarder:
        """What a hello says of it: that this router forwards, or, with no holder, that it is no more."""
        mac = glbp_mac(group, self.number)
        if mine is None:
            return GlbpForwarder(self.number, GlbpState.LISTEN, REMOVED, 0, mac)
        return GlbpForwarder(self.number, GlbpState.ACTIVE, mine.priority, mine.weight, mac)

    def _moved(self, to: State, reason: str, rules: Rules, now: float) -> tuple[Forwarder, Effects]:
        mac = glbp_mac(rules.group, self.number)
        name = f"forwarder {self.number} "
        transition = Transition(name + self.state.name.lower(), name + to.name.lower(), reason, now)
        duty: tuple[Effect, ...] = ()
        if to is State.ACTIVE:
            duty = (OwnForwarder(self.number, mac),)
        elif self.state is State.ACTIVE:
            duty = (ReleaseForwarder(self.number, mac),)
        moved = replace(self, state=to, last=transition, active=self.active if to is State.LISTEN else None)
        if to is State.INITIAL:
            moved = replace(moved, redirect_until=None, timeout_at=None)
        return moved, (transition, *duty)


_DOES: Mapping[Action, Callable[[Forwarder, Rules, float], Forwarder]] = {
    Action.START: lambda forwarder, rules, now: replace(forwarder, due=now + rules.hold),
    Action.STOP: lambda forwarder, rules, now: replace(forwarder, due=None),
    Action.START_PREEMPT: lambda forwarder, rules, now: (
        forwarder
        if rules.preempt is None or forwarder.preempt_due is not None
        else replace(forwarder, preempt_due=now + rules.preempt)
    ),
    Action.STOP_PREEMPT: lambda forwarder, rules, now: replace(forwarder, preempt_due=None),
}
