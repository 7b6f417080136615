"""`triplane graph`."""

from __future__ import annotations

from collections import defaultdict

from planes.cli.session import Session
from planes.management.graph import FORMS, Edge, Graph, Node
from planes.model.state import GatewayState, State
from topologies.control import Info

SHOWN = ("active", "standby")  # of a gateway's members


def graph(session: Session, form_: str) -> None:
    """Draw LAB as text: switches, with the gateways active or standby there, hosts, links; dashed is what is down.

    \b
    Examples:
      triplane graph                       Mermaid: paste it into Markdown, between ```mermaid and ```
      triplane graph --as dot | dot -Tsvg > lab.svg
    """
    session.write(FORMS[form_](drawn(session.lab.info(), session.view(GatewayState).state)).rstrip("\n"))


def drawn(info: Info, known: State) -> Graph:
    """A lab as it is now."""
    notes: dict[str, list[str]] = defaultdict(list)
    for row in known.of(GatewayState):
        if row.state in SHOWN:
            notes[row.switch].append(f"{row.network}/{row.segment}: {row.state}")
    nodes = [
        Node(node.name, node.kind, tuple(notes[node.name]) if node.kind == "switch" else node.addresses, node.failed)
        for node in info.nodes
    ]
    homes = {interface: node.name for node in info.nodes for interface in node.interfaces}
    ends = [(homes.get(a, _home(a)), homes.get(b, _home(b)), link) for link in info.links for a, b in [link.interfaces]]
    return Graph(nodes, [Edge(a, b, "" if link.up else link.failed or "down", not link.up) for a, b, link in ends])


def _home(interface: str) -> str:
    """Whose interface it is, by its name: those of a host's bridge are not in the host."""
    return interface.rpartition("-eth")[0]
