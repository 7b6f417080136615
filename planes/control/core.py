"""The control plane as one pure machine: events in, effects out.

`handle` lets an event change what is known, then settles: links become ways, facts become rules, and what changed
is installed, sent and published, in this order.
"""

from __future__ import annotations

import math
from collections import Counter

from planes.control import events as ev
from planes.control import facts, report
from planes.control.discovery import Discovery
from planes.control.engine import Engine
from planes.control.facts import Port
from planes.control.fragments import FRAGMENTS
from planes.control.graph import Link, graph
from planes.control.ids import Ids, IdsExhausted
from planes.control.inventory import Inventory, Record
from planes.control.learning import Learning
from planes.control.ledger import Ledger
from planes.control.paths import all_hops
from planes.control.segments import Segments
from planes.data import lldp
from planes.data.delta import Delta, delta
from planes.data.pipeline import Table
from planes.data.rule import CONTROLLER_PORT, MAX_PORT, Output
from planes.model import state

CONTROLLER = "fabric"  # this controller's name in the store; there is one
REPORT_INTERVAL = 1.0  # seconds between publications of what changes all the time: counts
_COUNTS_ONLY = (ev.FrameArrived, ev.Confirmed, ev.Tick)  # events that by themselves change no row but counts


class Core:
    """All that the controller knows and decides.

    `key` authenticates discovery's frames; `software` is what the store says this controller runs on.
    """

    def __init__(self, key: bytes, software: str = "") -> None:
        self._software = software
        self.engine = Engine(FRAGMENTS)
        self.drops: Counter[str] = Counter()
        self.ledger = Ledger()
        self._ids = Ids()
        self.inventory = Inventory(self._ids)
        self.discovery = Discovery(key)
        self.segments = Segments(self._ids, self.inventory, self.engine)
        self.learning = Learning(self.inventory, self.engine, self.segments, self.drops)
        self._links: frozenset[Link] = frozenset()
        self._nodes: frozenset[int] = frozenset()
        self._fresh: set[int] = set()  # connected, and nothing installed yet
        self._serial = self._applied = 0
        self._report_at: float | None = None
        self._reshaped = False  # links or switches changed since the last report

    def handle(self, event: ev.Event, now: float) -> list[ev.Effect]:
        """Take in one event at `now` (seconds, monotonic); what to do about it, in order."""
        try:
            self._take(event, now)
        except IdsExhausted:
            self.drops["numbers-exhausted"] += 1
        self.discovery.expire(now)
        self.learning.expire(now)
        self._route()
        installs = self._install()
        frames = [*self.learning.take_frames(), *(_hello(*due) for due in self.discovery.due(now))]
        frames = [frame for frame in frames if self.inventory.records[frame.dpid].connected]
        return [*installs, *frames, *self._publish(event, now)]

    def deadline(self) -> float | None:
        """When to hand in a Tick if nothing else happens before."""
        times = (self.discovery.deadline(), self.learning.deadline(), self._report_at)
        return min((time for time in times if time is not None), default=None)

    def _take(self, event: ev.Event, now: float) -> None:
        match event:
            case ev.FrameArrived():
                self._frame(event, now)
            case ev.PortChanged():
                self._port_changed(event, now)
            case ev.SwitchConnected(dpid, ports):
                self._connected(self.inventory.connect(dpid, ports), now)
            case ev.SwitchLost(dpid):
                self.inventory.record(dpid).connected = False
                self._fresh.discard(dpid)
            case ev.Confirmed(dpid, token):
                self.inventory.record(dpid).confirmed = token
            case ev.Refused(dpid, reason):
                self.inventory.record(dpid).error = reason
                self.drops["refused-by-switch"] += 1
            case ev.IntentChanged(serial, intent):
                self._serial = serial
                self.segments.follow(intent)
                self._redraw(now)
                for row in self.learning.recall():
                    self.ledger.drop(state.Host, state.key(row))
            case ev.Restored(known):
                self._restore(known, now)
            case ev.Tick():
                pass

    # switches and ports

    def _connected(self, record: Record, now: float) -> None:
        self._fresh.add(record.dpid)
        self._redraw(now)

    def _port_changed(self, event: ev.PortChanged, now: float) -> None:
        ports = self.inventory.record(event.dpid).ports
        if event.gone:
            ports.pop(event.port.number, None)
        else:
            ports[event.port.number] = event.port
        self._watch((event.dpid, event.port.number), now)

    def _redraw(self, now: float) -> None:
        """A switch or an intent is new: say again which ports are edges, and who lives on them."""
        for dpid, record in self.inventory.records.items():
            self.engine.put(facts.SWITCH, dpid, record.index)
        self.segments.resolve()
        self.learning.reconsider()
        for dpid, record in self.inventory.records.items():
            for number in record.ports:
                self._watch((dpid, number), now)

    def _watch(self, port: Port, now: float) -> None:
        """Discovery runs on ports that are up and no edge."""
        if self.segments.edge(port) is None and port[1] <= MAX_PORT and self.inventory.is_up(port):
            self.discovery.up(port, now)
        else:
            self.discovery.down(port)

    def _frame(self, event: ev.FrameArrived, now: float) -> None:
        port = (event.dpid, event.in_port)
        if event.table != Table.PORT:
            self.learning.frame(port, event.table, event.data, now)
            return
        frame = lldp.decode(event.data)
        reason = self.discovery.received(port, frame, now) if isinstance(frame, lldp.LldpFrame) else frame.value
        if reason is not None:
            self.drops[reason] += 1

    # settling

    def _route(self) -> None:
        """Links or switches changed: which ports are fabric, and every switch's ways to every other."""
        links, nodes = self.discovery.links(), frozenset(self.inventory.records)
        if (links, nodes) == (self._links, self._nodes):
            return
        self._links, self._nodes = links, nodes
        self._reshaped = True
        self.engine.replace(facts.FABRIC_PORT, {end: True for link in links for end in (link.a, link.b)})
        indexes = {dpid: self.inventory.records[dpid].index for dpid in nodes}
        self.engine.replace(facts.HOPS, all_hops(graph(nodes, links), indexes))

    def _install(self) -> list[ev.Install]:
        deltas = self.engine.run()
        for dpid in self._fresh:
            deltas[dpid] = delta((), self.engine.entries(dpid))
        wanted = {dpid: mods for dpid, mods in deltas.items() if self.inventory.record(dpid).connected}
        installs = [self._issue(self.inventory.record(dpid), mods) for dpid, mods in wanted.items()]
        self._fresh.clear()
        return installs

    def _issue(self, record: Record, mods: Delta) -> ev.Install:
        record.issued += 1
        return ev.Install(record.dpid, mods, record.issued, fresh=record.dpid in self._fresh)

    # the store

    def _restore(self, known: state.State, now: float) -> None:
        self.ledger.restore(known)
        self.ledger.put(state.Controller(CONTROLLER, known.epoch + 1, self._software))
        self._applied = known.applied
        self._ids.restore(known.of(state.Id))
        self.inventory.restore(known.of(state.Switch), known.of(state.Port))
        self.learning.remember(known.of(state.Host))
        self.drops.update({row.reason: row.count for row in known.of(state.Counter)})
        for row in known.of(state.Link):
            a, b = self.inventory.named(row.switch), self.inventory.named(row.peer)
            if a is not None and b is not None:
                self.discovery.restore(Link.between((a, row.port), (b, row.peer_port)), now)

    def _publish(self, event: ev.Event, now: float) -> list[ev.Effect]:
        for address, known in self.learning.take_changed():
            row = report.host(self.inventory, self.segments, address, known)
            self.ledger.put(row) if isinstance(row, state.Host) else self.ledger.drop(state.Host, row)
        for number in self._ids.take_fresh():
            self.ledger.put(number)
        if not isinstance(event, _COUNTS_ONLY) or self._reshaped or (self._report_at or math.inf) <= now:
            self._report()
        elif self._report_at is None and isinstance(event, ev.FrameArrived):
            self._report_at = now + REPORT_INTERVAL
        applied = self._serial if self._serial != self._applied and self.inventory.settled() else None
        self._applied = self._applied if applied is None else applied
        changes = self.ledger.flush()
        return [ev.Publish(changes, applied)] if changes or applied is not None else []

    def _report(self) -> None:
        self._report_at, self._reshaped = None, False
        self.ledger.sync(state.Switch, report.switches(self.inventory, self.engine))
        self.ledger.sync(state.Port, report.ports(self.inventory, self.engine))
        self.ledger.sync(state.Link, report.links(self.inventory, self._links))
        self.ledger.sync(state.Counter, report.counters(self.drops))


def _hello(port: Port, frame: lldp.LldpFrame) -> ev.SendFrame:
    return ev.SendFrame(port[0], CONTROLLER_PORT, (Output(port[1]),), lldp.encode(frame))
