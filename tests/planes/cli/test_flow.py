from __future__ import annotations

import socket
import subprocess
from ipaddress import ip_address

import pytest

from planes.cli.flow import SOURCE_PORT, Flow
from planes.data import fields as f
from planes.data.packet import checksum, parse

V4 = ip_address("10.0.0.1"), ip_address("10.0.0.2")
V6 = ip_address("fd00::1"), ip_address("fd00::2")


def test_a_ping_is_a_whole_frame_of_its_family() -> None:
    frame = Flow().frame(2, 1, *V4, ttl=63, vlan=None)
    fields = parse(frame)
    assert (fields[f.ETH_DST], fields[f.ETH_SRC], len(frame)) == (2, 1, 98)  # as ping(8) sends
    assert (fields[f.IPV4_DST], fields[f.ICMPV4_TYPE], fields[f.IP_TTL]) == (0x0A00_0002, 8, 63)
    assert checksum(frame[34:]) == 0
    six = parse(Flow().frame(2, 1, *V6, ttl=64, vlan=None))
    assert (six[f.IPV6_DST], six[f.ICMPV6_TYPE]) == (0xFD << 120 | 2, 128)


@pytest.mark.parametrize("ends", [V4, V6])
def test_ports_are_the_flow_s_and_checksums_right(ends: tuple[object, object]) -> None:
    source, target = V4 if ends == V4 else V6
    start = 34 if source.version == 4 else 54
    tcp = Flow("tcp", 22).frame(2, 1, source, target, ttl=64, vlan=100)
    fields = parse(tcp)
    assert (fields[f.VLAN_VID], fields[f.TCP_SRC], fields[f.TCP_DST]) == (0x1064, SOURCE_PORT, 22)
    pseudo = source.packed + target.packed + (20).to_bytes(4, "big") + (6).to_bytes(4, "big")
    assert checksum(pseudo + tcp[start + 4 :]) == 0
    assert tcp[start + 4 + 13] == 2  # SYN alone
    udp = parse(Flow("udp", 53).frame(2, 1, source, target, ttl=64, vlan=None))
    assert (udp[f.UDP_SRC], udp[f.UDP_DST]) == (SOURCE_PORT, 53)


def test_a_flow_between_families_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="two families"):
        Flow().frame(2, 1, V4[0], V6[1], ttl=64, vlan=None)


def test_udp_is_really_sent_each_datagram_from_a_port_of_its_own() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        subprocess.run(Flow("udp", receiver.getsockname()[1]).command(ip_address("127.0.0.1"), 3), check=True)
        assert len({receiver.recvfrom(100)[1][1] for _ in range(3)}) == 3


def test_tcp_is_tried_and_a_refusal_is_no_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        command = Flow("tcp", server.getsockname()[1]).command(ip_address("127.0.0.1"), 2)
        subprocess.run(command, check=True)
        ports = set()
        for _ in range(2):
            connection, peer = server.accept()
            connection.close()
            ports.add(peer[1])
        assert len(ports) == 2
    subprocess.run(command, check=True)
