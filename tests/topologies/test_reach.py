from __future__ import annotations

import re

import pytest

from planes.model.load import load, parse
from topologies.library import shipped
from topologies.reach import ALL_NODES, Hosts, expected, members


def of(plan: str) -> Hosts:
    return members(load(shipped()[plan]))


def changed(old: str, new: str) -> Hosts:
    """The hosts of the shipped `tenants` with one thing changed."""
    text = shipped()["tenants"].read_text()
    assert old in text
    return members(parse(text.replace(old, new)))


@pytest.fixture(scope="module")
def tenants() -> Hosts:
    return of("tenants")


def test_members_are_a_plans_hosts_with_their_segments() -> None:
    hosts = of("leaf-spine")
    assert list(hosts) == ["r1", "r2", "r3", "r4", "b1", "b2", "b3", "b4", "r5", "r6"]
    assert hosts["r1"].addresses == ("10.0.0.1", "fd00::1")
    assert hosts["r1"].broadcasts == ("10.0.0.255",)
    (leg,) = hosts["r5"].legs
    assert leg.network and leg.segment and (leg.network.name, leg.segment.name) == ("red", "lab")


def test_a_host_of_no_segment_and_a_plan_without_hosts() -> None:
    links = "hosts: {h1: {address: 10.0.0.1/24}, h2: {address: 10.0.0.2/24}}, links: [[h1, s1], [h2, s1]]"
    hosts = members(parse(f"name: p\ntopology: {{switches: {{s1: }}, {links}}}\n"))
    assert hosts["h1"].addresses == ("10.0.0.1",)
    assert expected(hosts, "h1", "10.0.0.2") == expected(hosts, "h1", ALL_NODES) == ()
    assert members(parse("name: p\n")) == {}


def test_segments_answer_where_tenants_use_the_same_addresses() -> None:
    hosts = of("leaf-spine")
    assert expected(hosts, "r1", "10.0.0.2") == ("r2",)
    assert expected(hosts, "b1", "10.0.0.2") == ("b2",)
    assert expected(hosts, "r1", "10.0.0.255") == expected(hosts, "r1", ALL_NODES) == ("r2", "r3", "r4")
    assert expected(hosts, "r5", ALL_NODES) == ("r6",)
    assert expected(hosts, "r5", "10.0.0.1") == ()


@pytest.mark.parametrize("web", ["10.1.0.11", "fd00:1::11"])
@pytest.mark.parametrize("db", ["10.2.0.11", "fd00:2::11"])
def test_a_network_is_routed_and_broadcasts_are_not(tenants: Hosts, web: str, db: str) -> None:
    assert expected(tenants, "b1", db) == ("b3",)
    assert expected(tenants, "b4", web) == ("b1",)
    assert expected(tenants, "b1", ALL_NODES) == expected(tenants, "b1", "10.1.0.255") == ("b2",)


def test_a_stateful_line_lets_answers_pass_and_no_questions(tenants: Hosts) -> None:
    assert expected(tenants, "r1", "10.2.0.11") == ("r3",)
    assert expected(tenants, "r3", "10.1.0.11") == ()
    stateless = changed("stateful: true", "rate: 1G")
    assert expected(stateless, "r1", "10.2.0.11") == ()  # the answer is denied


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        ("deny: ", False),
        ("deny: {protocol: udp}", False),
        ("deny: {protocol: udp, port: 41000-42000}", False),
        ("deny: {from: web, protocol: udp, port: [1-41413, 41415-65535]}", True),
        ("deny: {from: db, protocol: udp, port: 41415}", False),  # the answer
        ("deny: {from: db, protocol: udp, port: [1-41414, 41416-65535]}", True),
        ("deny: {protocol: tcp}", True),
        ("deny: {from: db}", False),  # the answer
        ("deny: {from: db, to: db}", True),
        ("deny: {to: db}\n      - allow: ", False),
        ("allow: {to: db}\n      - deny: {to: db}", True),
    ],
)
def test_the_first_line_that_is_about_the_roll_call_decides(line: str, passes: bool) -> None:
    hosts = changed("deny: {protocol: tcp, port: 22}\nchecks", f"{line}\nchecks")
    assert expected(hosts, "b1", "10.2.0.11") == (("b3",) if passes else ())


