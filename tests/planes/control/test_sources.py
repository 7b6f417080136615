"""Who is believed, on a triangle of switches: A and B on switch 1, C on 2, D on 3."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from simulated import Fabric, attached
from triangles import EDGES, EVERYONE, LINKS, A, B, C, D, greet, triangle

from planes.control import facts
from planes.control.engine import Engine, Name, Placed
from planes.control.events import Restored
from planes.control.facts import ROUTER_MAC
from planes.control.probe import PROBE_MAC
from planes.data import fields as f
from planes.data import packet
from planes.data.packet import ethernet, mac_text
from planes.model import state
from planes.model.intent import Binding, Gateway, Intent, Network, Segment

IPS = {mac: IPv4Address(f"10.0.0.{n}") for n, mac in enumerate((A, B, C, D), 1)}
AT = dict(zip((A, B, C, D), EDGES, strict=True))
ALL = set(EDGES)


def arp(mac: int, address: IPv4Address, to: int = EVERYONE) -> bytes:
    return ethernet(to, mac, f.ETH_ARP, packet.arp(1, mac, address, 0, IPv4Address("10.0.0.99")))


def answer(mac: int, address: IPv4Address) -> bytes:
    reply = packet.arp(packet.ARP_REPLY, mac, address, PROBE_MAC, IPv4Address(0))
    return ethernet(PROBE_MAC, mac, f.ETH_ARP, reply)


def ip(mac: int, source: IPv4Address, to: int) -> bytes:
    return ethernet(to, mac, f.ETH_IPV4, packet.ipv4(source, IPS.get(to, IPS[B]), 99, b"x" * 26))


def known() -> Fabric:
    """All have spoken ARP."""
    fabric = triangle()
    for mac, address in IPS.items():
        fabric.send_frame(AT[mac], arp(mac, address))
    return fabric


def red(*bindings: Binding, gateway: Gateway | None = None) -> Intent:
    ports = tuple(attached(*edge) for edge in EDGES)
    return Intent("test", (Network("red", (Segment("one", ("10.0.0.0/24",), ports, gateway, bindings),)),))


def hosts(fabric: Fabric) -> dict[str, tuple[str, tuple[str, ...]]]:
    rows = (row for row in fabric.table(state.Host) if isinstance(row, state.Host))
    return {row.mac: (f"{row.switch}:{row.port}", row.addresses) for row in rows}


def test_packets_from_anothers_address_are_dropped_in_the_switch_and_counted() -> None:
    fabric = known()
    assert fabric.send_frame(AT[D], ip(D, IPS[D], B)) == {AT[B]}
    assert fabric.send_frame(AT[D], ip(D, IPS[A], B)) == set()
    assert fabric.core.drops["address-spoofed"] == 1
    fabric.connected.clear()
    assert fabric.send_frame(AT[C], ip(C, IPS[A], B)) == set()
    assert fabric.send_frame(AT[A], ip(A, IPS[A], B)) == {AT[B]}


def test_a_stranger_with_anothers_address_is_not_even_learned() -> None:
    fabric = known()
    stranger = 0x0200_0000_0077
    fabric.send_frame(AT[D], ip(stranger, IPS[A], B))
    assert mac_text(stranger) not in hosts(fabric)
    assert fabric.core.drops["address-spoofed"] == 1


def test_a_claim_on_an_address_whose_owner_answers_is_a_spoof() -> None:
    fabric = known()
    assert fabric.send_frame(AT[D], arp(D, IPS[A])) == set()
    ((asked, (question,)),) = fabric.received.items()
    fields = packet.parse(question)
    assert (asked, fields[f.ETH_DST], fields[f.ARP_TPA]) == (AT[A], A, int(IPS[A]))
    fabric.send_frame(AT[A], answer(A, IPS[A]))
    assert fabric.send_frame(AT[D], arp(D, IPS[A])) == set()
    assert fabric.core.drops == {"address-on-two-hosts": 1, "address-spoofed": 1}
    fabric.advance(1)
    assert hosts(fabric)[mac_text(A)] == ("s1:1", ("10.0.0.1",))
    assert fabric.send_frame(AT[D], arp(D, IPS[D])) == ALL - {AT[D]}


def test_an_address_whose_owner_is_silent_moves_and_the_announcement_is_heard() -> None:
    """A takeover in the sense of VRRP: the new owner announces itself, once."""
    fabric = known()
    announced = arp(D, IPS[A])
    assert fabric.send_frame(AT[D], announced) == set()
    fabric.received.clear()
    fabric.advance(0.4)
    assert {at for at, frames in fabric.received.items() if announced in frames} == ALL - {AT[D]}
    assert hosts(fabric)[mac_text(D)] == ("s3:1", ("10.0.0.4", "10.0.0.1"))
    assert hosts(fabric)[mac_text(A)] == ("s1:1", ())
    assert fabric.send_frame(AT[D], ip(D, IPS[A], B)) == {AT[B]}
    assert fabric.send_frame(AT[A], ip(A, IPS[A], B)) == set()


def test_an_address_whose_owners_port_is_down_moves_at_once() -> None:
    fabric = known()
    fabric.cut(AT[A])
    assert fabric.send_frame(AT[D], arp(D, IPS[A])) == {AT[B], AT[C]}


def test_between_ports_of_routers_an_address_moves_at_once() -> None:
    """They take over from each other, and have proven that by a protocol of their own; other hosts are still asked."""
    fabric = known()
    ports = tuple(attached(*edge) for edge in EDGES)
    segment = Segment("one", ("10.0.0.0/24",), ports, routers=(ports[0], ports[3]))
    fabric.want(Intent("test", (Network("red", (segment,)),)))
    assert fabric.send_frame(AT[C], arp(C, IPS[A])) == set()
    assert fabric.send_frame(AT[D], arp(D, IPS[B])) == set()
    assert fabric.send_frame(AT[D], arp(D, IPS[A])) == ALL - {AT[D]}
    assert hosts(fabric)[mac_text(D)] == ("s3:1", ("10.0.0.4", "10.0.0.1"))
    assert fabric.send_frame(AT[A], arp(D, IPS[A])) == ALL - {AT[A]}  # its MAC, too


def test_an_advertisement_speaks_for_its_target() -> None:
    fabric = triangle()
    greet(fabric)
    mine, other = IPv6Address("fd00::1"), IPv6Address("fd00::4")

    def told(mac: int, source: IPv6Address, target: IPv6Address) -> bytes:
        advert = packet.neighbor_advertisement(source, IPv6Address("ff02::1"), target, mac)
        return ethernet(0x3333_0000_0001, mac, f.ETH_IPV6, advert)

    assert fabric.send_frame(AT[A], told(A, mine, mine)) == ALL - {AT[A]}
    assert fabric.send_frame(AT[D], told(D, other, other)) == ALL - {AT[D]}
    assert fabric.send_frame(AT[D], told(D, other, mine)) == set()
    assert fabric.core.drops == {"address-on-two-hosts": 1}


def test_a_move_is_announced_by_the_frame_that_showed_it() -> None:
    fabric = known()
    announced = arp(C, IPS[C])
    assert fabric.send_frame(AT[D], announced) == set()
    fabric.received.clear()
    fabric.advance(0.4)
    assert {at for at, frames in fabric.received.items() if announced in frames} == ALL - {AT[D]}
    assert fabric.send_frame(AT[A], ip(A, IPS[A], C)) == {AT[D]}


@pytest.mark.parametrize("mac", [0, PROBE_MAC, ROUTER_MAC])
def test_nobody_has_an_address_of_the_fabric(mac: int) -> None:
    fabric = triangle()
    assert fabric.send(AT[A], EVERYONE, mac) == set()
    assert (fabric.core.drops["source-not-an-address"], hosts(fabric)) == (1, {})


def test_a_host_that_had_the_gateways_address_first_loses_it() -> None:
    fabric = known()
    fabric.want(red(gateway=Gateway((str(IPS[A]),), "anycast", 1)))
    assert hosts(fabric)[mac_text(A)] == ("s1:1", ())
    assert fabric.send_frame(AT[A], ip(A, IPS[A], B)) == set()
    assert fabric.send_frame(AT[A], ip(A, IPv4Address("10.0.0.50"), B)) == {AT[B]}


def bound_to(host: int, edge: tuple[int, int], address: IPv4Address | None = None) -> Binding:
    return Binding(f"s{edge[0]}", edge[1], None, mac_text(host), str(address) if address else None)


def test_a_bound_host_is_reached_before_it_ever_spoke() -> None:
    fabric = Fabric((1, 2, 3), LINKS, EDGES)
    fabric.start(red(bound_to(A, AT[A], IPS[A])))
    assert hosts(fabric) == {mac_text(A): ("s1:1", ("10.0.0.1",))}
    fabric.send(AT[D], EVERYONE, D)
    fabric.connected.clear()
    assert fabric.send_frame(AT[D], ip(D, IPS[D], A)) == {AT[A]}
    assert fabric.core.engine.facts.table(facts.NEIGHBOR) == {(1, 4, int(IPS[A])): A}


def test_only_what_is_bound_may_send_and_nobody_else_may_be_it() -> None:
    fabric = known()
    fabric.want(red(bound_to(A, AT[A], IPS[A])))
    assert fabric.send_frame(AT[A], ip(A, IPS[A], B)) == {AT[B]}
    assert fabric.send(AT[A], EVERYONE, 0x0200_0000_0077) == set()  # another MAC
    assert fabric.send_frame(AT[A], ip(A, IPv4Address("10.0.0.50"), B)) == set()  # another address
    assert fabric.send_frame(AT[A], arp(A, IPv4Address("10.0.0.50"))) == set()
    assert fabric.core.drops == {"source-not-bound": 3}
    fabric.cut(AT[A])  # even while its port is down
    assert fabric.send(AT[D], EVERYONE, A) == set()
    assert fabric.send_frame(AT[D], arp(D, IPS[A])) == set()
    assert fabric.core.drops == {"source-not-bound": 3, "source-spoofed": 1, "address-spoofed": 1}
    fabric.advance(1)
    assert hosts(fabric)[mac_text(A)] == ("s1:1", ("10.0.0.1",))


def test_who_was_on_the_port_before_is_known_there_no_more() -> None:
    fabric = known()
    fabric.want(red(bound_to(C, AT[A], IPS[A])))  # C's MAC and A's address, on A's port
    found = hosts(fabric)
    assert mac_text(A) not in found
    assert found[mac_text(C)] == ("s1:1", ("10.0.0.1",))
    assert fabric.send_frame(AT[D], ip(D, IPS[D], C)) == {AT[A]}


def test_a_binding_that_is_gone_leaves_an_ordinary_host() -> None:
    fabric = known()
    fabric.want(red(bound_to(A, AT[A], IPS[A])))
    fabric.want(red())
    fabric.cut(AT[A])
    assert fabric.send(AT[D], EVERYONE, A) == {AT[B], AT[C]}


def test_a_restarted_controller_believes_the_plan_before_the_store() -> None:
    before, fabric = known(), Fabric((1, 2, 3), LINKS, EDGES)
    fabric.rows = {table: dict(rows) for table, rows in before.rows.items()}
    fabric.give(Restored(state.State(before.rows, before.applied)))
    fabric.start(red(bound_to(C, AT[A], IPS[A])))
    assert hosts(fabric) == {
        mac_text(B): ("s1:2", ("10.0.0.2",)),
        mac_text(C): ("s1:1", ("10.0.0.1",)),
        mac_text(D): ("s3:1", ("10.0.0.4",)),
    }


def test_adding_a_host_runs_only_its_own_fragments(monkeypatch: pytest.MonkeyPatch) -> None:
    fabric = known()
    compiled: set[object] = set()
    inner = Engine._compile

    def compile_one(engine: Engine, name: Name) -> frozenset[Placed]:
        compiled.add(name[1])
        return inner(engine, name)

    monkeypatch.setattr(Engine, "_compile", compile_one)
    fabric.send_frame(AT[D], arp(0x0200_0000_0050, IPv4Address("10.0.0.50")))
    assert compiled == {(1, 0x0200_0000_0050), (1, 4, int(IPv4Address("10.0.0.50")))}
