"""Gateways that elect, on a simulated fabric: switches that follow their rules, hellos that go through them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from routed import Host, announce, arp, datagram, framed, heard, launched, network, want
from simulated import Fabric

from planes.control import facts
from planes.control.core import Core
from planes.control.events import IntentChanged, Restored, SwitchLost
from planes.control.fhrp.frames import encode
from planes.control.fhrp.messages import HsrpMessage, HsrpOpcode, HsrpState, VrrpMessage, glbp_mac, hsrp_mac, vrrp_mac
from planes.data import fields as f
from planes.data import packet
from planes.model import state
from planes.model.intent import Attachment, Gateway, Intent, Md5, Member, Network, Route, Segment, Track

ACC, DIST1, DIST2, CORE = 1, 2, 3, 4
LINKS = (((ACC, 1), (DIST1, 1)), ((ACC, 2), (DIST2, 1)), ((DIST1, 2), (CORE, 1)), ((DIST2, 2), (CORE, 2)))
USER, WAN, ROUTER = (ACC, 10), (CORE, 10), (ACC, 11)
VIRTUAL = IPv4Address("10.1.0.1")
ANN = Host(USER, "users", 0x0200_0000_0001, IPv4Address("10.1.0.11"), packet.IPv6Address("fd00::1"))
ISP = Host(WAN, "wan", 0x0200_0000_0002, IPv4Address("10.2.0.1"), packet.IPv6Address("fd00::2"))
FOREIGN = Host(ROUTER, "users", 0x0200_0000_0009, IPv4Address("10.1.0.9"), packet.IPv6Address("fd00::9"))
MACS = {
    "hsrp": hsrp_mac(1, 7), "hsrp2": hsrp_mac(2, 7), "vrrp": vrrp_mac(7), "vrrp2": vrrp_mac(7), "glbp": glbp_mac(7, 1),
}  # fmt: skip


def plan(protocol: str, members: tuple[Member, ...] = (), routers: bool = False, **more: object) -> Network:
    uplink = (Track("port", "s2/s4", 20, (("s2", 2),)),)
    members = members or (
        Member("s2", ("10.1.0.2",), 110, True, uplink),
        Member("s3", ("10.1.0.3",), 100, True),
    )
    gateway = Gateway(("10.1.0.1",), protocol, 7, members, **more)  # type: ignore[arg-type]
    ports = (Attachment("s1", 10), Attachment("s1", 11))
    users = Segment("users", ("10.1.0.0/24",), ports, gateway, (), ports[1:] if routers else ())
    wan = Segment("wan", ("10.2.0.0/24",), (Attachment("s4", 10),), Gateway(("10.2.0.254",), "anycast", 1))
    return network("red", (users, wan))


def fabric(protocol: str, routers: bool = False, **more: object) -> Fabric:
    made = launched(Fabric((ACC, DIST1, DIST2, CORE), LINKS, (USER, WAN, ROUTER)), plan(protocol, (), routers, **more))
    made.advance(5.0)
    for host in (ANN, ISP):
        announce(made, host)
    return made


def states(made: Fabric) -> dict[str, str]:
    rows = [row for row in made.table(state.GatewayState) if isinstance(row, state.GatewayState)]
    return {row.switch: row.state for row in rows}


def active(made: Fabric) -> list[str]:
    return [switch for switch, standing in states(made).items() if standing == "active"]


def routed(made: Fabric, mac: int) -> bool:
    """A packet to the virtual MAC comes out at the provider's, one hop older."""
    frame = framed(mac, ANN.mac, datagram(ANN.ipv4, ISP.ipv4, 9))
    wanted = framed(ISP.mac, facts.ROUTER_MAC, datagram(ANN.ipv4, ISP.ipv4, 8))
    return heard(made, USER, frame).get(WAN) == [wanted]


