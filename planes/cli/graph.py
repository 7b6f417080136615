"""`triplane graph`."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping

from planes.cli.running import running
from planes.cli.session import Session
from planes.management.graph import Edge, Graph, Node, dot, mermaid
from planes.management.graph_drawio import drawio
from planes.management.graph_map import projected
from planes.model.plan import Topology
from planes.model.state import GatewayState, State
from topologies.control import Info

SHOWN = ("active", "standby")  # of a gateway's members
FORMS: Mapping[str, Callable[[Graph], str]] = {"mermaid": mermaid, "dot": dot, "drawio": drawio}
HTML = "html"


def graph(session: Session, form_: str) -> None:
    """Draw LAB: switches, with the gateways active or standby there, hosts, links; dashed is what is down.

    \b
    Examples:
      triplane graph                       Mermaid: paste it into Markdown, between ```mermaid and ```
      triplane graph --as dot | dot -Tsvg > lab.svg
      triplane graph --as drawio > lab.drawio    for diagrams.net
      triplane graph --as html > lab.html        the map of `triplane web`, as it is now, in one file
    """
    if form_ == HTML:
        session.write(_page(session).rstrip("\n"))
    else:
        lab = session.lab
        topology = running(lab)[0].topology or Topology()
        session.write(FORMS[form_](drawn(lab.info(), session.view(GatewayState).state, topology)).rstrip("\n"))


def _page(session: Session) -> str:
    from planes.cli.web import cabling_of  # slow to load, and the other forms don't need it
    from planes.management.web import picture
    from planes.management.web.cabling import remembered
    from planes.management.web.saved import saved

    view, cabling = session.view(), cabling_of(session.lab)
    links = remembered(frozenset(cabling.names), view.state)
    return saved(picture.drawn(view, links, cabling), time.time())


def drawn(info: Info, known: State, topology: Topology) -> Graph:
    """A lab as it is now, its switches where the plan's topology places them on the earth."""
    notes: dict[str, list[str]] = defaultdict(list)
    notes.update({name: [switch.label] for name, switch in topology.switches.items() if switch.label})
    for row in known.of(GatewayState):
        if row.state in SHOWN:
            notes[row.switch].append(f"{row.network}/{row.segment}: {row.state}")
    nodes = [
        Node(node.name, node.kind, tuple(notes[node.name]) if node.kind == "switch" else node.addresses, node.failed)
        for node in info.nodes
    ]
    homes = {interface: node.name for node in info.nodes for interface in node.interfaces}
    ends = [(homes.get(a, _home(a)), homes.get(b, _home(b)), link) for link in info.links for a, b in [link.interfaces]]
    edges = [Edge(a, b, "" if link.up else link.failed or "down", not link.up) for a, b, link in ends]
    places = {name: switch.position for name, switch in topology.switches.items() if switch.position}
    return Graph(nodes, edges, projected(places, topology.switches, [(edge.a, edge.b) for edge in edges]))


def _home(interface: str) -> str:
    """Whose interface it is, by its name: those of a host's bridge are not in the host."""
    return interface.rpartition("-eth")[0]
