from __future__ import annotations

from ipaddress import IPv4Address

from triangles import EVERYONE, A, B, C, D, greet, triangle

from planes.control import events as ev
from planes.control.probe import PROBE_MAC
from planes.data import fields as f
from planes.data.packet import arp, ethernet
from planes.model import state


def test_unknown_unicast_is_flooded_at_a_bounded_rate() -> None:
    fabric = triangle()
    greet(fabric)
    nobody = 0x0200_0000_0099
    assert fabric.send((1, 1), nobody, A) == {(1, 2), (2, 1), (3, 1)}
    passed = sum(bool(fabric.send((1, 1), nobody, A)) for _ in range(200))
    assert passed < 60
    fabric.advance(1.1)
    assert {r.reason: r.count for r in fabric.table(state.Counter)}["unknown-unicast-above-rate"] == 200 - passed


def test_a_non_ip_group_address_is_paged_in_and_then_the_switches_know_it() -> None:
    fabric = triangle()
    greet(fabric)
    group = 0x0900_2B00_0005  # IS-IS over OSI, say
    assert fabric.send((2, 1), group, C) == {(1, 1), (1, 2), (3, 1)}
    for dpid in fabric.switches:
        fabric.connected.discard(dpid)
    assert fabric.send((2, 1), group, C) == {(1, 1), (1, 2), (3, 1)}


def test_group_addresses_paged_in_are_limited_per_port() -> None:
    fabric = triangle()
    greet(fabric)
    reached = [bool(fabric.send((2, 1), 0x0900_2B00_0100 | n, C)) for n in range(20)]
    assert reached == [True] * 16 + [False] * 4
    assert fabric.send((1, 1), 0x0900_2B00_0200, A)


def test_a_spoofer_is_found_out_and_a_real_move_is_followed() -> None:
    fabric = triangle()
    greet(fabric)
    # C's own port is up but never answers the probe (it spoke for no address): after the probe time it has moved.
    assert fabric.send((3, 1), A, C) == set()
    fabric.advance(0.5)
    assert fabric.send((3, 1), A, C) == {(1, 1)}
    assert fabric.send((1, 1), C, A) == {(3, 1)}
    # A moves by unplugging: at once.
    fabric.cut((1, 1))
    assert fabric.send((2, 1), EVERYONE, A) == {(1, 2), (3, 1)}
    assert fabric.send((3, 1), A, C) == {(2, 1)}


def test_frames_without_a_proper_source_are_counted_and_dropped() -> None:
    fabric = triangle()
    assert fabric.send((1, 1), EVERYONE, 0x0100_5E00_0001) == set()  # by the switch: a group address
    assert fabric.send((1, 1), EVERYONE, 0) == set()
    assert fabric.send_frame((1, 1), b"\x00" * 9) == set()
    assert fabric.core.drops["source-not-an-address"] == 1


def test_a_frame_from_a_port_of_no_segment_is_counted() -> None:
    fabric = triangle()
    fabric.give(ev.FrameArrived(1, 77, 30, 0, ethernet(EVERYONE, A, 0x88B5, b"x" * 46)))
    assert fabric.core.drops["frame-from-no-edge"] == 1


def arp_request(mac: int, ip: str, target: str) -> bytes:
    return ethernet(EVERYONE, mac, f.ETH_ARP, arp(1, mac, IPv4Address(ip), 0, IPv4Address(target)))


def test_addresses_are_learned_from_arp_once_and_then_left_to_the_switches() -> None:
    fabric = triangle()
    assert fabric.send_frame((1, 1), arp_request(A, "10.0.0.1", "10.0.0.3")) == {(1, 2), (2, 1), (3, 1)}
    assert fabric.send_frame((1, 1), arp_request(A, "10.0.0.11", "10.0.0.3")) == {(1, 2), (2, 1), (3, 1)}
    (host,) = fabric.table(state.Host)
    assert host == state.Host("red", "one", "02:00:00:00:00:01", "s1", 1, ("10.0.0.1", "10.0.0.11"))
    fabric.connected.clear()
    assert fabric.send_frame((1, 1), arp_request(A, "10.0.0.11", "10.0.0.3")) == {(1, 2), (2, 1), (3, 1)}
    assert fabric.send_frame((1, 1), arp_request(A, "0.0.0.0", "10.0.0.3")) == {(1, 2), (2, 1), (3, 1)}


def test_a_host_that_answers_the_probe_keeps_its_place() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.send_frame((2, 1), arp_request(C, "10.0.0.3", "10.0.0.1"))
    assert fabric.send((3, 1), A, C) == set()  # D's port claims to be C
    (probe,) = fabric.received[(2, 1)]
    assert probe[:6] == C.to_bytes(6, "big") and probe[6:12] == PROBE_MAC.to_bytes(6, "big")
    answer = arp(2, C, IPv4Address("10.0.0.3"), PROBE_MAC, IPv4Address(0))
    assert fabric.send_frame((2, 1), ethernet(PROBE_MAC, C, f.ETH_ARP, answer)) == set()
    fabric.advance(1)
    assert fabric.send((3, 1), A, C) == set()
    assert fabric.core.drops["source-spoofed"] == 1
    assert fabric.send((1, 1), C, A) == {(2, 1)}
    assert fabric.send((3, 1), C, D) == {(2, 1)}  # its own address still works


def test_a_frame_punted_before_its_target_was_learned_is_not_flooded() -> None:
    fabric = triangle()
    greet(fabric)
    fabric.received.clear()
    fabric.give(ev.FrameArrived(1, 1, 70, 1, ethernet(C, A, 0x88B5, b"x" * 46)))
    assert {port for port, frames in fabric.received.items() if frames} == {(2, 1)}


def test_nobody_may_use_the_probes_address() -> None:
    fabric = triangle()
    assert fabric.send((1, 1), EVERYONE, PROBE_MAC) == set()
    assert fabric.table(state.Host) == []
    assert B not in {host.mac for host in fabric.table(state.Host)}
