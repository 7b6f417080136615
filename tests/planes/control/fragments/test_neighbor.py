from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest
from routed import (
    ANN,
    BEN,
    DB,
    LOU,
    MAX,
    Host,
    announce,
    arp,
    datagram,
    framed,
    heard,
    office,
    office_fabric,
    solicitation,
    up,
    want,
)

from planes.control import facts
from planes.control.facts import ROUTER_MAC
from planes.data import fields as f
from planes.data import packet
from planes.data.packet import ARP_REPLY, ARP_REQUEST
from planes.data.pipeline import Table
from planes.data.rule import Rule

NOBODY = IPv4Address(0)


@pytest.mark.parametrize(("asker", "owner"), [(ANN, BEN), (BEN, ANN), (LOU, MAX)])
def test_the_asked_switch_answers_for_a_known_host_gateway_or_not(asker: Host, owner: Host) -> None:
    fabric = office_fabric()
    fabric.connected.clear()
    answer = packet.arp(ARP_REPLY, owner.mac, owner.ipv4, asker.mac, asker.ipv4)
    expected = packet.ethernet(asker.mac, owner.mac, f.ETH_ARP, answer)
    assert heard(fabric, asker.port, arp(ARP_REQUEST, asker, owner.ipv4)) == {asker.port: [expected]}
    advert = packet.neighbor_advertisement(owner.ipv6, asker.ipv6, owner.ipv6, owner.mac)
    expected = packet.ethernet(asker.mac, owner.mac, f.ETH_IPV6, advert)
    assert heard(fabric, asker.port, solicitation(asker, owner.ipv6)) == {asker.port: [expected]}


def test_a_host_is_asked_itself_whether_it_is_still_there() -> None:
    fabric = office_fabric()
    for question in (arp(ARP_REQUEST, ANN, BEN.ipv4, dst=BEN.mac), solicitation(ANN, BEN.ipv6, dst=BEN.mac)):
        assert heard(fabric, ANN.port, question) == {BEN.port: [question]}


def test_an_owners_own_question_is_for_all_to_hear() -> None:
    fabric = office_fabric()
    for question in (arp(ARP_REQUEST, BEN, BEN.ipv4), solicitation(BEN, BEN.ipv6)):
        assert heard(fabric, BEN.port, question) == {ANN.port: [question]}


def test_who_looks_for_an_address_of_its_own_hears_its_owner_and_nobody_in_its_place() -> None:
    fabric = office_fabric()
    probe = packet.ethernet(f.BROADCAST, ANN.mac, f.ETH_ARP, packet.arp(ARP_REQUEST, ANN.mac, NOBODY, 0, BEN.ipv4))
    assert heard(fabric, ANN.port, probe) == {BEN.port: [probe]}
    group = packet.solicited_node(BEN.ipv6)
    for source in (IPv6Address(0), ANN.ipv6):  # duplicate address detection; a question without a link-layer option
        ask = packet.neighbor_solicitation(source, group, BEN.ipv6, None)
        frame = packet.ethernet(packet.multicast_mac(group), ANN.mac, f.ETH_IPV6, ask)
        assert heard(fabric, ANN.port, frame) == {BEN.port: [frame]}


def test_another_segments_host_is_not_answered_for() -> None:
    fabric = office_fabric()
    question = arp(ARP_REQUEST, ANN, DB.ipv4)
    assert heard(fabric, ANN.port, question) == {BEN.port: [question]}


def test_tagged_questions_are_the_guests_own_affair() -> None:
    fabric = office_fabric()
    asked = arp(ARP_REQUEST, ANN, BEN.ipv4)
    tagged = asked[:12] + bytes.fromhex("81000005") + asked[12:]
    assert heard(fabric, ANN.port, tagged) == {BEN.port: [tagged]}


def test_a_host_has_one_way_on_each_switch_of_the_router_and_none_without_a_gateway_or_a_subnet() -> None:
    def ways(host: Host, *, gateways: bool = True) -> list[int]:
        fabric = office_fabric(gateways=gateways)
        stray = replace(DB, ipv4=IPv4Address("10.77.0.1"))  # outside its segment's subnets
        announce(fabric, stray)
        wanted = int((stray if host is DB else host).ipv4)
        return [
            dpid
            for dpid in fabric.switches
            for rule in fabric.core.engine.entries(dpid)
            if isinstance(rule, Rule) and rule.table == Table.ROUTE
            if any(term.field == f.IPV4_DST and term.value == wanted for term in rule.match)
        ]

    assert ways(ANN) == [1, 2]
    assert ways(ANN, gateways=False) == ways(LOU) == ways(DB) == []


def test_a_host_that_is_learned_touches_no_other_hosts_rules() -> None:
    fabric = office_fabric(silent=[BEN])
    before = {dpid: set(fabric.core.engine.entries(dpid)) for dpid in fabric.switches}
    announce(fabric, BEN)
    for dpid in fabric.switches:
        after = set(fabric.core.engine.entries(dpid))
        assert before[dpid] <= after


def test_a_route_into_a_subnet_wins_over_what_is_known_of_its_hosts() -> None:
    fabric = office_fabric([(f"{DB.ipv4}/32", str(ANN.ipv4))])
    got = heard(fabric, BEN.port, up(BEN, datagram(BEN.ipv4, DB.ipv4, 9)))
    assert got == {ANN.port: [framed(ANN.mac, ROUTER_MAC, datagram(BEN.ipv4, DB.ipv4, 8))]}


def test_a_gateways_address_that_a_host_had_first_becomes_the_gateways() -> None:
    fabric = office_fabric(gateways=False)
    squatter = replace(BEN, ipv4=IPv4Address("10.1.0.1"), ipv6=IPv6Address("fd00:1::1"))
    announce(fabric, squatter)
    segment = fabric.core.tenants.number("office", "users")
    assert segment is not None
    assert (segment, 4, int(squatter.ipv4)) in fabric.core.engine.facts.table(facts.NEIGHBOR)
    want(fabric, office())
    (reply,) = heard(fabric, ANN.port, arp(ARP_REQUEST, ANN, squatter.ipv4))[ANN.port]
    assert packet.parse(reply)[f.ARP_SHA] == ROUTER_MAC
