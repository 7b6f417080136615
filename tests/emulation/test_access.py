"""How hosts come in: tagged, bonded, bound; and what becomes of those who use what is not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest
from commands import until
from frames import ETHERTYPE
from raw import hearing, send
from simulated import Fabric, attached, tagged
from vswitch import vswitch

from planes.cli.testing import Net
from planes.cli.testing.labs import Labs
from planes.data import packet
from planes.data.fields import BROADCAST, ETH_ARP, ETH_IPV4
from planes.data.packet import ethernet
from planes.model.intent import Intent, Network, Segment
from planes.model.state import Counter, Host, State

pytestmark = pytest.mark.emulation

PLAN = """
name: access
topology:
  switches: {s1: , s2: }
  hosts:
    r1: {address: 10.0.0.1/24, mac: "02:00:00:00:00:01"}
    r2: {address: 10.0.0.2/24, mac: "02:00:00:00:00:02"}
    r3: {address: 10.0.0.3/24, mac: "02:00:00:00:00:03"}
    r4: {address: 10.0.0.4/24, mac: "02:00:00:00:00:04"}
    r9: {address: 10.0.0.9/24, mac: "02:00:00:00:00:09"}
    b1: {address: 10.0.0.1/24, mac: "02:00:00:00:00:01"}
    b2: {address: 10.0.0.2/24, mac: "02:00:00:00:00:02"}
  links:
    - [s1, s2]
    - [r1, "s1:1"]
    - [b1, "s1:2"]
    - [r9, "s1:9"]
    - [r2, "s2:2"]
    - [r3, "s2:3"]
    - [b2, "s2:4"]
    - [r4, "s2:5"]
    - [r4, "s2:6"]
networks:
  red:
    segments:
      office:
        subnet: 10.0.0.0/24
        ports: [r1, "s2:2.100", r3, {lag: ["s2:5", "s2:6"]}, "s1:9"]
        bind: {r3: "02:00:00:00:00:03/10.0.0.3"}
  blue:
    segments:
      office: {subnet: 10.0.0.0/24, ports: ["s1:2.100", b2, "s1:9.200"]}
checks:
  - reach: [r1, r2, r3, r4, r9]
  - reach: [b1, b2]
