"""Whatever routers lose, whoever crashes and wherever the segment parts: once it is quiet, one is active."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

from hypothesis import given, settings
from hypothesis import strategies as st
from segment import Router, Segment, address

from planes.control.fhrp import glbp, hsrp, vrrp
from planes.control.fhrp.election import Terms, Timers
from planes.control.fhrp.glbp import Glbp
from planes.control.fhrp.hsrp import Hsrp
from planes.control.fhrp.machine import MemberLost, PriorityChanged, TakeOver, Tracked, Transition
from planes.control.fhrp.messages import Address, HsrpState, Message
from planes.control.fhrp.vrrp import Vrrp

VIRTUAL = IPv4Address("10.77.0.254")
FAST, SLOW = Timers(1500, 5000), Timers(3000, 10_000)
CALM = 150.0  # seconds: more than ten hold times, and the forwarders' thirty seconds of preemption
COVERED = 2  # hellos in a row that a hold time of three and a third hellos, or a down interval, outlasts


@dataclass(frozen=True)
class Kind:
    """A protocol, and how a router of it is made of an address's number, a priority and whether it preempts."""

    name: str
    make: Callable[[int, int, bool], Router]

    def __repr__(self) -> str:
        return self.name


def _hsrp(version: int, timers: Timers) -> Callable[[int, int, bool], Router]:
    return lambda n, priority, preempt: hsrp.router(
        hsrp.Settings(version, 10, Terms(address(n), VIRTUAL, priority, preempt, timers=timers))
    )


def _vrrp(version: int) -> Callable[[int, int, bool], Router]:
    return lambda n, priority, preempt: vrrp.router(
        vrrp.Settings(version, 10, address(n), (VIRTUAL,), priority, preempt=preempt)
    )


def _glbp(n: int, priority: int, preempt: bool) -> Router:
    terms = Terms(address(n), VIRTUAL, priority, preempt, timers=SLOW)
    return glbp.router(glbp.Settings(10, terms, mac=0x0200_0000_0000 | n))


HSRP = (Kind("HSRPv1", _hsrp(1, SLOW)), Kind("HSRPv2", _hsrp(2, FAST)))
VRRP = (Kind("VRRPv2", _vrrp(2)), Kind("VRRPv3", _vrrp(3)))
GLBP = Kind("GLBP", _glbp)
KINDS = (*HSRP, *VRRP, GLBP)

kinds = st.sampled_from(KINDS)
numbers = st.lists(st.integers(1, 250), min_size=2, max_size=5, unique=True)
priorities = st.sampled_from([50, 100, 100, 150, 200])


@st.composite
def segments(draw: st.DrawFn, of: st.SearchStrategy[Kind] = kinds, preempt: bool | None = None) -> Segment:
    kind = draw(of)
    routers = {
        address(n): kind.make(n, draw(priorities), draw(st.booleans()) if preempt is None else preempt)
        for n in draw(numbers)
    }
    return Segment(routers, delay=draw(st.sampled_from([0.0005, 0.02])))


def quiet(segment: Segment) -> None:
    """All up, all hear each other, nothing lost, for a long time."""
    segment.split()
    segment.loses = lambda sender, receiver, message: False
    for router in segment.routers:
        if router not in segment.alive():
            segment.boot(router)
        segment.do(router, Tracked("wan", 0))
    segment.run(CALM)


def settled(segment: Segment) -> Address:
    """The one that is active; everyone knows it, and every forwarder is owned once."""
    assert len(segment.active) == 1, segment.active
    (active,) = segment.active
    views = [router.view() for router in segment.routers.values()]
    assert {view.active for view in views} == {active}
    assert Counter(view.state for view in views)["active"] == 1
    if not isinstance(segment.routers[active], Vrrp):
        assert Counter(view.state for view in views)["standby"] == 1
        assert len({view.standby for view in views}) == 1
    if isinstance(segment.routers[active], Glbp):
        owned = sorted(number for number, _ in segment.owners)
        assert len(owned) == len(set(owned)), segment.owners
        assert set(owned) >= set(range(1, min(4, len(segment.routers)) + 1)), segment.owners
    return active


