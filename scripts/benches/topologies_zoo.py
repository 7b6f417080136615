"""Chapter topologies, its second part: networks of the Internet Topology Zoo, each link of them cut in turn.

Their files are where TRIPLANE_ZOO says (GraphML, from topology-zoo.org); without it the part is left out, in words.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import networkx

from benches.fabric import own_runtime
from benches.figures import Goal, Measure
from benches.section import Runs, Section
from benches.topologies import FABRIC_SECONDS, Graph, all_reach, reach
from planes.cli.deploy import raised
from topologies.errors import LabError

PLACES = (Path(__file__).parents[2] / "../shared/data/zoo",)
DEPLOYED = 100  # switches that a lab of the zoo has at most
QUICK = 15  # the same, with --quick


def sections(quick: bool) -> list[Section]:
    """One for each file."""
    folder = os.environ.get("TRIPLANE_ZOO")
    places = (Path(folder),) if folder else PLACES
    files = sorted(path for place in places for path in place.glob("*.graphml"))
    return [_section(path, quick) for path in files] or [_absent()]


def _absent() -> Section:
    def run() -> Runs:
        raise LabError("set TRIPLANE_ZOO to a directory of GraphML files of topology-zoo.org")

    return Section("the topology zoo", (Measure("the topology zoo", "s"),), run)


def _section(path: Path, quick: bool) -> Section:
    graph = read(path)
    switches, rest = len(graph.switches), spare(graph)
    what = f"{path.stem}, {switches} switches, {len(between(graph))} links"
    reached = Measure(f"{what}: deploy until all pairs reach each other", "s")
    survived = Measure(f"{what}: part of the {len(rest)} that may be missed, each cut in turn", "", Goal(">=", 1))

    def run() -> Runs:
        limit = QUICK if quick else DEPLOYED
        if switches > limit:
            raise LabError(f"{switches} switches: this run deploys up to {limit}")
        with own_runtime():
            begun = time.monotonic()
            with raised(graph.plan, path.name, None, FABRIC_SECONDS, lambda stage, done, total: None) as deployment:
                all_reach(deployment.lab, graph)
                seconds = time.monotonic() - begun
                held = 0
                for a, b in rest:
                    deployment.lab.fail(f"{a}/{b}")
                    held += not reach(deployment.lab, graph, [f"h{a}", f"h{b}"])
                    deployment.lab.heal(f"{a}/{b}")
        return {reached: [seconds]} | ({survived: [held / len(rest)]} if rest else {})

    return Section(what, (reached, survived) if rest else (reached,), run)


def read(path: Path) -> Graph:
    """The largest connected part of a GraphML file, without parallel links and self-loops; a host at each node."""
    found = networkx.Graph(networkx.read_graphml(path, force_multigraph=True))
    found.remove_edges_from(list(networkx.selfloop_edges(found)))
    largest = max(networkx.connected_components(found), key=len)
    names = {node: f"n{number}" for number, node in enumerate(sorted(largest, key=str))}
    ends = ((names[a], names[b]) for a, b in found.edges if a in names)
    links = sorted((min(a, b), max(a, b)) for a, b in ends)
    switches = tuple(names.values())
    hosts = tuple(f"h{name}" for name in switches)
    return Graph(switches, hosts, (*links, *((f"h{name}", name) for name in switches)))


def between(graph: Graph) -> list[tuple[str, str]]:
    """The links between switches."""
    return [(a, b) for a, b in graph.links if a in set(graph.switches)]


def spare(graph: Graph) -> list[tuple[str, str]]:
    """Those of them without which the graph still hangs together."""
    bridges = {frozenset(edge) for edge in networkx.bridges(networkx.Graph(between(graph)))}
    return [edge for edge in between(graph) if frozenset(edge) not in bridges]
