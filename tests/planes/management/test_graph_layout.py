from __future__ import annotations

from itertools import combinations

from planes.management.graph_layout import HOST_WIDTH, SWITCH_WIDTH, WIDEST, natural, placed

CAMPUS = [
    ("acc1", "dist1"),
    ("acc1", "dist2"),
    ("acc2", "dist1"),
    ("acc2", "dist2"),
    ("dist1", "core"),
    ("dist2", "core"),
]
HOSTS = {"h1": "acc1", "h2": "acc2", "isp": "core"}


def test_numbers_in_names_count() -> None:
    assert sorted(["s10", "s2", "s1", "a"], key=natural) == ["a", "s1", "s2", "s10"]


def test_tiers_go_by_the_words_that_names_begin_with() -> None:
    spots = placed(["core", "dist1", "dist2", "acc1", "acc2"], CAMPUS, HOSTS)
    heights = {name: y for name, (_, y) in spots.items()}
    assert heights["isp"] < heights["core"] < heights["dist1"] == heights["dist2"] < heights["acc1"] == heights["acc2"]
    assert heights["acc1"] < heights["h1"] == heights["h2"]
    assert spots["acc1"][0] < spots["acc2"][0] and spots["acc1"][0] == spots["h1"][0]


def test_tiers_of_other_names_go_by_hops_from_the_hosts() -> None:
    links = [("a", "x"), ("b", "x"), ("a", "y"), ("b", "y"), ("x", "top"), ("y", "top")]
    spots = placed(["a", "b", "x", "y", "top"], links, {"h": "a", "g": "b"})
    assert spots["top"][1] < spots["x"][1] == spots["y"][1] < spots["a"][1] == spots["b"][1]


def test_the_same_fabric_is_drawn_the_same_in_whatever_order_it_comes() -> None:
    names = ["core", "dist1", "dist2", "acc1", "acc2"]
    assert placed(names, CAMPUS, HOSTS) == placed(
        names[::-1], [(b, a) for a, b in CAMPUS[::-1]], dict(reversed(HOSTS.items()))
    )


def test_a_link_that_is_gone_moves_nothing_where_names_tell_the_tiers() -> None:
    names = ["core", "dist1", "dist2", "acc1", "acc2"]
    assert placed(names, CAMPUS, HOSTS) == placed(names, CAMPUS[1:], HOSTS)


def test_a_ring_is_a_circle_and_a_chain_is_a_line() -> None:
    names = [f"s{number}" for number in range(1, 9)]
    ring = [(a, b) for a, b in zip(names, [*names[1:], names[0]], strict=True)]
    hosts = {f"h{number}": name for number, name in enumerate(names)}
    spots = placed(names, ring, hosts)
    reach = {round((x * x + y * y) ** 0.5) for name, (x, y) in spots.items() if name in names}
    assert len(reach) == 1 and spots["s1"][1] < spots["s2"][1]
    assert len({y for name, (_, y) in placed(names, ring[:-1], hosts).items() if name in names}) == 1


def test_no_two_things_are_drawn_on_each_other() -> None:
    leaves, spines = [f"leaf{n}" for n in range(70)], [f"spine{n}" for n in range(4)]
    hosts = {f"h{n}": leaves[n % 70] for n in range(600)}
    spots = placed([*leaves, *spines], [(leaf, spine) for leaf in leaves for spine in spines], hosts)
    assert len(spots) == 674
    for (name, (x, y)), (other, (u, v)) in combinations(spots.items(), 2):
        apart = HOST_WIDTH if name in hosts or other in hosts else SWITCH_WIDTH
        assert abs(x - u) >= apart / 2 or abs(y - v) >= 40, (name, other)
    rows = {y for name, (_, y) in spots.items() if name in leaves}
    assert len(rows) == -(-70 // WIDEST)


def test_nothing_and_loose_ends_have_a_place_too() -> None:
    assert placed([], [], {}) == {}
    assert placed(["s1"], [("s1", "s1"), ("s1", "s9")], {"h": "s9"}) == {"s1": (0.0, 0.0)}
