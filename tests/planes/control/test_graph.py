from __future__ import annotations

from planes.control.graph import Link, graph


def test_a_link_is_the_same_from_both_ends() -> None:
    assert Link.between((2, 1), (1, 5)) == Link.between((1, 5), (2, 1)) == Link((1, 5), (2, 1))


def test_links_to_oneself_or_to_strangers_are_no_edges() -> None:
    fabric = graph((1, 2), [Link((1, 1), (1, 2)), Link((1, 3), (9, 1)), Link((1, 4), (2, 4))])
    assert [data["ports"] for _, _, data in fabric.edges(data=True)] == [{1: 4, 2: 4}]