def told(made: Fabric, host: Host = ANN) -> int | None:
    """The MAC that a host is told for the virtual address."""
    for frame in heard(made, host.port, arp(packet.ARP_REQUEST, host, VIRTUAL)).get(host.port, []):
        fields = packet.parse(frame)
        if fields.get(f.ARP_OP) == packet.ARP_REPLY:
            return fields[f.ETH_SRC]
    return None


@pytest.mark.parametrize("protocol", MACS)
def test_the_better_member_is_active_and_routes_for_the_virtual_mac(protocol: str) -> None:
    made = fabric(protocol)
    assert active(made) == ["s2"]
    assert told(made) == MACS[protocol]
    assert routed(made, MACS[protocol])
    engine, anew = made.core.engine, made.core.engine.recompiled()
    assert all(set(engine.entries(dpid)) == set(anew.entries(dpid)) for dpid in made.switches)


@pytest.mark.parametrize("protocol", ["hsrp", "hsrp2", "vrrp", "vrrp2"])
def test_what_the_controller_knows_is_not_waited_for(protocol: str) -> None:
    made = fabric(protocol)
    made.give(SwitchLost(DIST1))
    assert states(made) == {"s2": "unreachable", "s3": "active"}
    assert routed(made, MACS[protocol])
    made.connect(DIST1)
    made.advance(4.0)
    assert active(made) == ["s2"]  # which preempts
    assert routed(made, MACS[protocol])


@pytest.mark.parametrize("protocol", ["hsrp", "vrrp", "glbp"])
def test_how_often_each_member_became_active_is_counted_also_over_a_restart(protocol: str) -> None:
    made = fabric(protocol)
    made.cut((DIST1, 2)) if protocol == "vrrp" else made.give(SwitchLost(DIST1))
    assert {row.switch: row.became_active for row in made.table(state.GatewayState)} == {"s2": 1, "s3": 1}  # type: ignore[union-attr]
    again = Fabric((ACC, DIST1, DIST2, CORE), LINKS, (USER, WAN, ROUTER))
    again.rows = made.rows
    again.give(Restored(state.State(made.rows)))
    launched(again, plan(protocol)).advance(30.0)
    assert active(again) == ["s2"]
    assert {row.switch: row.became_active for row in again.table(state.GatewayState)} == {"s2": 2, "s3": 1}  # type: ignore[union-attr]


def failovers(made: Fabric) -> list[tuple[str, str, str, float]]:
    rows = [row for row in made.table(state.Event) if isinstance(row, state.Event) and row.kind == "failover"]
    return [(row.subject, row.text, row.cause, row.seconds) for row in rows]


@pytest.mark.parametrize("protocol", ["hsrp", "hsrp2", "vrrp", "vrrp2"])
def test_a_failover_is_told_with_its_cause_and_lasts_until_every_edge_confirmed(protocol: str) -> None:
    made = fabric(protocol)
    assert failovers(made) == []  # who begins takes over from nobody
    made.by_hand = True
    made.give(SwitchLost(DIST1))
    made.now += 0.25
    assert made.waiting() == [ACC]
    assert failovers(made) == []
    made.deliver(ACC)
    assert failovers(made) == [("red/users", "s2 -> s3", "s2 is out of reach", 0.25)]
    made.by_hand = False
    for dpid in made.waiting():
        while made.inbox[dpid]:
            made.deliver(dpid)
    made.connect(DIST1)
    made.advance(5.0)
    (_, back) = failovers(made)
    assert (back[:2], back[3]) == (("red/users", "s3 -> s2"), 0.0)  # nothing was lost
    assert back[2]


def test_a_failover_is_because_of_what_is_tracked_or_of_ways_that_are_gone() -> None:
    made = fabric("vrrp")
    made.cut((DIST1, 2))
    assert [each[1:3] for each in failovers(made)] == [("s2 -> s3", "port s2/s4 failed")]
    made = fabric("hsrp")
    made.cut((DIST1, 1))
    made.advance(1.0)
    made.cut((DIST1, 2))
    made.advance(1.0)
    assert failovers(made)[-1][1:3] == ("s2 -> s3", "nobody has a way to s2")


