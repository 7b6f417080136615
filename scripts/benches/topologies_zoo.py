"""Chapter topologies, its last part: networks of the Internet Topology Zoo, each link of them cut in turn.

Those that are too large to try it so often are proven instead: by `triplane verify`, which cuts each link, too.

Their files are where TRIPLANE_ZOO says (GraphML, from topology-zoo.org); without it the part is left out, in words.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import networkx

from benches.fabric import own_runtime
from benches.figures import Goal, Measure
from benches.section import Runs, Section
from benches.topologies import FABRIC_SECONDS, Graph, all_reach, reach
from planes.cli.deploy import raised
from topologies.errors import LabError

PLACES = (Path(__file__).parents[2] / "../shared/data/zoo",)
TRIPLANE = str(Path(sys.executable).with_name("triplane"))
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
    return _proven(path, graph, quick) if len(graph.switches) > DEPLOYED else _deployed(path, graph, quick)


def _proven(path: Path, graph: Graph, quick: bool) -> Section:
    what = f"{path.stem}, {len(graph.switches)} switches, {len(between(graph))} links"
    proven = Measure(f"{what}: proven by verify, also with each link cut", "s")

    def run() -> Runs:
        if quick:
            raise LabError(f"{len(graph.switches)} switches: --quick leaves it out")
        with TemporaryDirectory() as directory:
            plan = Path(directory, "zoo.yaml")
            plan.write_text(graph.plan)
            begun = time.monotonic()
            done = subprocess.run([TRIPLANE, "verify", str(plan)], check=False, capture_output=True, text=True)
            if done.returncode != 0:
                raise LabError(f"verify exited with {done.returncode}", f"{done.stdout}{done.stderr}")
            return {proven: [time.monotonic() - begun]}

    return Section(what, (proven,), run)


def _deployed(path: Path, graph: Graph, quick: bool) -> Section:
    switches, rest = len(graph.switches), spare(graph)
    what = f"{path.stem}, {switches} switches, {len(between(graph))} links"
    reached = Measure(f"{what}: deploy until all pairs reach each other", "s")
    survived = Measure(f"{what}: part of the {len(rest)} that may be missed, each cut in turn", "", Goal(">=", 1))

    def run() -> Runs:
        if quick and switches > QUICK:
            raise LabError(f"{switches} switches: --quick deploys up to {QUICK}")
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
