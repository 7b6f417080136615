from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from controller.channel import Channel, PortInfo
from controller.fabric import TRAFFIC_XID, FabricApp
from planes.control.events import (
    AskTraffic,
    Confirmed,
    Counted,
    Event,
    FrameArrived,
    Install,
    PortChanged,
    PortDescription,
    Publish,
    Refused,
    Resync,
    SendFrame,
    SwitchConnected,
    SwitchLost,
    TrafficTold,
)
from planes.data.delta import Command, Mod
from planes.data.rule import Output, Rule, match
from planes.data.traffic import PortCounts
from planes.model.state import Change, Counter, Put

try:
    from ryu.ofproto import ofproto_v1_3 as ofp
    from ryu.ofproto import ofproto_v1_3_parser as parser
    from ryu.ofproto.ofproto_protocol import ProtocolDesc
except ImportError:
    ofp = pytest.importorskip("os_ken.ofproto.ofproto_v1_3", reason="neither Ryu nor os-ken is installed")
    parser = pytest.importorskip("os_ken.ofproto.ofproto_v1_3_parser")
    ProtocolDesc = pytest.importorskip("os_ken.ofproto.ofproto_protocol").ProtocolDesc

DATAPATH = ProtocolDesc(ofp.OFP_VERSION)
PORTS = (PortInfo(1, "s1-eth1", True, "02:00:00:00:00:01", 10_000_000), PortInfo(ofp.OFPP_LOCAL, "s1", False))


