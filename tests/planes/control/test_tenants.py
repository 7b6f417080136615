from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from simulated import attached, intent

from planes.control import facts, ids
from planes.control.engine import Engine
from planes.control.events import PortDescription
from planes.control.facts import EdgePort
from planes.control.ids import Ids
from planes.control.inventory import Inventory
from planes.control.tenants import Tenants
from planes.data.rule import LOCAL_PORT
from planes.model.intent import Attachment, Binding, Gateway, Intent, Network, Segment


@dataclass
class World:
    """Tenants over switches that connect when a test says so."""

    inventory: Inventory
    engine: Engine
    tenants: Tenants
    drops: Counter[str]

    def connect(self, *dpids: int) -> None:
        for dpid in dpids:
            self.inventory.connect(dpid, [PortDescription(LOCAL_PORT, f"s{dpid}", up=False)])

    def want(self, wanted: Intent) -> frozenset[facts.Access]:
        self.tenants.follow(wanted)
        return self.tenants.resolve()

    def segment(self, network: str, segment: str = "one") -> int:
        number = self.tenants.number(network, segment)
        assert number is not None
        return number


@pytest.fixture
def world() -> World:
    numbers, drops = Ids(), Counter[str]()
    inventory, engine = Inventory(numbers), Engine(())
    return World(inventory, engine, Tenants(numbers, inventory, engine, drops), drops)


def one(*ports: Attachment, network: str = "red", **more: object) -> Network:
    return Network(network, (Segment("one", (), ports, **more),))  # type: ignore[arg-type]


def test_ports_on_switches_that_are_not_there_yet_wait(world: World) -> None:
    world.connect(1)
    assert world.want(intent({"red": {"one": [(1, 1), (2, 1)]}})) == {(1, 1, 0)}
    assert world.tenants.accesses(world.segment("red")) == ((1, 1, 0),)
    world.connect(2)
    assert world.tenants.resolve() == {(2, 1, 0)}
    assert world.tenants.accesses(world.segment("red")) == ((1, 1, 0), (2, 1, 0))
    assert world.engine.facts.table(facts.SEGMENT_SWITCHES) == {world.segment("red"): (1, 2)}
    assert world.tenants.resolve() == frozenset()


def test_a_port_that_two_networks_want_is_the_first_ones_until_it_lets_go(world: World) -> None:
    world.connect(1)
    world.want(intent({"red": {"one": [(1, 1)]}, "blue": {"one": [(1, 1), (1, 2)]}}))
    assert world.tenants.accesses(world.segment("red")) == ()
    assert world.want(intent({"red": {"one": [(1, 1)]}, "blue": {"one": [(1, 2)]}})) == {(1, 1, 0)}
    assert world.tenants.accesses(world.segment("red")) == ((1, 1, 0),)


@pytest.mark.parametrize(("old", "new"), [("red", "blue"), ("blue", "red")])
def test_a_port_passes_from_one_network_to_another_in_one_step(world: World, old: str, new: str) -> None:
    world.connect(1)
    world.want(intent({old: {"one": [(1, 1)]}, new: {"one": []}}))
    assert world.want(intent({old: {"one": []}, new: {"one": [(1, 1)]}})) == {(1, 1, 0)}
    edge = world.tenants.edge((1, 1, 0))
    assert edge is not None and edge.segment == world.segment(new)
    assert world.tenants.access((1, 1), world.segment(new)) == (1, 1, 0)
    assert world.tenants.access((1, 1), world.segment(old)) is None
    assert world.tenants.is_edge((1, 1))


def test_numbers_stay_when_a_segment_comes_back(world: World) -> None:
    world.want(intent({"red": {"one": [], "two": []}}))
    two = world.segment("red", "two")
    world.want(intent({"red": {"one": []}}))
    assert world.tenants.number("red", "two") is None
    world.want(intent({"red": {"two": []}}))
    assert world.segment("red", "two") == two
    world.want(intent({}))
    assert world.tenants.number("red", "two") is None


def test_one_port_has_an_access_for_each_vlan_and_one_without(world: World) -> None:
    world.connect(1)
    world.want(intent({"red": {"one": [(1, 1)]}, "blue": {"one": [(1, 1, 100)]}, "green": {"one": [(1, 1, 200)]}}))
    found = {name: world.tenants.access((1, 1), world.segment(name)) for name in ("red", "blue", "green")}
    assert found == {"red": (1, 1, 0), "blue": (1, 1, 100), "green": (1, 1, 200)}
    assert world.engine.facts.table(facts.EDGE_PORT) == {(1, 1): EdgePort((1,))}


