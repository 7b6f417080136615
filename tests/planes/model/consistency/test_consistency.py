"""Every consistency check: one plan that breaks it, and the whole of what is said."""

from __future__ import annotations

import pytest

from planes.model.consistency import policy
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
    """What is wrong with a plan."""
    try:
        parse(text, "p")
    except PlanError as error:
        return [str(problem)[2:] for problem in error.problems]
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
    ("path: {between: [h1, h2]}", "22:11: 'path' says what the ways avoid, go through, or how many there are"),
    ("path: {between: [h1, h2], avoids: cora}", "22:39: unknown link or switch 'cora', did you mean 'core'?"),
    ("path: {between: [h1, h2], through: [core, d1/cora]}", "22:47: unknown link or switch 'd1/cora'"),
    ("{name: quick, path: {between: [h1, h2], spread: 2}}", None),
    ("gateway: {network: offic, segment: users, active: d1}", "22:24: unknown network 'offic', did you mean 'office'?"),
    ("gateway: {network: office, segment: user, active: d1}", "22:41: unknown segment 'user', did you mean 'users'?"),
    ("gateway: {network: office, segment: users, active: d1}", "22:41: segment 'users' has no gateway that elects"),
]


def test_what_only_an_election_obeys_is_refused_where_nobody_elects() -> None:
    gateway = "{address: 10.1.0.1, hello: 1s, group: 7, members: {d1: {priority: 9, track: [{link: d1/core}]}, d2: }}"
    found = said(CAMPUS.replace("[h1, h2]", f"[h1, h2]\n        gateway: {gateway}", 1))
    assert found == [
        f"20:{column}: protocol 'anycast' elects nobody, so it takes no {key!r}"
        for column, key in ((38, "hello"), (49, "group"), (74, "priority"), (87, "track"))
    ]


def test_a_gateway_check_names_members() -> None:
    members = "members: {d1: {address: 10.1.0.2}, d2: {address: 10.1.0.3}}"
    electing = CAMPUS.replace(
        "[h1, h2]", f"[h1, h2]\n        gateway: {{address: 10.1.0.1, protocol: hsrp, {members}}}", 1
    )
    check = "  - gateway: {network: office, segment: users, active: %s, standby: d2}\n"
    assert said(electing + check % "d1") == []
    assert said(electing + check % "d8") == ["24:56: unknown member of this gateway 'd8', allowed: d1, d2"]


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


def test_a_policy_has_as_many_lines_as_a_switch_has_priorities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "MAX_POLICY_LINES", 3)
    lines = "policy: [{deny: {protocol: tcp, port: [22, 23]}}, {allow: {from: users}}, {deny: %s}]"
    text = CAMPUS.replace("checks:", f"    {lines}\nchecks:")
    most = "a network has at most 3, where each range of ports counts"
    assert said(text % "{protocol: udp}") == [f"21:79: network 'office' has 4 policy lines: {most}"]
    assert said(text.replace(", 23", "") % "{protocol: udp}") == []


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


WIDE = (
    CAMPUS.replace("[d1, core]", "[d1, core]\n    - [h3, d2:7]\n    - [h2, d2:8]\n    - [h2, d1:8]", 1)
    .replace("ports: [h3]", 'ports: ["d2:2"]')
    .replace("[h1, h2]\n      s", '[h1, "d2:1"]\n      s')
)


def wide(old: str, new: str) -> list[str]:
    """What is wrong when h3 has two links to d2 and h2 has two to d2 and one to d1, without lines and columns."""
    assert old in WIDE
    return [problem.split(": ", 1)[1] for problem in said(WIDE.replace(old, new, 1))]


def test_the_plan_with_several_links_of_a_host_is_good() -> None:
    assert said(WIDE) == []


LAGS = [
    ("lag: ['d2:2', 'd2:7']", []),
    ("lag: ['d2:2.100', 'd2:7.100']", []),
    ("lag: ['d2:2', 'd1:8']", ["d1:8 and d2:2 are ports of two switches; a LAG has one"]),
    ("lag: ['d2:2', 'd2:7.5']", ["d2:7.5 and d2:2 differ in their VLAN; a LAG has one"]),
    ("lag: ['d2:2', 'd2:8']", ["d2:8 leads to 'h2' and d2:2 to 'h3'; a LAG has one"]),
    ("lag: ['d2:2', 'd2:2']", ["d2:2 is already in segment 'office/servers'"]),
    ("lag: ['d2:7', 'd2:2']}, {port: 'd2:2'", ["d2:2 is already in segment 'office/servers'"]),
    ("lag: ['d2:2']", ["a LAG has at least two ports"]),
    ("port: h3", ["'h3' has 2 links; name one of their ports (d2:2, d2:7), or bond them: {lag: [d2:2, d2:7]}"]),
    ("lag: ['d2:2', 'd2:9']", ["nothing is wired to d2:9, did you mean 'd2:8'?"]),
]


