from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest
from segment import Segment, address

from planes.control.fhrp import hsrp
from planes.control.fhrp.election import Terms, Timers
from planes.control.fhrp.hsrp import Hsrp, Settings
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
from planes.control.fhrp.messages import (
    HsrpAdvertise,
    HsrpInterface,
    HsrpMessage,
    HsrpOpcode,
    HsrpState,
    VrrpMessage,
)

NOW = 1000.0
ME, HIGHER, LOWER = address(5), address(9), address(1)  # of equal priority, so addresses decide
VIRTUAL = IPv4Address("10.77.0.254")
MAC = 0x0000_0C07_AC0A
THEIRS = Timers(2000, 7000)  # what others' hellos say; ours are the defaults, 3 and 10 s

HELLO, COUP, RESIGN = HsrpOpcode.HELLO, HsrpOpcode.COUP, HsrpOpcode.RESIGN
INITIAL, LEARN, LISTEN, SPEAK, STANDBY, ACTIVE = HsrpState

# RFC 2281, 5.7. An event to a line, a state to a column; "a+" has no virtual address, "h*" preempts. The cells d/6 and
# i/6 are blank in the RFC and ours: they forget a standby, and tell the bridges who is left. Cell h*/2 is the RFC's
# EAB/3 and then, at once, cell h*/3.
RFC_2281_5_7 = """
      1      2      3       4       5       6
a     AB/3   .      .       .       .       .
a+    AB/2   .      .       .       .       .
b     .      CD/1   CD/1    CD/1    CD/1    CDH/1
c     .      .      AB/4    .       CDFI/6  .
d     .      .      B/4     D/5     .       D
e     .      .      .       F       F       F
f     .      .      .       B/3     B/3     .
g     .      EAB/3  EA      EA      EA      AB/4
h     .      EAB/3  A       A       A       G
h*    .   EABGFI/6  BGFI/6  BGFI/6  BGFI/6  G
i     .      .      AB/4    A       CFI/6   I
j     .      .      .       .       .       ABH/4
k     .      .      B       B/3     B/3     B
l     .      .      B/4     D/5     .       B
"""
COLUMNS, *LINES = [line.split() for line in RFC_2281_5_7.strip().splitlines()]
CELLS = [
    pytest.param(line[0], HsrpState(int(number)), cell.strip("."), id=f"RFC 2281, 5.7, {line[0]}/{number}")
    for line in LINES
    for number, cell in zip(COLUMNS, line[1:], strict=True)
]
SENDERS = {
    "f": (HIGHER, HELLO, SPEAK), "g": (HIGHER, HELLO, ACTIVE), "h": (LOWER, HELLO, ACTIVE),
    "h*": (LOWER, HELLO, ACTIVE), "i": (LOWER, RESIGN, ACTIVE), "j": (HIGHER, COUP, SPEAK),
    "k": (HIGHER, HELLO, STANDBY), "l": (LOWER, HELLO, STANDBY),
}  # fmt: skip


def message(opcode: HsrpOpcode, state: HsrpState, priority: int = 100, timers: Timers = THEIRS) -> HsrpMessage:
    return HsrpMessage(1, opcode, state, 10, priority, timers.hello, timers.hold, VIRTUAL)


def said(sender: IPv4Address, opcode: HsrpOpcode, state: HsrpState, priority: int = 100) -> Heard:
    return Heard(message(opcode, state, priority), sender)


def router(state: HsrpState = INITIAL, preempt: bool = False, **terms: object) -> Hsrp:
    """In a state, with timers that run until long after NOW."""
    given = {"virtual_ip": VIRTUAL, "preempt": preempt, **terms}
    fresh = hsrp.router(Settings(1, 10, Terms(ME, **given)))  # type: ignore[arg-type]
    if state is INITIAL:
        return fresh
    active, standby = Peer(LOWER, 100) if state is not ACTIVE else None, Peer(address(2), 100)
    if preempt:
        active = Peer(HIGHER, 100)  # so that the router does not preempt before it hears a lower one
    election = replace(
        fresh.election, state=state, virtual_ip=VIRTUAL if state is not LEARN else None, active=active,
        standby=standby if state is not STANDBY else None, active_due=NOW + 50, standby_due=NOW + 51,
        hello_due=NOW + 52,
    )  # fmt: skip
    return replace(fresh, election=election)


def arranged(event: str, state: HsrpState) -> tuple[Hsrp, Event]:
    before = router(state, preempt=event == "h*", **({"virtual_ip": None} if event == "a+" or state is LEARN else {}))
    if event in ("c", "d", "e"):
        timer = {"c": "active_due", "d": "standby_due", "e": "hello_due"}[event]
        due = None if state is INITIAL or (event, state) == ("d", STANDBY) else NOW  # such timers do not run
        return replace(before, election=replace(before.election, **{timer: due})), Tick()  # type: ignore[arg-type]
    if event in SENDERS:
        return before, said(*SENDERS[event])
    return before, Disabled() if event == "b" else Enabled()


