"""Our question for ports' counters is Ryu's (os-ken's, from Python 3.12 on), and so is what we read in an answer."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from entries import patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data import traffic
from planes.data.traffic import MAX_COUNT

try:
    from ryu.ofproto import ofproto_parser
    from ryu.ofproto import ofproto_v1_3 as ofp
    from ryu.ofproto import ofproto_v1_3_parser as parser
    from ryu.ofproto.ofproto_protocol import ProtocolDesc
except ImportError:
    ofproto_parser = pytest.importorskip("os_ken.ofproto.ofproto_parser", reason="neither Ryu nor os-ken is installed")
    ofp = pytest.importorskip("os_ken.ofproto.ofproto_v1_3")
    parser = pytest.importorskip("os_ken.ofproto.ofproto_v1_3_parser")
    ProtocolDesc = pytest.importorskip("os_ken.ofproto.ofproto_protocol").ProtocolDesc

DATAPATH = ProtocolDesc(ofp.OFP_VERSION)
xids = st.integers(0, 0xFFFF_FFFF)
counts = st.integers(0, MAX_COUNT)
ports = st.tuples(st.integers(1, 0xFFFF_FFFE), *[counts] * 12, st.integers(0, 0xFFFF_FFFE), st.integers(0, 999_999_999))


@given(xids)
def test_the_question(xid: int) -> None:
    theirs = parser.OFPPortStatsRequest(DATAPATH, 0, ofp.OFPP_ANY)
    theirs.set_xid(xid)
    theirs.serialize()
    assert traffic.request(xid) == bytes(theirs.buf)


@patient
@given(st.lists(ports, max_size=5), st.booleans(), xids)
def test_the_answer(given_ports: list[tuple[int, ...]], more: bool, xid: int) -> None:
    body = b"".join(struct.pack("!I4x12QII", *port) for port in given_ports)
    flags = ofp.OFPMPF_REPLY_MORE if more else 0
    header = ofp.OFP_VERSION, ofp.OFPT_MULTIPART_REPLY, 16 + len(body), xid
    message = struct.pack("!BBHIHH4x", *header, ofp.OFPMP_PORT_STATS, flags) + body
    theirs: Any = ofproto_parser.msg(DATAPATH, *header, bytearray(message))
    ours = traffic.told(message)
    assert ours is not None
    assert (ours.xid, ours.more) == (theirs.xid, bool(theirs.flags & ofp.OFPMPF_REPLY_MORE))
    assert [(port.number, *port.counters, port.alive) for port in ours.ports] == [
        (
            port.port_no, port.rx_packets, port.tx_packets, port.rx_bytes, port.tx_bytes,
            port.rx_dropped, port.tx_dropped, port.rx_errors, port.tx_errors,
            port.duration_sec + port.duration_nsec / 1e9,
        )
        for port in theirs.body
    ]  # fmt: skip