def ranks(segment: Segment) -> dict[Address, tuple[int, int]]:
    return {router: (one.view().priority, int(router)) for router, one in segment.routers.items()}


def transitions(segment: Segment, since: float) -> list[Transition]:
    return [effect for at, _, effect in segment.log if isinstance(effect, Transition) and at > since]


def disturb(segment: Segment, data: st.DataObject) -> None:
    """Crashes, boots, partitions, loss, tracking, and news of it that may be true, late or wrong."""
    routers = sorted(segment.routers)
    chance = random.Random(data.draw(st.integers(0, 1 << 16), label="seed"))
    for _ in range(data.draw(st.integers(1, 8), label="disturbances")):
        router = data.draw(st.sampled_from(routers), label="router")
        what = data.draw(st.sampled_from(["crash", "boot", "split", "heal", "lose", "track", "lost", "take over"]))
        if what == "crash":
            segment.crash(router)
        elif what == "boot" and router not in segment.alive():
            segment.boot(router)
        elif what == "split":
            cut = data.draw(st.integers(1, len(routers) - 1), label="cut")
            segment.split(routers[:cut], routers[cut:])
        elif what == "heal":
            segment.split()
        elif what == "lose":
            share = data.draw(st.sampled_from([0.0, 0.3, 0.7]), label="share")
            segment.loses = lambda sender, receiver, message, share=share: chance.random() < share  # type: ignore[misc]
        elif what == "track":
            segment.do(router, Tracked("wan", data.draw(st.sampled_from([0, 60]))))
        elif what == "lost":
            segment.do(router, MemberLost(data.draw(st.sampled_from(routers))))
        elif what == "take over":
            segment.do(router, TakeOver())
        segment.run(data.draw(st.sampled_from([0.0, 0.5, 3.0, 25.0, 90.0]), label="seconds"))


@settings(max_examples=30, deadline=None)
@given(segments(), st.data())
def test_after_quiescence_exactly_one_is_active(segment: Segment, data: st.DataObject) -> None:
    segment.start()
    disturb(segment, data)
    quiet(segment)
    active = settled(segment)
    since = segment.now
    segment.run(CALM)
    assert settled(segment) == active
    assert transitions(segment, since) == []


@settings(max_examples=30, deadline=None)
@given(segments(preempt=True), st.data())
def test_where_all_preempt_the_highest_wins(segment: Segment, data: st.DataObject) -> None:
    segment.start()
    disturb(segment, data)
    quiet(segment)
    active, rank = settled(segment), ranks(segment)
    best = max(rank.values())
    if isinstance(segment.routers[active], Vrrp):
        assert rank[active][0] == best[0]  # RFC 9568 preempts for a higher priority, not for a higher address
    else:
        assert rank[active] == best


@settings(max_examples=30, deadline=None)
@given(segments(preempt=False), st.integers(1, 250))
def test_without_preemption_nobody_takes_over_from_one_that_works(segment: Segment, newcomer: int) -> None:
    segment.start()
    segment.run(CALM)
    active, since = settled(segment), segment.now
    for router in segment.routers:
        if router != active:
            segment.crash(router)
            segment.run(newcomer / 10)
            segment.do(router, PriorityChanged(220))
            segment.boot(router)
    segment.run(CALM)
    assert settled(segment) == active
    assert not [one for one in transitions(segment, since) if "forwarder" not in one.after and one.after == "active"]


@settings(max_examples=30, deadline=None)
@given(segments(), st.data())
def test_fewer_lost_hellos_than_the_hold_time_covers_change_nothing(segment: Segment, data: st.DataObject) -> None:
    segment.start()
    segment.run(CALM)
    settled(segment)
    chance = random.Random(data.draw(st.integers(0, 1 << 16)))
    in_a_row: Counter[tuple[Address, Address]] = Counter()
    lost = Counter[int]()

    def loses(sender: Address, receiver: Address, message: Message) -> bool:
        lose = in_a_row[sender, receiver] < COVERED and chance.random() < 0.8
        in_a_row[sender, receiver] = in_a_row[sender, receiver] + 1 if lose else 0
        lost[in_a_row[sender, receiver]] += 1
        return lose

    segment.loses, since = loses, segment.now
    segment.run(CALM)
    assert lost[COVERED] > 5
    assert transitions(segment, since) == []