def done(before: Hsrp, after: Hsrp, effects: Effects) -> str:
    """What happened, in the RFC's letters, sorted, and the state where it changed."""
    was, became = before.election, after.election
    opcodes = {effect.message.opcode for effect in effects if isinstance(effect, Send)}  # type: ignore[union-attr]
    letters = {
        "A": became.active_due not in (was.active_due, None),
        "B": became.standby_due not in (was.standby_due, None),
        "C": became.active_due is None and was.active_due is not None,
        "D": became.standby_due is None and was.standby_due is not None,
        "E": became.timers == THEIRS != was.timers,
        "F": HELLO in opcodes,
        "G": COUP in opcodes,
        "H": RESIGN in opcodes,
        "I": any(isinstance(effect, GratuitousAnnounce) for effect in effects),
    }
    number = f"/{became.state.value}" if became.state is not was.state else ""
    return "".join(letter for letter, seen in letters.items() if seen) + number


@pytest.mark.parametrize(("event", "state", "cell"), CELLS)
def test_a_cell_of_the_table(event: str, state: HsrpState, cell: str) -> None:
    before, input_ = arranged(event, state)
    after, effects = before.handle(input_, NOW)
    actions, _, number = cell.partition("/")
    assert done(before, after, effects) == "".join(sorted(actions)) + (f"/{number}" if number else "")
    assert (BecomeActive() in effects) == (after.election.state is ACTIVE is not state)
    assert (LeaveActive() in effects) == (state is ACTIVE is not after.election.state)
    if state is INITIAL and event not in ("a", "a+", "c", "d", "e"):
        assert isinstance(effects[0], Rejected)


def test_hold_times_are_those_of_the_hello_and_else_our_own() -> None:  # RFC 2281, 5.6, A and B
    heard, _ = router(LISTEN).handle(said(HIGHER, HELLO, ACTIVE), NOW)
    assert heard.election.active_due == NOW + 7
    heard, _ = heard.handle(said(address(8), HELLO, STANDBY), NOW + 1)
    assert heard.election.standby_due == NOW + 8
    resigned, _ = router(LISTEN).handle(said(LOWER, RESIGN, ACTIVE), NOW)
    assert resigned.election.active_due == NOW + 10


def test_timers_and_address_are_learned_only_where_they_are_not_configured() -> None:  # RFC 2281, 5.1, 5.6, E
    learned, _ = router(LEARN, virtual_ip=None).handle(said(HIGHER, HELLO, ACTIVE), NOW)
    assert (learned.election.timers, learned.election.virtual_ip) == (THEIRS, VIRTUAL)
    own = Timers(1000, 4000)
    configured, _ = router(LEARN, virtual_ip=None, timers=own).handle(said(HIGHER, HELLO, ACTIVE), NOW)
    assert (configured.election.timers, configured.election.virtual_ip) == (own, VIRTUAL)
    other = replace(message(HELLO, ACTIVE), virtual_ip=IPv4Address("10.77.0.253"))
    _, effects = router(LISTEN).handle(Heard(other, HIGHER), NOW)
    assert effects == (Log("10.77.0.9 has virtual address 10.77.0.253"),)


def test_what_is_learned_is_forgotten_when_disabled() -> None:
    learned, _ = router(LEARN, virtual_ip=None).handle(said(HIGHER, HELLO, ACTIVE), NOW)
    again, _ = learned.handle(Disabled(), NOW)[0].handle(Enabled(), NOW + 1)
    assert (again.election.state, again.election.timers, again.election.virtual_ip) == (LEARN, Timers(), None)


@pytest.mark.parametrize(("priority", "wins"), [(99, False), (101, True)])
def test_priority_comes_before_the_address(priority: int, wins: bool) -> None:  # RFC 2281, 5.1
    low, _ = router(ACTIVE).handle(said(LOWER, HELLO, ACTIVE, priority), NOW)
    high, _ = router(ACTIVE).handle(said(HIGHER, HELLO, ACTIVE, priority), NOW)
    assert (low.election.state is SPEAK, high.election.state is SPEAK) == (wins, wins)


def test_only_the_active_speaks_from_the_virtual_mac() -> None:  # RFC 2281, 6.1
    _, effects = router(LISTEN, preempt=True).handle(said(LOWER, HELLO, ACTIVE), NOW)
    coup, hello = (effect for effect in effects if isinstance(effect, Send))
    assert (coup.source_mac, hello.source_mac) == (None, MAC)
    assert coup.message == HsrpMessage(1, COUP, LISTEN, 10, 100, 3000, 10_000, VIRTUAL)
    assert hello.message == HsrpMessage(1, HELLO, ACTIVE, 10, 100, 3000, 10_000, VIRTUAL)
    assert GratuitousAnnounce(MAC, VIRTUAL, reply=True) in effects


