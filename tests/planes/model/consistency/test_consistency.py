"""Every consistency check: one plan that breaks it, and the whole of what is said."""

from __future__ import annotations

import pytest

from planes.model.errors import PlanError
from planes.model.load import parse

CAMPUS = """\
name: campus
topology:
  switches: {core: , d1: , d2: }
  hosts:
    h1: {address: 10.1.0.11/24}
    h2: {address: 10.1.0.12/24}
    h3: {address: 10.2.0.11/24, mac: "02:00:00:00:00:03"}
  links:
    - [h1, d1]
    - [h2, d2]
    - [h3, d2]
    - [d1, core]
    - [d2, core]
networks:
  office:
    segments:
      users:
        subnet: 10.1.0.0/24
        ports: [h1, h2]
      servers: {subnet: 10.2.0.0/24, ports: [h3]}
checks:
  - reach: [h1, h2]
"""


def said(text: str) -> list[str]:
    """What is wrong with a plan, without what is not yet supported."""
    try:
        parse(text, "p")
    except PlanError as error:
        found = [str(problem) for problem in error.problems]
        return [problem[2:] for problem in found if not problem.endswith("not yet supported")]
    return []


def test_the_plan_that_the_others_break_is_good() -> None:
    assert said(CAMPUS) == []


TOPOLOGY = [
    ("h1: {", "d1: {", "5:5: 'd1' is also a switch; each node has its own name"),
    (
        "{core: , d1: ,",
        "{core: {datapath_id: 7}, d1: {datapath_id: 7},",
        "3:56: datapath id 0x7 is already that of 'core'",
    ),
    ("[d1, core]", "[d1, cora]", "12:12: unknown host or switch 'cora', did you mean 'core'?"),
    ("[d1, core]", "[d1, d1]", "12:7: 'd1' is linked to itself"),
    ("[h1, d1]", "[h1, d1]\n    - [h1:7, h3:7]", "10:7: h1/h3 links two hosts; a host is linked to a switch"),
    ("[h1, d1]", "[h1, d1:0]", "9:12: d1:0: the ports of a switch are numbered from 1"),
    ("[d1, core]", "[d1:1, core:3]\n    - [d1:1, core]", "13:8: d1:1 is already an end of the link d1/core"),
    ("    - [h1, d1]\n", "", "5:5: host 'h1' has no link; add [h1, SWITCH] to 'links'"),
    ("10.1.0.11/24}", "10.1.0.0/24}", "5:19: 10.1.0.0/24 is the address of the subnet itself, not of a host"),
    ("10.1.0.11/24}", "10.1.0.255/24}", "5:19: 10.1.0.255/24 is the broadcast address of 10.1.0.0/24"),
    (
        "10.1.0.11/24}",
        "10.1.0.11/24, gateway: 10.2.0.1}",
        "5:42: 10.2.0.1 is not on any subnet of 'h1' (its addresses: 10.1.0.11/24)",
    ),
    (
        "10.1.0.11/24}",
        "10.1.0.11/24, routes: [{to: 'fd00::/64', via: 10.1.0.1}]}",
        "5:65: 10.1.0.1 and fd00::/64 are not of one IP version",
    ),
    (
        "{core: ,",
        "{core: , longswitch: ,",
        None,
    ),
    (
        "[d1, core]",
        "[d1, core:12345]",
        "12:12: links: 'core:12345': port numbers go up to 9999",
    ),
    (
        "  switches:",
        "  k: 4\n  switches:",
        "3:3: a topology without 'generate' takes no 'k'",
    ),
    (
        "  switches:",
        "  generate: ring\n  k: 4\n  switches:",
        "4:3: 'generate: ring' takes no 'k'",
    ),
    (
        "  switches:",
        "  generate: ring\n  switches:",
        "4:3: a topology that is generated or read takes no 'switches'",
    ),
    (
        "  switches:",
        "  generate: ring\n  graphml: x.graphml\n  switches:",
        "4:3: a topology is generated or read from a file, not both",
    ),
]

