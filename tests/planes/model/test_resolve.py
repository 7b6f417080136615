from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planes.model import intent
from planes.model.intent import Attachment, Intent
from planes.model.load import load, parse
from planes.model.plan import Plan
from planes.model.resolve import resolve

PLANS = Path(__file__).parents[3] / "topologies" / "plans"


def plan(segment: dict[str, Any], **network: Any) -> Plan:
    """One network with one segment, on core-d1, core-d2, d1-d2."""
    return Plan.model_validate(
        {
            "name": "x",
            "topology": {
                "switches": {"core": None, "d1": None, "d2": None},
                "links": (("core", "d1"), ("core", "d2"), ("d1", "d2")),
            },
            "networks": {"n": {"segments": {"s": {"subnet": "10.0.0.0/24", **segment}}, **network}},
        }
    )


def test_hosts_become_switch_ports() -> None:
    text = """
name: x
topology: {switches: {s1: , s2: {datapath_id: 9}}, hosts: {h1: , h2: }, links: [[s1, s2], [h2, s2], [h1, s1:7]]}
networks: {n: {segments: {b: {subnet: 10.0.0.0/24, ports: [h1, h2]}, a: {subnet: 10.0.1.0/24}}}}
"""
    assert resolve(parse(text)) == Intent(
        "x",
        (
            intent.Network(
                "n",
                (
                    intent.Segment("a", ("10.0.1.0/24",), ()),
                    intent.Segment("b", ("10.0.0.0/24",), (Attachment("s1", 7), Attachment("s2", 2))),
                ),
            ),
        ),
        (("s1", 1), ("s2", 9)),
    )


def test_a_real_fabric_needs_no_topology() -> None:
    found = resolve(parse("name: x\nnetworks: {n: {segments: {s: {subnet: 10.0.0.0/24, ports: [acc1:7]}}}}\n"))
    assert found.switches == ()
    assert found.networks[0].segments[0].ports == (Attachment("acc1", 7),)


def test_the_order_in_the_file_does_not_matter() -> None:
    text = "name: x\nnetworks: {{{}}}\n"
    one = "a: {segments: {s: {subnet: 10.0.0.0/24, ports: [x:1, y:2]}, t: {subnet: [10.1.0.0/24, 'fd00::/64']}}}"
    two = "a: {segments: {t: {subnet: ['fd00::/64', 10.1.0.0/24]}, s: {subnet: 10.0.0.0/24, ports: [y:2, x:1]}}}"
    assert resolve(parse(text.format(f"{one}, b: "))) == resolve(parse(text.format(f"b: , {two}")))


def test_a_tagged_port_keeps_its_vlan() -> None:
    found = resolve(plan({"ports": ("core:9.100",)}))
    assert found.networks[0].segments[0].ports == (Attachment("core", 9, 100),)


def test_a_gateway_with_members() -> None:
    found = resolve(
        plan(
            {
                "gateway": {
                    "address": "10.0.0.1",
                    "protocol": "hsrp",
                    "group": 7,
                    "members": {
                        "d2": {"address": "10.0.0.3"},
                        "d1": {
                            "address": "10.0.0.2",
                            "priority": 110,
                            "preempt": True,
                            "track": ({"port": "d1/core", "decrement": 20}, {"reach": "10.9.9.9"}),
                        },
                    },
                }
            }
        )
    )
    assert found.networks[0].segments[0].gateway == intent.Gateway(
        ("10.0.0.1",),
        "hsrp",
        7,
        (
            intent.Member(
                "d1",
                ("10.0.0.2",),
                110,
                True,
                (intent.Track("port", "core/d1", 20, (("d1", 1),)), intent.Track("reach", "10.9.9.9", 10)),
            ),
            intent.Member("d2", ("10.0.0.3",), 100, False),
        ),
    )


