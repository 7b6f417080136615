from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from controller import outbox as o
from controller.outbox import Outbox
from planes.control.events import Confirmed, Counted, Event, Install, Refused, SendFrame
from planes.data.delta import Command, Mod
from planes.data.fields import ETH_DST
from planes.data.readback import Kind, Part
from planes.data.rule import Bucket, Entry, Group, GroupType, Meter, Output, Rule, SetField, match

RULE, OTHER = (Rule(0, priority, match(in_port=1), (Output(2),)) for priority in (1, 2))
GROUP, METER = Group(1, GroupType.ALL, ()), Meter(1, 5, 5)
METER_MOD, FLOW_MOD, GROUP_MOD, PACKET_OUT, MULTIPART, BARRIER = "meter", "flow", "group", "frame", "read", "barrier"
_TYPES = {13: PACKET_OUT, 14: FLOW_MOD, 15: GROUP_MOD, 18: MULTIPART, 20: BARRIER, 29: METER_MOD}
_STEPS = {0: "open", 2: "close", 4: "commit", 6: "discard"}


def messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, transaction id and bytes of each."""
    while data:
        _, kind, length, xid = struct.unpack_from("!BBHI", data)
        yield kind, xid, data[:length]
        data = data[length:]


def named(data: bytes) -> list[str]:
    """The names of messages; of one in a bundle: in brackets."""
    return [_name(kind, message) for kind, _, message in messages(data)]


def _name(kind: int, message: bytes) -> str:
    if kind != 4:
        return _TYPES[kind]
    (subtype,) = struct.unpack_from("!I", message, 12)
    if subtype == 2301:
        return "[" + ", ".join(named(message[24:])) + "]"
    return _STEPS[struct.unpack_from("!H", message, 20)[0]]


@dataclass
class Switch:
    """An outbox, and what comes out of it."""

    sent: list[bytes] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    held: list[frozenset[Entry]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    last: int = 0  # the transaction id of what was sent last

    def __post_init__(self) -> None:
        self.outbox = Outbox(7, self.sent.append, self.events.append, self.held.append, self.closed.append)

    def take(self) -> list[str]:
        """What was sent since the last time."""
        data = b"".join(self.sent)
        self.sent.clear()
        for _, xid, _ in messages(data):
            self.last = xid
        return named(data)

    def barrier(self) -> list[str]:
        """The switch answers the last barrier; what is sent then."""
        self.outbox.barrier(self.last)
        return self.take()

    def tell(self, *flows: Entry, barrier: bool = True) -> None:
        """The switch tells what it holds."""
        for kind in Kind:
            self.outbox.part(Part(kind, self.last, flows if kind is Kind.FLOWS else (), more=False))
        if barrier:
            self.outbox.barrier(self.last)

    def install(self, token: int, *mods: Mod) -> list[str]:
        self.outbox.install(Install(7, mods, token))
        return self.take()

    def frame(self, data: bytes = b"frame") -> list[str]:
        self.outbox.frame(SendFrame(7, 1, (Output(2),), data))
        return self.take()


@pytest.fixture
def switch() -> Switch:
    return Switch()


def add(entry: Entry) -> Mod:
    return Mod(Command.ADD, entry)


def delete(entry: Entry) -> Mod:
    return Mod(Command.DELETE, entry)


def test_a_change_is_a_bundle_committed_when_nothing_was_refused(switch: Switch) -> None:
    assert switch.install(1, add(GROUP), add(RULE)) == ["open", "[group]", "[flow]", "close", BARRIER]
    assert switch.barrier() == ["commit", BARRIER]
    assert switch.events == []
    assert switch.barrier() == []
    assert switch.events == [Confirmed(7, 1)]


def test_meters_come_before_and_go_after(switch: Switch) -> None:
    gone = delete(Meter(2, 1, 1))
    assert switch.install(1, add(METER), add(RULE), gone) == [METER_MOD, "open", "[flow]", "close", BARRIER]
    assert switch.barrier() == ["commit", BARRIER]
    assert switch.barrier() == [METER_MOD, BARRIER]
    assert switch.barrier() == []
    assert switch.events == [Confirmed(7, 1)]


def test_meters_alone_need_no_bundle_and_nothing_only_a_barrier(switch: Switch) -> None:
    assert switch.install(1, add(METER), delete(Meter(2, 1, 1))) == [METER_MOD, METER_MOD, BARRIER]
    switch.barrier()
    assert switch.install(2) == [BARRIER]
    switch.barrier()
    assert switch.events == [Confirmed(7, 1), Confirmed(7, 2)]


def test_a_change_of_which_something_is_refused_is_discarded(switch: Switch) -> None:
    switch.install(1, add(RULE))
    switch.outbox.error(switch.last, "first")
    switch.outbox.error(switch.last, "second")
    assert switch.barrier() == ["discard"]
    assert switch.events == [Refused(7, "first")]


def test_a_commit_may_be_refused_too(switch: Switch) -> None:
    switch.install(1, add(RULE))
    switch.barrier()
    switch.outbox.error(switch.last, "no")
    assert switch.barrier() == []
    assert switch.events == [Refused(7, "no")]


def test_after_a_refusal_changes_are_dropped_until_the_switch_was_read_back(switch: Switch) -> None:
    switch.install(1, add(RULE))
    switch.outbox.install(Install(7, (add(OTHER),), 2))
    switch.outbox.error(switch.last, "no")
    assert switch.barrier() == ["discard"]
    assert switch.install(3, add(OTHER)) == []
    switch.outbox.read()
    assert switch.take() == [MULTIPART] * 3 + [BARRIER]
    switch.tell(RULE)
    assert switch.held == [frozenset({RULE})]
    assert switch.install(4, add(OTHER)) == ["open", "[flow]", "close", BARRIER]
    assert switch.events == [Refused(7, "no")]


def test_what_is_refused_by_a_change_that_is_over_spoils_no_other(switch: Switch) -> None:
    switch.install(1, add(RULE))
    switch.outbox.error(switch.last + 5, "late")
    assert switch.barrier() == ["commit", BARRIER]


def test_changes_that_wait_go_together_and_each_is_confirmed(switch: Switch) -> None:
    switch.install(1, add(RULE))
    assert switch.install(2, add(OTHER)) == switch.install(3, delete(RULE)) == []
    switch.barrier()
    assert switch.barrier() == ["open", "[flow]", "[flow]", "close", BARRIER]
    switch.barrier()
    switch.barrier()
    assert switch.events == [Confirmed(7, 1), Confirmed(7, 2), Confirmed(7, 3)]


def test_a_change_with_meters_joins_none_before_it(switch: Switch) -> None:
    switch.install(1, add(RULE))
    switch.outbox.install(Install(7, (add(OTHER), delete(METER)), 2))
    switch.outbox.install(Install(7, (add(METER),), 3))
    switch.barrier()
    assert switch.barrier() == ["open", "[flow]", "close", BARRIER]
    assert switch.barrier() == ["commit", BARRIER]
    assert switch.barrier() == [METER_MOD, BARRIER]
    assert switch.barrier() == [METER_MOD, BARRIER]
    assert switch.barrier() == []
    assert switch.events == [Confirmed(7, 1), Confirmed(7, 2), Confirmed(7, 3)]


def test_frames_go_at_once_but_not_before_the_change_that_they_follow(switch: Switch) -> None:
    assert switch.frame() == [PACKET_OUT]
    switch.install(1, add(RULE))
    assert switch.frame() == switch.frame() == []
    assert switch.barrier() == ["commit", BARRIER]
    assert switch.barrier() == [PACKET_OUT, PACKET_OUT]


def test_frames_without_an_answer_are_few_and_those_that_wait_are_bounded(switch: Switch) -> None:
    for _ in range(o.WINDOW - 1):
        assert switch.frame() == [PACKET_OUT]
    assert switch.frame() == [PACKET_OUT, BARRIER]
    for _ in range(o.MAX_FRAMES):
        assert switch.frame() == []
    assert switch.events == []
    switch.frame()
    assert switch.events == [Counted("packet-out-overflow")]
    assert switch.barrier() == [PACKET_OUT] * o.MAX_FRAMES


def test_a_frame_that_is_refused_is_counted_and_spoils_no_change(switch: Switch) -> None:
    switch.install(1, add(RULE))
    switch.outbox.error(o.FRAME_XID, "bad port")
    assert switch.barrier() == ["commit", BARRIER]
    assert switch.events == [Counted("packet-out-refused")]


def test_a_group_that_fits_no_message_is_refused_here(switch: Switch) -> None:
    large = Group(1, GroupType.ALL, tuple(Bucket((SetField(ETH_DST, n), Output(n))) for n in range(1400)))
    assert switch.install(1, add(large), add(RULE)) == []
    (refused,) = switch.events
    assert isinstance(refused, Refused)
    assert "65535" in refused.reason


def test_a_switch_that_does_not_keep_up_is_hung_up_on(switch: Switch) -> None:
    many = (add(RULE),) * (o.MAX_MODS // 2)
    for token in range(1, 4):
        switch.outbox.install(Install(7, many, token))
    assert switch.closed == []  # one is on its way, two wait
    switch.outbox.install(Install(7, (add(RULE),), 4))
    assert switch.closed == ["it does not keep up"]


def test_changes_that_wait_are_dropped_for_a_reading_that_comes_after_the_one_on_its_way(switch: Switch) -> None:
    switch.install(1, add(RULE))
    switch.outbox.install(Install(7, (add(OTHER),), 2))
    switch.outbox.read()
    assert switch.take() == []
    assert switch.barrier() == ["commit", BARRIER]
    assert switch.barrier() == [MULTIPART] * 3 + [BARRIER]


def test_parts_of_another_reading_and_errors_in_one(switch: Switch) -> None:
    switch.outbox.read()
    switch.take()
    for kind in Kind:
        switch.outbox.part(Part(kind, switch.last + 1, (), more=False))
    assert switch.held == []
    switch.outbox.part(Part(Kind.FLOWS, switch.last, (RULE,), more=True))
    switch.outbox.error(switch.last, "no multipart")
    assert switch.closed == ["it can't be read back: no multipart"]


def part(network: int, token: int, *mods: Mod) -> Install:
    return Install(7, mods, token, network)


def test_a_part_goes_alone_and_is_refused_for_itself(switch: Switch) -> None:
    switch.install(1)
    red, blue = part(1, 2, add(RULE)), part(2, 3, add(OTHER))
    switch.outbox.install(red)
    switch.outbox.install(blue)
    assert switch.barrier() == ["open", "[flow]", "close", BARRIER]
    switch.barrier()
    switch.outbox.error(switch.last, "full")  # of the commit
    assert switch.barrier() == ["open", "[flow]", "close", BARRIER]
    switch.barrier()
    assert switch.barrier() == []
    assert switch.events == [Confirmed(7, 1), Refused(7, "full", red), Confirmed(7, 3)]


def test_a_part_that_is_refused_takes_its_networks_next_ones_along_until_the_switch_is_read_back(
    switch: Switch,
) -> None:
    first, second, blue, third = (part(network, n, add(RULE)) for n, network in enumerate((1, 1, 2, 1)))
    for install in (first, second, blue):
        switch.outbox.install(install)
    switch.take()
    switch.outbox.error(switch.last, "full")
    assert switch.barrier() == ["discard", "open", "[flow]", "close", BARRIER]
    assert switch.events == [Refused(7, "full", first), Refused(7, "full", second)]
    switch.barrier()
    switch.barrier()
    switch.outbox.read()
    switch.take()
    switch.tell()
    switch.outbox.install(third)
    assert switch.take() == ["open", "[flow]", "close", BARRIER]


def test_of_the_fabrics_own_parts_each_is_tried(switch: Switch) -> None:
    first, second = part(0, 1, add(RULE)), part(0, 2, add(OTHER))
    switch.outbox.install(first)
    switch.outbox.install(second)
    switch.take()
    switch.outbox.error(switch.last, "full")
    assert switch.barrier() == ["discard", "open", "[flow]", "close", BARRIER]
    switch.barrier()
    switch.barrier()
    assert switch.events == [Refused(7, "full", first), Confirmed(7, 2)]


def test_a_switch_is_read_when_it_told_all_and_answered_the_barrier(switch: Switch) -> None:
    switch.outbox.read()
    assert switch.take() == [MULTIPART] * 3 + [BARRIER]
    switch.tell(barrier=False)
    assert switch.held == []
    switch.outbox.barrier(switch.last)
    assert switch.held == [frozenset()]


def test_a_switch_that_leaves_a_step_unanswered_is_hung_up_on(switch: Switch) -> None:
    switch.outbox.look(0)
    switch.install(1, add(RULE))
    switch.outbox.look(100)
    switch.outbox.look(100 + o.PATIENCE - 1)
    switch.barrier()  # the commit is another step
    switch.outbox.look(100 + o.PATIENCE)
    switch.outbox.look(99 + 2 * o.PATIENCE)
    assert switch.closed == []
    switch.outbox.look(101 + 2 * o.PATIENCE)
    switch.outbox.look(102 + 2 * o.PATIENCE)
    assert switch.closed == ["it has not answered for 10 s"]


def test_a_large_change_may_take_longer(switch: Switch) -> None:
    switch.install(1, *[add(RULE)] * 3000)
    for now, closed in ((0, []), (12, []), (13, ["it has not answered for 13 s"])):
        switch.outbox.look(now)
        assert switch.closed == closed


def test_a_reading_that_makes_headway_may_take_longer(switch: Switch) -> None:
    switch.outbox.read()
    switch.take()
    for now, entry in ((0, RULE), (9, OTHER), (18, GROUP)):
        switch.outbox.look(now)
        switch.outbox.part(Part(Kind.FLOWS, switch.last, (entry,), more=True))
    switch.outbox.look(27)
    assert switch.closed == []
    switch.outbox.look(37)
    assert switch.closed == ["it has not answered for 10 s"]