NETWORKS = [
    (
        "10.2.0.0/24",
        "10.1.0.128/25",
        "20:25: 10.1.0.128/25 overlaps 10.1.0.0/24 of segment 'users'",
    ),
    ("10.1.0.0/24", "[10.1.0.0/24, 10.1.0.0/16]", "18:31: 10.1.0.0/16 overlaps 10.1.0.0/24"),
    ("[h1, h2]\n      s", "[h1, h8]\n      s", "19:21: unknown host 'h8', allowed: h1, h2, h3"),
    ("[h3]", "[d2]", "20:46: 'd2' is a switch; name one of its ports, as in d2:7"),
    ("[h3]", "[h3:0]", "20:46: 'h3' is a host; write h3 alone, without a number"),
    ("[h3]", "[d8:1]", "20:46: unknown switch 'd8', allowed: core, d1, d2"),
    ("[h3]", "[d2:7]", "20:46: nothing is wired to d2:7, did you mean 'd2:2'?"),
    ("[h3]", "[d2:3]", "20:46: d2:3 is linked to the switch 'core'; a segment's port leads out of the fabric"),
    ("[h3]", "[h3, h1]", "20:50: h1 is already in segment 'office/users'"),
    ("[h3]", "[h3, d1:1]", "20:50: d1:1 is already in segment 'office/users' as h1"),
    ("[h3]", "[h3, h3]", "20:50: h3 is already in segment 'office/servers'"),
    ("[h3]", "[h3, {}]", "20:50: a port is written h1, acc1:7, acc1:7.100, {port: ...} or {lag: [...]}"),
    ("[h3]", "[{lag: [h3]}]", "20:52: a LAG has at least two ports"),
    (
        "10.1.0.11/24",
        "10.3.0.11/24",
        "5:19: 10.3.0.11 is outside the subnet of segment 'office/users' (10.1.0.0/24), which 'h1' is in",
    ),
    ("10.1.0.12/24", "10.1.0.11/24", "6:19: 10.1.0.11 is also the address of 'h1' in segment 'office/users'"),
    ("[h3]", "[h3], routers: [d1:9]", "20:61: unknown port of this segment 'd1:9', allowed: h3"),
    ("[h3]", '[h3], bind: {h8: "02:00:00:00:00:01"}', "20:58: unknown port of this segment 'h8', allowed: h3"),
]

GATEWAY = "gateway: {address: 10.2.0.1, protocol: hsrp, members: {d1: {address: 10.2.0.2%s}}%s}"
GATEWAYS = [
    ("gateway: {address: 10.1.0.1}", "10.1.0.1 is outside the segment's subnet (10.2.0.0/24)"),
    (
        "gateway: {address: 10.2.0.1, protocol: vrrp}",
        "protocol 'vrrp' needs 'members', the switches",
    ),
    ("gateway: {address: 10.2.0.1, protocol: hsrp, members: {d1: }}", "member 'd1' needs an 'address' of its own"),
    ("gateway: {address: 10.2.0.1, members: {h1: }}", "unknown switch 'h1', allowed: core, d1, d2"),
    (GATEWAY % ("", ", group: 256"), "group 256: hsrp has groups 0 to 255"),
    (GATEWAY % (", track: [{}]", ""), "a track names one of port, link, route, reach"),
    (GATEWAY % (", track: [{port: d2/core}]", ""), "unknown port of 'd1' 'd2/core', did you mean 'd1/core'?"),
    (GATEWAY % (", track: [{link: d1/core#2}]", ""), "unknown link 'd1/core#2', did you mean 'd1/core'?"),
    (GATEWAY % (", track: [{port: d1/core}, {port: 'd1:2'}, {link: core/d2}, {reach: 10.9.9.9}]", ""), None),
]

POLICIES = [
    ("routes: [{to: 0.0.0.0/0, via: 10.9.0.1}]", "next hop 10.9.0.1 is in no subnet of network 'office'"),
    ("routes: [{to: '::/0', via: 10.1.0.1}]", "10.1.0.1 and ::/0 are not of one IP version"),
    ("policy: [{}]", "a policy line is {allow: {...}} or {deny: {...}}"),
    ("policy: [{allow: , deny: }]", "a policy line is {allow: {...}} or {deny: {...}}"),
    ("policy: [{deny: {from: user}}]", "unknown segment 'user', did you mean 'users'?"),
    ("policy: [{deny: {port: 22}}]", "'port' needs 'protocol: tcp|udp|sctp'"),
    ("policy: [{deny: {stateful: true}}]", "'stateful' goes with 'allow', not 'deny'"),
    ("policy: [{allow: {from: users, protocol: tcp, port: [22, 1-9], stateful: true, rate: 1M}}]", None),
]