def test_the_hello_timer_is_jittered_and_never_late() -> None:  # RFC 2281, 5.4
    speaking, gaps = replace(router(STANDBY), election=replace(router(STANDBY).election, hello_due=NOW)), []
    now = NOW
    for _ in range(20):
        speaking, effects = speaking.handle(Tick(), now)
        assert [effect.message.opcode for effect in effects] == [HELLO]  # type: ignore[union-attr]
        due = speaking.deadline()
        assert due is not None
        gaps.append(due - now)
        now = due
        speaking = replace(speaking, election=replace(speaking.election, active_due=now + 50, standby_due=None))
    assert all(2.7 <= gap <= 3 for gap in gaps)
    assert len({round(gap, 3) for gap in gaps}) > 15


def test_an_active_timer_that_was_out_in_speak_fires_in_standby() -> None:
    """The RFC leaves c/4 blank; a router that forgot it then would wait in Standby for ever."""
    alone, _ = router().handle(Enabled(), 0.0)
    states = []
    for _ in range(20):
        now = alone.deadline()
        assert now is not None
        alone, _ = alone.handle(Tick(), now)
        states.append((alone.election.state, now))
        if alone.election.state is ACTIVE:
            break
    assert states[-1] == (ACTIVE, 20.0)


def test_preemption_waits_for_its_delay() -> None:
    settings = Settings(1, 10, Terms(ME, VIRTUAL, preempt=True, preempt_delay=5.0))
    waiting, _ = hsrp.router(settings).handle(Enabled(), 0.0)
    waiting, effects = waiting.handle(said(LOWER, HELLO, ACTIVE), 1.0)
    assert (waiting.election.state, effects) == (LISTEN, ())
    assert waiting.deadline() == 5.0
    taken, effects = waiting.handle(Tick(), 5.0)
    assert taken.election.state is ACTIVE
    # ...again when what was tracked is well again, which is when its path may not work yet
    down, _ = waiting.handle(Tracked("wan", 10), 2.0)
    assert down.deadline() == 8.0  # the active's, which is the better one now
    well, _ = down.handle(Tracked("wan", 0), 4.0)
    assert well.deadline() == 8.0
    well, _ = well.handle(said(LOWER, HELLO, ACTIVE), 8.0)
    assert (well.election.state, well.deadline()) == (LISTEN, 9.0)


def test_tracking_adds_up_and_is_told_at_once() -> None:
    active, effects = router(ACTIVE).handle(Tracked("uplink 1", 10), NOW)
    assert [effect.message.priority for effect in effects] == [90]  # type: ignore[union-attr]
    active, _ = active.handle(Tracked("uplink 2", 20), NOW)
    active, effects = active.handle(Tracked("uplink 2", 20), NOW)
    assert (active.election.priority, effects) == (70, ())
    active, _ = active.handle(Tracked("uplink 1", 0), NOW)
    assert active.election.priority == 80
    active, _ = active.handle(Tracked("uplink 3", 200), NOW)
    assert active.election.priority == 0
    listener, effects = router(LISTEN).handle(PriorityChanged(200), NOW)
    assert (listener.election.priority, effects) == (200, ())


def test_what_the_controller_knows_does_not_wait() -> None:
    standby, _ = router(STANDBY).handle(MemberLost(LOWER), NOW)
    assert standby.election.state is ACTIVE
    assert standby.election.last is not None
    assert (standby.election.last.reason, standby.election.last.at) == ("10.77.0.1 is lost", NOW)
    listener, _ = router(LISTEN).handle(MemberLost(address(2)), NOW)  # the standby
    assert (listener.election.state, listener.view().standby) == (SPEAK, None)
    same = router(STANDBY)
    assert same.handle(MemberLost(address(7)), NOW) == (same, ())
    # In Speak it takes effect with the next state, as an active timer does.
    speaker, _ = router(SPEAK).handle(MemberLost(LOWER), NOW)
    speaker, _ = speaker.handle(Tick(), NOW + 51)
    assert speaker.election.state is ACTIVE


