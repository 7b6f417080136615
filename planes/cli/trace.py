"""`triplane trace`."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from planes.cli import tally, way
from planes.cli.bringup import open_store, synced
from planes.cli.ends import Ends, Host, Journey
from planes.cli.explain import origins
from planes.cli.flow import TTL, Flow
from planes.cli.running import running
from planes.cli.session import Session
from planes.cli.unixctl import ask
from planes.control.facts import ROUTER_MAC
from planes.data import packet, readback
from planes.data import trace as traces
from planes.data.rule import Entry
from planes.data.trace import Fabric, Place, Seen, rebuilt
from planes.management.grammar import Mistake
from planes.model import state
from planes.model.wiring import Wiring, wire
from planes.store.base import Store
from topologies.control import CONTROLLER
from topologies.errors import LabError
from topologies.lab import Lab

HEARD_SECONDS = 5.0  # Linux solicits routers 0-1 s after a link is up, and 4 s later again (RFC 4861, 6.3.7)


def trace(
    session: Session,
    source: str,
    target: str,
    protocol: str,
    port: int | None,
    version: int | None,
    verify: bool,
) -> int:
    """Tell which way a packet from host FROM to host TO takes, and each table, rule and group it meets.

    TO is a host, or an address of one. By default the packet is a ping. It is the first of its connection. It is told
    which line of a policy decided on it.

    No packet is sent, unless to --verify. The rules, groups and ports are read from the switches now, and the frame
    runs through a reference switch that holds them. Where a switch chooses by a hash of the frame, all ways are told.

    Exits with 0 when the frame arrives at TO, and only there; with 1 when it does not, and what stopped it, or when the
    switches count otherwise.
    """
    if (port is None) != (protocol == "icmp"):
        raise Mistake(f"--protocol {protocol} " + ("has no ports" if port else "needs a --port"))
    flow, lab = Flow(protocol, port or 0), session.lab
    followed = follow(lab, source, target, flow, version)
    story = followed.story
    counted = tally.verify(lab, followed.journey, flow, story.trace) if verify else None
    session.show([*story.tables(), *([counted.table()] if counted else [])], [*story.lines(), *story.paths()])
    for switch, entries in followed.foreign.items():
        session.tell(f"{switch} holds {len(entries)} entries of a stranger's, which the trace leaves out")
    session.tell("\n".join([story.verdict(), *(counted.lines() if counted else ())]))
    return 0 if story.delivered and (counted is None or counted.agrees) else 1


@dataclass(frozen=True)
class Followed:
    """A trace told; `foreign`: what switches hold of a stranger's, by switch."""

    story: way.Story
    journey: Journey
    foreign: Mapping[str, tuple[Entry, ...]]


def follow(lab: Lab, source: str, target: str, flow: Flow, version: int | None = None) -> Followed:
    """Trace a packet of a flow from one host to another. LabError, when it can't be."""
    info = lab.info()
    if not info.process(CONTROLLER).alive:
        raise LabError(
            f"the controller of lab {lab.name!r} is dead, and the switches are asked through it",
            "start it again by `triplane heal controller`; the switches go on with the rules they have",
        )
    topology = running(lab)[0].topology
    wiring = wire(topology) if topology else Wiring((), (), ())
    with open_store(lab) as store:
        first = synced(lab, store)
        intent = store.intent()
        journey = Ends(lab, info, wiring, intent).journey(source, target, first, version)
        await_heard(store, (journey.sender, journey.receiver))
        known = store.state()
    foreign: dict[str, tuple[Entry, ...]] = {}
    fabric = Fabric(looker(lab, foreign), wires_of(known))
    places = entered(fabric, journey.sender)
    sent, expected = frames(journey, flow)
    found = traces.trace(fabric, places, sent)
    told = origins(lab, known, intent)
    hosts = journey.sender.name, journey.receiver.name
    story = way.Story(found, wiring, *hosts, frozenset(journey.receiver.places), expected, way.teller(told))
    return Followed(story, journey, foreign)


def frames(journey: Journey, flow: Flow) -> tuple[bytes, bytes]:
    """The frame that is sent, and as it must arrive: a router takes one TTL, and sends from its own MAC."""
    sender, receiver, ends = journey.sender, journey.receiver, (journey.source, journey.target)
    sent = flow.frame(journey.next_hop, sender.mac, *ends, ttl=TTL, vlan=sender.vlan)
    source, ttl = (ROUTER_MAC, TTL - 1) if journey.routed else (sender.mac, TTL)
    return sent, flow.frame(receiver.mac, source, *ends, ttl=ttl, vlan=receiver.vlan)


def entered(fabric: Fabric, host: Host) -> list[Place]:
    """The ports that the host's frames may come in by: of a LAG those that are up."""
    if (seen := fabric.look(host.places[0][0])) is None:
        raise LabError(f"{host.name} is on {host.places[0][0]}, which is not connected to the controller")
    return [place for place in host.places if place[1] not in seen.down] or list(host.places[:1])


def await_heard(store: Store, hosts: Iterable[Host]) -> None:
    """Give hosts that were started just now the time to speak for the first time, as most do by themselves."""
    wanted = {(*host.segment, packet.mac_text(host.mac)) for host in hosts}
    deadline = time.monotonic() + HEARD_SECONDS
    while wanted - {(row.network, row.segment, row.mac) for row in store.state().of(state.Host)}:
        left = deadline - time.monotonic()
        if left <= 0:
            return  # the trace will show what that means
        store.wait(left)
        store.run()


def looker(
    lab: Lab, foreign: dict[str, tuple[Entry, ...]], held: dict[str, tuple[Entry, ...]] | None = None
) -> Callable[[str], Seen | None]:
    """Asks the controller about a switch, each once; what the reference switch can't hold goes into `foreign`, all that
    the switch holds into `held`.
    """
    socket = lab.directory.controller_control
    connected = {each["name"] for each in ask(socket, "fabric/switches")["switches"]}

    @cache
    def look(name: str) -> Seen | None:
        if name not in connected:
            return None
        ports = ask(socket, "fabric/ports", name)["ports"]
        entries = tuple(_entries(ask(socket, "fabric/entries", name)["replies"]))
        if held is not None:
            held[name] = entries
        switch, strange = rebuilt(entries)
        if strange:
            foreign[name] = strange
        return Seen(switch, frozenset(port["number"] for port in ports if not port["up"]))

    return look


def _entries(replies: list[str]) -> Iterator[Entry]:
    for reply in replies:
        part = readback.part(base64.b64decode(reply))
        if part is not None:
            yield from part.entries


def wires_of(known: state.State) -> dict[Place, Place]:
    found = {}
    for link in known.of(state.Link):
        a, b = (link.switch, link.port), (link.peer, link.peer_port)
        found[a], found[b] = b, a
    return found
