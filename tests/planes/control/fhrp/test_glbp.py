"""GLBP on a segment: the gateway that answers, the forwarders that are shared out, weights, and who comes back."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address

import pytest
from segment import Segment, address

from planes.control.fhrp import glbp
from planes.control.fhrp.balance import Balance
from planes.control.fhrp.election import Terms, Timers
from planes.control.fhrp.glbp import Glbp, Settings, Weighting
from planes.control.fhrp.machine import (
    Enabled,
    GratuitousAnnounce,
    Heard,
    MemberLost,
    Rejected,
    Send,
    Shutdown,
    TakeOver,
    Tracked,
)
from planes.control.fhrp.messages import (
    Address,
    GlbpForwarder,
    GlbpMessage,
    GlbpState,
    HsrpMessage,
    HsrpOpcode,
    HsrpState,
    glbp_mac,
)

VIRTUAL = IPv4Address("10.77.0.254")
CALM = 150.0
FULL = Weighting()
ONE, TWO, THREE = address(1), address(2), address(3)
FORWARDER = GlbpForwarder(1, GlbpState.ACTIVE, 0xA7, 100, glbp_mac(5, 1))


def router(number: int, priority: int = 100, weighting: Weighting = FULL, **more: object) -> Glbp:
    terms = Terms(address(number), VIRTUAL, priority, preempt=True, timers=Timers(3000, 10_000))
    return glbp.router(Settings(5, terms, 0x0200_0000_0000 | number, weighting, **more))  # type: ignore[arg-type]


def segment(*routers: Glbp) -> Segment:
    made = Segment({one.settings.terms.address: one for one in routers})
    made.start()
    made.run(CALM)
    return made


def told(made: Segment, hosts: int) -> Counter[int]:
    """The forwarders that the AVG tells so many hosts."""
    (avg,) = made.active
    found: Counter[int] = Counter()
    for host in range(hosts):
        one = made.routers[avg]
        assert isinstance(one, Glbp)
        made.routers[avg], mac = one.answer(host, made.now)
        assert mac is not None
        found[mac & 0xFF] += 1
    return found


def held(made: Segment) -> dict[int, Address]:
    assert len(dict(made.owners)) == len(made.owners)
    return dict(made.owners)


def test_the_highest_answers_and_each_forwards() -> None:
    made = segment(router(1), router(2, 110), router(3))
    assert made.active == {TWO}
    assert sorted(held(made)) == [1, 2, 3] and set(held(made).values()) == {ONE, TWO, THREE}
    assert told(made, 6) == {1: 2, 2: 2, 3: 2}


def test_there_are_four_forwarders_at_most() -> None:
    made = segment(*(router(number) for number in range(1, 7)))
    assert sorted(held(made)) == [1, 2, 3, 4]


def test_only_the_avg_answers() -> None:
    made = segment(router(1), router(2, 110))
    other = made.routers[ONE]
    assert isinstance(other, Glbp)
    assert other.answer(7, made.now) == (other, None)


def test_weights_decide_how_many_hosts_each_gets() -> None:
    light = Weighting(50, 1, 50)
    made = segment(router(1, weighting=light, balance=Balance.WEIGHTED), router(2, 110, balance=Balance.WEIGHTED))
    found, by = told(made, 60), {router: number for number, router in held(made).items()}
    assert (found[by[ONE]], found[by[TWO]]) == (20, 40)


def test_a_router_that_lost_too_much_weight_hands_over_what_it_forwards_and_gets_no_hosts() -> None:
    weighting = Weighting(100, 60, 90)
    made = segment(router(1, weighting=weighting), router(2, 110))
    mine = next(number for number, one in held(made).items() if one == ONE)
    made.do(ONE, Tracked("wan", 30))  # 70, which is above the lower threshold
    made.run(CALM)
    assert held(made)[mine] == ONE
    made.do(ONE, Tracked("lan", 20))
    made.run(CALM)
    assert held(made)[mine] == TWO
    made.do(ONE, Tracked("lan", 0))  # 70 again, which is below the upper one
    made.run(CALM)
    assert held(made)[mine] == TWO
    made.do(ONE, Tracked("wan", 0))
    made.run(CALM)
    assert held(made)[mine] == ONE


def test_a_dead_routers_forwarder_is_taken_over_and_after_a_while_nobody_is_sent_there() -> None:
    made = segment(router(1), router(2, 110))
    theirs = next(number for number, one in held(made).items() if one == ONE)
    made.crash(ONE)
    made.run(20.0)
    assert held(made)[theirs] == TWO
    assert told(made, 10)[theirs] == 5
    made.run(600.0)  # redirect
    assert told(made, 10)[theirs] == 0 and held(made)[theirs] == TWO
    made.run(14_400.0)  # timeout
    assert theirs not in held(made)


def test_who_comes_back_gets_its_forwarder_back() -> None:
    made = segment(router(1), router(2, 110))
    mine = next(number for number, one in held(made).items() if one == ONE)
    made.crash(ONE)
    made.run(60.0)
    made.boot(ONE)
    made.run(CALM)
    assert held(made)[mine] == ONE


def test_what_the_controller_knows_does_not_wait() -> None:
    made = segment(router(1), router(2, 110))
    made.crash(TWO)
    made.do(ONE, MemberLost(TWO))
    assert made.active == {ONE} and set(held(made).values()) == {ONE}


def test_told_to_take_a_forwarder_over_only_from_one_that_is_no_better() -> None:
    made = segment(router(1), router(2, 110))
    theirs = next(number for number, one in held(made).items() if one == TWO)
    for number, reason in ((theirs, "take-over-of-a-better-forwarder"), (4, "no-such-forwarder")):
        made.do(ONE, TakeOver(number))
        assert made.log[-1][2] == Rejected(reason)
    assert held(made)[theirs] == TWO


def test_nothing_is_announced_for_that_would_draw_all_hosts_to_one_mac() -> None:
    made = segment(router(1), router(2, 110))
    assert not [effect for _, _, effect in made.log if isinstance(effect, GratuitousAnnounce)]


def test_shutdown_says_goodbye_and_lets_go() -> None:
    made = segment(router(1), router(2, 110))
    made.do(TWO, Shutdown())
    goodbye = next(effect.message for _, who, effect in made.log[-6:] if who == TWO and isinstance(effect, Send))
    assert isinstance(goodbye, GlbpMessage) and goodbye.hello and goodbye.hello.state is GlbpState.LISTEN
    made.run(1.0)
    assert made.active == {ONE} and set(held(made).values()) == {ONE}


@pytest.mark.parametrize(
    ("message", "source", "reason"),
    [
        (GlbpMessage(6, 9, None, ()), TWO, "other-group"),
        (HsrpMessage(1, HsrpOpcode.HELLO, HsrpState.ACTIVE, 5, 100, 3000, 10_000, VIRTUAL), TWO, "other-group"),
        (GlbpMessage(5, 9, None, (FORWARDER,)), ONE, "own-address"),
        (GlbpMessage(5, 9, None, (FORWARDER,)), THREE, "forwarder-not-from-the-active-gateway"),
    ],
)
def test_what_is_not_for_us_is_rejected_by_name(
    message: GlbpMessage | HsrpMessage, source: Address, reason: str
) -> None:
    one, _ = router(1).handle(Enabled(), 0.0)
    after, effects = one.handle(Heard(message, source), 1.0)
    assert effects == (Rejected(reason),) and after.forwarders == ()


def test_all_flaws_of_a_configuration_are_told_at_once() -> None:
    terms = Terms(ONE, VIRTUAL, 0, timers=Timers(3000, 3000))
    with pytest.raises(ValueError) as caught:
        Settings(1024, terms, 0, Weighting(10, 20, 30), redirect=60, timeout=60)
    for part in ("group 1024", "no MAC", "priority 0", "hold time 3000 ms", "Weighting", "timeout 60 s"):
        assert part in str(caught.value)
