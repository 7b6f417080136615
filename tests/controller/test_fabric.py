from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from controller.channel import Channel, PortInfo
from controller.fabric import FabricApp
from planes.control.events import (
    Confirmed,
    Event,
    FrameArrived,
    Install,
    PortChanged,
    PortDescription,
    Publish,
    Refused,
    SendFrame,
    SwitchConnected,
    SwitchLost,
)
from planes.data.delta import Command, Mod
from planes.data.rule import Output, Rule, match
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
PORTS = (PortInfo(1, "s1-eth1", True), PortInfo(ofp.OFPP_LOCAL, "s1", False))


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
        """A switch that is there; nothing of its coming is left in `posted`."""
        channel = Wire(dpid)
        self.app.handlers.up(channel, PORTS)
        self.posted.clear()
        return channel


@pytest.fixture
def outside() -> Outside:
    return Outside()


def theirs(message: Any, xid: int) -> bytes:
    """A message of Ryu's as bytes."""
    message.set_xid(xid)
    message.serialize()
    return bytes(message.buf)


def packet_in(port: int, table: int, frame: bytes) -> bytes:
    """A packet-in message (7.4.1) with one match field, the port it came in on."""
    oxm = struct.pack("!HHIIxxxx", 1, 12, 0x8000_0004, port)
    body = struct.pack("!IHBBQ", ofp.OFP_NO_BUFFER, len(frame), ofp.OFPR_ACTION, table, 7) + oxm + bytes(2) + frame
    return struct.pack("!BBHI", ofp.OFP_VERSION, ofp.OFPT_PACKET_IN, 8 + len(body), 0) + body


def test_the_packet_in_here_is_one_to_ryu_too() -> None:
    message = packet_in(3, 30, b"frame")
    read = parser.OFPPacketIn.parser(DATAPATH, *struct.unpack_from("!BBHI", message), bytearray(message))
    assert (read.match["in_port"], read.table_id, read.data) == (3, 30, b"frame")


def test_a_switch_comes_with_its_ports_and_goes(outside: Outside) -> None:
    channel = Wire(0xABC)
    outside.app.handlers.up(channel, PORTS)
    outside.app.handlers.down(channel)
    described = (PortDescription(1, "s1-eth1", True), PortDescription(ofp.OFPP_LOCAL, "s1", False))
    assert outside.posted == [SwitchConnected(0xABC, described), SwitchLost(0xABC)]


def test_messages_become_events(outside: Outside) -> None:
    channel = outside.connect()
    handlers = outside.app.handlers
    handlers.port(channel, PortInfo(2, "s1-eth2", True), False)
    handlers.port(channel, PortInfo(2, "s1-eth2", True), True)
    handlers.packet_in(channel, packet_in(1, 30, b"frame"))
    handlers.barrier(channel, 9)
    handlers.error(channel, "OpenFlow error type 6 code 3")
    port = PortDescription(2, "s1-eth2", True)
    assert outside.posted == [
        PortChanged(1, port, gone=False),
        PortChanged(1, port, gone=True),
        FrameArrived(1, 1, 30, b"frame"),
        Confirmed(1, 9),
        Refused(1, "OpenFlow error type 6 code 3"),
    ]


@pytest.mark.parametrize("message", [b"", packet_in(1, 30, b"frame")[:-1], b"\x04\x0b" + packet_in(1, 0, b"x")[2:]])
def test_a_malformed_packet_in_is_no_event(outside: Outside, message: bytes) -> None:
    outside.app.handlers.packet_in(outside.connect(), message)
    assert outside.posted == []


def test_a_second_connection_takes_the_place_of_the_first(outside: Outside) -> None:
    old = outside.connect()
    new = Wire(1)
    outside.app.handlers.up(new, ())
    assert (old.closed, new.closed) == (True, False)
    assert outside.posted == [SwitchConnected(1, ())]
    outside.app.perform(SendFrame(1, 1, (Output(2),), b"frame"))
    assert new.sent
    assert not old.sent


def _say_everything(outside: Outside, channel: Channel) -> None:
    handlers = outside.app.handlers
    handlers.port(channel, PORTS[0], True)
    handlers.packet_in(channel, packet_in(1, 30, b"late"))
    handlers.barrier(channel, 1)
    handlers.error(channel, "late")
    handlers.down(channel)


def test_what_comes_late_of_a_connection_that_was_replaced_is_nobodys(outside: Outside) -> None:
    old = outside.connect()
    new = outside.connect()
    _say_everything(outside, old)
    assert outside.posted == []
    outside.app.handlers.barrier(new, 2)
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
    outside.app.perform(Install(1, (), 1, fresh=True))
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


def test_an_install_is_its_changes_in_order_and_a_barrier(outside: Outside) -> None:
    channel = outside.connect()
    (one, one_bytes), (two, two_bytes) = _rule(1), _rule(2)
    outside.app.perform(Install(1, (Mod(Command.ADD, one), Mod(Command.ADD, two)), 5))
    assert channel.sent == one_bytes + two_bytes + theirs(parser.OFPBarrierRequest(DATAPATH), 5)


def test_a_fresh_install_clears_the_switch_first(outside: Outside) -> None:
    channel = outside.connect()
    rule, expected = _rule(1)
    outside.app.perform(Install(1, (Mod(Command.ADD, rule),), 5, fresh=True))
    no_flow = parser.OFPFlowMod(
        DATAPATH,
        table_id=ofp.OFPTT_ALL,
        command=ofp.OFPFC_DELETE,
        priority=0,
        out_port=ofp.OFPP_ANY,
        out_group=ofp.OFPG_ANY,
    )
    no_group = parser.OFPGroupMod(DATAPATH, ofp.OFPGC_DELETE, ofp.OFPGT_ALL, ofp.OFPG_ALL, [])
    no_meter = parser.OFPMeterMod(DATAPATH, ofp.OFPMC_DELETE, 0, ofp.OFPM_ALL, [])
    barrier = parser.OFPBarrierRequest(DATAPATH)
    cleared = b"".join(theirs(message, 5) for message in (no_flow, no_group, no_meter))
    assert channel.sent == cleared + expected + theirs(barrier, 5)


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