@pytest.mark.parametrize(("protocol", "least", "most"), [("hsrp", 6.0, 10.0), ("vrrp", 2.5, 3.61)])
def test_by_the_protocol_alone_a_failover_lasts_from_the_loss_that_is_known(
    protocol: str, least: float, most: float
) -> None:
    made = fabric(protocol, detect="protocol")
    made.advance(40.0)
    made.give(SwitchLost(DIST1))
    for link in ((ACC, 1), (DIST1, 2)):
        made.cut(link)
    made.advance(15.0)
    ((_, text, cause, seconds),) = failovers(made)
    assert (text, cause) == ("s2 -> s3", "s2 is out of reach")
    assert least <= seconds <= most


def test_each_forwarder_of_glbp_fails_over_by_itself() -> None:
    made = fabric("glbp")
    made.advance(40.0)
    assert failovers(made) == []
    made.give(SwitchLost(DIST1))
    found = failovers(made)
    assert [text for _, text, _, _ in found] == ["forwarder 1: s2 -> s3"]
    assert found[0][2] == "s2 is out of reach"


def test_a_router_of_others_whose_port_is_down_is_taken_over_from() -> None:
    made = fabric("vrrp", routers=True)
    made.advance(5.0)
    announce(made, FOREIGN)
    made.send_frame(ROUTER, encode(VrrpMessage(3, 7, 200, 100, (VIRTUAL,)), FOREIGN.ipv4, MACS["vrrp"]))
    made.cut(ROUTER)
    assert [each[1] for each in failovers(made)] == ["s2 -> a router at s1", "a router at s1 -> s2"]
    assert failovers(made)[1][2] == "the port of 10.1.0.9 is down"


@pytest.mark.parametrize(("protocol", "seconds"), [("hsrp", 10.0), ("hsrp2", 10.0), ("vrrp", 3.61), ("vrrp2", 3.61)])
def test_by_the_protocol_alone_its_timers_rule(protocol: str, seconds: float) -> None:
    made = fabric(protocol, detect="protocol")
    made.advance(40.0)
    assert active(made) == ["s2"]
    made.give(SwitchLost(DIST1))
    for link in ((ACC, 1), (DIST1, 2)):
        made.cut(link)
    made.advance(seconds - 4.0 if protocol.startswith("hsrp") else seconds - 1.1)  # a hello before it died counts
    assert active(made) == []
    assert not routed(made, MACS[protocol])
    made.advance(4.2)
    assert active(made) == ["s3"]
    assert routed(made, MACS[protocol])


def test_with_no_controller_an_edge_falls_to_the_next_member_by_itself() -> None:
    made = fabric("hsrp")
    made.down |= {(ACC, 1), (DIST1, 1)}  # nobody is told
    assert routed(made, MACS["hsrp"])
    assert active(made) == ["s2"]


def test_a_tracked_port_that_fails_costs_the_active_its_place_until_it_is_back() -> None:
    made = fabric("vrrp")
    made.cut((DIST1, 2))
    assert active(made) == ["s3"]
    assert routed(made, MACS["vrrp"])
    made.mend((DIST1, 2))
    made.advance(1.0)
    assert active(made) == ["s2"]


@pytest.mark.parametrize(
    ("track", "gone"),
    [
        (Track("link", "s2/s4", 20, (("s2", 2), ("s4", 1))), (DIST1, 2)),
        (Track("reach", "10.2.0.1", 20), WAN),
        (Track("route", "10.9.0.0/16", 20), WAN),
    ],
    ids=lambda each: each.kind if isinstance(each, Track) else "",
)
def test_each_kind_of_track_costs_its_decrement_and_gives_it_back(track: Track, gone: tuple[int, int]) -> None:
    members = Member("s2", ("10.1.0.2",), 110, True, (track,)), Member("s3", ("10.1.0.3",), 100, True)
    wanted = replace(plan("hsrp", members), routes=(Route("10.9.0.0/16", "10.2.0.1"),))
    made = launched(Fabric((ACC, DIST1, DIST2, CORE), LINKS, (USER, WAN, ROUTER)), wanted)
    made.advance(5.0)
    announce(made, ISP)
    made.advance(5.0)
    assert active(made) == ["s2"]
    made.cut(gone)
    made.advance(5.0)
    assert active(made) == ["s3"]
    rows = {row.switch: row.priority for row in made.table(state.GatewayState) if isinstance(row, state.GatewayState)}
    assert rows == {"s2": 90, "s3": 100}
    made.mend(gone)
    made.advance(5.0)
    assert active(made) == ["s2"]