"""
R1, R2, R3, R4 = (0x0200_0000_0000 | n for n in (1, 2, 3, 4))


@pytest.fixture(scope="module")
def net(labs: Labs) -> Iterator[Net]:
    """The plan above, running."""
    with labs.deployed(PLAN) as found:
        found.check()
        yield found


def dropped(state: State, reason: str) -> int:
    """How often something was dropped for a reason, ever."""
    return next((row.count for row in state.of(Counter) if row.reason == reason), 0)


def where(net: Net, mac: str) -> str:
    (host,) = (row for row in net.state.of(Host) if (row.network, row.mac) == ("red", mac))
    return f"{host.switch}:{host.port}"


def said(text: str, dst: int = BROADCAST, src: int = R1) -> bytes:
    return ethernet(dst, src, ETHERTYPE, text.encode().ljust(46))


def test_the_same_vlan_is_one_tenants_here_and_anothers_there(net: Net) -> None:
    frame = said("who hears this?")
    with hearing(net.r9, frame), hearing(net.r2, frame):
        send(net.r1, frame)
    with hearing(net.r9, tagged(frame, 200)), hearing(net.b2, frame):
        send(net.b1, frame)


def test_a_guests_own_tags_pass_untouched_but_not_into_anothers_vlan(net: Net) -> None:
    before = dropped(net.state, "tag-of-another-segment")
    mine, last = tagged(said("my own VLAN"), 300), said("and that was all")
    with hearing(net.r9, mine, last), hearing(net.r2, mine, last):
        send(net.r1, mine, tagged(said("your VLAN"), 200), last)
    net.wait(lambda state: dropped(state, "tag-of-another-segment") == before + 1, 20)


def test_a_bonds_broadcasts_do_not_come_back_and_it_lives_on_one_link(net: Net) -> None:
    lost, answer = said("hello all", src=R4), said("hello you", dst=R4)
    with hearing(net.r4, answer), hearing(net.r1, lost):
        send(net.r4, lost)
        send(net.r1, answer)
    for link in ("r4/s2", "r4/s2#2"):
        with net.failed(link):
            until(lambda: net.r1.ping("r4", wait=5), 30)
    assert where(net, "02:00:00:00:00:04") == "s2:5"


def test_packets_from_anothers_address_are_dropped_and_counted(net: Net) -> None:
    inside = packet.ipv4(IPv4Address("10.0.0.2"), IPv4Address("10.0.0.4"), 253, b"as r2 ".ljust(26))
    forged = ethernet(R4, R1, ETH_IPV4, inside)
    before = dropped(net.state, "address-spoofed")
    count = ("sh", "-c", "grep -w lo: -v /proc/net/dev | awk '/eth0/ {print $3}'")
    received = int(net.r4.run(*count).stdout)
    send(net.r1, *([forged] * 50))
    net.wait(lambda state: dropped(state, "address-spoofed") > before, 20)
    assert int(net.r4.run(*count).stdout) - received < 50
    assert net.r2.ping("r4", wait=5)


def test_a_claim_on_a_living_hosts_address_is_answered_by_it_and_dropped(net: Net) -> None:
    claim = packet.arp(packet.ARP_REQUEST, R1, IPv4Address("10.0.0.4"), 0, IPv4Address("10.0.0.9"))
    before = net.state

    def more(reason: str) -> bool:
        return dropped(net.state, reason) > dropped(before, reason)

    def spoofed() -> bool:
        send(net.r1, ethernet(BROADCAST, R1, ETH_ARP, claim))
        return more("address-spoofed")

    until(spoofed, 30)
    assert more("address-on-two-hosts")
    net.r9.ping("r4", count=1, wait=5)
    assert "02:00:00:00:00:04" in net.r9.run("ip", "neigh", "show", "10.0.0.4").stdout


def test_a_bound_host_can_not_be_another_nor_another_it(net: Net) -> None:
    before = net.state
    last = said("this is I", src=R3)
    inside = packet.ipv4(IPv4Address("10.0.0.33"), IPv4Address("10.0.0.1"), 253, b"x" * 26)
    with hearing(net.r1, last):
        send(net.r3, said("another MAC", src=0x0200_0000_0077), ethernet(R1, R3, ETH_IPV4, inside), last)
    net.wait(lambda state: dropped(state, "source-not-bound") >= dropped(before, "source-not-bound") + 2, 20)
    with net.failed("r3/s2"):
        send(net.r1, said("I am r3 now", src=R3))
        net.wait(lambda state: dropped(state, "source-spoofed") > dropped(before, "source-spoofed"), 20)
        assert where(net, "02:00:00:00:00:03") == "s2:3"
    until(lambda: net.r1.ping("r3", wait=5), 30)


A, B, C = 0x0200_0000_0011, 0x0200_0000_0012, 0x0200_0000_0013


def test_open_vswitch_does_what_the_reference_switch_does() -> None:
    """Tags pushed and popped, LAGs and their floods, tags under tags."""
    fabric = Fabric((1, 2), [((1, 11), (2, 11))], [(1, 1), (1, 2), (1, 5), (1, 6), (2, 1), (2, 2)])
    red = Segment("one", (), (attached(1, 5, 0, 6), attached(1, 1), attached(2, 1)))
    blue = Segment("one", (), (attached(1, 5, 7, 6), attached(1, 2, 7), attached(2, 2)))
    fabric.start(Intent("test", (Network("red", (red,)), Network("blue", (blue,)))))
    asked = packet.arp(packet.ARP_REQUEST, A, IPv4Address("10.0.0.1"), 0, IPv4Address("10.0.0.2"))
    for access in ((1, 5, 0), (1, 5, 7)):
        fabric.say(access, ethernet(BROADCAST, A, ETH_ARP, asked))
    for access, mac in (((1, 1, 0), B), ((2, 1, 0), C), ((1, 2, 7), B), ((2, 2, 0), C)):
        fabric.say(access, said("here", src=mac))
    switch = fabric.switches[1]
    ends = ((A, B), (B, A), (A, C), (A, BROADCAST), (B, BROADCAST))
    plain = [ethernet(dst, src, 0x88B5, b"x" * 46) for src, dst in ends]
    frames = [*plain, *(tagged(each, 7) for each in plain), *(tagged(tagged(each, 9), 7) for each in plain)]
    with vswitch() as real:
        for port in (1, 2, 5, 6, 11):
            real.add_port(port)
        real.replace(switch.entries())
        for port in (1, 2, 5, 6):
            for frame in frames:
                result = switch.process(frame, port)
                out, up = real.inject(port, frame)
                assert one_lag(out) == one_lag(result.outputs), (port, frame.hex())
                assert [(p.table, p.in_port, p.metadata, p.data) for p in up] == [
                    (p.table, p.in_port, p.metadata, p.frame) for p in result.punts
                ]


def one_lag(outputs: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Which port of the LAG a frame leaves by is the switch's own affair."""
    return sorted((5 if port == 6 else port, data) for port, data in outputs)
