from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest
from segment import Segment, address

from planes.control.fhrp import vrrp
from planes.control.fhrp.machine import (
    BecomeActive,
    Disabled,
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
    Tick,
    Tracked,
)
from planes.control.fhrp.messages import VrrpMessage
from planes.control.fhrp.vrrp import Settings, State, Vrrp

NOW = 1000.0
ME, HIGHER, LOWER = address(5), address(9), address(1)
VIRTUAL = IPv4Address("10.77.0.254")
MAC = 0x0000_5E00_010A
INITIALIZE, BACKUP, ACTIVE = State

START, STOP, TICK = Enabled(), Shutdown(), Tick()
DOWN, ADVER = "down", "adver"


def router(state: State = INITIALIZE, version: int = 3, **settings: object) -> Vrrp:
    """In a state, its timer just out at NOW."""
    fresh = vrrp.router(Settings(version, 10, ME, (VIRTUAL,), **settings))  # type: ignore[arg-type]
    backup = {"down_due": NOW, "active": Peer(LOWER, 90)} if state is BACKUP else {}
    return replace(fresh, state=state, **backup, **({"adver_due": NOW} if state is ACTIVE else {}))  # type: ignore[arg-type]


def advert(priority: int, source: IPv4Address = LOWER, interval: int = 100, version: int = 3) -> Heard:
    return Heard(VrrpMessage(version, 10, priority, interval, (VIRTUAL,)), source)


def ours(priority: int = 100, version: int = 3) -> Send:
    return Send(VrrpMessage(version, 10, priority, 100, (VIRTUAL,)), MAC)


def timers(router: Vrrp) -> tuple[str, float] | None:
    """The one timer that runs, and for how long from NOW."""
    if router.down_due is not None:
        assert router.adver_due is None
        return DOWN, router.down_due - NOW
    return (ADVER, router.adver_due - NOW) if router.adver_due is not None else None


ARP = GratuitousAnnounce(MAC, VIRTUAL, reply=False)
UP, LEFT = BecomeActive(), LeaveActive()
SKEW = 156 / 256  # of priority 100 and an interval of a second
QUIET = replace(router(BACKUP), down_due=NOW + 1)
TALKING = replace(router(ACTIVE), adver_due=NOW + 0.5)


@pytest.mark.parametrize(
    ("before", "event", "state", "effects", "timer"),
    [
        pytest.param(router(priority=255), START, ACTIVE, (UP, ours(255), ARP), (ADVER, 1), id="6.4.1: owner starts"),
        pytest.param(router(), START, BACKUP, (), (DOWN, 3 + SKEW), id="6.4.1: another starts"),
        pytest.param(QUIET, STOP, INITIALIZE, (), None, id="6.4.2: shutdown"),
        pytest.param(router(BACKUP), TICK, ACTIVE, (UP, ours(), ARP), (ADVER, 1), id="6.4.2: Active_Down_Timer fires"),
        pytest.param(QUIET, advert(0), BACKUP, (), (DOWN, SKEW), id="6.4.2: priority 0"),
        pytest.param(QUIET, advert(100), BACKUP, (), (DOWN, 3 + SKEW), id="6.4.2: equal priority"),
        pytest.param(QUIET, advert(200), BACKUP, (), (DOWN, 3 + SKEW), id="6.4.2: higher priority"),
        pytest.param(
            QUIET, advert(200, interval=1000), BACKUP, (), (DOWN, 10 * (3 + SKEW)), id="6.4.2: takes its interval"
        ),
        pytest.param(QUIET, advert(99), BACKUP, (), (DOWN, 1), id="6.4.2: lower priority is discarded"),
        pytest.param(
            replace(QUIET, settings=replace(QUIET.settings, preempt=False)), advert(99), BACKUP, (), (DOWN, 3 + SKEW),
            id="6.4.2: lower priority, Preempt_Mode False",
        ),
        pytest.param(TALKING, STOP, INITIALIZE, (ours(0), LEFT), None, id="6.4.3: shutdown"),
        pytest.param(router(ACTIVE), TICK, ACTIVE, (ours(),), (ADVER, 1), id="6.4.3: Adver_Timer fires"),
        pytest.param(TALKING, advert(0), ACTIVE, (ours(), ARP), (ADVER, 1), id="6.4.3: priority 0"),
        pytest.param(TALKING, advert(101), BACKUP, (LEFT,), (DOWN, 3 + SKEW), id="6.4.3: higher priority"),
        pytest.param(
            TALKING, advert(101, interval=200), BACKUP, (LEFT,), (DOWN, 2 * (3 + SKEW)), id="6.4.3: takes its interval"
        ),
        pytest.param(TALKING, advert(100, HIGHER), BACKUP, (LEFT,), (DOWN, 3 + SKEW), id="6.4.3: higher address"),
        pytest.param(TALKING, advert(100), ACTIVE, (ours(), ARP), (ADVER, 1), id="6.4.3: lower address"),
        pytest.param(TALKING, advert(99, HIGHER), ACTIVE, (ours(), ARP), (ADVER, 1), id="6.4.3: lower priority"),
    ],
)  # fmt: skip
def test_rfc_9568(before: Vrrp, event: Event, state: State, effects: Effects, timer: tuple[str, float] | None) -> None:
    after, done = before.handle(event, NOW)
    last = (after.last,) if state is not before.state else ()
    seen = tuple(effect for effect in done if effect not in last)
    assert (after.state, seen) == (state, effects)
    assert timers(after) == (timer and (timer[0], pytest.approx(timer[1])))
    assert len(done) == len(seen) + len(last)


