from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planes.model.plan import Topology
from planes.model.wiring import End, Wire, wire


def topology(switches: str, hosts: str, *links: str) -> Topology:
    """Names in two texts; links as `a b` with optional `:port`."""
    return Topology.model_validate(
        {
            "switches": dict.fromkeys(switches.split()),
            "hosts": dict.fromkeys(hosts.split()),
            "links": tuple(tuple(link.split()) for link in links),
        }
    )


def test_ports_are_numbered_in_link_order_from_1_on_switches_and_0_on_hosts() -> None:
    wiring = wire(topology("s1 s2", "h1 h2", "h1 s1", "s1 s2", "h2 s2"))
    assert wiring.wires == (
        Wire("h1/s1", End("h1", 0), End("s1", 1)),
        Wire("s1/s2", End("s1", 2), End("s2", 1)),
        Wire("h2/s2", End("h2", 0), End("s2", 2)),
    )


def test_fixed_numbers_are_taken_first_wherever_they_stand() -> None:
    wiring = wire(topology("s1 s2", "h1", "s1 s2", "s1 s2", "h1 s1:1", "s1:3 s2"))
    assert [(each.a.port, each.b.port) for each in wiring.wires] == [(2, 1), (4, 2), (0, 1), (3, 3)]


def test_parallel_links_are_numbered_whichever_way_they_are_written() -> None:
    wiring = wire(topology("a b", "", "a b", "b a", "a b"))
    assert [each.name for each in wiring.wires] == ["a/b", "b/a#2", "a/b#3"]
    assert wiring.wire_named("b/a") == wiring.wires[0]
    assert wiring.wire_named("a/b#2") == wiring.wires[1]
    assert wiring.wire_named("a/b#4") is None


def test_where_a_host_is_plugged_in() -> None:
    wiring = wire(topology("s1", "h1 h2", "s1:7 h1"))
    assert wiring.end_of("h1") == End("s1", 7)
    assert wiring.end_of("h2") is None
    assert wiring.peer(End("s1", 7)) == End("h1", 0)
    assert wiring.peer(End("s1", 8)) is None


def test_a_hosts_links_are_in_link_order_and_named_like_any() -> None:
    wiring = wire(topology("s1", "h1 h2", "s1:6 h1", "h2 s1", "h1 s1:5"))
    assert wiring.plugs("h1") == ((End("h1", 0), End("s1", 6)), (End("h1", 1), End("s1", 5)))
    assert wiring.end_of("h1") == End("s1", 6)
    assert wiring.plugs("h9") == ()
    assert wiring.wire_named("h1/s1#2") == wiring.wire_named("s1/h1#2") == wiring.wires[2]


def test_interfaces_are_named_after_node_and_port() -> None:
    wiring = wire(topology("s1", "h1", "h1 s1"))
    assert wiring.interface(wiring.wires[0].b) == "s1-eth1"


def test_a_rate_is_bits_per_second() -> None:
    built = Topology.model_validate({"switches": {"a": None, "b": None}, "links": (("a", "b", {"rate": "100M"}),)})
    assert wire(built).wires[0].rate == 100_000_000


def test_datapath_ids_are_given_or_counted_past_the_given_ones() -> None:
    built = Topology.model_validate(
        {"switches": {"a": None, "b": {"datapath_id": 1}, "c": None, "d": {"datapath_id": 3}}}
    )
    assert wire(built).switches == (("a", 2), ("b", 1), ("c", 4), ("d", 3))


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")).filter(lambda pair: pair[0] != pair[1])))
def test_no_two_ends_are_the_same_and_numbering_is_stable(pairs: list[tuple[str, str]]) -> None:
    links = [f"{a} {b}" for a, b in pairs]
    wiring = wire(topology("a b c d", "", *links))
    ends = [end for each in wiring.wires for end in (each.a, each.b)]
    assert len(set(ends)) == len(ends)
    for name in "abcd":
        ports = [end.port for end in ends if end.node == name]
        assert ports == list(range(1, len(ports) + 1))
    assert wire(topology("a b c d", "", *links, "a b")).wires[:-1] == wiring.wires
    assert all(wiring.wire_named(each.name) == each for each in wiring.wires)


def test_hosts_know_the_part_of_the_fabric_that_they_are_in() -> None:
    nodes = {"switches": dict.fromkeys("abcd"), "hosts": dict.fromkeys(("h1", "h2", "h3"))}
    links = (("a", "b"), ("c", "b"), ("h1", "a"), ("h2", "c"), ("h3", "d"), ("h3", "a"))
    wiring = wire(Topology.model_validate({**nodes, "links": links}))
    assert wiring.parts("h1") == wiring.parts("h2")
    assert len(wiring.parts("h3")) == 2
    assert wiring.parts("h1") < wiring.parts("h3")
