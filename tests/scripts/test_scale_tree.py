from __future__ import annotations

from collections import Counter

from benches.scale_core import LATER, stand
from benches.scale_tree import Tenants, Tree, with_line

from planes.control import events as ev
from planes.control import facts
from planes.data import fields as f
from planes.data.packet import parse
from planes.data.pipeline import Table
from planes.model import state

SMALL = Tenants(Tree(pods=2, uplinks=1), networks=3, hosts=30)


def test_the_whole_tree_is_the_fat_tree_of_eight() -> None:
    tree = Tree()
    ends = [end for link in tree.links() for end in link]
    assert (tree.switches, len(ends) // 2, len(tree.edges)) == (80, 256, 32)
    assert len(set(ends)) == len(ends)  # a port has one link
    degrees = Counter(dpid for dpid, _ in ends)
    assert {dpid: degrees[dpid] for dpid in tree.edges} == dict.fromkeys(tree.edges, 4)
    assert {degrees[dpid] for dpid in range(1, 81) if dpid not in tree.edges} == {8}


def test_every_host_has_a_port_of_its_own_and_networks_spread_alike() -> None:
    guests = Tenants(Tree(), networks=100, hosts=1000).guests()
    assert len({guest.port for guest in guests}) == len({guest.mac for guest in guests}) == 1000
    spread = {len({guest.port[0] for guest in guests if guest.network == network}) for network in range(100)}
    assert spread == {10}  # so that one host's rules are as many in a small fabric as in a large one


def test_one_changed_line_leaves_all_other_networks_the_same_objects() -> None:
    before = SMALL.intent(SMALL.guests())
    after = with_line(before, 1)
    assert [a is b for a, b in zip(before.networks, after.networks, strict=True)] == [True, False, True]
    assert before.networks[1].policy != after.networks[1].policy
    assert before.networks[1].segments == after.networks[1].segments


def test_a_fabric_stands_with_all_links_and_hosts_but_the_fresh_ones() -> None:
    up = stand(SMALL, fresh=2)
    guests, inventory = SMALL.guests(), up.bed.core.inventory
    assert inventory.settled()
    assert all(record.connected for record in inventory.records.values())
    assert len(up.bed.core.discovery.links()) == len(list(SMALL.tree.links()))
    assert up.fresh == [guests[0], guests[10]]
    assert len(up.bed.core.engine.facts.table(facts.HOST)) == len(guests) - 2


def test_a_greeting_is_what_the_core_learns_a_host_from() -> None:
    up = stand(SMALL, fresh=1)
    (guest,) = up.fresh
    assert parse(guest.greeting())[f.ARP_SPA] == int(guest.address)
    greeted = ev.FrameArrived(*guest.port, Table.GUARD, guest.metadata, guest.greeting())
    first, again = (up.bed.give([greeted], LATER) for _ in range(2))
    assert first.mods > 0
    assert again.mods == 0
    assert 0 < first.seconds < 10


def test_what_the_store_knows_names_every_port_and_number_once() -> None:
    known = SMALL.known(SMALL.guests())
    numbers = Counter((row.kind, row.number) for row in known.of(state.Id))
    assert set(numbers.values()) == {1}
    assert len(known.of(state.Port)) == 2 * len(list(SMALL.tree.links())) + 30
