"""`triplane web`."""

from __future__ import annotations

import asyncio

from planes.cli.listening import listening
from planes.cli.remote import opener
from planes.cli.session import Session
from planes.management.graph_map import projected
from planes.management.web.app import Traced, TraceError, Tracer, Way
from planes.management.web.cabling import Cabling, ends
from planes.management.web.guard import LOCAL, Rules, is_loopback
from planes.management.web.serve import serve
from planes.model.errors import PlanError
from planes.model.load import load
from planes.model.plan import Topology
from planes.model.wiring import End, Wiring, wire
from planes.store.base import StoreError
from topologies.errors import LabError
from topologies.lab import Lab


def web(session: Session, store: str | None, listen: str, token: str | None) -> None:
    """Show LAB as a live map in the browser: switches, links and their loads, hosts, networks, gateways, events.

    The map is read-only. It is for this machine alone unless --listen says otherwise, and then it needs a --token, to
    be given once as http://ADDRESS:PORT/?token=TOKEN, or with each request as `Authorization: Bearer TOKEN`. Prints its
    address, and runs until Ctrl-C; the lab may end and come back meanwhile.

    \b
    Examples:
      triplane web                         http://127.0.0.1:8080/
      triplane web --listen 127.0.0.1:0    on any port that is free
      openssl rand -hex 16 > token; triplane web --listen 0.0.0.0:8080 --token token
    """
    connect = opener(session, store)
    lab = session.lab if store is None else None
    place = listening(listen, token)
    host, port = place.socket.getsockname()[:2]
    rules = Rules(LOCAL | {host} if is_loopback(host) else None, place.token or "", f"triplane-{port}")
    session.write(place.url("/"))
    session.tell(f"a map of {f'lab {lab.name!r}' if lab else f'the store at {store}'}; Ctrl-C ends it")
    if lab is None:
        asyncio.run(serve(connect, place.socket, rules))
    else:
        asyncio.run(serve(connect, place.socket, rules, lambda: cabling_of(lab), tracer_of(lab)))


def cabling_of(lab: Lab) -> Cabling:
    """What a lab's plan says of cables; nothing while it has none."""
    try:
        topology = load(lab.directory.plan).topology
    except PlanError:
        return Cabling()  # it is gone, or coming up
    return cabling(wire(topology), topology) if topology else Cabling()


def cabling(wiring: Wiring, topology: Topology) -> Cabling:
    """A plan's cables, by the ports of switches, and where its switches stand."""
    switches = dict(wiring.switches)
    between = [each for each in wiring.wires if each.a.node in switches and each.b.node in switches]
    pairs = {ends(_place(each.a), _place(each.b)): each for each in between}
    plugs = {(_place(peer)): host for host in wiring.hosts for _, peer in wiring.plugs(host) if peer.node in switches}
    rates = {_place(end): each.rate for each in wiring.wires for end in (each.a, each.b) if each.rate}
    places = {name: switch.position for name, switch in topology.switches.items() if switch.position}
    spots = projected(places, switches, [(each.a.node, each.b.node) for each in between])
    return Cabling(plugs, {pair: each.name for pair, each in pairs.items()}, rates, spots)


def _place(end: End) -> tuple[str, int]:
    return end.node, end.port


def tracer_of(lab: Lab) -> Tracer:
    """Traces pings between a lab's hosts."""

    def trace(source: str, target: str) -> Traced:
        from planes.cli.flow import Flow  # slow to load, with all that it brings
        from planes.cli.trace import follow

        try:
            story = follow(lab, source, target, Flow("icmp", 0)).story
        except (LabError, PlanError, StoreError) as error:
            raise TraceError(str(error)) from error
        ways = tuple(
            Way(route.places, route.end.place, story.arrives(route.end), text)
            for route, text in zip(story.trace.routes, story.routes(), strict=True)
        )
        return Traced(story.sender, story.receiver, story.delivered, story.verdict(), ways)

    return trace
