from __future__ import annotations

import pytest

from planes.model.errors import PlanError
from planes.model.load import parse
from planes.model.plan import Plan, Segment


def said(text: str) -> list[str]:
    with pytest.raises(PlanError) as error:
        parse(text, "p")
    return [str(problem) for problem in error.value.problems]


def addresses(plan: Plan) -> dict[str, list[str]]:
    hosts = plan.topology.hosts if plan.topology else {}
    return {name: [str(each) for each in host.address] for name, host in hosts.items()}


def ports(segment: Segment) -> list[str]:
    return [str(port.port) for port in segment.ports]


def test_three_lines_are_a_plan() -> None:
    plan = parse("name: x\ntopology: {generate: fat-tree, k: 4}\n")
    assert plan.topology is not None
    assert len(plan.topology.switches) == 20
    assert list(plan.topology.hosts) == [f"h{number}" for number in range(1, 17)]
    [network] = plan.networks.values()
    [segment] = network.segments.values()
    assert ports(segment) == list(plan.topology.hosts)
    assert addresses(plan)["h16"] == ["10.0.0.16/8"]


def test_links_to_hosts_come_first() -> None:
    plan = parse("name: x\ntopology: {generate: linear, size: 2, hosts: 2}\n")
    assert plan.topology is not None
    ends = [(link.a.node, link.b.node) for link in plan.topology.links]
    assert ends == [("h1", "s1"), ("h2", "s1"), ("h3", "s2"), ("h4", "s2"), ("s1", "s2")]


def test_rates_go_to_the_links_between_switches() -> None:
    plan = parse("name: x\ntopology: {generate: linear, size: 2, rate: 100M}\n")
    assert plan.topology is not None
    assert [link.options.rate for link in plan.topology.links] == [None, None, 100_000_000]


TENANTS = """\
name: x
topology: {generate: leaf-spine, spines: 2, leaves: 4, hosts: 2}
networks:
  red:
    segments:
      web: {subnet: [10.1.0.0/24, "fd00:1::/64"], ports: "h[1-3]", gateway: {address: [10.1.0.1, "fd00:1::1"]}}
      db: {subnet: 10.2.0.0/24, ports: [h8, {port: "h[67]", rate: 10M}]}
  blue:
    segments:
      lan: {subnet: 10.1.0.0/24, ports: [h4, h5]}
checks:
  - reach: [h3, "h[1-3]"]
"""


def test_hosts_by_pattern() -> None:
    plan = parse(TENANTS)
    red = plan.networks["red"].segments
    assert ports(red["web"]) == ["h1", "h2", "h3"]
    assert ports(red["db"]) == ["h8", "h6", "h7"]
    assert [port.rate for port in red["db"].ports] == [None, 10_000_000, 10_000_000]
    assert plan.checks[0].reach == ("h3", "h1", "h2")


def test_hosts_have_addresses_of_their_segments() -> None:
    plan = parse(TENANTS)
    assert plan.topology is not None
    assert addresses(plan) == {
        "h1": ["10.1.0.2/24", "fd00:1::2/64"],
        "h2": ["10.1.0.3/24", "fd00:1::3/64"],
        "h3": ["10.1.0.4/24", "fd00:1::4/64"],
        "h4": ["10.1.0.1/24"],
        "h5": ["10.1.0.2/24"],
        "h6": ["10.2.0.2/24"],
        "h7": ["10.2.0.3/24"],
        "h8": ["10.2.0.1/24"],
    }
    assert [str(each) for each in plan.topology.hosts["h1"].gateway] == ["10.1.0.1", "fd00:1::1"]


def test_all_hosts_of_a_drawn_plan_too() -> None:
    plan = parse(
        "name: x\n"
        "topology: {switches: {s: }, hosts: {a: {address: 10.0.0.7/24}, b: }, links: [[a, s], [b, s]]}\n"
        "networks: {n: {segments: {s: {subnet: 10.0.0.0/24, ports: all}}}}\n"
    )
    assert ports(plan.networks["n"].segments["s"]) == ["a", "b"]
    assert addresses(plan) == {"a": ["10.0.0.7/24"], "b": []}


def test_a_drawn_plan_gets_no_network_of_its_own() -> None:
    assert parse("name: x\ntopology: {switches: {s: }, hosts: {a: }, links: [[a, s]]}\n").networks == {}


@pytest.mark.parametrize(
    ("topology", "problem"),
    [
        ("generate: ring", "p:2:12: 'generate: ring' needs 'size'"),
        ("generate: fat-tree, k: 5", "p:2:35: a fat-tree's k is even, as half of a switch's ports go up: 5 is odd"),
        ("generate: fat-tree, k: 4, size: 3", "p:2:38: 'generate: fat-tree' takes no 'size'; it takes k"),
        ("generate: single, k: 3", "p:2:30: 'generate: single' takes no 'k'; it takes none"),
        ("generate: fat-tre, k: 4", "p:2:22: generate: unknown value 'fat-tre', did you mean 'fat-tree'?"),
        ("generate: linear, size: 0", "p:2:36: size: must be at least 1, found the number 0"),
        ("generate: linear, size: 9999", "p:2:36: this would be 9,999 switches; a topology has at most 4,096"),
        (
            "generate: linear, size: 99, hosts: 9999",
            "p:2:47: this would be 989,901 hosts; a topology has at most 65,536",
        ),
        ("generate: single, hosts: 0", "p:2:37: hosts: must be at least 1, found the number 0"),
        (
            "generate: single, hosts: {h1: }",
            "p:2:30: 'hosts' is a number here: how many are plugged in at each switch",
        ),
        ("generate: single, links: [[a, b]]", "p:2:30: a topology that is generated or read takes no 'links'"),
        ("generate: single, delay: geographic", "p:2:37: 'delay: geographic' is for a topology that is read"),
        ("switches: {s: }, rate: 10M", "p:2:29: a topology without 'generate' takes no 'rate': give it to the links"),
        ("graphml: x.graphml", "p:2:21: 'x.graphml' can't be read from here"),
    ],
)
def test_parameters_that_can_not_be(topology: str, problem: str) -> None:
    [found] = said(f"name: x\ntopology: {{{topology}}}\n")
    assert found.startswith(problem)


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(said("name: x\ntopology: {generate: random-regular, k: 3, rows: 2, links: [[a, b]]}\n")) == 5


def test_a_pattern_that_nothing_matches() -> None:
    text = TENANTS.replace("ports: [h4, h5]", 'ports: [h4, "x*", h99]')
    assert [problem.partition(": ")[::2] for problem in said(text)] == [
        ("p:10:46", "no host matches 'x*', allowed: h1, h2, h3, h4, h5, h6, h7, h8"),
        ("p:10:52", "unknown host 'h99', allowed: h1, h2, h3, h4, h5, h6, h7, h8"),
    ]


def test_positions_hold_after_a_pattern() -> None:
    text = TENANTS.replace('[h8, {port: "h[67]", rate: 10M}]', '["h[5-8]", h1]').replace("[h4, h5]", "[h4, h9]")
    places = [problem.split(": ")[0] for problem in said(text)]
    assert places == ["p:7:51", "p:10:46"]


def test_a_subnet_that_is_too_small() -> None:
    network = "{segments: {s: {subnet: 10.0.0.0/30, ports: all}}}"
    text = f"name: x\ntopology: {{generate: single, hosts: 5}}\nnetworks: {{n: {network}}}\n"
    assert said(text) == ["p:3:39: 10.0.0.0/30 is too small for 5 hosts of the topology"]
