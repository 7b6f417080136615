from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

from planes.data import fields as f
from planes.data.delta import Command, Mod
from planes.data.packet import ethernet, ipv4, udp
from planes.data.rule import Bucket, Entry, Group, GroupType, Output, Punt, Rule, SetField, ToGroup, Track, match
from planes.data.switch import Drop, Switch
from planes.data.trace import MAX_WAYS, Fabric, Fate, Place, Seen, distinct, rebuilt, trace

FRAME = ethernet(0x0200_0000_0002, 0x0200_0000_0001, 0x88B5, b"x" * 46)


def fabric(
    switches: dict[str, Iterable[Entry]], wires: Iterable[tuple[Place, Place]], down: Iterable[Place] = ()
) -> Fabric:
    dead = {name: frozenset(port for at, port in down if at == name) for name in switches}
    both = {a: b for pair in wires for a, b in (pair, pair[::-1])}
    seen = {name: Seen(Switch(held), dead[name]) for name, held in switches.items()}
    return Fabric(seen.get, both)


def out(port: int) -> Rule:
    return Rule(0, 1, match(), (Output(port),))


def spread(*ports: int) -> list[Entry]:
    buckets = tuple(Bucket((Output(port),), watch_port=port, weight=1) for port in ports)
    return [Group(1, GroupType.SELECT, buckets), Rule(0, 1, match(), (ToGroup(1),))]


def diamond(down: Iterable[Place] = ()) -> Fabric:
    """a reaches d by b or by c; d's host is on port 9."""
    switches = {"a": spread(2, 2, 3), "b": [out(2)], "c": [out(2)], "d": [out(9)]}
    wires = [(("a", 2), ("b", 1)), (("a", 3), ("c", 1)), (("b", 2), ("d", 1)), (("c", 2), ("d", 2))]
    return fabric(switches, wires, down)


def test_a_frame_is_followed_from_port_to_port() -> None:
    found = trace(fabric({"a": [out(2)], "b": [out(3)]}, [(("a", 2), ("b", 1))]), [("a", 1)], FRAME)
    assert [visit.place for visit in found.visits] == [("a", 1), ("b", 1)]
    assert [step.entry for visit in found.visits for step in visit.ways[0].steps] == [out(2), out(3)]
    (route,) = found.routes
    assert (route.places, route.end.fate, route.end.place) == ((("a", 1), ("b", 1)), Fate.LEFT, ("b", 3))
    assert found.delivers([("b", 3)], FRAME)
    assert not found.delivers([("b", 4)], FRAME)


def test_every_way_that_a_hash_may_choose_is_followed_once() -> None:
    found = trace(diamond(), [("a", 1)], FRAME)
    assert sorted(tuple(name for name, _ in route.places) for route in found.routes) == [
        ("a", "b", "d"),
        ("a", "c", "d"),
    ]
    assert found.delivers([("d", 9)], FRAME)


def test_a_port_that_is_down_takes_its_way_out() -> None:
    found = trace(diamond([("a", 2), ("b", 1)]), [("a", 1)], FRAME)
    assert [[name for name, _ in route.places] for route in found.routes] == [["a", "c", "d"]]
    assert found.delivers([("d", 9)], FRAME)


def test_one_bad_way_is_no_delivery() -> None:
    found = trace(diamond([("b", 2), ("d", 1)]), [("a", 1)], FRAME)
    assert {route.end.fate for route in found.routes} == {Fate.LEFT, Fate.DROPPED}
    assert not found.delivers([("d", 9)], FRAME)


def test_a_frame_that_arrives_changed_is_not_delivered() -> None:
    changing = Rule(0, 1, match(), (SetField(f.ETH_DST, 5), Output(2)))
    assert not trace(fabric({"a": [changing]}, []), [("a", 1)], FRAME).delivers([("a", 2)], FRAME)


def test_a_link_whose_far_end_alone_is_down_loses_the_frame() -> None:
    found = trace(fabric({"a": [out(2)], "b": [out(3)]}, [(("a", 2), ("b", 1))], [("b", 1)]), [("a", 1)], FRAME)
    assert [(route.end.fate, route.end.place) for route in found.routes] == [(Fate.LOST, ("a", 2))]