@pytest.mark.parametrize(
    ("protocol", "preempt"), [("vrrp", True), ("vrrp2", True), ("hsrp", False), ("hsrp2", False), ("glbp", False)]
)
def test_preemption_is_as_the_protocol_has_it(protocol: str, preempt: bool) -> None:
    gateway = {"address": "10.0.0.1", "protocol": protocol, "members": {"d1": {"address": "10.0.0.2"}}}
    found = resolve(plan({"gateway": gateway})).networks[0].segments[0].gateway
    assert found is not None
    assert found.members[0].preempt is preempt


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("text", "text"),
        ({"text": "text"}, "text"),
        ({"md5": "s3cret"}, intent.Md5("s3cret", 0)),
        ({"md5": "s3cret", "key": 9}, intent.Md5("s3cret", 9)),
        (None, None),
    ],
)
def test_authentication_is_a_text_or_a_key(given: object, wanted: str | intent.Md5 | None) -> None:
    gateway = {"address": "10.0.0.1", "protocol": "hsrp", "members": {"d1": {"address": "10.0.0.2"}}}
    found = resolve(plan({"gateway": {**gateway, "authentication": given}})).networks[0].segments[0].gateway
    assert found is not None
    assert found.authentication == wanted


def test_a_gateway_is_anycast_unless_told() -> None:
    found = resolve(plan({"gateway": {"address": ("10.0.0.1", "fd00::1")}})).networks[0].segments[0].gateway
    assert found == intent.Gateway(("10.0.0.1", "fd00::1"), "anycast", 1)


def test_routes_are_sorted_and_policy_is_not() -> None:
    found = resolve(
        plan(
            {},
            routes=({"to": "10.9.0.0/16", "via": "10.0.0.9"}, {"to": "0.0.0.0/0", "via": "10.0.0.8"}),
            policy=(
                {"deny": {"from": "s", "protocol": "tcp", "port": (22, "80-90")}},
                {"allow": {"to": "s", "stateful": True}},
                {"deny": None},
            ),
        )
    ).networks[0]
    assert found.routes == (intent.Route("0.0.0.0/0", "10.0.0.8"), intent.Route("10.9.0.0/16", "10.0.0.9"))
    assert found.policy == (
        intent.Policy("deny", "s", None, "tcp", (22, 22)),
        intent.Policy("deny", "s", None, "tcp", (80, 90)),
        intent.Policy("allow", None, "s", stateful=True, line=1),
        intent.Policy("deny", line=2),
    )


def test_a_lag_goes_by_its_lowest_port_and_bindings_by_the_port_they_name() -> None:
    port = {"lag": ("d1:6.30", "d1:5.30", "d1:7.30"), "rate": "10M"}
    bind = {"d1:6.30": "02:00:00:00:00:01/10.0.0.9", "d2:1.5": "02:00:00:00:00:02"}
    (segment,) = resolve(plan({"ports": (port, "d2:1.5"), "bind": bind})).networks[0].segments
    assert segment.ports == (Attachment("d1", 5, 30, (6, 7), 10_000_000), Attachment("d2", 1, 5))
    assert segment.bindings == (
        intent.Binding("d1", 5, 30, "02:00:00:00:00:01", "10.0.0.9"),
        intent.Binding("d2", 1, 5, "02:00:00:00:00:02"),
    )


def test_rates_and_limits_are_the_networks() -> None:
    policy = ({"allow": {"rate": "1M"}},)
    (found,) = resolve(plan({}, rate="2M", limits={"hosts": 5, "rules": 9}, policy=policy)).networks
    assert (found.rate, found.max_hosts, found.max_rules) == (2_000_000, 5, 9)
    assert found.policy == (intent.Policy("allow", rate=1_000_000),)


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_plans_resolve(path: Path) -> None:
    found = resolve(load(path))
    assert found.networks
    switches = dict(found.switches)
    assert all(port.switch in switches for net in found.networks for seg in net.segments for port in seg.ports)


def test_the_two_tenants_of_leaf_spine_have_the_same_addresses() -> None:
    topology = load(PLANS / "leaf-spine.yaml").topology
    assert topology is not None
    for number in range(1, 5):
        red, blue = topology.hosts[f"r{number}"], topology.hosts[f"b{number}"]
        assert red == blue
        assert red.mac is not None and len(red.address) == 2
