"""Our bundle messages are Ryu's (os-ken's, from Python 3.12 on)."""

from __future__ import annotations

from typing import Any

import pytest
from entries import patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data import bundle, readback, wire
from planes.data.bundle import Step

try:
    from ryu.ofproto import ofproto_v1_3 as ofp
    from ryu.ofproto import ofproto_v1_3_parser as parser
    from ryu.ofproto.ofproto_protocol import ProtocolDesc
except ImportError:
    ofp = pytest.importorskip("os_ken.ofproto.ofproto_v1_3", reason="neither Ryu nor os-ken is installed")
    parser = pytest.importorskip("os_ken.ofproto.ofproto_v1_3_parser")
    ProtocolDesc = pytest.importorskip("os_ken.ofproto.ofproto_protocol").ProtocolDesc

DATAPATH = ProtocolDesc(ofp.OFP_VERSION)
FLAGS = ofp.ONF_BF_ATOMIC | ofp.ONF_BF_ORDERED
STEPS = {
    Step.OPEN: ofp.ONF_BCT_OPEN_REQUEST,
    Step.CLOSE: ofp.ONF_BCT_CLOSE_REQUEST,
    Step.COMMIT: ofp.ONF_BCT_COMMIT_REQUEST,
    Step.DISCARD: ofp.ONF_BCT_DISCARD_REQUEST,
}
numbers = st.integers(0, 0xFFFF_FFFF)


def serialized(message: Any, xid: int) -> bytes:
    message.set_xid(xid)
    message.serialize()
    return bytes(message.buf)


@patient
@given(st.sampled_from(Step), numbers, numbers)
def test_control(step: Step, number: int, xid: int) -> None:
    theirs = parser.ONFBundleCtrlMsg(DATAPATH, number, STEPS[step], FLAGS, [])
    assert bundle.control(step, number, xid) == serialized(theirs, xid)


@patient
@given(numbers, numbers)
def test_add(number: int, xid: int) -> None:
    theirs = parser.ONFBundleAddMsg(DATAPATH, number, FLAGS, parser.OFPBarrierRequest(DATAPATH), [])
    assert bundle.add(number, wire.barrier(xid)) == serialized(theirs, xid)


@patient
@given(numbers)
def test_reading_back(xid: int) -> None:
    flows = parser.OFPFlowStatsRequest(DATAPATH, match=parser.OFPMatch())
    groups = parser.OFPGroupDescStatsRequest(DATAPATH)
    meters = parser.OFPMeterConfigStatsRequest(DATAPATH)
    assert readback.requests(xid) == b"".join(serialized(message, xid) for message in (flows, groups, meters))
