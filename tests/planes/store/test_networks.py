from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

from planes.model.configuration import Commit
from planes.model.intent import Attachment, Intent, Network, Policy, Segment
from planes.store.base import Edit, Store
from planes.store.networks import Networks
from planes.store.ovsdb import Store as OvsdbStore
from planes.store.rows import Node, encode_network
from planes.store.snapshot import configuration, snapshot


def network(name: str, port: int, *policy: Policy) -> Network:
    return Network(name, (Segment("a", (), (Attachment("s1", port),)),), (), policy)


def identified(node: Node, name: str) -> Node:
    """A tree whose rows have identities."""
    children = {
        column: tuple(identified(child, f"{name}/{column}{n}") for n, child in enumerate(held))
        for column, held in node.children.items()
    }
    return replace(node, children=children, uuid=name)


def test_only_a_network_one_of_whose_rows_changed_is_decoded_again() -> None:
    trees = {name: identified(encode_network(network(name, n)), name) for n, name in enumerate(("b", "a"), 1)}
    asked: list[str] = []

    def tree(uuid: str) -> Node | None:
        asked.append(uuid)
        return trees.get(uuid)

    networks = Networks()
    for uuid in trees:
        networks.came(uuid)
    networks.settle(tree)
    first = list(networks.values())
    assert [each.name for each in first] == ["a", "b"]
    assert networks.identity("a") == "a"
    asked.clear()
    networks.changed("b/segments0/ports0")
    networks.changed("of nothing that is known")
    networks.settle(tree)
    assert sorted(asked) == ["b", "of nothing that is known"]
    assert next(iter(networks.values())) is first[0]
    del trees["a"]
    networks.changed("a")
    networks.settle(tree)
    assert [each.name for each in networks.values()] == ["b"]
    assert networks.identity("a") is None


def test_two_networks_change_their_names_at_once() -> None:
    trees = {name: identified(encode_network(network(name, n)), name) for n, name in enumerate(("a", "b"), 1)}
    networks = Networks()
    for uuid in trees:
        networks.came(uuid)
    networks.settle(trees.get)
    trees["a"], trees["b"] = (
        replace(trees[uuid], columns={**trees[uuid].columns, "name": name}) for uuid, name in (("a", "b"), ("b", "a"))
    )
    networks.changed("a")
    networks.changed("b")
    networks.settle(trees.get)
    assert (networks.identity("a"), networks.identity("b")) == ("b", "a")


def test_a_reader_keeps_what_did_not_change(server: Any, sync: Callable[[Store], None]) -> None:
    with (
        closing(OvsdbStore(server.remote, timeout=60)) as writer,
        closing(OvsdbStore(server.remote, timeout=60)) as reader,
    ):
        writer.write_intent(Intent("", (network("blue", 1), network("red", 2))))
        sync(reader)
        blue, red = reader.intent().networks
        writer.write_intent(Intent("", (network("blue", 1), network("red", 3, Policy("deny")))))
        while reader.serial() < 2:
            reader.wait(60)
            reader.run()
        assert reader.intent() == writer.intent()
        assert reader.intent().networks[0] is blue
        assert reader.intent().networks[1] != red
        assert reader.pending() is None


def test_a_look_at_the_store_knows_its_configuration(server: Any, sync: Callable[[Store], None]) -> None:
    with closing(OvsdbStore(server.remote, timeout=60, configuration=True)) as store:
        sync(store)
        commit = Commit(1, 5.25, "ann", "first", {"": None}, 6.5, "unconfirmed")
        store.edit(Edit(networks={"red": network("red", 1)}, commits={1: commit}, name="p"), 0)
        assert configuration(server.socket, 60) == ({}, {1: commit})
        assert snapshot(server.socket, {Intent}, 60)[1:] == (store.intent(), 1)
