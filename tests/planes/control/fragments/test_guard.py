"""GUARD on the reference switch: a host on port 5 of segment 2 and another on port 6, which own an address each."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from planes.control import facts
from planes.control.engine import Engine
from planes.control.facts import BindingFact, Edge, EdgePort, HostFact, Rate
from planes.control.fragments import access, guard, port, switch
from planes.control.fragments.switch import SPOOF_METER
from planes.data import fields as f
from planes.data import packet
from planes.data.pipeline import Table
from planes.data.rule import Meter, Rule
from planes.data.switch import Switch

A, B, C = (0x0200_0000_0000 | n for n in (1, 2, 3))
A4, B4, NEW4, NONE4 = (IPv4Address(f"10.0.0.{n}") for n in (1, 2, 9, 7))
A6, B6, NEW6 = (IPv6Address(f"fd00::{n}") for n in (1, 2, 9))
LOCAL6, LOCAL_B6 = IPv6Address("fe80::1"), IPv6Address("fe80::2")
NOBODY4, NOBODY6 = IPv4Address(0), IPv6Address(0)
RATE = 0x1_2001


def guarded(binding: BindingFact | None = None) -> Switch:
    engine = Engine(())
    engine.put(facts.SWITCH, 1, 1)
    engine.put(facts.SEGMENT_SWITCHES, 2, (1,))
    engine.put(facts.RATE, 3, Rate(RATE, 1000))
    for number, mac, ipv4, ipv6 in ((5, A, A4, (A6,)), (6, B, B4, (B6, LOCAL_B6))):
        engine.put(facts.ACCESS, (1, number, 0), Edge(2, 3))
        engine.put(facts.EDGE_PORT, (1, number), EdgePort((number,)))
        addresses = tuple(map(int, ipv6))
        engine.put(facts.HOST, (2, mac), HostFact(mac, (1, number, 0), (int(ipv4),), addresses))
        engine.put(facts.NEIGHBOR, (2, 4, int(ipv4)), mac)
        for address in addresses:
            engine.put(facts.NEIGHBOR, (2, 6, address), mac)
    if binding is not None:
        engine.put(facts.BINDING, (1, 5, 0), binding)
    view = facts.View(engine.facts)
    entries = [Meter(RATE, 1000, 100), *(entry for _, entry in switch.compile(view, 1))]
    for number, mac in ((5, A), (6, B)):
        entries += [entry for _, entry in access.compile(view, (1, number, 0))]
        entries += [entry for _, entry in port.edge(view, (1, number))]
        host = view.get(facts.HOST, (2, mac))
        assert host is not None
        entries += guard.known(view, (2, mac), host)
    for neighbor in engine.facts.table(facts.NEIGHBOR):
        entries += [entry for _, entry in guard.compile(view, neighbor)]
    return Switch(entries)


def judged(switch: Switch, in_port: int, frame: bytes) -> str:
    """What GUARD does with a frame: goes on, or comes up as news or as a spoof to be counted."""
    (rule,) = [
        s.entry for s in switch.process(frame, in_port).steps if isinstance(s.entry, Rule) and s.entry.table == 30
    ]
    if rule.goto == Table.SERVICE:
        assert rule.meter == RATE
        return "on"
    return {SPOOF_METER: "spoof"}.get(rule.meter or 0, "news")


def arp(mac: int, address: IPv4Address, vlan: int | None = None) -> bytes:
    return packet.ethernet(f.BROADCAST, mac, f.ETH_ARP, packet.arp(1, mac, address, 0, B4), vlan)


def ip(mac: int, source: IPv4Address | IPv6Address, vlan: int | None = None) -> bytes:
    if isinstance(source, IPv4Address):
        return packet.ethernet(C, mac, f.ETH_IPV4, packet.ipv4(source, NONE4, 99, b""), vlan)
    return packet.ethernet(C, mac, f.ETH_IPV6, packet.ipv6(source, NEW6, 99, b""), vlan)


def solicit(mac: int, source: IPv6Address) -> bytes:
    sll = mac if int(source) else None
    return packet.ethernet(C, mac, f.ETH_IPV6, packet.neighbor_solicitation(source, B6, B6, sll))


def advertise(mac: int, source: IPv6Address, target: IPv6Address) -> bytes:
    return packet.ethernet(C, mac, f.ETH_IPV6, packet.neighbor_advertisement(source, B6, target, mac))


@pytest.mark.parametrize(
    ("frame", "verdict"),
    [
        (packet.ethernet(B, A, 0x88B5, b"x"), "on"),
        (packet.ethernet(B, C, 0x88B5, b"x"), "news"),  # a MAC not seen yet
        (packet.ethernet(A, B, 0x88B5, b"x"), "news"),  # the other's MAC
        (arp(A, A4), "on"),
        (arp(A, NOBODY4), "on"),  # RFC 5227
        (arp(A, NEW4), "news"),
        (arp(A, B4), "news"),  # a claim: the owner is to be asked
        (arp(A, B4, vlan=7), "on"),  # a guest's own affair
        (ip(A, A4), "on"),
        (ip(A, NEW4), "on"),  # of nobody known: a router's, say
        (ip(A, B4), "spoof"),
        (ip(C, B4), "spoof"),
        (ip(A, B4, vlan=7), "on"),
        (ip(A, A6), "on"),
        (ip(A, B6), "spoof"),
        (ip(A, LOCAL_B6), "spoof"),
        (solicit(A, A6), "on"),
        (solicit(A, NOBODY6), "on"),  # RFC 4862, 5.4.2
        (solicit(A, NEW6), "news"),
        (solicit(A, B6), "news"),
        (advertise(A, A6, A6), "on"),
        (advertise(A, A6, B6), "news"),  # its own source, another's target: that is how caches are poisoned
        (advertise(A, A6, NEW6), "news"),
        (advertise(A, B6, A6), "news"),
    ],
)
def test_who_goes_on_and_who_comes_up(frame: bytes, verdict: str) -> None:
    assert judged(guarded(), 5, frame) == verdict


@pytest.mark.parametrize(
    ("frame", "verdict"),
    [
        (packet.ethernet(B, A, 0x88B5, b"x"), "on"),
        (ip(A, A4), "on"),
        (ip(A, NOBODY4), "on"),  # DHCP
        (ip(A, NEW4), "spoof"),
        (ip(A, NEW4, vlan=7), "on"),
        (ip(A, B4), "spoof"),
        (ip(A, NEW6), "on"),  # only its IPv4 address is bound
        (arp(A, A4), "on"),
        (arp(A, NEW4), "news"),
    ],
)
def test_a_host_bound_to_an_ipv4_address_sends_from_no_other(frame: bytes, verdict: str) -> None:
    assert judged(guarded(BindingFact(A, 4, int(A4))), 5, frame) == verdict


@pytest.mark.parametrize(
    ("frame", "verdict"),
    [
        (ip(A, A6), "on"),
        (ip(A, NEW6), "spoof"),
        (ip(A, LOCAL6), "on"),  # what a host picks itself
        (ip(A, LOCAL_B6), "spoof"),
        (solicit(A, NOBODY6), "on"),
        (solicit(A, NEW6), "news"),
        (ip(A, NEW4), "on"),
    ],
)
def test_a_host_bound_to_an_ipv6_address_has_its_link_local_ones_beside(frame: bytes, verdict: str) -> None:
    assert judged(guarded(BindingFact(A, 6, int(A6))), 5, frame) == verdict


def test_an_address_is_guarded_on_every_switch_of_its_segment_by_one_rule() -> None:
    known = facts.Facts()
    known.put(facts.SEGMENT_SWITCHES, 2, (1, 4))
    known.put(facts.NEIGHBOR, (2, 4, int(A4)), A)
    placed = list(guard.compile(facts.View(known), (2, 4, int(A4))))
    assert [dpid for dpid, _ in placed] == [1, 4]
