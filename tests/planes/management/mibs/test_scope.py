from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from views import NOW, SWITCHES, fabric, intent, known, network, tenant, view
from walks import column

from planes.management import mibs
from planes.management.mibs.scope import places, refusals, scoped, segment_of
from planes.management.watch import View
from planes.model import state
from planes.model.intent import Attachment, Intent, Network, Policy, Route, Segment
from planes.model.state import Row

RED = places(network("red"))
ELSEWHERE = sorted({(switch, port) for switch in SWITCHES for port in range(1, 10)} - RED)

names = st.sampled_from(["hsrp", "vrrp", "alone", "other"])
strangers = st.sampled_from(["blue", "green", "reddish", "re"])
spots = st.sampled_from(ELSEWHERE)
macs = st.integers(1, 5).map(lambda number: f"02:00:00:00:00:{number:02x}")
counts = st.integers(0, 2**40)

attachments = st.builds(
    lambda spot, vlan: Attachment(*spot, vlan), spots, st.none() | st.integers(1, 4094)
)  # fmt: skip
segments = st.builds(Segment, names, st.just(("10.1.0.0/24",)), st.lists(attachments, max_size=3).map(tuple), st.none())
networks = st.builds(
    Network, strangers, st.lists(segments, max_size=3, unique_by=lambda one: one.name).map(tuple),
    st.just((Route("0.0.0.0/0", "10.1.0.9"),)), st.just((Policy("deny"),)),
)  # fmt: skip

others = st.one_of(
    st.builds(lambda n, s, mac, spot: state.Host(n, s, mac, *spot), strangers, names, macs, spots),
    st.builds(
        lambda n, s, standing: state.GatewayState(n, s, "leaf1", 1, "hsrp", 100, True, standing),
        strangers, names, st.sampled_from(["active", "standby"]),
    ),
    st.builds(lambda spot, up, mac: state.Port(*spot, "x", up, "edge", mac), spots, st.booleans(), macs),
    st.builds(lambda spot, n: state.Traffic(*spot, NOW, n, n, n, n), spots, counts),
    st.builds(state.Counter, st.sampled_from(["a", "b"]), counts),
    st.builds(lambda n, number: state.Id("network", n, number), strangers, st.integers(3, 9)),
    st.builds(lambda n, s, number: state.Id("segment", f"{n}/{s}", number), strangers, names, st.integers(99, 120)),
    st.builds(
        lambda n, s, number: state.Id("interface", f"{0x11:016x}/{n}/{s}", number),
        strangers, names, st.integers(5000, 6000),
    ),
    st.builds(
        lambda number, n, kind: state.Event(number, NOW, f"{n}/hsrp on leaf1", "x", kind),
        st.integers(100, 120), strangers, st.sampled_from(["failover", "gateway", "duplicate"]),
    ),
    st.builds(
        lambda number, spot: state.Event(number, NOW, f"{spot[0]}:{spot[1]}", "down", "port"),
        st.integers(100, 120), spots,
    ),
    st.builds(
        lambda rules, n: state.Switch(
            0x11, "leaf1", 1, True, rules, f"network {n}: 3 entries refused: FULL; network red: 1 entry refused: x"
        ),
        counts, strangers,
    ),
    st.builds(lambda up: state.Switch(0xAB, "spine1", 3, up), st.booleans()),
    st.builds(lambda port: state.Link("leaf1", port, "spine1", 3), st.sampled_from([7, 8])),
)  # fmt: skip
worlds = st.tuples(
    st.lists(others, max_size=12), st.lists(networks, max_size=3, unique_by=lambda one: one.name), st.integers(0, 9)
)
World = tuple[list[Row], list[Network], int]
LEAF1 = state.Switch(0x11, "leaf1", 1, True, 0, "network red: 1 entry refused: x")


def seen(world: World, own: list[Row]) -> View:
    rows, wanted, serial = world
    held = replace(known(*fabric(), LEAF1, *tenant("blue", 2), *own, *rows), applied=serial)
    return View(held, Intent("campus", (*wanted, network("red")), tuple(SWITCHES.items())), serial, True)


@given(worlds, worlds, st.lists(st.integers(0, 40), max_size=10))
def test_nothing_that_others_do_changes_what_a_tenant_sees(one: World, other: World, less: list[int]) -> None:
    own = [row for number, row in enumerate(tenant("red", 1)) if number not in less]
    before, after = seen(one, own), seen(other, own)
    assert mibs.objects(before, NOW, "red") == mibs.objects(after, NOW, "red")
    assert mibs.ticking(before, NOW + 9, "red") == mibs.ticking(after, NOW + 9, "red")


@given(worlds, worlds)
def test_nothing_that_happens_to_others_is_told_to_a_tenant(one: World, other: World) -> None:
    before, after = seen(one, tenant("red", 1)), seen(other, tenant("red", 1))
    assert [told for told in mibs.notifications(before, after, NOW) if told[0] == "red"] == []


def test_no_word_of_others_is_in_a_tenants_objects() -> None:
    objects = mibs.objects(view(state.Switch(0x11, "leaf1", 1, True, 7, "network blue: 3 entries refused")), NOW, "red")
    told = [value.data for value in objects.values() if isinstance(value.data, bytes)]
    assert any(b"red/hsrp" in octets for octets in told)
    assert not any(b"blue" in octets or b"spine1" in octets or b"campus" in octets for octets in told)


def test_a_tenants_interfaces_are_its_edge_ports_and_its_gateways_members() -> None:
    assert sorted(column("ifName", view(), NOW, "red").values()) == [
        "leaf1:1", "leaf2:1", "leaf2:3", "leaf2:5", "red/glbp on leaf2", "red/hsrp on leaf1", "red/hsrp on leaf2",
        "red/vrrp on leaf1", "red/vrrp on leaf2", "red/vrrp6 on leaf1",
    ]  # fmt: skip
    assert column("ifAlias", view(), NOW, "red")["1"] == "red/hsrp, red/vrrp.20, red/vrrp6.21"


def test_what_a_port_counts_that_others_are_on_too_is_not_a_tenants() -> None:
    trunk = Network("green", (Segment("x", (), (Attachment("leaf1", 1, 99),)),))
    shared = replace(view(), intent=Intent("campus", (*intent().networks, trunk), tuple(SWITCHES.items())))
    alone, both = (column("ifHCInOctets", each, NOW, "red") for each in (view(), shared))
    assert set(alone) - set(both) == {"1"}
    assert "1" in column("ifHCInOctets", shared, NOW)
    assert column("ifAlias", shared, NOW)["1"] == "green/x.99, red/hsrp, red/vrrp.20, red/vrrp6.21"
    assert column("ifAlias", shared, NOW, "red")["1"] == "red/hsrp, red/vrrp.20, red/vrrp6.21"


def test_a_switch_that_only_the_plan_knows_has_interfaces_too() -> None:
    rows = [row for row in (*fabric(), *tenant("red", 1)) if not isinstance(row, state.Switch)]
    found = scoped(view(rows=rows), "red").state.of(state.Id)
    assert state.Id("interface", f"{0x11:016x}:1", 1) in found


def test_a_networks_name_is_no_part_of_another() -> None:
    assert refusals("network reddish: FULL; network red: a: b; it hung up", "red") == ["a: b"]


def test_events_about_segments() -> None:
    def about(subject: str, kind: str) -> tuple[str, str] | None:
        return segment_of(state.Event(1, NOW, subject, "", kind))

    assert about("red/web on leaf1", "gateway") == about("red/web", "duplicate") == ("red", "web")
    assert about("red/web", "link") is None
    assert about("leaf1", "failover") is None
