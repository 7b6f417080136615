"""What frames from edge ports teach: who is where, and what to do with a frame that no rule could place.

A frame that taught something goes on under the new rules: it re-enters the pipeline after GUARD, with its segment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address

from planes.control import facts
from planes.control.bucket import Bucket
from planes.control.engine import Engine
from planes.control.events import SendFrame
from planes.control.facts import Address, Edge, HostFact, Port
from planes.control.hosts import Hosts, Known, Verdict
from planes.control.ids import IdsExhausted
from planes.control.inventory import Inventory
from planes.control.probe import PROBE_MAC, probe, sender_addresses
from planes.control.segments import Segments
from planes.data import fields as f
from planes.data.packet import mac, mac_text, parse
from planes.data.pipeline import Table, metadata
from planes.data.rule import CONTROLLER_PORT, Load, Output, Resubmit
from planes.model import state

FLOOD_RATE, FLOOD_BURST = 100.0, 50.0  # unknown unicast frames a second, a segment
MAX_GROUP_ADDRESSES = 16  # non-IP group addresses paged in, a port
GROUP_BIT = 1 << 40

_DROPPED = {
    Verdict.PROBE: "source-on-two-ports",
    Verdict.PENDING: "source-on-two-ports",
    Verdict.SPOOFED: "source-spoofed",
    Verdict.FULL: "too-many-hosts-on-port",
}


class Learning:
    """Hosts, group addresses in use, and frames on their way back into the fabric."""

    def __init__(self, inventory: Inventory, engine: Engine, segments: Segments, drops: Counter[str]) -> None:
        self._inventory, self._engine, self._segments, self._drops = inventory, engine, segments, drops
        self._hosts = Hosts()
        self._group_ports: dict[Address, Port] = {}
        self._floods: dict[int, Bucket] = {}
        self._remembered: list[state.Host] = []
        self._frames: list[SendFrame] = []
        self._changed: set[Address] = set()

    def frame(self, port: Port, table: int, data: bytes, now: float) -> None:
        """A frame was punted from GUARD or LOCATE on an edge port."""
        edge, fields = self._segments.edge(port), parse(data)
        if edge is None or f.ETH_SRC not in fields:
            self._drops["frame-from-no-edge" if edge is None else "frame-malformed"] += 1
        elif fields[f.ETH_DST] == PROBE_MAC:
            self._hosts.answered((edge.segment, fields[f.ETH_SRC]), port, now)
        elif table == Table.GUARD:
            self._guard(edge, port, fields, data, now)
        else:
            self._locate(edge, port, fields[f.ETH_DST], data, now)

    def expire(self, now: float) -> None:
        """Hosts whose old port did not answer in time have moved."""
        for host in self._hosts.expire(now):
            self._tell(host)

    def deadline(self) -> float | None:
        """When `expire` has something to do next."""
        return self._hosts.deadline()

    def remember(self, rows: Iterable[state.Host]) -> None:
        """Hosts from the store; they count once the intent says that their port is in their segment."""
        self._remembered = list(rows)

    def recall(self) -> list[state.Host]:
        """Place the remembered hosts on the edges of the intent; the rows that found no place."""
        rows, self._remembered = self._remembered, []
        return [row for row in rows if not self._recall(row)]

    def reconsider(self) -> None:
        """Edges or names have changed: forget who is on none of their segment's edges."""
        for host, known in list(self._hosts.known.items()):
            self._changed.add(host)
            if not self._belongs(host[0], known.port):
                self._hosts.forget(host)
                self._engine.drop(facts.HOST, host)
        for group, port in list(self._group_ports.items()):
            if not self._belongs(group[0], port):
                del self._group_ports[group]
                self._engine.drop(facts.GROUP_ADDRESS, group)

    def take_frames(self) -> list[SendFrame]:
        """The frames to send since the last call."""
        frames, self._frames = self._frames, []
        return frames

    def take_changed(self) -> list[tuple[Address, Known | None]]:
        """The hosts that changed since the last call; None for one that is no more."""
        changed, self._changed = self._changed, set()
        return [(host, self._hosts.known.get(host)) for host in sorted(changed)]

    # a source

    def _guard(self, edge: Edge, port: Port, fields: dict[f.Field, int], data: bytes, now: float) -> None:
        host = (edge.segment, fields[f.ETH_SRC])
        if host[1] & GROUP_BIT or host[1] in (0, PROBE_MAC):
            self._drops["source-not-an-address"] += 1
            return
        known = self._hosts.known.get(host)
        ipv4, ipv6 = sender_addresses(fields)
        up = known is None or self._inventory.is_up(known.port)
        verdict = self._hosts.seen(host, port, now, ipv4=ipv4, ipv6=ipv6, old_port_up=up)
        if verdict is Verdict.PROBE and known is not None:
            self._frames += [_out(known.port, probed) for probed in probe(host[1], known)]
        if verdict in _DROPPED:
            self._drops[_DROPPED[verdict]] += 1
        elif verdict is Verdict.KNOWN or self._tell(host):
            self._again(edge, port, data, Table.SERVICE)

    def _tell(self, host: Address) -> bool:
        """Tell the engine of a host; False when there is no slot left for it."""
        known = self._hosts.known[host]
        try:
            slot = self._segments.slot(host[0], mac_text(host[1]))
        except IdsExhausted:
            self._hosts.forget(host)
            self._drops["slots-exhausted"] += 1
            return False
        self._engine.put(facts.HOST, host, HostFact(slot, known.port, known.ipv4, known.ipv6))
        self._changed.add(host)
        return True

    def _recall(self, row: state.Host) -> bool:
        number, dpid = self._segments.number(row.network, row.segment), self._inventory.named(row.switch)
        if number is None or dpid is None or not self._belongs(number, (dpid, row.port)):
            return False
        host = (number, mac(row.mac))
        if host not in self._hosts.known:
            self._hosts.place(host, _known((dpid, row.port), row.addresses))
            self._tell(host)
        return True

    def _belongs(self, segment: int, port: Port) -> bool:
        edge = self._segments.edge(port)
        return edge is not None and edge.segment == segment

    # a destination

    def _locate(self, edge: Edge, port: Port, destination: int, data: bytes, now: float) -> None:
        target = (edge.segment, destination)
        if destination & GROUP_BIT:
            self._page(target, edge, port, data)
        elif target in self._hosts.known:  # learned since the frame was punted
            self._again(edge, port, data, Table.LOCATE)
        elif self._floods.setdefault(edge.segment, Bucket(FLOOD_RATE, FLOOD_BURST)).take(now):
            self._flood(edge.segment, port, data)
        else:
            self._drops["unknown-unicast-above-rate"] += 1

    def _page(self, group: Address, edge: Edge, port: Port, data: bytes) -> None:
        """A non-IP group address: give it a slot, and send the frame on."""
        if group not in self._group_ports:
            if sum(used == port for used in self._group_ports.values()) >= MAX_GROUP_ADDRESSES:
                self._drops["too-many-group-addresses-on-port"] += 1
                return
            try:
                slot = self._segments.slot(group[0], mac_text(group[1]))
            except IdsExhausted:
                self._drops["slots-exhausted"] += 1
                return
            self._group_ports[group] = port
            self._engine.put(facts.GROUP_ADDRESS, group, slot)
        self._again(edge, port, data, Table.LOCATE)

    def _again(self, edge: Edge, port: Port, data: bytes, table: Table) -> None:
        enter = Load(f.METADATA, metadata(edge.segment, edge.network), 0, f.METADATA.bits)
        self._frames.append(SendFrame(*port, (enter, Resubmit(table)), data))

    def _flood(self, segment: int, port: Port, data: bytes) -> None:
        self._frames += [_out(other, data) for other in self._segments.ports(segment) if other != port]


def _known(port: Port, addresses: Iterable[str]) -> Known:
    parsed = [ip_address(text) for text in addresses]
    ipv4, ipv6 = (tuple(int(a) for a in parsed if a.version == version) for version in (4, 6))
    return Known(port, ipv4, ipv6)


def _out(port: Port, data: bytes) -> SendFrame:
    return SendFrame(port[0], CONTROLLER_PORT, (Output(port[1]),), data)
