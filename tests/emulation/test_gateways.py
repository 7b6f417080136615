"""Gateways that elect, in a real lab: two switches speak the protocol, hosts point at what they make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest
from commands import DEADLINE, beside
from raw import send
from running import await_down

from planes.cli.testing import Net
from planes.cli.testing.labs import Labs
from planes.control.fhrp.frames import encode
from planes.control.fhrp.messages import HsrpMessage, HsrpOpcode, HsrpState, Message, VrrpMessage
from planes.data import fields as f
from planes.data import packet
from planes.model.state import Counter, Event, GatewayState, State

pytestmark = pytest.mark.emulation

PLAN = """
name: {name}
topology:
  switches: {{acc1: , acc2: , dist1: , dist2: , core: }}
  hosts:
    h1: {{address: 10.1.0.11/24, gateway: 10.1.0.1}}
    h2: {{address: 10.1.0.12/24, gateway: 10.1.0.1}}
    isp: {{address: 198.51.100.1/24, routes: [{{to: 10.0.0.0/8, via: 198.51.100.2}}]}}
  links:
    - [h1, acc1]
    - [h2, acc2]
    - [isp, core]
    - [acc1, dist1]
    - [acc1, dist2]
    - [acc2, dist1]
    - [acc2, dist2]
    - [dist1, dist2]
    - [dist1, core]
    - [dist2, core]
networks:
  office:
    segments:
      users:
        subnet: 10.1.0.0/24
        ports: [h1, h2]
        gateway:
          address: 10.1.0.1
          {protocol}
          members:
            dist1: {{address: 10.1.0.2, priority: 110, preempt: true, track: [{{port: dist1/core, decrement: 20}}]}}
            dist2: {{address: 10.1.0.3, preempt: true}}
      wan: {{subnet: 198.51.100.0/24, ports: [isp], gateway: {{address: 198.51.100.2}}}}
    routes: [{{to: 0.0.0.0/0, via: 198.51.100.1}}]
