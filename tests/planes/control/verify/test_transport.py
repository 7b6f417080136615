from __future__ import annotations

from collections.abc import Iterable, Mapping

from planes.control.facts import Port
from planes.control.verify.fabric import Fabric, scenarios
from planes.control.verify.nodes import Kind, Loop, Node
from planes.control.verify.transport import Transport
from planes.data import fields as f
from planes.data import headers as h
from planes.data.label import DEFLECTED, DEFLECTED_BIT, PLAIN, SLOT_BITS, label, target
from planes.data.pipeline import Table
from planes.data.rule import Bucket, Entry, Group, GroupType, Load, Output, Rule, SetField, ToGroup, match
from planes.data.switch import Drop

WAY, PRIMARY = 100, 200
BACK = Load(f.NXM_IN_PORT, 0, 0, 16)
DEFLECT = Load(f.ETH_DST, 1, DEFLECTED_BIT, 1)


def entries(own: int, ways: Mapping[int, tuple[int, ...]], alternates: Mapping[int, int] | None = None) -> list[Entry]:
    """A switch: by target index the ports that lead there, and perhaps one more for when all are dead."""
    found: list[Entry] = [Rule(Table.PORT, 1, (), goto=Table.LABEL)]
    found += [Rule(Table.LABEL, 9, match(eth_dst=target(own, first)), goto=Table.LAND) for first in (PLAIN, DEFLECTED)]
    for index, ports in ways.items():
        kind = GroupType.SELECT if len(ports) > 1 else GroupType.FAST_FAILOVER
        weight = int(len(ports) > 1)
        buckets = tuple(Bucket((Output(port),), watch_port=port, weight=weight) for port in ports)
        found.append(Group(PRIMARY + index, kind, buckets))
        over = [Bucket((ToGroup(PRIMARY + index),), watch_group=PRIMARY + index)]
        if alternates and index in alternates:
            port = alternates[index]
            over.append(Bucket((DEFLECT, BACK, Output(port)), watch_port=port))
        found.append(Group(WAY + index, GroupType.FAST_FAILOVER, tuple(over)))
        found.append(Rule(Table.LABEL, 1, match(eth_dst=target(index)), (ToGroup(WAY + index),)))
        found.append(Rule(Table.LABEL, 1, match(eth_dst=target(index, DEFLECTED)), (ToGroup(PRIMARY + index),)))
    return found


def fabric(held: Mapping[int, Iterable[Entry]], links: Iterable[tuple[Port, Port]]) -> Fabric:
    wires = {a: b for pair in links for a, b in (pair, pair[::-1])}
    return Fabric({dpid: frozenset(each) for dpid, each in held.items()}, wires)


def explored(made: Fabric, failures: int = 0) -> Transport:
    transport = Transport(made, scenarios(made, failures))
    list(transport.explore())
    return transport


def to(index: int, slot: int = 1) -> h.Cube:
    return h.cube(match(eth_dst=label(index, slot)))


def square() -> Fabric:
    """1 and 4 are joined by way of 2 and of 3."""
    links = [((1, 2), (2, 1)), ((1, 3), (3, 1)), ((2, 4), (4, 2)), ((3, 4), (4, 3))]
    held = {
        1: entries(1, {2: (2,), 3: (3,), 4: (2, 3)}),
        2: entries(2, {1: (1,), 4: (4,)}),
        3: entries(3, {1: (1,), 4: (4,)}),
        4: entries(4, {2: (2,), 3: (3,), 1: (2, 3)}),
    }
    return fabric(held, links)


def kinds(transport: Transport, group: int, index: int, scenario: int = 0) -> set[tuple[Kind, int, int]]:
    ends = transport.handed(1, group, to(index), 0).of(scenario).ends
    return {(end.kind, end.dpid, end.number) for end in ends}


def test_a_label_lands_by_every_way() -> None:
    transport = explored(square())
    assert kinds(transport, WAY + 4, 4) == {(Kind.LANDED, 4, 2), (Kind.LANDED, 4, 3)}
    assert transport.handed(1, WAY + 4, to(4), 0).first.regular
    assert not transport.loops


def test_what_lands_of_one_slot_lands_of_all() -> None:
    transport = explored(square())
    assert transport.handed(1, WAY + 4, to(4, 1), 0) is transport.handed(1, WAY + 4, to(4, 77), 0)


def test_of_dead_ways_the_others_are_taken() -> None:
    made = square()
    transport = explored(made, failures=1)
    cut = {scenario.link: number for number, scenario in enumerate(scenarios(made, 1))}
    assert kinds(transport, WAY + 4, 4, cut[(1, 2), (2, 1)]) == {(Kind.LANDED, 4, 3)}
    assert kinds(transport, WAY + 2, 2, cut[(1, 2), (2, 1)]) == {(Kind.DROPPED, 1, WAY + 2)}
    # 2 has no other way to 4: what 1 sends there is lost
    beyond = transport.handed(1, WAY + 4, to(4), 0).of(cut[(2, 4), (4, 2)]).ends
    assert {(end.kind, end.dpid, end.why) for end in beyond} == {
        (Kind.LANDED, 4, None),
        (Kind.DROPPED, 2, Drop.NO_LIVE_BUCKET),
    }


