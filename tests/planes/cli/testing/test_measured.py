from __future__ import annotations

import json

import pytest

from planes.cli.testing import measured

PING = """\
PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.
64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=6.30 ms
64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=7.00 ms (DUP!)
64 bytes from 10.0.0.2: icmp_seq=3 ttl=64 time=0.250 ms

--- 10.0.0.2 ping statistics ---
4 packets transmitted, 2 received, +1 duplicates, 50% packet loss, time 1004ms
"""


def test_what_ping_said() -> None:
    found = measured.ping(PING)
    assert (found.sent, found.received, found.loss) == (4, 2, 0.5)
    assert found.rtts == pytest.approx((0.0063, 0.00025))
    assert found
    assert not measured.ping("1 packets transmitted, 0 received, 100% packet loss")


@pytest.mark.parametrize("said", ["", "ping: connect: Network is unreachable", "0 packets transmitted, 0 received"])
def test_a_ping_that_sent_nothing_is_an_error(said: str) -> None:
    with pytest.raises(ValueError, match="ping sent nothing"):
        measured.ping(said)


def test_what_iperf3_said() -> None:
    intervals = [
        {"sum": {"seconds": 1.0, "bytes": 1000, "lost_packets": 1, "packets": 4}},
        {"sum": {"seconds": 0.5, "bytes": 500, "lost_packets": 0, "packets": 4}},
    ]
    assert measured.transfer(json.dumps({"intervals": intervals})) == measured.Transfer(8000.0, 1500, 0.125)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"intervals": []}, "nothing arrived"),
        ({"error": "unable to start listener", "intervals": []}, "unable to start listener"),
    ],
)
def test_a_transfer_that_was_none_is_an_error(said: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        measured.transfer(json.dumps(said))
