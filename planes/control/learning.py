"""What frames from edge ports teach: who is where, and what to do with a frame that no rule could place.

A frame that taught something goes on under the new rules: it re-enters the pipeline after GUARD, with its segment.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from planes.control import facts
from planes.control.bucket import Bucket
from planes.control.engine import Engine
from planes.control.events import SendFrame
from planes.control.facts import ROUTER_MAC, Access, Address, Edge, Port
from planes.control.hosts import Known
from planes.control.ids import IdsExhausted
from planes.control.inventory import Inventory
from planes.control.journal import Journal
from planes.control.probe import PROBE_MAC
from planes.control.quota import Quota
from planes.control.router import Routing
from planes.control.sending import Sending
from planes.control.sources import GROUP_BIT, Sources, known_at
from planes.control.tenants import Tenants
from planes.data import fields as f
from planes.data.packet import Fields, mac, mac_text, parse
from planes.data.pipeline import MAX_NUMBER, PLACED_FLAG, Table
from planes.model import state

FLOOD_RATE, FLOOD_BURST = 100.0, 50.0  # unknown unicast frames a second, a segment
MAX_GROUP_ADDRESSES = 16  # non-IP group addresses paged in, an access


class Learning:
    """Hosts, group addresses in use, and frames on their way back into the fabric."""

    def __init__(
        self, inventory: Inventory, engine: Engine, tenants: Tenants, drops: Counter[str], quota: Quota,
        routing: Routing, journal: Journal,
    ) -> None:  # fmt: skip
        self._inventory, self._engine, self._tenants, self._drops = inventory, engine, tenants, drops
        self._sending = Sending(engine)
        self._sources = Sources(inventory, engine, tenants, drops, quota, self._sending, journal)
        self._routing = routing
        self._groups: dict[Access, dict[Address, None]] = defaultdict(dict)  # paged in, by who was first to use each
        self._floods: dict[int, Bucket] = {}
        self._remembered: list[state.Host] = []

    def frame(self, port: Port, table: int, entered: int, data: bytes, now: float) -> None:
        """A frame was punted from GUARD or LOCATE, without its tag; its metadata says what segment it entered."""
        fields = parse(data)
        access = self._tenants.access(port, entered & MAX_NUMBER) or self._sender(entered & MAX_NUMBER, fields)
        edge = self._tenants.edge(access) if access else None
        if access is None or edge is None or f.ETH_SRC not in fields:
            self._drops["frame-from-no-edge" if edge is None else "frame-malformed"] += 1
        elif entered & PLACED_FLAG:
            self._drops["rule-not-in-switch"] += 1
        elif table == Table.GUARD:
            self._sources.frame(edge, access, fields, data, now)
        elif fields[f.ETH_DST] == PROBE_MAC:
            self._sources.answered(edge, access, fields, now)
        elif fields[f.ETH_DST] == ROUTER_MAC and self._routing.routes(edge.segment):
            self._routing.frame(edge, access, fields, data, now)
        else:
            self._locate(edge, access, fields, data, now)

    def _sender(self, segment: int, fields: Fields) -> Access | None:
        """Where a host is whose frame came up from a gateway's member, elsewhere in the fabric."""
        host = self._sources.known((segment, fields.get(f.ETH_SRC, 0)))
        return host.access if host else None

    def expire(self, now: float) -> None:
        """Hosts and addresses whose owner did not answer in time have moved."""
        self._sources.expire(now)

    def deadline(self) -> float | None:
        """When `expire` has something to do next."""
        return self._sources.deadline()

    def remember(self, rows: Iterable[state.Host]) -> None:
        """Hosts from the store; they count once the intent says that their port is in their segment."""
        self._remembered = list(rows)

    def recall(self) -> list[state.Host]:
        """Place the remembered hosts on the edges of the intent; the rows that found no place."""
        rows, self._remembered = self._remembered, []
        return [row for row in rows if not self._recall(row)]

    def reconsider(self, changed: frozenset[Access]) -> None:
        """These accesses came, left or changed: forget who is on none of their segment's accesses."""
        self._sources.reconsider(changed)
        for access in changed & self._groups.keys():
            for group in [group for group in self._groups[access] if not self._sources.belongs(group[0], access)]:
                del self._groups[access][group]
                self._engine.drop(facts.GROUP_ADDRESS, group)

    def rename(self, dpids: Iterable[int]) -> None:
        """These switches have other names now: so their hosts' rows are to be written anew."""
        self._sources.rename(dpids)

    def take_frames(self) -> list[SendFrame]:
        """The frames to send since the last call."""
        return self._sending.take()

    def take_changed(self) -> list[tuple[Address, Known | None]]:
        """The hosts that changed since the last call; None for one that is no more."""
        return self._sources.take_changed()

    def _recall(self, row: state.Host) -> bool:
        number, dpid = self._tenants.number(row.network, row.segment), self._inventory.named(row.switch)
        if number is None or dpid is None:
            return False
        return self._sources.recall(number, mac(row.mac), known_at((dpid, row.port, row.vlan), row.addresses))

    # a destination

    def _locate(self, edge: Edge, access: Access, fields: Fields, data: bytes, now: float) -> None:
        target = (edge.segment, fields[f.ETH_DST])
        if target[1] == f.BROADCAST:  # a rule of its segment's own: it was refused
            self._drops["rule-not-in-switch"] += 1
        elif target[1] & GROUP_BIT:
            self._page(target, edge, access, data)
        elif self._sources.known(target):  # learned since the frame was punted
            self._sending.again(edge, access, data, Table.LOCATE)
        elif self._floods.setdefault(edge.segment, Bucket(FLOOD_RATE, FLOOD_BURST)).take(now):
            self._flood(edge.segment, access, data)
        else:
            self._drops["unknown-unicast-above-rate"] += 1

    def _page(self, group: Address, edge: Edge, access: Access, data: bytes) -> None:
        """A non-IP group address: give it a slot, and send the frame on."""
        if group not in self._engine.facts.table(facts.GROUP_ADDRESS):
            if len(self._groups.get(access, ())) >= MAX_GROUP_ADDRESSES:
                self._drops["too-many-group-addresses-on-port"] += 1
                return
            try:
                slot = self._tenants.slot(group[0], mac_text(group[1]))
            except IdsExhausted:
                self._drops["slots-exhausted"] += 1
                return
            self._groups[access][group] = None
            self._engine.put(facts.GROUP_ADDRESS, group, slot)
        self._sending.again(edge, access, data, Table.LOCATE)

    def _flood(self, segment: int, access: Access, data: bytes) -> None:
        for other in self._tenants.accesses(segment):
            if other != access:
                self._sending.out(other, data)
