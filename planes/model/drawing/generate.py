"""Generated topologies: well-known graphs, the same nodes and links each time for the same parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TypeAlias

from planes.model.drawing.graph import MAX_HOSTS, MAX_LINKS, MAX_SWITCHES, Edge, Graph, Node
from planes.model.drawing.names import fitted
from planes.model.plan import GENERATORS

TRIES = 200  # graphs drawn until one is connected; nearly all of degree 3 and more are

Numbers: TypeAlias = dict[str, int]
Pair: TypeAlias = tuple[str, str]
Drawing: TypeAlias = tuple[list[Node], list[Pair]]


class Impossible(Exception):
    """There is no such graph; the text says why. `parameter` is what to change."""

    def __init__(self, parameter: str, text: str) -> None:
        self.parameter = parameter
        super().__init__(text)


def generate(kind: str, given: Numbers, hosts: int) -> Graph:
    """The graph of one of `GENERATORS`, all of whose parameters are given or have a default. Impossible."""
    numbers = {**{key: value for key, value in GENERATORS[kind].items() if value is not None}, **given}
    _refuse(kind, numbers, hosts)
    nodes, pairs = _MAKERS[kind](numbers)
    count = hosts * sum(node.hosts for node in nodes)
    if count > MAX_HOSTS:
        raise Impossible("hosts", f"this would be {count:,} hosts; a topology has at most {MAX_HOSTS:,}")
    return _named(nodes, pairs, hosts)


def _named(nodes: list[Node], pairs: list[Pair], hosts: int) -> Graph:
    ports = {node.name: hosts if node.hosts else 0 for node in nodes}
    for pair in pairs:
        for name in pair:
            ports[name] += 1
    names = dict(zip(ports, fitted(ports.items()), strict=True))
    renamed = (Node(names[node.name], node.label, node.position, node.hosts) for node in nodes)
    return Graph(tuple(renamed), tuple(Edge(names[a], names[b]) for a, b in pairs))


def _refuse(kind: str, numbers: Numbers, hosts: int) -> None:
    """What can't be, or is larger than a topology may be, before it is made."""
    for key, text in _IMPOSSIBLE.get(kind, _nothing)(numbers):
        raise Impossible(key, text)
    switches, links = _SIZES[kind](numbers)
    largest = max((key for key in numbers if key != "seed"), key=lambda key: numbers[key], default="generate")
    if switches > MAX_SWITCHES:
        raise Impossible(largest, f"this would be {switches:,} switches; a topology has at most {MAX_SWITCHES:,}")
    if links > MAX_LINKS:
        raise Impossible(largest, f"this would be {links:,} links; a topology has at most {MAX_LINKS:,}")
    if hosts > MAX_HOSTS:
        raise Impossible("hosts", f"this would be {hosts:,} hosts a switch; a topology has at most {MAX_HOSTS:,}")


# what can't be


def _nothing(_numbers: Numbers) -> Iterator[tuple[str, str]]:
    yield from ()


def _no_ring(n: Numbers) -> Iterator[tuple[str, str]]:
    if n["size"] < 3:
        yield "size", f"a ring has at least 3 switches, found {n['size']}; two in a line are `generate: linear`"


def _no_fat_tree(n: Numbers) -> Iterator[tuple[str, str]]:
    if n["k"] % 2 or n["k"] < 2:
        yield "k", f"a fat-tree's k is even, as half of a switch's ports go up: {n['k']} is odd"


def _no_regular(n: Numbers) -> Iterator[tuple[str, str]]:
    size, degree = n["size"], n["degree"]
    if degree >= size:
        yield "degree", f"with {size} switches each has at most {size - 1} neighbours, not {degree}"
    elif size * degree % 2:
        yield "degree", f"{size} switches with {degree} links each have {size * degree} ends, and a link has two"
    elif degree == 1 and size > 2:
        yield "degree", f"{size} switches with one link each are not connected; the least is 2"


def _no_sites(n: Numbers) -> Iterator[tuple[str, str]]:
    if n["sites"] < 2:
        yield "sites", "there are at least 2 sites; one alone is `generate: leaf-spine`"


# how large it would be: switches, links


def _tree_size(n: Numbers) -> tuple[int, int]:
    count, layer = 0, 1
    for _ in range(n["depth"]):
        count, layer = count + layer, layer * n["fanout"]
        if count > MAX_SWITCHES:
            break  # else a depth of a million would be counted to the end
    return count, count - 1


def _site_size(n: Numbers) -> tuple[int, int]:
    sites, spines, leaves = n["sites"], n["spines"], n["leaves"]
    return sites * (spines + leaves + 2), sites * (spines * leaves + 2 * spines + 3)


# the graphs


def _single(_n: Numbers) -> Drawing:
    return [Node("s1")], []


def _linear(n: Numbers) -> Drawing:
    names = [f"s{number}" for number in range(1, n["size"] + 1)]
    return _nodes(names), list(pairwise(names))


def _ring(n: Numbers) -> Drawing:
    nodes, pairs = _linear(n)
    return nodes, _ringed([node.name for node in nodes]) if len(nodes) > 2 else pairs


def _ringed(names: list[str]) -> list[Pair]:
    """Two are joined once."""
    return list(pairwise(names)) + ([(names[-1], names[0])] if len(names) > 2 else [])


def _grid(n: Numbers) -> Drawing:
    rows, columns = range(1, n["rows"] + 1), range(1, n["columns"] + 1)
    names = [f"s{row}-{column}" for row in rows for column in columns]
    along = [(f"s{row}-{column}", f"s{row}-{column + 1}") for row in rows for column in columns[:-1]]
    down = [(f"s{row}-{column}", f"s{row + 1}-{column}") for row in rows[:-1] for column in columns]
    return _nodes(names), along + down