@pytest.mark.parametrize(
    ("before", "event", "effects", "timer"),
    [
        pytest.param(router(version=2), START, None, (DOWN, 3 + SKEW), id="6.4.1: starts"),
        pytest.param(
            router(version=2, interval=500), START, None, (DOWN, 15 + SKEW), id="6.1: Skew_Time is of no interval"
        ),
        pytest.param(
            replace(router(ACTIVE, 2), adver_due=NOW + 0.5), advert(99, version=2), (ARP,), (ADVER, 0.5),
            id="6.4.3: a lower advertisement is discarded",
        ),
        pytest.param(
            replace(router(ACTIVE, 2), adver_due=NOW + 0.5), advert(0, version=2), (ours(version=2), ARP), (ADVER, 1),
            id="6.4.3: priority 0",
        ),
        pytest.param(
            replace(router(BACKUP, 2), down_due=NOW + 1), advert(200, interval=200, version=2),
            (Rejected("other-interval"), Log("10.77.0.1 advertises every 200 cs")), (DOWN, 1),
            id="7.1: another interval",
        ),
    ],
)  # fmt: skip
def test_rfc_3768(before: Vrrp, event: Event, effects: Effects | None, timer: tuple[str, float]) -> None:
    after, done = before.handle(event, NOW)
    assert effects is None or done == effects
    assert timers(after) == (timer[0], pytest.approx(timer[1]))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(
    "event", [START, STOP, Disabled(), advert(0), advert(99), advert(100), advert(101), TakeOver()]
)
def test_what_a_state_has_no_use_for_is_rejected(state: State, event: Event) -> None:
    running = {INITIALIZE: router(), BACKUP: QUIET, ACTIVE: TALKING}[state]
    wanted = state is INITIALIZE if event == START else state is not INITIALIZE
    if event == TakeOver():
        wanted = state is BACKUP
    _, effects = running.handle(event, NOW)
    assert any(isinstance(effect, Rejected) for effect in effects) != wanted


def test_an_owner_always_preempts_and_hears_nobody() -> None:  # RFC 9568, 6.1 and 7.1
    owner = replace(router(BACKUP, priority=255, preempt=False), down_due=NOW + 1)
    after, effects = owner.handle(advert(254), NOW)
    assert (after, effects) == (owner, (Rejected("we-own-the-address"),))
    assert owner.handle(advert(255), NOW)[1][1:] == (Log("10.77.0.1 claims to own our address"),)
    assert owner.handle(Tracked("wan", 100), NOW)[0].priority == 255


def test_skew_is_by_the_received_interval() -> None:  # RFC 9568, 6.1
    backup, _ = QUIET.handle(advert(200, interval=4000), NOW)
    released, _ = backup.handle(advert(0), NOW)
    assert timers(released) == (DOWN, pytest.approx(40 * SKEW))


def test_ipv6_announces_and_speaks_by_its_own_virtual_mac() -> None:
    me, addresses = IPv6Address("fe80::5"), (IPv6Address("fe80::fe"), IPv6Address("2001:db8::fe"))
    _, effects = vrrp.router(Settings(3, 10, me, addresses, priority=255)).handle(START, NOW)
    mac = 0x0000_5E00_020A
    message = VrrpMessage(3, 10, 255, 100, addresses)
    assert effects[2:] == (Send(message, mac), *(GratuitousAnnounce(mac, one) for one in addresses))


