from __future__ import annotations

from ipaddress import ip_address

import pytest

from planes.cli.trace import echo_request
from planes.data import fields as f
from planes.data.packet import checksum, parse


def test_a_ping_is_a_whole_frame_of_its_family() -> None:
    frame = echo_request(2, 1, ip_address("10.0.0.1"), ip_address("10.0.0.2"))
    fields = parse(frame)
    assert (fields[f.ETH_DST], fields[f.ETH_SRC], len(frame)) == (2, 1, 98)  # as ping(8) sends
    assert (fields[f.IPV4_DST], fields[f.ICMPV4_TYPE], checksum(frame[34:])) == (0x0A00_0002, 8, 0)
    six = parse(echo_request(2, 1, ip_address("fd00::1"), ip_address("fd00::2")))
    assert (six[f.IPV6_DST], six[f.ICMPV6_TYPE]) == (0xFD << 120 | 2, 128)


def test_a_ping_between_families_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="two families"):
        echo_request(2, 1, ip_address("10.0.0.1"), ip_address("fd00::2"))