def test_a_switch_that_is_not_known_is_where_the_trace_ends() -> None:
    found = trace(fabric({"a": [out(2)]}, [(("a", 2), ("b", 1))]), [("a", 1)], FRAME)
    assert [route.end.fate for route in found.routes] == [Fate.LOST]


def test_circles_are_found() -> None:
    back: dict[str, Iterable[Entry]] = {"a": [out(2)], "b": [out(2)], "c": [out(2)]}
    wires = [(("a", 2), ("b", 1)), (("b", 2), ("c", 1)), (("c", 2), ("a", 3))]
    (route,) = trace(fabric(back, wires), [("a", 1)], FRAME).routes
    assert (route.end.fate, route.end.place) == (Fate.LOOPED, ("b", 1))
    assert [name for name, _ in route.places] == ["a", "b", "c", "a", "b"]


def test_a_frame_that_may_only_go_back_where_it_came_from_is_dropped() -> None:
    (route,) = trace(fabric({"a": [out(1)]}, []), [("a", 1)], FRAME).routes
    assert (route.end.fate, route.end.why) == (Fate.DROPPED, Drop.IN_PORT)


def test_punts_misses_and_silent_drops_are_told_apart() -> None:
    ends = {}
    for name, rules in {"punt": [Rule(0, 1, match(), (Punt(),))], "miss": [], "drop": [Rule(0, 1, match())]}.items():
        (route,) = trace(fabric({"a": rules}, []), [("a", 1)], FRAME).routes
        ends[name] = route.end
    assert {name: end.fate for name, end in ends.items()} == {
        "punt": Fate.PUNTED,
        "miss": Fate.DROPPED,
        "drop": Fate.DROPPED,
    }
    assert (ends["miss"].why, ends["drop"].why) == (Drop.MISS, None)


def test_copies_are_all_followed_and_none_goes_back() -> None:
    everywhere = Group(1, GroupType.ALL, tuple(Bucket((Output(port),)) for port in (1, 2, 3)))
    found = trace(fabric({"a": [everywhere, Rule(0, 1, match(), (ToGroup(1),))]}, []), [("a", 1)], FRAME)
    assert [(route.end.fate, route.end.place) for route in found.routes] == [
        (Fate.LEFT, ("a", 2)),
        (Fate.LEFT, ("a", 3)),
    ]


def test_a_trace_with_too_many_ways_says_so() -> None:
    found = trace(fabric({"a": spread(*range(2, 2 + MAX_WAYS + 1))}, []), [("a", 1)], FRAME)
    assert not found.whole


def test_what_a_stranger_put_in_is_set_apart() -> None:
    stranger = Rule(0, 5, match(), meter=0)
    switch, foreign = rebuilt([out(1), stranger])
    assert (switch.entries(), foreign) == ({out(1)}, (stranger,))


def test_buckets_that_do_the_same_are_one() -> None:
    group = Group(1, GroupType.SELECT, tuple(Bucket((Output(port),), weight=1) for port in (2, 3, 2, 3, 4)))
    assert distinct(group, [1, 2, 3, 4]) == [1, 2, 4]


def test_a_trace_begins_no_connection() -> None:
    here, there = IPv4Address(1), IPv4Address(2)
    frame = ethernet(2, 1, f.ETH_IPV4, ipv4(here, there, f.IP_UDP, udp(here, there, 5, 53, b"")))
    known = match(eth_type=f.ETH_IPV4, ct_mark=7)
    rules = [Rule(0, 1, match(eth_type=f.ETH_IPV4), (Track(1, commit=True, mark=7), Track(1, table=5)))]
    rules += [Rule(5, 1, known, (Output(2),))]
    made = fabric({"a": rules}, [])
    assert trace(made, [("a", 1)], frame).delivers([("a", 2)], frame)
    seen = made.look("a")
    assert seen is not None
    only_asks = Rule(0, 2, match(eth_type=f.ETH_IPV4), (Track(1, table=5),))
    seen.switch.apply(Mod(Command.ADD, only_asks))
    assert trace(made, [("a", 1)], frame).routes[0].end.why is Drop.MISS
