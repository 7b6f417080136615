"""`triplane trace`."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_interface
from itertools import product

import click

from planes.cli import way
from planes.cli.bringup import open_store, synced
from planes.cli.choice import chosen, lab_option
from planes.cli.output import Output, output_option
from planes.cli.unixctl import ask
from planes.data import fields as f
from planes.data import packet, readback
from planes.data import trace as traces
from planes.data.rule import Entry
from planes.data.trace import Fabric, Place, Seen, rebuilt
from planes.model import state
from planes.model.errors import did_you_mean
from planes.model.intent import Intent
from planes.model.load import load
from planes.model.wiring import Wiring, wire
from planes.store.base import Store
from topologies.control import CONTROLLER, Info
from topologies.errors import Exit, LabError
from topologies.lab import Lab

ECHO_REQUEST, ECHO_REQUEST_6 = 8, 128  # RFC 792; RFC 4443, 4.1
PING = struct.pack("!HH", 1, 1) + bytes(56)  # identifier, sequence number, as much data as ping(8) sends
PROGRAM_SECONDS = 15.0
HEARD_SECONDS = 5.0  # Linux solicits routers 0-1 s after a link is up, and 4 s later again (RFC 4861, 6.3.7)


@dataclass(frozen=True)
class Host:
    """An end of a trace."""

    name: str
    place: Place
    addresses: tuple[IPv4Interface | IPv6Interface, ...]
    segment: tuple[str, str] | None  # network and segment
    mac: int


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@lab_option
@output_option
def trace(source: str, target: str, name: str | None, output: Output) -> None:
    """Tell which way a ping from host FROM to host TO takes, and each table, rule and group it meets.

    No packet is sent. The rules, groups and ports are read from the switches now, and the frame runs through a
    reference switch that holds them. Where a switch chooses by a hash of the frame, all ways are told.

    Exits with 0 when the frame arrives at TO, and only there; with 1 when it does not, and what stopped it.
    """
    lab = chosen(name)
    info = lab.info()
    if not info.process(CONTROLLER).alive:
        raise LabError(
            f"the controller of lab {lab.name!r} is dead, and the switches are asked through it",
            "start it again by `triplane heal controller`; the switches go on with the rules they have",
        )
    topology = load(lab.directory.plan).topology
    wiring = wire(topology) if topology else Wiring((), (), ())
    with open_store(lab) as store:
        synced(lab, store)
        sender, receiver = (_host(lab, info, wiring, store.intent(), each) for each in (source, target))
        _refuse_apart(sender, receiver)
        _await_heard(store, (sender, receiver))
        known = store.state()
    foreign: dict[str, tuple[Entry, ...]] = {}
    fabric = Fabric(_looker(lab, foreign), _wires(known))
    if fabric.look(sender.place[0]) is None:
        raise LabError(f"{sender.name} is on {sender.place[0]}, which is not connected to the controller")
    frame = _ping(sender, receiver)
    found = traces.trace(fabric, sender.place, frame)
    story = way.Story(found, wiring, sender.name, receiver.name, receiver.place, frame)
    if output.form == "table":
        click.echo("\n".join([*story.lines(), *story.paths()]))
    else:
        output.show(story.tables())
    for switch, entries in foreign.items():
        click.echo(f"{switch} holds {len(entries)} entries of a stranger's, which the trace leaves out", err=True)
    click.echo(story.verdict(), err=True)
    raise SystemExit(0 if story.delivered else 1)


def _host(lab: Lab, info: Info, wiring: Wiring, intent: Intent, name: str) -> Host:
    nodes = {node.name: node for node in info.nodes if node.kind == "host"}
    if name not in nodes:
        raise LabError(f"lab {lab.name!r} has no host {name!r}", did_you_mean(name, nodes), Exit.UNKNOWN)
    end = wiring.end_of(name)
    own = wiring.peer(end) if end else None
    if end is None or own is None:
        raise LabError(f"{name} is not linked to any switch")
    place = (end.node, end.port)
    addresses = tuple(map(ip_interface, nodes[name].addresses))
    return Host(name, place, addresses, _segment(intent, place), _mac(lab, name, wiring.interface(own)))


def _segment(intent: Intent, place: Place) -> tuple[str, str] | None:
    for network in intent.networks:
        for segment in network.segments:
            if any(at.place == (*place, 0) for at in segment.ports):  # untagged, as its frames are
                return network.name, segment.name
    return None


def _refuse_apart(sender: Host, receiver: Host) -> None:
    """Nothing passes between segments: say so, rather than trace a frame that nobody would send."""
    if sender.name == receiver.name:
        raise LabError(f"{sender.name} and {receiver.name} are one host")
    for host in (sender, receiver):
        if host.segment is None:
            raise LabError(f"{host.name}, at {host.place[0]}:{host.place[1]}, is in no segment", "see the plan's ports")
    if sender.segment != receiver.segment:
        places = " and ".join(f"{host.name} in {'/'.join(host.segment or ())}" for host in (sender, receiver))
        raise LabError(f"no frame passes from {sender.name} to {receiver.name}: {places}, which are different segments")


def _await_heard(store: Store, hosts: Iterable[Host]) -> None:
    """Give hosts that were started just now the time to speak for the first time, as most do by themselves."""
    wanted = {(*(host.segment or ()), packet.mac_text(host.mac)) for host in hosts}
    deadline = time.monotonic() + HEARD_SECONDS
    while wanted - {(row.network, row.segment, row.mac) for row in store.state().of(state.Host)}:
        left = deadline - time.monotonic()
        if left <= 0:
            return  # the trace will show what that means
        store.wait(left)
        store.run()


def _looker(lab: Lab, foreign: dict[str, tuple[Entry, ...]]) -> Callable[[str], Seen | None]:
    """Asks the controller about a switch, each once; what the reference switch can't hold goes into `foreign`."""
    socket = lab.directory.controller_control
    connected = {each["name"] for each in ask(socket, "fabric/switches")["switches"]}

    @cache
    def look(name: str) -> Seen | None:
        if name not in connected:
            return None
        ports = ask(socket, "fabric/ports", name)["ports"]
        switch, strange = rebuilt(_entries(ask(socket, "fabric/entries", name)["replies"]))
        if strange:
            foreign[name] = strange
        return Seen(switch, frozenset(port["number"] for port in ports if not port["up"]))

    return look