def test_tracking_adds_up_is_told_at_once_and_leaves_one() -> None:
    active, effects = TALKING.handle(Tracked("a", 10), NOW)
    assert effects == (ours(90),)
    active, effects = active.handle(Tracked("b", 30), NOW)
    assert effects == (ours(60),)
    assert active.handle(Tracked("b", 30), NOW) == (active, ())
    assert active.handle(Tracked("c", 200), NOW)[0].priority == 1
    assert active.handle(Tracked("a", 0), NOW)[1] == (ours(70),)
    backup, effects = QUIET.handle(PriorityChanged(150), NOW)
    assert (backup.priority, effects) == (150, ())


def test_what_the_controller_knows_does_not_wait() -> None:
    lost, _ = QUIET.handle(MemberLost(LOWER), NOW)
    assert lost.state is ACTIVE
    assert lost.last is not None
    assert lost.last.reason == "10.77.0.1 is lost"
    assert QUIET.handle(MemberLost(HIGHER), NOW) == (QUIET, ())
    assert QUIET.handle(TakeOver(), NOW)[0].state is ACTIVE
    higher = replace(QUIET, active=Peer(HIGHER, 100))
    assert higher.handle(TakeOver(), NOW) == (higher, (Rejected("take-over-of-a-higher-active"),))


def test_preemption_waits_for_its_delay() -> None:
    waiting, _ = router(preempt_delay=10.0).handle(START, NOW)
    waiting, _ = waiting.handle(advert(50), NOW + 9.9)
    assert waiting.down_due == pytest.approx(NOW + 9.9 + 3 + SKEW)
    due = waiting.down_due
    assert waiting.handle(advert(50), NOW + 10)[0].down_due == due


@pytest.mark.parametrize(
    ("message", "source", "reason"),
    [
        (VrrpMessage(2, 10, 100, 100, (VIRTUAL,)), LOWER, "other-version"),
        (VrrpMessage(3, 11, 100, 100, (VIRTUAL,)), LOWER, "other-virtual-router"),
        (VrrpMessage(3, 10, 100, 100, (VIRTUAL,)), IPv6Address("fe80::1"), "other-virtual-router"),
        (VrrpMessage(3, 10, 100, 100, (VIRTUAL,)), ME, "own-address"),
    ],
)
def test_what_is_not_for_us_is_rejected_by_name(message: VrrpMessage, source: IPv4Address, reason: str) -> None:
    assert TALKING.handle(Heard(message, source), NOW) == (TALKING, (Rejected(reason),))


def test_other_addresses_are_told_and_in_version_2_discarded() -> None:  # RFC 3768, 7.1
    other = (IPv4Address("10.77.0.253"),)
    told = Log("10.77.0.1 has addresses 10.77.0.253")
    version_2 = replace(router(BACKUP, 2), down_due=NOW + 1)
    assert version_2.handle(Heard(VrrpMessage(2, 10, 200, 100, other), LOWER), NOW)[1] == (
        Rejected("other-addresses"),
        told,
    )
    assert version_2.handle(Heard(VrrpMessage(2, 10, 255, 100, other), LOWER), NOW)[1] == (told,)
    after, effects = QUIET.handle(Heard(VrrpMessage(3, 10, 200, 100, other), LOWER), NOW)
    assert (after.down_due, effects) == (pytest.approx(NOW + 3 + SKEW), (told,))


def test_a_restart_loses_no_election() -> None:
    assert timers(replace(QUIET.resumed(NOW))) == (DOWN, pytest.approx(3 + SKEW))
    assert timers(TALKING.resumed(NOW)) == (ADVER, 0)


def test_shutdown_hands_over_within_the_skew() -> None:
    segment = Segment({address(n): vrrp.router(Settings(3, 10, address(n), (VIRTUAL,), 100 + n)) for n in (1, 2, 3)})
    segment.start()
    segment.run(10)
    assert segment.active == {address(3)}
    segment.do(address(3), Shutdown())
    segment.run(0.61)
    assert segment.active == {address(2)}


def test_all_flaws_of_a_configuration_are_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"VRID 0.*priority 0.*one or more of the family.*1 to 4095"):
        Settings(3, 0, ME, (IPv6Address("fe80::1"),), priority=0, interval=4096)
    with pytest.raises(ValueError, match=r"IPv4 only.*whole seconds"):
        Settings(2, 1, IPv6Address("fe80::1"), (IPv6Address("fe80::2"),), interval=50)
    with pytest.raises(ValueError, match="version 4, allowed are 2 and 3"):
        Settings(4, 1, ME, (VIRTUAL,))