"""
WAN, VIRTUAL = "198.51.100.1", "10.1.0.1"
MEMBERS = ("10.1.0.2", "10.1.0.3")


@dataclass(frozen=True)
class Gateway:
    """A running lab, and what its protocol is called, calls its states, and answers with."""

    net: Net
    protocol: str
    mac: str
    backup: tuple[str, ...]

    def shown(self) -> dict[str, str]:
        """The states of the members as `triplane inspect gateways` has them, by switch."""
        triplane = beside(self.net.lab)
        rows = triplane.json("inspect", "gateways", self.net.lab.name)["gateways"]
        return {row["interface"].rpartition(" ")[2]: row["state"] for row in rows}

    def active(self) -> list[str]:
        return active(self.net.state)

    def await_active(self, member: str) -> None:
        """Until this member is active, and no other."""
        self.net.wait(lambda state: active(state) == [member], DEADLINE)

    def ping(self, host: str, address: str) -> str:
        """One echo answered, or the test fails."""
        done = self.net.host(host).ping(address, count=1, wait=8)
        assert done.received == 1, done.said
        return done.said

    def neighbor(self, host: str) -> str:
        return self.net.host(host).run("ip", "neighbor", "show", VIRTUAL).stdout

    def activations(self) -> list[Event]:
        """All that ever were."""
        return [row for row in self.net.state.of(Event) if "-> active" in row.text]


def states(state: State) -> dict[str, str]:
    """Of the members, by switch."""
    return {row.switch: row.state for row in state.of(GatewayState)}


def active(state: State) -> list[str]:
    return [member for member, standing in states(state).items() if standing == "active"]


def dropped(state: State) -> set[tuple[str, int]]:
    """What was dropped, by reason, and how often."""
    return {(row.reason, row.count) for row in state.of(Counter)}


@pytest.fixture(scope="module", params=["hsrp", "vrrp"])
def gateway(request: pytest.FixtureRequest, labs: Labs) -> Iterator[Gateway]:
    mac, backup = ("00:00:0c:07:ac:07", ("standby", "speak", "listen")), ("00:00:5e:00:01:07", ("backup",))
    plan = PLAN.format(name=request.param, protocol=f"protocol: {request.param}\n          group: 7")
    with labs.deployed(plan) as net:
        found = Gateway(net, request.param, *(mac if request.param == "hsrp" else backup))
        found.await_active("dist1")
        yield found


def test_hosts_reach_the_virtual_router_its_members_and_what_is_behind(gateway: Gateway) -> None:
    for address, ttl in ((VIRTUAL, 64), (WAN, 63), *((member, 64) for member in MEMBERS)):
        assert f"ttl={ttl}" in gateway.ping("h1", address)
    assert gateway.mac in gateway.neighbor("h1")
    assert states(gateway.net.state)["dist2"] in gateway.backup


def test_the_death_of_the_active_is_not_noticed_by_hosts_and_it_comes_back(gateway: Gateway) -> None:
    gateway.ping("h2", WAN)
    with gateway.net.failed("dist1"):
        wanted = {"dist1": "unreachable", "dist2": "active"}
        gateway.net.wait(lambda state: states(state) == wanted, DEADLINE)
        gateway.ping("h2", WAN)
        assert gateway.mac in gateway.neighbor("h2")
        assert gateway.shown() == wanted
    gateway.await_active("dist1")  # which preempts
    gateway.ping("h2", WAN)


def test_with_the_controller_dead_the_standby_falls_in_by_itself(gateway: Gateway) -> None:
    gateway.ping("h1", WAN)
    with gateway.net.failed("controller", "dist1"):
        await_down(gateway.net, "dist1")
        gateway.ping("h1", WAN)
    gateway.await_active("dist1")
    gateway.ping("h1", WAN)


def test_a_controller_that_comes_back_changes_nothing(gateway: Gateway) -> None:
    gateway.await_active("dist1")
    before = gateway.activations()
    with gateway.net.failed("controller"):
        gateway.ping("h1", WAN)
    gateway.ping("h1", WAN)
    assert gateway.active() == ["dist1"]
    assert gateway.activations() == before


def test_a_tracked_port_costs_the_active_its_place(gateway: Gateway) -> None:
    with gateway.net.failed("dist1/core"):
        gateway.await_active("dist2")
        gateway.ping("h1", WAN)
    gateway.await_active("dist1")


def test_a_hosts_hello_and_its_claims_to_be_the_gateway_are_dropped_and_counted(gateway: Gateway) -> None:
    virtual, me = IPv4Address(VIRTUAL), IPv4Address("10.1.0.12")
    hello: Message = VrrpMessage(3, 7, 255, 100, (virtual,))
    if gateway.protocol == "hsrp":
        hello = HsrpMessage(1, HsrpOpcode.COUP, HsrpState.ACTIVE, 7, 255, 3000, 10_000, virtual)
    forged = encode(hello, me, 0x0200_0000_0077)
    claim = packet.arp(2, 0x0200_0000_0077, virtual, 0, virtual)
    stolen = packet.ethernet(f.BROADCAST, packet.mac(gateway.mac), f.ETH_ARP, packet.arp(1, 1, me, 0, me))
    frames = forged, packet.ethernet(f.BROADCAST, 0x0200_0000_0077, f.ETH_ARP, claim), stolen
    reasons, before = {"hello-from-a-host", "address-spoofed", "gateway-spoofed"}, dropped(gateway.net.state)
    told = "duplicate address 10.1.0.1, the gateway's, at acc2:1, sourced by 02:00:00:00:00:77"
    send(gateway.net.h2, *frames)
    gateway.net.wait(lambda state: reasons <= {reason for reason, _ in dropped(state) - before}, DEADLINE)
    gateway.net.wait(lambda state: any(row.text == told for row in state.of(Event)), DEADLINE)
    assert gateway.active() == ["dist1"]
    gateway.ping("h1", WAN)