def test_a_segment_knows_the_vlans_beside_it_where_it_is_untagged(world: World) -> None:
    world.connect(1)
    world.want(intent({"red": {"one": [(1, 1), (1, 2), (1, 3, 9)]}, "blue": {"one": [(1, 1, 7), (1, 2, 8), (1, 3)]}}))
    assert world.engine.facts.table(facts.TAKEN) == {world.segment("red"): (7, 8), world.segment("blue"): (9,)}
    world.want(intent({"red": {"one": [(1, 1), (1, 3, 9)]}, "blue": {"one": [(1, 2, 8)]}}))
    assert world.engine.facts.table(facts.TAKEN) == {}


def test_a_segment_has_one_access_on_a_port(world: World) -> None:
    world.connect(1)
    world.want(Intent("test", (one(attached(1, 1, 100), attached(1, 1, 200), attached(1, 2, 200)),)))
    assert world.tenants.accesses(world.segment("red")) == ((1, 1, 100), (1, 2, 200))


def test_a_lags_ports_are_one_access_under_the_lowest(world: World) -> None:
    world.connect(1)
    world.want(Intent("test", (one(attached(1, 5, 0, 6)), one(attached(1, 5, 100, 6), network="blue"))))
    assert world.engine.facts.table(facts.EDGE_PORT) == {(1, 5): EdgePort((5, 6))}
    assert world.tenants.access((1, 6), world.segment("red")) == (1, 5, 0)
    assert world.tenants.access((1, 6), world.segment("blue")) == (1, 5, 100)
    assert world.tenants.members((1, 5, 100)) == ((1, 5), (1, 6))
    assert world.tenants.is_edge((1, 6)) and not world.tenants.is_edge((1, 7))
    world.want(Intent("test", (one(attached(1, 5, 100, 6), network="blue"),)))
    assert world.engine.facts.table(facts.EDGE_PORT) == {(1, 5): EdgePort((5, 6))}
    world.want(Intent("test"))
    assert world.engine.facts.table(facts.EDGE_PORT) == {}
    assert not world.tenants.is_edge((1, 6))


def test_ports_become_a_lag_and_part_again(world: World) -> None:
    apart = Intent("test", (one(attached(1, 5)), one(attached(1, 6), network="blue")))
    joined = Intent("test", (one(attached(1, 5, 0, 6)), one(network="blue")))
    world.connect(1)
    for wanted, ports in ((apart, {5: (5,), 6: (6,)}), (joined, {5: (5, 6)}), (apart, {5: (5,), 6: (6,)})):
        world.want(wanted)
        assert world.engine.facts.table(facts.EDGE_PORT) == {(1, n): EdgePort(m) for n, m in ports.items()}
        assert all(world.tenants.is_edge((1, number)) for number in (5, 6))
    assert world.tenants.access((1, 6), world.segment("blue")) == (1, 6, 0)


def test_accesses_that_are_bound_otherwise_or_have_another_gateway_have_changed(world: World) -> None:
    world.connect(1)
    at = attached(1, 1), attached(1, 2)
    world.want(Intent("test", (one(*at),)))
    bound = (Binding("s1", 2, None, "02:00:00:00:00:01"),)
    assert world.want(Intent("test", (one(*at, bindings=bound),))) == {(1, 2, 0)}
    assert world.want(Intent("test", (one(*at),))) == {(1, 2, 0)}
    gateway = Gateway(("10.0.0.1",), "anycast", 1)
    assert world.want(Intent("test", (one(*at, gateway=gateway),))) == {(1, 1, 0), (1, 2, 0)}


def test_a_switchs_new_name_moves_what_stood_under_the_old_one(world: World) -> None:
    world.connect(1, 2)
    wanted = intent({"red": {"one": [(1, 1)]}, "blue": {"one": [(2, 1)]}})
    world.want(wanted)
    swapped = Intent("test", wanted.networks, (("s2", 1), ("s1", 2)))
    assert world.want(swapped) == {(1, 1, 0), (2, 1, 0)}
    assert world.tenants.accesses(world.segment("red")) == ((2, 1, 0),)


def test_a_network_for_which_no_numbers_are_left_is_counted_and_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.connect(1)
    world.want(intent({"red": {"one": [(1, 1)]}}))
    monkeypatch.setitem(ids.LAST, "slot", 3)  # red's floods have them all
    world.want(intent({"red": {"one": [(1, 1)]}, "blue": {"one": [(1, 2)]}, "zoo": {"one": []}}))
    assert world.drops == {"numbers-exhausted": 1}
    assert world.tenants.accesses(world.segment("red")) == ((1, 1, 0),)
    assert (world.tenants.number("blue", "one"), world.tenants.edge((1, 2, 0))) == (None, None)
    assert world.tenants.number("zoo", "one") is not None


def test_slots_are_of_a_segment(world: World) -> None:
    world.want(intent({"red": {"one": [], "two": []}}))
    first, second = world.segment("red"), world.segment("red", "two")
    mac = "02:00:00:00:00:01"
    assert world.tenants.slot(first, mac) == world.tenants.slot(first, mac) != world.tenants.slot(second, mac)