@pytest.mark.parametrize(("port", "problems"), LAGS)
def test_lags(port: str, problems: list[str]) -> None:
    assert wide('ports: ["d2:2"]', f"ports: [{{{port}}}]") == problems


def test_a_host_of_links_to_two_switches_is_named_by_a_port() -> None:
    assert wide('"d2:1"]', "h2]") == ["'h2' has 3 links; name one of their ports (d2:1, d2:8, d1:8)"]


def test_a_port_that_a_lag_has_is_its_in_every_vlan() -> None:
    pair = "{lag: ['d2:2.5', 'd2:7.5']}"
    assert wide('["d2:2"]', f"[{pair}, {{lag: ['d2:7.6', 'd2:2.6']}}]") == []
    assert wide('["d2:2"]', f"[{pair}, 'd2:7.6']") == [
        "d2:7 is in [d2:7.6] here and in [d2:2.5, d2:7.5] in segment 'office/servers'; a port's VLANs share one LAG"
    ]
    assert wide('["d2:2"]', f"['d2:7.6', {pair}]") == [
        "d2:7 is in [d2:2.5, d2:7.5] here and in [d2:7.6] in segment 'office/servers'; a port's VLANs share one LAG"
    ]


def test_a_binding_is_one_for_a_lag_and_of_the_segments_subnet() -> None:
    lag, mac = "ports: [{lag: ['d2:2', 'd2:7']}]", "02:00:00:00:00:03"
    assert wide('ports: ["d2:2"]', f"{lag}, bind: {{'d2:7': {mac}/10.2.0.11}}") == []
    assert wide('ports: ["d2:2"]', f"{lag}, bind: {{'d2:7': {mac}/10.3.0.11, 'd2:2': {mac}}}") == [
        "10.3.0.11 is outside the segment's subnet (10.2.0.0/24)",
        "d2:2 is of one LAG with d2:7, which is bound already",
    ]


def test_a_tagged_hosts_addresses_are_its_only_vlans_segments() -> None:
    outside = "10.1.0.12 is outside the subnet of segment 'office/servers' (10.2.0.0/24), which 'h2' is in"
    text = CAMPUS.replace("[h1, h2]\n      s", "[h1]\n      s")
    assert said(text.replace("ports: [h3]", "ports: [h3, 'd2:1.7']")) == [f"6:19: {outside}"]
    assert said(text.replace("ports: [h3]", "ports: [h3, 'd2:1.7', 'd2:1.8']")) == []  # a trunk: nobody's


def test_a_host_in_two_segments_has_addresses_of_both_and_not_of_others() -> None:
    both = 'ports: ["d2:2", "d2:8"]'
    text = WIDE.replace('ports: ["d2:2"]', both).replace("10.1.0.12/24}", "[10.1.0.12/24, 10.2.0.12/24, 10.9.0.1/24]}")
    assert said(text) == [
        "6:48: 10.9.0.1 is outside the subnet of segment 'office/users' (10.1.0.0/24) and 'office/servers' "
        "(10.2.0.0/24), which 'h2' is in"
    ]
    assert said(text.replace(", 10.9.0.1/24", "").replace("10.2.0.12", "10.2.0.11")) == [
        "7:19: 10.2.0.11 is also the address of 'h2' in segment 'office/servers'"
    ]


def test_a_next_hop_may_have_an_address_that_a_route_leads_to() -> None:
    text = CAMPUS.replace("h3: {address: 10.2.0.11/24", "h3: {address: [10.2.0.11/24, 192.0.2.1/32]")
    outside = "7:34: 192.0.2.1 is outside the subnet of segment 'office/servers' (10.2.0.0/24), which 'h3' is in"
    route = "    routes: [{to: 192.0.2.0/24, via: %s}]\nchecks:"
    assert said(text) == [outside]
    assert said(text.replace("checks:", route % "10.2.0.12")) == [outside]
    assert said(text.replace("checks:", route % "10.2.0.11")) == []


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