def test_a_policy_is_for_a_segment_too() -> None:
    hosts = changed("deny: {protocol: tcp, port: 22}\nchecks", "deny: {from: db, to: db}\nchecks")
    assert expected(hosts, "b3", "10.2.0.12") == expected(hosts, "b3", "10.2.0.255") == ()
    assert expected(hosts, "b3", ALL_NODES) == ()
    assert expected(hosts, "b1", ALL_NODES) == ("b2",)


def test_a_static_route_leads_to_its_next_hop(tenants: Hosts) -> None:
    for address in ("192.0.2.1", "2001:db8::1"):
        assert expected(tenants, "r1", address) == ("edge",)
        assert expected(tenants, "b1", address) == ()
    elsewhere = changed("via: 10.3.0.2}", "via: 10.3.0.2}\n      - {to: 192.0.2.0/25, via: 10.1.0.12}")
    assert expected(elsewhere, "r1", "192.0.2.1") == ()  # the longer prefix, to a host that does not have it
    assert expected(elsewhere, "r1", "2001:db8::1") == ("edge",)


def gateways(host: str, those: str) -> Hosts:
    """The hosts of `tenants`, one of them with other gateways."""
    text, count = re.subn(rf"(\n    {host}: .* gateway: )\[[^]]*\]", rf"\1[{those}]", shipped()["tenants"].read_text())
    assert count == 1
    return members(parse(text))


@pytest.mark.parametrize(("host", "own"), [("b1", ""), ("b3", ""), ("b1", "10.1.0.12"), ("b3", "'fd00:2::1'")])
def test_a_host_without_its_networks_gateway_stays_in_its_segment(host: str, own: str) -> None:
    hosts = gateways(host, own)
    assert expected(hosts, "b1", "10.2.0.11") == expected(hosts, "b3", "10.1.0.11") == ()
    assert expected(hosts, "b1", "10.1.0.12") == ("b2",)
    assert expected(hosts, "b1", "fd00:2::11") == (("b3",) if "fd00" in own else ())


def test_a_host_that_takes_another_subnet_for_its_own_does_not_answer_there() -> None:
    hosts = changed("b3: {address: [10.2.0.11/24", "b3: {address: [10.2.0.11/8")
    assert expected(hosts, "b1", "10.2.0.11") == ()
    assert expected(hosts, "b4", "10.2.0.11") == ("b3",)


def test_a_segment_is_routed_by_the_ip_versions_of_its_gateway() -> None:
    hosts = changed('address: [10.2.0.1, "fd00:2::1"]', 'address: "fd00:2::1"')
    assert (expected(hosts, "b1", "10.2.0.11"), expected(hosts, "b1", "fd00:2::11")) == ((), ("b3",))


def test_a_hosts_own_routes_count_the_longest_first() -> None:
    old = 'b1: {address: [10.1.0.11/24, "fd00:1::11/64"], gateway: [10.1.0.1, "fd00:1::1"]'
    own = "b1: {address: 10.1.0.11/24, routes: [{to: 10.2.0.0/16, via: 10.1.0.1}%s]"
    assert expected(changed(old, own % ""), "b1", "10.2.0.11") == ("b3",)
    assert expected(changed(old, own % ", {to: 10.2.0.8/29, via: 10.1.0.12}"), "b1", "10.2.0.11") == ()


def test_a_host_in_two_segments_answers_in_both_at_all_its_addresses() -> None:
    text = """
name: p
topology:
  switches: {s1: }
  hosts:
    h1: {address: 10.1.0.1/24, gateway: 10.1.0.9}
    h2: {address: 10.2.0.2/24}
    both: {address: [10.1.0.9/24, 10.2.0.9/24]}
  links: [[h1, s1], [h2, s1], [both, "s1:8"], [both, "s1:9"]]
networks:
  n: {segments: {one: {subnet: 10.1.0.0/24, ports: [h1, "s1:8"]}}}
  m: {segments: {two: {subnet: 10.2.0.0/24, ports: [h2, "s1:9"]}}}
"""
    hosts = members(parse(text))
    assert expected(hosts, "h1", "10.1.0.9") == expected(hosts, "h1", ALL_NODES) == ("both",)
    assert expected(hosts, "h2", "10.2.0.9") == ("both",)
    assert expected(hosts, "both", "10.1.0.1") == ("h1",)
    assert expected(hosts, "both", "10.2.0.2") == expected(hosts, "both", "10.2.0.255") == ("h2",)
    assert expected(hosts, "h1", "10.2.0.9") == ()  # by a host that is no router of the network