CHECKS = [
    ("{}", "22:5: a check is one of reach, isolate, survive, bandwidth, latency, gateway, path, converge"),
    ("{reach: [h1, h2], isolate: }", "22:5: a check is one of reach, isolate, survive"),
    ("reach: [h1]", "22:12: 'reach' takes at least two hosts"),
    ("reach: [h1, h1]", "22:17: 'h1' is named twice"),
    ("reach: [h1, hq]", "22:17: unknown host 'hq'"),
    ("reach: [h1, d1]", "22:17: 'd1' is a switch; a check names hosts"),
    ("latency: {between: [h1], at_most: 1ms}", "22:24: 'between' takes two hosts"),
    ("survive: {between: [h1, h2]}", "22:14: 'survive' says what fails"),
    ("survive: {fail: d1/cora, between: [h1, h2]}", "22:21: unknown link or switch 'd1/cora', did you mean 'd1/core'?"),
    ("survive: {fail: [core/d1, controller, d2], between: [h1, h2]}", None),
    ("gateway: {network: offic, segment: users, active: d1}", "22:24: unknown network 'offic', did you mean 'office'?"),
    ("gateway: {network: office, segment: user, active: d1}", "22:41: unknown segment 'user', did you mean 'users'?"),
    ("gateway: {network: office, segment: users, active: d8}", "22:56: unknown member of this gateway 'd8'"),
]


def expect(text: str, problem: str | None) -> None:
    found = said(text)
    if problem is None:
        assert found == []
    else:
        assert any(problem in each for each in found), found


@pytest.mark.parametrize(("old", "new", "problem"), TOPOLOGY)
def test_topology(old: str, new: str, problem: str | None) -> None:
    expect(CAMPUS.replace(old, new, 1), problem)


@pytest.mark.parametrize(("old", "new", "problem"), NETWORKS)
def test_networks(old: str, new: str, problem: str) -> None:
    expect(CAMPUS.replace(old, new, 1), problem)


@pytest.mark.parametrize(("gateway", "problem"), GATEWAYS)
def test_gateways(gateway: str, problem: str | None) -> None:
    expect(CAMPUS.replace("ports: [h3]", f"ports: [h3], {gateway}"), problem)


@pytest.mark.parametrize(("lines", "problem"), POLICIES)
def test_routes_and_policy(lines: str, problem: str | None) -> None:
    expect(CAMPUS.replace("checks:", f"    {lines}\nchecks:"), problem)


@pytest.mark.parametrize(("check", "problem"), CHECKS)
def test_checks(check: str, problem: str | None) -> None:
    expect(CAMPUS.replace("reach: [h1, h2]", check), problem)


def test_a_mac_twice_in_one_segment() -> None:
    text = CAMPUS.replace('mac: "02:00:00:00:00:03"', "").replace("/24}", "/24, mac: '02:00:00:00:00:01'}")
    assert said(text) == ["6:38: 02:00:00:00:00:01 is also the MAC of 'h1' in segment 'office/users'"]


def test_the_same_addresses_in_two_networks_are_fine() -> None:
    text = CAMPUS.replace(
        "      servers: {subnet: 10.2.0.0/24", "  other:\n    segments:\n      servers: {subnet: 10.1.0.0/24"
    )
    assert said(text.replace("10.2.0.11/24", "10.1.0.11/24")) == []


def test_a_second_link_of_a_host_is_not_yet() -> None:
    with pytest.raises(PlanError) as error:
        parse(CAMPUS.replace("[h1, d1]", "[h1, d1]\n    - [h1, d2]"), "p")
    assert str(error.value) == "p:5:5: host 'h1' has 2 links; more than one is not yet supported"


def test_an_interface_name_that_linux_does_not_take() -> None:
    text = CAMPUS.replace("d1", "distributi").replace("[distributi, core]", "[distributi:10, core]")
    assert said(text) == [
        "12:8: the interface 'distributi-eth10' would have 16 characters, and Linux allows 15: "
        "shorten the name 'distributi' by 1"
    ]


def test_a_node_may_not_be_called_like_an_interface() -> None:
    assert said(CAMPUS.replace("core", "d1-eth1")) == [
        "9:12: the interface at d1:1 would be called 'd1-eth1', as a node is; rename the node"
    ]


def test_a_host_that_a_check_names_must_be_in_a_segment() -> None:
    text = CAMPUS.replace("ports: [h3]", "ports: []").replace("reach: [h1, h2]", "reach: [h1, h3]")
    assert said(text) == ["22:17: host 'h3' is in no segment, so nothing can reach it"]


def test_hosts_need_a_topology() -> None:
    text = "name: x\nnetworks: {n: {segments: {s: {subnet: 10.0.0.0/24, ports: [h1]}}}}\nchecks: [{reach: [h1, h2]}]\n"
    assert said(text) == [
        "2:60: h1 is no port: there is no topology with hosts; write switch:port",
        "3:19: 'h1' is no host: this plan has no topology",
        "3:23: 'h2' is no host: this plan has no topology",
    ]


def test_a_number_of_hosts_goes_with_a_generator() -> None:
    assert said("name: x\ntopology: {hosts: 3}\n") == [
        "2:19: 'hosts' must be a mapping of names; a number goes with 'generate' or 'graphml'"
    ]
    assert said("name: x\ntopology: {generate: fat-tree, k: 4, hosts: 3}\n") == []