def _entries(replies: list[str]) -> Iterator[Entry]:
    for reply in replies:
        part = readback.part(base64.b64decode(reply))
        if part is not None:
            yield from part.entries


def _wires(known: state.State) -> dict[Place, Place]:
    found = {}
    for link in known.of(state.Link):
        a, b = (link.switch, link.port), (link.peer, link.peer_port)
        found[a], found[b] = b, a
    return found


def _ping(sender: Host, receiver: Host) -> bytes:
    """A ping between two addresses of one family, of one subnet if there are such."""
    pairs = [(a, b) for a, b in product(sender.addresses, receiver.addresses) if a.version == b.version]
    if not pairs:
        raise LabError(f"{sender.name} and {receiver.name} have no addresses of one family")
    source, target = min(pairs, key=lambda pair: pair[1].ip not in pair[0].network)
    return echo_request(receiver.mac, sender.mac, source.ip, target.ip)


def echo_request(dst: int, src: int, source: packet.Address, target: packet.Address) -> bytes:
    """The frame that ping(8) sends. ValueError for addresses of two families."""
    if isinstance(source, IPv4Address) and isinstance(target, IPv4Address):
        total = packet.checksum(struct.pack("!BBH", ECHO_REQUEST, 0, 0) + PING)
        icmp = struct.pack("!BBH", ECHO_REQUEST, 0, total) + PING
        return packet.ethernet(dst, src, f.ETH_IPV4, packet.ipv4(source, target, f.IP_ICMP, icmp))
    if isinstance(source, IPv6Address) and isinstance(target, IPv6Address):
        icmp = packet.icmpv6(source, target, ECHO_REQUEST_6, PING)
        return packet.ethernet(dst, src, f.ETH_IPV6, packet.ipv6(source, target, f.IP_ICMPV6, icmp))
    raise ValueError("addresses of two families")


def _mac(lab: Lab, host: str, interface: str) -> int:
    """Asked of the host itself: a plan need not say it, and the fabric may not have heard of it."""
    argv = lab.exec_argv(host, ["ip", "-j", "link", "show", "dev", interface])
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PROGRAM_SECONDS)
    if done.returncode:
        raise LabError(f"{host} does not tell the MAC address of {interface}: {done.stderr.strip()}")
    return packet.mac(json.loads(done.stdout)[0]["address"])