@settings(max_examples=30, deadline=None)
@given(segments(), st.data())
def test_two_actives_after_a_partition_heal_to_one(segment: Segment, data: st.DataObject) -> None:
    segment.start()
    routers = sorted(segment.routers)
    cut = data.draw(st.integers(1, len(routers) - 1))
    segment.split(routers[:cut], routers[cut:])
    segment.run(CALM)
    assert len(segment.active) == 2
    segment.split()
    segment.run(3.1)  # one hello each
    assert len(segment.active) == 1
    segment.run(CALM)
    settled(segment)


@settings(max_examples=30, deadline=None)
@given(segments(), st.data())
def test_reboots_cause_no_second_active(segment: Segment, data: st.DataObject) -> None:
    segment.start()
    segment.run(CALM)
    for _ in range(data.draw(st.integers(1, 5))):
        router = data.draw(st.sampled_from(sorted(segment.routers)))
        segment.crash(router)
        segment.run(data.draw(st.sampled_from([0.01, 1.0, 9.0, 40.0])))
        before = segment.doubled
        segment.boot(router)
        segment.run(120)
        # Only while its word is under way to the one that it preempts; routers whose timers were out together may
        # contest for as long, each time one of them is silenced.
        assert segment.doubled - before <= 4 * segment.delay + 1e-6
    settled(segment)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3), st.sampled_from([Timers(200, 900), Timers(1000, 3500)]), st.booleans())
def test_timers_are_learned_from_the_active(configured: int, timers: Timers, preempt: bool) -> None:
    """RFC 2281, 5.1: who has none configured takes the active's; the active takes nobody's."""
    routers: dict[Address, Router] = {}
    for n in range(4):
        own = timers if n == configured else None
        terms = Terms(address(n + 1), VIRTUAL, 200 if n == configured else 100, preempt, timers=own)
        routers[address(n + 1)] = hsrp.router(hsrp.Settings(2, 10, terms))
    segment = Segment(routers)
    segment.start()
    segment.run(CALM)
    first = settled(segment)
    learned = [router.election.timers for router in segment.routers.values() if isinstance(router, Hsrp)]
    active = segment.routers[first]
    assert isinstance(active, Hsrp)
    if first == address(configured + 1):
        assert learned == [timers] * 4
        segment.crash(first)  # "it may continue to use values which it learned from the previous active router"
        segment.run(CALM)
        assert all(
            router.election.timers == timers
            for router in segment.routers.values()
            if isinstance(router, Hsrp) and router.election.state is not HsrpState.INITIAL
        )
    else:
        assert active.election.timers == Timers()
        assert learned.count(timers) == 1


@settings(max_examples=30, deadline=None)
@given(segments(preempt=True), st.data())
def test_a_planned_handover_leaves_no_gap(segment: Segment, data: st.DataObject) -> None:
    """The controller raises a router and tells it. Both are active while the news is under way.

    A hello that the old one sent just then is believed after the coup, and its resign too: so a standby may take part
    for a moment, and is told off (RFC 2281, 5.7, h and i in Standby).
    """
    segment.start()
    segment.run(CALM)
    old, idle, doubled = settled(segment), segment.idle, segment.doubled
    heir = data.draw(st.sampled_from(sorted(router for router in segment.routers if router != old)))
    segment.do(heir, PriorityChanged(250))
    segment.do(heir, TakeOver())
    segment.run(CALM)
    assert settled(segment) == heir
    assert segment.idle == idle
    assert segment.doubled - doubled <= 5 * segment.delay + 1e-6, [
        e for e in segment.log if isinstance(e[2], Transition) and e[0] > CALM - 1
    ]