@dataclass(eq=False)
class Wire:
    """A channel that keeps what is sent."""

    dpid: int
    sent: bytes = b""
    closed: bool = False

    def send(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True


@dataclass
class Outside:
    """The app, and what it hands on."""

    posted: list[Event] = field(default_factory=list)
    published: list[tuple[list[Change], int | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        def publish(changes: Iterable[Change], applied: int | None) -> None:
            self.published.append((list(changes), applied))

        self.app = FabricApp(self.posted.append, publish)

    def connect(self, dpid: int = 1) -> Wire:
        """A switch that is there; nothing of its coming is left in `posted` and `sent`."""
        channel = Wire(dpid)
        self.app.handlers.up(channel, PORTS)
        self.tell(channel)
        self.posted.clear()
        channel.sent = b""
        return channel

    def tell(self, channel: Wire, flows: bytes = b"") -> None:
        """It answers what it was asked: it holds these flows."""
        for kind, body in ((ofp.OFPMP_FLOW, flows), (ofp.OFPMP_GROUP_DESC, b""), (ofp.OFPMP_METER_CONFIG, b"")):
            self.app.handlers.multipart(channel, multipart(kind, xid_of(channel), body))
        self.app.handlers.barrier(channel, xid_of(channel))


@pytest.fixture
def outside() -> Outside:
    return Outside()


def theirs(message: Any, xid: int) -> bytes:
    """A message of Ryu's as bytes."""
    message.set_xid(xid)
    message.serialize()
    return bytes(message.buf)


def xid_of(channel: Wire) -> int:
    """Of the first message that was sent."""
    return int.from_bytes(channel.sent[4:8], "big")


def multipart(kind: int, xid: int, body: bytes = b"") -> bytes:
    """A multipart reply (7.3.5)."""
    return struct.pack("!BBHIHH4x", ofp.OFP_VERSION, ofp.OFPT_MULTIPART_REPLY, 16 + len(body), xid, kind, 0) + body


def packet_in(port: int, table: int, frame: bytes) -> bytes:
    """A packet-in message (7.4.1) with one match field, the port it came in on."""
    oxm = struct.pack("!HHIIxxxx", 1, 12, 0x8000_0004, port)
    body = struct.pack("!IHBBQ", ofp.OFP_NO_BUFFER, len(frame), ofp.OFPR_ACTION, table, 7) + oxm + bytes(2) + frame
    return struct.pack("!BBHI", ofp.OFP_VERSION, ofp.OFPT_PACKET_IN, 8 + len(body), 0) + body


def test_the_packet_in_here_is_one_to_ryu_too() -> None:
    message = packet_in(3, 30, b"frame")
    read = parser.OFPPacketIn.parser(DATAPATH, *struct.unpack_from("!BBHI", message), bytearray(message))
    assert (read.match["in_port"], read.table_id, read.data) == (3, 30, b"frame")


DESCRIBED = (
    PortDescription(1, "s1-eth1", True, "02:00:00:00:00:01", 10_000_000),
    PortDescription(ofp.OFPP_LOCAL, "s1", False),
)
FLOW = struct.pack("!HBxIIHHHH4xQQQHH4x", 56, 3, 1, 2, 9, 0, 0, 0, 7, 1, 2, 1, 4)


def test_a_switch_comes_when_it_was_read_back_and_goes(outside: Outside) -> None:
    channel = Wire(0xABC)
    outside.app.handlers.up(channel, PORTS)
    assert outside.posted == []
    assert len(channel.sent) == 56 + 16 + 24 + 8  # requests for flows, groups, meters, and a barrier
    outside.tell(channel, FLOW)
    outside.app.handlers.down(channel)
    held = frozenset({Rule(3, 9, (), cookie=7)})
    assert outside.posted == [SwitchConnected(0xABC, DESCRIBED, held), SwitchLost(0xABC)]


def test_what_happens_before_a_switch_was_read_back_is_not_lost_and_not_early(outside: Outside) -> None:
    channel = Wire(1)
    outside.app.handlers.up(channel, PORTS)
    outside.app.handlers.port(channel, PortInfo(2, "s1-eth2", True), False)
    outside.app.handlers.port(channel, PORTS[0], True)
    outside.app.handlers.packet_in(channel, packet_in(1, 30, b"early"))
    outside.tell(channel)
    assert outside.posted == [SwitchConnected(1, (DESCRIBED[1], PortDescription(2, "s1-eth2", True)))]


def test_a_switch_that_leaves_before_it_was_read_back_was_never_there(outside: Outside) -> None:
    channel = Wire(1)
    outside.app.handlers.up(channel, PORTS)
    outside.app.handlers.down(channel)
    outside.tell(channel)
    assert outside.posted == []


def test_a_switch_is_read_back_again_when_the_core_asks(outside: Outside) -> None:
    channel = outside.connect()
    outside.app.perform(Resync(1))
    outside.tell(channel, FLOW)
    assert outside.posted == [SwitchConnected(1, DESCRIBED, frozenset({Rule(3, 9, (), cookie=7)}))]


def test_a_switch_that_tells_nonsense_of_what_it_holds_is_hung_up_on(outside: Outside) -> None:
    channel = Wire(1)
    outside.app.handlers.up(channel, PORTS)
    outside.app.handlers.multipart(channel, multipart(ofp.OFPMP_FLOW, xid_of(channel), bytes(56)))
    assert channel.closed
    assert outside.posted == [Counted("switch-hung-up-on")]


def test_a_switch_that_does_not_answer_is_hung_up_on_and_the_reason_told(outside: Outside) -> None:
    channel = outside.connect()
    outside.app.perform(Install(1, (), 9))
    outside.app.look(100)
    outside.app.look(110)
    assert channel.closed
    outside.app.handlers.down(channel)
    assert outside.posted == [
        Counted("switch-hung-up-on"),
        SwitchLost(1, "hung up on: it has not answered for 10 s"),
    ]


def test_garbage_is_counted(outside: Outside) -> None:
    outside.app.handlers.garbage("127.0.0.1: GET /")
    assert outside.posted == [Counted("openflow-garbage")]


def test_messages_become_events(outside: Outside) -> None:
    channel = outside.connect()
    handlers = outside.app.handlers
    handlers.port(channel, PortInfo(2, "s1-eth2", True), False)
    handlers.port(channel, PortInfo(2, "s1-eth2", True), True)
    handlers.packet_in(channel, packet_in(1, 30, b"frame"))
    outside.app.perform(Install(1, (), 9))
    handlers.barrier(channel, xid_of(channel))
    outside.app.perform(Install(1, (Mod(Command.ADD, _rule(1)[0]),), 10))
    channel.sent = channel.sent[-8:]
    handlers.error(channel, xid_of(channel), "OpenFlow error type 6 code 3")
    handlers.barrier(channel, xid_of(channel))
    port = PortDescription(2, "s1-eth2", True)
    assert outside.posted == [
        PortChanged(1, port, gone=False),
        PortChanged(1, port, gone=True),
        FrameArrived(1, 1, 30, 0, b"frame"),
        Confirmed(1, 9),
        Refused(1, "OpenFlow error type 6 code 3"),
    ]


def test_a_switch_is_asked_for_its_traffic_past_what_waits_for_it(outside: Outside) -> None:
    channel = outside.connect()
    outside.app.perform(Install(1, (Mod(Command.ADD, _rule(1)[0]),), 1))  # which waits for an answer
    channel.sent = b""
    outside.app.perform(AskTraffic(1))
    assert channel.sent == theirs(parser.OFPPortStatsRequest(DATAPATH, 0, ofp.OFPP_ANY), TRAFFIC_XID)
    counted = struct.pack("!I4x12QII", 1, *range(12), 5, 0)
    outside.app.handlers.multipart(channel, multipart(ofp.OFPMP_PORT_STATS, 1, counted))  # nobody asked for that
    outside.app.handlers.multipart(channel, multipart(ofp.OFPMP_PORT_STATS, TRAFFIC_XID, counted))
    assert outside.posted == [TrafficTold(1, (PortCounts(1, (0, 1, 2, 3, 4, 5, 6, 7), 5.0),))]


def test_a_switch_whose_counters_are_malformed_is_hung_up_on(outside: Outside) -> None:
    channel = outside.connect()
    outside.app.handlers.multipart(channel, multipart(ofp.OFPMP_PORT_STATS, TRAFFIC_XID, bytes(111)))
    assert (channel.closed, outside.posted) == (True, [Counted("switch-hung-up-on")])


@pytest.mark.parametrize("message", [b"", packet_in(1, 30, b"frame")[:-1], b"\x04\x0b" + packet_in(1, 0, b"x")[2:]])
def test_a_switch_with_a_malformed_packet_in_is_hung_up_on(outside: Outside, message: bytes) -> None:
    channel = outside.connect()
    outside.app.handlers.packet_in(channel, message)
    assert (channel.closed, outside.posted) == (True, [Counted("switch-hung-up-on")])


def test_a_second_connection_takes_the_place_of_the_first(outside: Outside) -> None:
    old = outside.connect()
    new = Wire(1)
    outside.app.handlers.up(new, ())
    assert (old.closed, new.closed) == (True, False)
    outside.tell(new)
    assert outside.posted == [Counted("switch-connected-twice"), SwitchLost(1), SwitchConnected(1, ())]
    new.sent = b""
    outside.app.perform(SendFrame(1, 1, (Output(2),), b"frame"))
    assert new.sent
    assert not old.sent


def _say_everything(outside: Outside, channel: Channel) -> None:
    handlers = outside.app.handlers
    handlers.port(channel, PORTS[0], True)
    handlers.packet_in(channel, packet_in(1, 30, b"late"))
    handlers.barrier(channel, 1)
    handlers.multipart(channel, multipart(ofp.OFPMP_FLOW, 1))
    handlers.error(channel, 0, "late")
    handlers.down(channel)


def test_what_comes_late_of_a_connection_that_was_replaced_is_nobodys(outside: Outside) -> None:
    old = outside.connect()
    new = outside.connect()
    _say_everything(outside, old)
    assert outside.posted == []
    outside.app.perform(Install(1, (), 2))
    outside.app.handlers.barrier(new, xid_of(new))
    assert outside.posted == [Confirmed(1, 2)]


def test_what_comes_late_of_a_switch_that_left_is_nobodys(outside: Outside) -> None:
    gone = outside.connect()
    outside.app.handlers.down(gone)
    outside.posted.clear()
    _say_everything(outside, gone)
    assert outside.posted == []


def test_effects_for_a_switch_that_left_are_dropped(outside: Outside) -> None:
    channel = outside.connect()
    outside.app.handlers.down(channel)
    outside.app.perform(Install(1, (), 1))
    outside.app.perform(SendFrame(1, 1, (Output(2),), b"frame"))
    outside.app.perform(Install(2, (), 1))  # never seen
    assert channel.sent == b""


def _rule(port: int) -> tuple[Rule, bytes]:
    """A rule, and the flow-mod of xid 5 that Ryu makes of the same."""
    actions = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [parser.OFPActionOutput(port)])]
    message = parser.OFPFlowMod(
        DATAPATH,
        table_id=20,
        priority=7,
        match=parser.OFPMatch(in_port=3),
        instructions=actions,
        out_port=ofp.OFPP_ANY,
        out_group=ofp.OFPG_ANY,
    )
    message.instructions[0].actions[0].max_len = 0xFFFF
    return Rule(20, 7, match(in_port=3), (Output(port),)), theirs(message, 5)


def test_an_install_is_its_changes_in_a_bundle_and_a_barrier(outside: Outside) -> None:
    channel = outside.connect()
    (one, one_bytes), (two, two_bytes) = _rule(1), _rule(2)
    outside.app.perform(Install(1, (Mod(Command.ADD, one), Mod(Command.ADD, two)), 5))
    position = [channel.sent.index(message[8:]) for message in (one_bytes, two_bytes)]
    assert position == sorted(position)
    assert channel.sent.endswith(theirs(parser.OFPBarrierRequest(DATAPATH), xid_of(channel)))


def test_a_frame_is_sent_by_a_packet_out(outside: Outside) -> None:
    channel, other = outside.connect(1), outside.connect(2)
    outside.app.perform(SendFrame(1, 4, (Output(2),), b"frame"))
    out = parser.OFPPacketOut(DATAPATH, ofp.OFP_NO_BUFFER, 4, [parser.OFPActionOutput(2, 0xFFFF)], b"frame")
    assert channel.sent == theirs(out, 0)
    assert other.sent == b""


def test_state_is_handed_to_the_store(outside: Outside) -> None:
    change = Put(Counter("lost", 1))
    outside.app.perform(Publish((change,), 3))
    assert outside.published == [([change], 3)]