def test_a_loop_of_two_switches() -> None:
    links = [((1, 2), (2, 1))]
    made = fabric({1: entries(1, {3: (2,)}), 2: entries(2, {3: (1,)})}, links)
    # a switch sends nothing back where it came from; so they would have to be told to
    assert not explored(made).loops
    held = {dpid: set(each) | {_turning(dpid)} for dpid, each in made.entries.items()}
    loops = explored(fabric(held, links)).loops
    assert loops
    assert {node.dpid for loop in loops for node in loop.nodes} == {1, 2}


def _turning(dpid: int) -> Rule:
    port = 2 if dpid == 1 else 1
    return Rule(Table.LABEL, 5, match(eth_dst=target(3)), (BACK, Output(port)))


def test_alternates_that_do_not_mark_their_labels_loop_when_a_link_dies() -> None:
    """1 and 2 reach 3 directly, and by each other; marked labels take no second alternate."""
    links = [((1, 2), (2, 1)), ((1, 3), (3, 1)), ((2, 3), (3, 2))]

    def held(mark: bool) -> dict[int, list[Entry]]:
        made = {
            1: entries(1, {2: (2,), 3: (3,)}, {3: 2}),
            2: entries(2, {1: (1,), 3: (3,)}, {3: 1}),
            3: entries(3, {1: (1,), 2: (2,)}),
        }
        return made if mark else {dpid: [_unmarked(entry) for entry in each] for dpid, each in made.items()}

    assert not explored(fabric(held(True), links), failures=1).loops
    loops: list[Loop] = explored(fabric(held(False), links), failures=1).loops
    assert not loops  # one link dead: the other of the two still reaches 3
    made = fabric(held(False), links)
    both = Fabric(made.entries, made.wires, frozenset({(2, 3), (3, 2)}))
    found = explored(both, failures=1).loops
    assert found
    assert all({node.dpid for node in loop.nodes} == {1, 2} for loop in found)
    assert not explored(Fabric(frozen(held(True)), made.wires, both.down), failures=1).loops


def frozen(held: Mapping[int, Iterable[Entry]]) -> dict[int, frozenset[Entry]]:
    return {dpid: frozenset(each) for dpid, each in held.items()}


def _unmarked(entry: Entry) -> Entry:
    if not isinstance(entry, Group):
        return entry
    buckets = tuple(
        Bucket(tuple(a for a in b.actions if a != DEFLECT), b.watch_port, b.watch_group, b.weight)
        for b in entry.buckets
    )
    return Group(entry.id, entry.type, buckets)


def test_a_rule_that_looks_under_labels_makes_what_comes_there_irregular() -> None:
    made = square()
    deep = Rule(Table.LABEL, 8, match(eth_type=f.ETH_IPV4, ipv4_dst=7), (Output(4),))
    held = {**made.entries, 2: made.entries[2] | {deep}}
    transport = explored(Fabric(held, made.wires))
    assert transport.handed(1, WAY + 4, to(4), 0).irregular
    assert not transport.handed(1, WAY + 3, to(3), 0).irregular


def test_labels_that_are_changed_on_the_way_land_as_they_are_then() -> None:
    links = [((1, 2), (2, 1))]
    other = label(2, 9)
    relabel = Group(7, GroupType.INDIRECT, (Bucket((SetField(f.ETH_DST, other), ToGroup(WAY + 2))),))
    held = {1: [*entries(1, {2: (2,)}), relabel], 2: entries(2, {1: (1,)})}
    (end,) = explored(fabric(held, links)).handed(1, 7, to(5), 0).first.ends
    assert (end.kind, end.dpid) == (Kind.LANDED, 2)
    value = end.label[0] >> h.SHIFT[f.ETH_DST]
    assert value >> SLOT_BITS == other >> SLOT_BITS


def test_what_nobody_sends_on_is_dropped() -> None:
    transport = explored(square())
    ends = transport.put_out((2, 1), to(9)).first.ends
    assert {(end.kind, end.why) for end in ends} == {(Kind.DROPPED, Drop.MISS)}


def test_a_link_that_is_down_now_leads_nowhere() -> None:
    made = square()
    down = Fabric(made.entries, made.wires, frozenset({(1, 2), (2, 1)}))
    transport = explored(down)
    assert kinds(transport, WAY + 4, 4) == {(Kind.LANDED, 4, 3)}
    assert Node(2, 1, h.EVERYTHING) in transport.first.summaries