def test_told_to_take_over_it_does_without_preemption_but_not_from_a_higher_one() -> None:
    listener, effects = router(LISTEN).handle(TakeOver(), NOW)
    assert [effect.message.opcode for effect in effects if isinstance(effect, Send)] == [COUP, HELLO]  # type: ignore[union-attr]
    assert listener.election.state is ACTIVE
    lower = replace(router(LISTEN), election=replace(router(LISTEN).election, active=Peer(HIGHER, 100)))
    assert lower.handle(TakeOver(), NOW) == (lower, (Rejected("take-over-of-a-higher-active"),))
    assert router(ACTIVE).handle(TakeOver(), NOW)[1] == (Rejected("take_over-in-active"),)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (said(ME, HELLO, ACTIVE), "own-address"),
        (Heard(message(HELLO, ACTIVE, timers=Timers(3000, 3000)), HIGHER), "hold-not-above-hello"),
        (Heard(replace(message(HELLO, ACTIVE), group=11), HIGHER), "other-group"),
        (Heard(replace(message(HELLO, ACTIVE), version=2), HIGHER), "other-protocol"),
        (Heard(VrrpMessage(3, 10, 100, 100, (VIRTUAL,)), HIGHER), "other-protocol"),
    ],
)
def test_what_is_not_for_us_is_rejected_by_name(event: Event, reason: str) -> None:
    assert router(ACTIVE).handle(event, NOW) == (router(ACTIVE), (Rejected(reason),))


def test_a_lower_coup_and_a_stranger_s_resign_are_nothing() -> None:
    assert router(ACTIVE).handle(said(LOWER, COUP, SPEAK), NOW) == (router(ACTIVE), ())
    assert router(STANDBY).handle(said(HIGHER, RESIGN, ACTIVE), NOW) == (router(STANDBY), ())


def test_a_restart_loses_no_election() -> None:
    standby = router(STANDBY).resumed(5.0)
    assert (standby.deadline(), standby.election.active_due, standby.election.state) == (5.0, 15.0, STANDBY)
    _, effects = router(ACTIVE).resumed(5.0).handle(Tick(), 5.0)
    assert [effect.message.state for effect in effects] == [ACTIVE]  # type: ignore[union-attr]


def test_shutdown_hands_over_at_once() -> None:
    segment = Segment({address(n): hsrp.router(Settings(1, 10, Terms(address(n), VIRTUAL))) for n in (1, 2, 3)})
    segment.start()
    segment.run(60)
    assert segment.active == {address(3)}
    segment.do(address(3), Shutdown())
    segment.run(0.01)
    assert segment.active == {address(2)}
    assert segment.routers[address(2)].view().last.reason == "the active resigned, 10.77.0.3"  # type: ignore[union-attr]


def test_version_2_has_4096_groups_milliseconds_and_ipv6() -> None:
    me, virtual = IPv6Address("fe80::5"), IPv6Address("fe80::fe")
    settings = Settings(2, 4095, Terms(me, virtual, timers=Timers(50, 170)), mac=0x0200_0000_0005)
    standby = hsrp.router(settings)
    election = replace(
        standby.election, state=STANDBY, virtual_ip=virtual, timers=Timers(50, 170),
        active=Peer(IPv6Address("fe80::9"), 100), active_due=NOW, hello_due=NOW + 1,
    )  # fmt: skip
    _, effects = replace(standby, election=election).handle(Tick(), NOW)
    hello = HsrpMessage(2, HELLO, ACTIVE, 4095, 100, 50, 170, virtual, 0x0200_0000_0005)
    assert effects[2:] == (Send(hello, 0x0005_73A0_0FFF), GratuitousAnnounce(0x0005_73A0_0FFF, virtual, reply=True))
    assert hsrp.router(Settings(2, 4095, Terms(ME, VIRTUAL))).settings.virtual_mac == 0x0000_0C9F_FFFF


def test_all_flaws_of_a_configuration_are_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"group 256.*priority 256.*hold time 3000 ms") as caught:
        Settings(1, 256, Terms(ME, VIRTUAL, priority=256, timers=Timers(3000, 3000)))
    assert "0 to 255" in str(caught.value)
    with pytest.raises(ValueError, match="whole seconds"):
        Settings(1, 1, Terms(ME, VIRTUAL, timers=Timers(500, 1500)))
    with pytest.raises(ValueError, match="version 3, allowed are 1 and 2"):
        Settings(3, 1, Terms(ME, VIRTUAL))
    with pytest.raises(ValueError, match="IPv4 only"):
        Settings(1, 1, Terms(IPv6Address("fe80::5")))


def test_an_interface_advertises_its_groups() -> None:
    groups = [router(ACTIVE), router(STANDBY), router(LISTEN), router(INITIAL)]
    assert hsrp.advertisement(2, groups) == HsrpAdvertise(2, HsrpInterface.ACTIVE, 1, 2)
    assert hsrp.advertisement(1, groups[1:]) == HsrpAdvertise(1, HsrpInterface.PASSIVE, 0, 2)
    assert hsrp.advertisement(1, groups[3:]) == HsrpAdvertise(1, HsrpInterface.DORMANT, 0, 0)
    advertise = HsrpAdvertise(1, HsrpInterface.PASSIVE, 0, 2)
    assert router(ACTIVE).handle(Heard(advertise, HIGHER), NOW) == (router(ACTIVE), ())
