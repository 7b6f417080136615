"""GLBP: one gateway (AVG) answers for the virtual address, with the MACs of up to four forwarders (AVFs).

The AVG is elected as HSRP's active router is; `forwarder.py` is the part of the AVFs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address

from planes.control.fhrp import forwarder as avf
from planes.control.fhrp.balance import Balance, Hand, choose
from planes.control.fhrp.election import Election, Opinion, Outcome, Said, Say, Terms, Timers
from planes.control.fhrp.forwarder import Forwarder, Holder, Input, Rules, State
from planes.control.fhrp.machine import (
    Costs,
    Disabled,
    Effect,
    Effects,
    Event,
    Heard,
    MemberLost,
    Peer,
    Rejected,
    Send,
    Shutdown,
    TakeOver,
    Tracked,
    View,
    earliest,
    tracked,
)
from planes.control.fhrp.messages import (
    Address,
    GlbpForwarder,
    GlbpHello,
    GlbpMessage,
    GlbpState,
    HsrpState,
    glbp_mac,
)

MAX_GROUP, MAX_PRIORITY, MAX_WEIGHT = 1023, 255, 254


@dataclass(frozen=True)
class Weighting:
    """How much a router forwards. Below `lower` others are to forward for it, until it reaches `upper` again."""

    weight: int = 100
    lower: int = 1
    upper: int = 100


@dataclass(frozen=True)
class Settings:
    """A router's configuration for one group; `mac` is its own MAC, times in seconds. ValueError names all flaws.

    `forwarder_preempt` is how long a better router waits before it takes a forwarder over, None for ever.
    """

    group: int
    terms: Terms
    mac: int
    weighting: Weighting = Weighting()
    forwarder_preempt: float | None = 30.0
    redirect: int = 600
    timeout: int = 14_400
    balance: Balance = Balance.ROUND_ROBIN

    def __post_init__(self) -> None:
        flaws = list(_flaws(self))
        if flaws:
            raise ValueError("; ".join(flaws))


def _flaws(settings: Settings) -> Iterable[str]:
    terms, weighting = settings.terms, settings.weighting
    if not 0 <= settings.group <= MAX_GROUP:
        yield f"group {settings.group}, allowed are 0 to {MAX_GROUP}"
    if not settings.mac:
        yield "no MAC of its own"
    if not 1 <= terms.priority <= MAX_PRIORITY:
        yield f"priority {terms.priority}, allowed are 1 to {MAX_PRIORITY}"
    if terms.virtual_ip and terms.virtual_ip.version != terms.address.version:
        yield f"virtual address {terms.virtual_ip} is not of the family of {terms.address}"
    if terms.timers and not 0 < terms.timers.hello < terms.timers.hold:
        yield f"hold time {terms.timers.hold} ms, it must be above the hello interval of {terms.timers.hello} ms"
    if not 1 <= weighting.lower <= weighting.upper <= weighting.weight <= MAX_WEIGHT:
        yield f"{weighting}, wanted is 1 <= lower <= upper <= weight <= {MAX_WEIGHT}"
    if not 0 < settings.redirect < settings.timeout:
        yield f"timeout {settings.timeout} s, it must be above the redirect of {settings.redirect} s"


@dataclass(frozen=True)
class Glbp:
    """A router in a GLBP group; `hand` is where its choice of forwarders stands."""

    settings: Settings
    election: Election
    forwarders: tuple[Forwarder, ...] = ()
    costs: Costs = ()
    eligible: bool = True
    hand: Hand = field(default_factory=Hand)

    @property
    def weight(self) -> int:
        """The configured weight less what is tracked and down."""
        return max(0, self.settings.weighting.weight - sum(cost for _, cost in self.costs))

    @property
    def rules(self) -> Rules:
        """How forwarders behave, by the timers in use."""
        settings = self.settings
        return Rules(
            settings.group, self.election.timers.hold / 1000, settings.forwarder_preempt, settings.redirect,
            settings.timeout,
        )  # fmt: skip

    def deadline(self) -> float | None:
        """When a timer is out."""
        return earliest((self.election.deadline(), *(one.deadline() for one in self.forwarders)))

    def resumed(self, now: float) -> Glbp:
        """The router of another time and clock, its timers started anew."""
        forwarders = tuple(one.resumed(self.rules, now) for one in self.forwarders)
        return replace(self, election=self.election.resumed(now), forwarders=forwarders)

    def view(self) -> View:
        """What people see of the gateway; `forwarders` are shown one by one."""
        election = self.election
        virtual_ips = (election.virtual_ip,) if election.virtual_ip else ()
        return View(
            election.state.name.lower(), election.priority, election.active_address, election.standby_address,
            virtual_ips, election.last,
        )  # fmt: skip

    def handle(self, event: Event, now: float) -> tuple[Glbp, Effects]:
        """The router after an event, and what there is to do."""
        router, effects = self._after(event, now)
        for number in [one.number for one in router.forwarders]:
            while (one := router._forwarder(number)) and (given := one.fired(now)):
                router, more = router._step(one, given, now)
                effects = (*effects, *more)
        return router._settled(effects, now)

    def answer(self, host: int, now: float) -> tuple[Glbp, int | None]:
        """The virtual MAC for a host (by its MAC) that asks for the virtual address; None unless this is the AVG."""
        weights = self._choices(now)
        if self.election.state is not HsrpState.ACTIVE or not weights:
            return self, None
        number, hand = choose(self.settings.balance, weights, host, self.hand)
        return replace(self, hand=hand), self._mac(number)

    def _mac(self, number: int) -> int:
        return glbp_mac(self.settings.group, number)

    def _choices(self, now: float) -> dict[int, int]:
        """The forwarders that hosts are sent to, by weight; those of too light a router only when there is no other."""
        heavy: dict[int, int] = {}
        light: dict[int, int] = {}
        for one in self.forwarders:
            holder = self._mine(one) if one.state is State.ACTIVE else one.active
            if holder and (one.redirect_until is None or now < one.redirect_until):
                (heavy if holder.priority & avf.ELIGIBLE else light)[one.number] = max(1, holder.weight)
        return heavy or light

    def _after(self, event: Event, now: float) -> tuple[Glbp, Effects]:
        match event:
            case Heard(message, source):
                if not isinstance(message, GlbpMessage) or message.group != self.settings.group:
                    return self, (Rejected("other-group"),)
                if source == self.settings.terms.address:
                    return self, (Rejected("own-address"),)
                return self._heard(message, source, now)
            case Tracked():
                return self._weighed(replace(self, costs=tracked(self.costs, event)))
            case TakeOver(number) if number:
                return self._told_to_take_over(number, now)
            case Disabled() | Shutdown():
                return self._disabled(event, now)
        router, effects = self._elected(self.election.handle(event, now))
        if isinstance(event, MemberLost):
            for one in self.forwarders:
                if one.active and one.active.address == event.peer:
                    router, more = router._step(one, Input.TIMER, now, f"{event.peer} is lost")
                    effects = (*effects, *more)
        return router, effects

    def _told_to_take_over(self, number: int, now: float) -> tuple[Glbp, Effects]:
        one = self._forwarder(number)
        if one is None:
            return self, (Rejected("no-such-forwarder"),)
        if one.active and one.active.worth > self._mine(one).worth:
            return self, (Rejected("take-over-of-a-better-forwarder"),)
        return self._step(one, Input.TAKE_OVER, now)

    def _weighed(self, changed: Glbp) -> tuple[Glbp, Effects]:
        """After a change of weight: between the thresholds a router stays what it was."""
        weighting, weight = self.settings.weighting, changed.weight
        eligible = weight >= weighting.upper or (self.eligible and weight >= weighting.lower)
        changed = replace(changed, eligible=eligible)
        said = (changed._hello(),) if weight != self.weight and changed._speaks else ()
        return changed, said

    def _disabled(self, event: Disabled | Shutdown, now: float) -> tuple[Glbp, Effects]:
        """Say goodbye as a listener that forwards nothing, then let go of everything."""
        goodbye = replace(self, forwarders=())._hello(GlbpState.LISTEN)
        router, effects = self._elected(self.election.handle(event, now))
        for one in self.forwarders:
            router, more = router._step(one, Input.DISABLED, now)
            effects = (*effects, *more)
        return router, (goodbye, *effects) if self._speaks else effects

    @property
    def _speaks(self) -> bool:
        return self.election.state not in (HsrpState.INITIAL, HsrpState.LEARN)

    def _heard(self, message: GlbpMessage, source: Address, now: float) -> tuple[Glbp, Effects]:
        hello = message.hello
        if hello is None:
            return self._given(message, source, now)
        gone = hello.state is GlbpState.LISTEN and source == self.election.active_address
        state = HsrpState[hello.state.name]
        opinion = Opinion(
            Say.RESIGN if gone else Say.HELLO, state, Peer(source, hello.priority), Timers(hello.hello, hello.hold),
            hello.virtual_ip,
        )  # fmt: skip
        router, effects = self._elected(self.election.hear(opinion, now))
        if not router._speaks:
            return router, effects
        for told in message.forwarders:
            if told.state is GlbpState.ACTIVE:
                router, more = router._told(told, Holder(source, message.owner, told.priority, told.weight), now)
                effects = (*effects, *more)
        router, more = router._untold(message, now)
        effects = (*effects, *more)
        if router.election.state is HsrpState.ACTIVE and any(one.number == 0 for one in message.forwarders):
            router, more = router._give(message.owner, now)
            effects = (*effects, *more)
        return router, effects

    def _told(self, told: GlbpForwarder, holder: Holder, now: float) -> tuple[Glbp, Effects]:
        """Another router forwards."""
        if not 1 <= told.number <= avf.MAX_FORWARDERS or told.virtual_mac != self._mac(told.number):
            return self, (Rejected("other-forwarder"),)
        one = self._forwarder(told.number) or Forwarder(told.number)
        given = one.compared(self._mine(one), holder)
        yields = one.state is not State.ACTIVE or given in (Input.HIGHER, Input.EQUAL_HIGHER)
        if told.priority & avf.PRIMARY and yields:
            one = replace(one, primary=holder.owner)
        return self._step(one, given, now, holder=holder)

    def _untold(self, message: GlbpMessage, now: float) -> tuple[Glbp, Effects]:
        """What another router forwarded and does not any more; priority 0 says that nobody is to."""
        forwards = {told.number for told in message.forwarders if told.state is GlbpState.ACTIVE}
        removed = {told.number for told in message.forwarders if told.priority == avf.REMOVED} - forwards
        router, effects = self, tuple[Effect, ...]()
        for one in self.forwarders:
            if one.active and one.active.owner == message.owner and one.number not in forwards:
                given = Input.REMOVED if one.number in removed else Input.RELEASED
                router, more = router._step(one, given, now)
                effects = (*effects, *more)
        return router, effects

    def _given(self, message: GlbpMessage, source: Address, now: float) -> tuple[Glbp, Effects]:
        """The AVG gives a forwarder to a router."""
        if not self._speaks or self.election.state is HsrpState.ACTIVE or source != self.election.active_address:
            return self, (Rejected("forwarder-not-from-the-active-gateway"),)
        router, effects = self, tuple[Effect, ...]()
        for told in message.forwarders:
            if not 1 <= told.number <= avf.MAX_FORWARDERS:
                return router, (*effects, Rejected("other-forwarder"))
            one = replace(router._forwarder(told.number) or Forwarder(told.number), primary=message.owner)
            given = Input.MINE if message.owner == self.settings.mac else Input.THEIRS
            router, more = router._step(one, given, now)
            effects = (*effects, *more)
        return router, effects

    def _give(self, owner: int, now: float) -> tuple[Glbp, Effects]:
        """As the AVG: the forwarder that a router has or had, or a free one."""
        numbers = {one.primary: one.number for one in self.forwarders}
        free = (number for number in range(1, avf.MAX_FORWARDERS + 1) if not self._forwarder(number))
        number = numbers[owner] if owner in numbers else next(free, None)
        if number is None:
            return self, ()
        one = replace(self._forwarder(number) or Forwarder(number), primary=owner)
        if owner == self.settings.mac:
            return self._step(one, Input.MINE, now)
        router, effects = self._step(one, Input.THEIRS, now)
        told = GlbpForwarder(number, GlbpState.LISTEN, avf.ELIGIBLE | avf.PRIMARY | avf.LEAST, 0, self._mac(number))
        return router, (*effects, Send(GlbpMessage(self.settings.group, owner, None, (told,)), self._source()))

    def _settled(self, effects: Effects, now: float) -> tuple[Glbp, Effects]:
        """Give the AVG itself a forwarder, forget those that are gone, watch who is missing."""
        router = self
        if router.election.state is HsrpState.ACTIVE and not router._has_own():
            router, more = router._give(router.settings.mac, now)
            effects = (*effects, *more)
        kept = [
            one.watched(self.settings.mac, self.rules, now)
            for one in router.forwarders
            if one.state is not State.INITIAL
        ]
        return replace(router, forwarders=tuple(kept)), effects

    def _has_own(self) -> bool:
        return any(one.primary == self.settings.mac for one in self.forwarders)

    def _forwarder(self, number: int) -> Forwarder | None:
        return next((one for one in self.forwarders if one.number == number), None)

    def _step(
        self, one: Forwarder, given: Input, now: float, reason: str = "", holder: Holder | None = None
    ) -> tuple[Glbp, Effects]:
        """A forwarder's input, and a hello from its MAC where the table says so, so that bridges learn where it is."""
        after, effects, speak = one.step(given, self.rules, now, reason, holder)
        others = [other for other in self.forwarders if other.number != one.number]
        forwarders = tuple(sorted((*others, after), key=lambda each: each.number))
        router = replace(self, forwarders=forwarders)
        if not speak:
            return router, effects
        gone = () if after.state is State.ACTIVE else (after.told(self.settings.group),)
        return router, (*effects, router._hello(source=router._mac(one.number), more=gone))

    def _mine(self, one: Forwarder) -> Holder:
        """This router, as the one that forwards."""
        primary = avf.PRIMARY if one.primary == self.settings.mac else 0
        priority = (avf.ELIGIBLE if self.eligible else 0) | primary | avf.LEAST
        return Holder(self.settings.terms.address, self.settings.mac, priority, self.weight)

    def _elected(self, outcome: Outcome) -> tuple[Glbp, Effects]:
        """Hellos in place of coups and resigns; nothing is announced, since that would draw all hosts to one MAC."""
        election, said = outcome
        router = replace(self, election=election)
        return router, tuple(
            router._hello(GlbpState[one.state.name]) if isinstance(one, Said) else one
            for one in said
            if not isinstance(one, Said) or one.say is Say.HELLO or _asserts(one)
        )

    def _hello(
        self, state: GlbpState | None = None, source: int | None = None, more: tuple[GlbpForwarder, ...] = ()
    ) -> Send:
        settings, election = self.settings, self.election
        unknown: Address = IPv6Address(0) if settings.terms.address.version == 6 else IPv4Address(0)
        hello = GlbpHello(
            state or GlbpState[election.state.name], election.priority, election.timers.hello, election.timers.hold,
            settings.redirect, settings.timeout, election.virtual_ip or unknown,
        )  # fmt: skip
        mine = [one.told(settings.group, self._mine(one)) for one in self.forwarders if one.state is State.ACTIVE]
        asks = election.active is not None and not self._has_own() and len(self.forwarders) < avf.MAX_FORWARDERS
        request = [GlbpForwarder(0, GlbpState.LISTEN, 0, self.weight, 0)] if asks else []
        message = GlbpMessage(settings.group, settings.mac, hello, (*mine, *more, *request))
        return Send(message, source if source is not None else self._source())

    def _source(self) -> int | None:
        """The MAC to speak from: those of our forwarders in turn, so that bridges know the way to each."""
        owned = [one.number for one in self.forwarders if one.state is State.ACTIVE]
        return self._mac(owned[self.election.sequence % len(owned)]) if owned else None


def _asserts(said: Said) -> bool:
    """Whether it stands for an active gateway's coup against a lower one that is active too."""
    return said.say is Say.COUP and said.state is HsrpState.ACTIVE


def router(settings: Settings) -> Glbp:
    """A router that is not enabled yet."""
    return Glbp(settings, Election(settings.terms, f"glbp/{settings.group}", chatty=True))