def _tree(n: Numbers) -> Drawing:
    """Numbered depth first, as Mininet's TreeTopo; hosts are at the leaves."""
    nodes: list[Node] = []
    pairs: list[Pair] = []

    def grow(depth: int) -> str:
        name = f"s{len(nodes) + 1}"
        nodes.append(Node(name, hosts=depth == 1))
        for _ in range(n["fanout"] if depth > 1 else 0):
            pairs.append((name, grow(depth - 1)))
        return name

    grow(n["depth"])
    return nodes, pairs


def _leaf_spine(n: Numbers) -> Drawing:
    spines, leaves = _numbered("spine", n["spines"]), _numbered("leaf", n["leaves"])
    return _nodes(spines, hosts=False) + _nodes(leaves), [(leaf, spine) for leaf in leaves for spine in spines]


def _fat_tree(n: Numbers) -> Drawing:
    """Al-Fares, Loukissas, Vahdat (SIGCOMM 2008): k pods of k/2 and k/2 switches, (k/2)^2 core switches."""
    pods, half = range(1, n["k"] + 1), range(1, n["k"] // 2 + 1)
    nodes = _nodes(_numbered("core", len(half) ** 2), hosts=False)
    pairs: list[Pair] = []
    for pod in pods:
        nodes += _nodes([f"agg{pod}-{at}" for at in half], hosts=False) + _nodes([f"edge{pod}-{at}" for at in half])
        pairs += [(f"edge{pod}-{edge}", f"agg{pod}-{at}") for edge in half for at in half]
        pairs += [(f"agg{pod}-{at}", f"core{(at - 1) * len(half) + core}") for at in half for core in half]
    return nodes, pairs


def _random_regular(n: Numbers) -> Drawing:
    from networkx import is_connected, random_regular_graph  # a fifth of a second to load, and nothing else needs it

    for attempt in range(TRIES):
        found = random_regular_graph(n["degree"], n["size"], seed=n["seed"] * TRIES + attempt)
        if is_connected(found):
            names = [f"s{number}" for number in range(1, n["size"] + 1)]
            return _nodes(names), [(names[a], names[b]) for a, b in sorted(map(sorted, found.edges))]
    raise Impossible("degree", f"{TRIES} random graphs of this size and degree were not connected; raise the degree")


def _campus(n: Numbers) -> Drawing:
    """Two core switches; in each building two of the distribution, and access switches with a link to either."""
    cores = ["core1", "core2"]
    nodes, pairs = _nodes(cores, hosts=False), [("core1", "core2")]
    for building in range(1, n["buildings"] + 1):
        upper = [f"dist{building}-1", f"dist{building}-2"]
        access = [f"acc{building}-{number}" for number in range(1, n["access"] + 1)]
        nodes += _nodes(upper, hosts=False) + _nodes(access)
        pairs += [(upper[0], upper[1])] + [(dist, core) for dist in upper for core in cores]
        pairs += [(acc, dist) for acc in access for dist in upper]
    return nodes, pairs


def _multi_site(n: Numbers) -> Drawing:
    """Sites of leaf-spine, each with two routers to the others: all first ones in a ring, and all second ones."""
    nodes: list[Node] = []
    pairs: list[Pair] = []
    for site in range(1, n["sites"] + 1):
        wan, spines = [f"wan{site}-1", f"wan{site}-2"], [f"spine{site}-{at}" for at in range(1, n["spines"] + 1)]
        leaves = [f"leaf{site}-{at}" for at in range(1, n["leaves"] + 1)]
        nodes += _nodes(wan + spines, hosts=False) + _nodes(leaves)
        pairs += [(wan[0], wan[1])] + [(spine, router) for spine in spines for router in wan]
        pairs += [(leaf, spine) for leaf in leaves for spine in spines]
    for side in (1, 2):
        pairs += _ringed([f"wan{site}-{side}" for site in range(1, n["sites"] + 1)])
    return nodes, pairs


def _numbered(word: str, count: int) -> list[str]:
    return [f"{word}{number}" for number in range(1, count + 1)]


def _nodes(names: Iterable[str], hosts: bool = True) -> list[Node]:
    return [Node(name, hosts=hosts) for name in names]


_MAKERS: dict[str, Callable[[Numbers], Drawing]] = {
    "single": _single,
    "linear": _linear,
    "ring": _ring,
    "grid": _grid,
    "tree": _tree,
    "leaf-spine": _leaf_spine,
    "fat-tree": _fat_tree,
    "random-regular": _random_regular,
    "campus": _campus,
    "multi-site": _multi_site,
}
_SIZES: dict[str, Callable[[Numbers], tuple[int, int]]] = {
    "single": lambda _: (1, 0),
    "linear": lambda n: (n["size"], n["size"] - 1),
    "ring": lambda n: (n["size"], n["size"]),
    "grid": lambda n: (n["rows"] * n["columns"], 2 * n["rows"] * n["columns"]),
    "tree": _tree_size,
    "leaf-spine": lambda n: (n["spines"] + n["leaves"], n["spines"] * n["leaves"]),
    "fat-tree": lambda n: (5 * n["k"] ** 2 // 4, n["k"] ** 3 // 2),
    "random-regular": lambda n: (n["size"], n["size"] * n["degree"] // 2),
    "campus": lambda n: (2 + n["buildings"] * (2 + n["access"]), 1 + n["buildings"] * (5 + 2 * n["access"])),
    "multi-site": _site_size,
}
_IMPOSSIBLE: dict[str, Callable[[Numbers], Iterator[tuple[str, str]]]] = {
    "ring": _no_ring,
    "fat-tree": _no_fat_tree,
    "random-regular": _no_regular,
    "multi-site": _no_sites,
}