@pytest.mark.parametrize("protocol", ["hsrp", "vrrp"])
def test_a_clock_that_jumps_leaves_one_active(protocol: str) -> None:
    """As after a machine was suspended: all timers are out at once. Unix time is in no timer at all."""
    made = fabric(protocol)
    made.now += 3600.0
    made.advance(60.0)
    assert active(made) == ["s2"]
    assert routed(made, MACS[protocol])


def test_another_priority_hands_over_and_leaves_the_rest_alone() -> None:
    made = fabric("hsrp")
    wanted = plan("hsrp", (Member("s2", ("10.1.0.2",), 90, True), Member("s3", ("10.1.0.3",), 100, True)))
    want(made, wanted)
    made.advance(3.1)
    assert active(made) == ["s3"]
    assert routed(made, MACS["hsrp"])


def test_a_restarted_controller_goes_on_where_the_store_left_it() -> None:
    made = fabric("hsrp")
    made.cut((DIST1, 2))
    assert active(made) == ["s3"]
    rows: dict[type[state.Row], dict[state.Key, state.Row]] = {
        table: {state.key(row): row for row in rows.values()} for table, rows in made.rows.items()
    }
    before = {dpid: frozenset(made.core.engine.entries(dpid)) for dpid in made.switches}
    again = Core(b"another run")
    again.handle(Restored(state.State(rows)), 1000.0)
    again.handle(IntentChanged(1, Intent("test", (plan("hsrp"),))), 1000.0)
    assert {dpid: frozenset(again.engine.entries(dpid)) for dpid in made.switches} == before


def test_another_router_takes_part_only_from_its_own_port() -> None:
    made = fabric("vrrp", routers=True)
    made.advance(5.0)
    assert active(made) == ["s2"]
    hello = encode(VrrpMessage(3, 7, 200, 100, (VIRTUAL,)), FOREIGN.ipv4, MACS["vrrp"])
    made.send_frame(USER, hello)
    assert active(made) == ["s2"]
    assert made.core.drops["hello-from-a-host"] + made.core.drops["gateway-spoofed"] == 1
    announce(made, FOREIGN)
    made.send_frame(ROUTER, hello)
    assert active(made) == []
    frame = framed(MACS["vrrp"], ANN.mac, datagram(ANN.ipv4, ISP.ipv4, 9))
    assert heard(made, USER, frame).get(ROUTER) == [framed(FOREIGN.mac, ANN.mac, datagram(ANN.ipv4, ISP.ipv4, 9))]
    made.advance(4.0)  # it was not heard again
    assert active(made) == ["s2"]
    assert routed(made, MACS["vrrp"])


@pytest.mark.parametrize(("detect", "heirs"), [("fabric", ["s2"]), ("protocol", [])])
def test_a_router_whose_port_is_down_need_not_be_waited_for(detect: str, heirs: list[str]) -> None:
    made = fabric("vrrp", routers=True, detect=detect)
    made.advance(5.0)
    announce(made, FOREIGN)
    made.send_frame(ROUTER, encode(VrrpMessage(3, 7, 200, 100, (VIRTUAL,)), FOREIGN.ipv4, MACS["vrrp"]))
    assert active(made) == []
    made.cut(ROUTER)
    assert active(made) == heirs
    assert routed(made, MACS["vrrp"]) == bool(heirs)


def test_a_hello_without_the_right_digest_is_dropped_and_counted() -> None:
    ours, theirs = Md5("ours"), Md5("theirs")
    made = fabric("hsrp2", routers=True, authentication=ours)
    made.advance(25.0)
    assert states(made) == {"s2": "active", "s3": "standby"}  # they believe each other
    assert not made.core.drops
    announce(made, FOREIGN)
    hello = HsrpMessage(2, HsrpOpcode.HELLO, HsrpState.ACTIVE, 7, 200, 3000, 10_000, VIRTUAL, FOREIGN.mac)
    for known in (None, "ours", theirs):
        made.send_frame(ROUTER, encode(hello, FOREIGN.ipv4, MACS["hsrp2"], known))
    assert active(made) == ["s2"]
    assert made.core.drops["hello-not-signed"] == 2 * 2  # members
    assert made.core.drops["hello-not-authentic"] == 2
    made.send_frame(ROUTER, encode(hello, FOREIGN.ipv4, MACS["hsrp2"], ours))
    assert active(made) == []


@pytest.mark.parametrize(
    ("protocol", "known"), [("vrrp", "text"), ("vrrp2", Md5("x")), ("hsrp", "ninebytes"), ("hsrp2", Md5("x" * 65))]
)
def test_what_a_protocol_does_not_allow_is_not_obeyed(protocol: str, known: str | Md5) -> None:
    made = fabric(protocol, authentication=known)
    assert states(made) == {}
    assert made.core.drops["gateway-not-allowed"] >= 2


def test_glbp_shares_hosts_by_weight_and_each_keeps_its_forwarder() -> None:
    weights = {"s2": 150, "s3": 50}
    members = tuple(
        Member(switch, (f"10.1.0.{place}",), 100 + weight, True, weight=weight)
        for place, (switch, weight) in enumerate(weights.items(), 2)
    )
    made = launched(
        Fabric((ACC, DIST1, DIST2, CORE), LINKS, (USER, WAN, ROUTER)), plan("glbp", members, balance="weighted")
    )
    made.advance(40.0)
    announce(made, ISP)
    found: Counter[int] = Counter()
    for number in range(64):
        host = replace(ANN, mac=0x0200_0001_0000 | number, ipv4=IPv4Address(f"10.1.0.{100 + number}"))
        announce(made, host)
        mac = told(made, host)
        assert mac is not None
        found[mac] += 1
        probe = arp(packet.ARP_REQUEST, host, VIRTUAL, dst=mac, tha=mac)
        (answer,) = heard(made, USER, probe)[USER]
        assert packet.parse(answer)[f.ETH_SRC] == mac
    rows = [row for row in made.table(state.GatewayState) if isinstance(row, state.GatewayState)]
    owned = {row.switch: {text.split()[2] for text in row.forwarders if " active " in text} for row in rows}
    shares = {switch: sum(found[packet.mac(mac)] for mac in macs) / 64 for switch, macs in owned.items()}
    assert abs(shares["s2"] - 0.75) <= 0.05
    assert abs(shares["s3"] - 0.25) <= 0.05


def test_where_nobody_elects_all_members_forward_and_one_that_dies_is_passed_over() -> None:
    made = fabric("anycast")
    mac = told(made)
    assert mac is not None
    assert mac != facts.ROUTER_MAC
    assert routed(made, mac)
    for link in ((ACC, 1), (ACC, 2)):
        made.down.add(link)
        assert routed(made, mac)
        made.down.discard(link)
    assert made.table(state.GatewayState) == []


def test_however_late_the_members_come_the_best_of_them_begins_soon() -> None:
    made = Fabric((ACC, DIST1, DIST2, CORE), LINKS, (USER, WAN, ROUTER))
    want(made, plan("hsrp"))
    made.advance(30.0)  # longer than anyone would be waited for
    assert states(made) == {}
    for dpid in (ACC, DIST1, DIST2, CORE):
        made.connect(dpid)
    made.advance(8.0)  # links are waited for too; HSRP's own two hold times would be 20 s
    assert states(made)["s2"] == "active"
