"""The control plane as one pure machine: events in, effects out.

`handle` lets an event change what is known, then settles: links become ways, facts become rules, and what changed
is installed, sent and published, in this order.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from planes.control import events as ev
from planes.control import facts, report
from planes.control.damping import Damping
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
from planes.control.resync import Resync
from planes.control.rollout import Rollout
from planes.control.segments import Segments
from planes.data import lldp
from planes.data.delta import Delta, delta
from planes.data.pipeline import Table
from planes.data.rule import CONTROLLER_PORT, MAX_PORT, Entry, Output
from planes.model import state

CONTROLLER = "fabric"  # this controller's name in the store; there is one
REPORT_INTERVAL = 1.0  # seconds between publications of what changes all the time: counts
# events that by themselves change no row but counts
_COUNTS_ONLY = (ev.FrameArrived, ev.Confirmed, ev.Counted, ev.Tick)


@dataclass(frozen=True)
class Shape:
    """What ways follow from: the links, the switches, and those of them that follow rules of another time."""

    links: frozenset[Link] = frozenset()
    nodes: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()


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
        self.damping = Damping()
        self.segments = Segments(self._ids, self.inventory, self.engine)
        self.learning = Learning(self.inventory, self.engine, self.segments, self.drops)
        self._rollout = Rollout()
        self._shape = Shape()
        self._resync = Resync()
        self._held: dict[int, frozenset[Entry]] = {}  # by switches that were read back, and told nothing since
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
        self._reshaped |= self.damping.expire(now)
        self.learning.expire(now)
        self._route()
        installs = self._install()
        frames = [*self.learning.take_frames(), *(_hello(*due) for due in self.discovery.due(now))]
        frames = [frame for frame in frames if self.inventory.records[frame.dpid].connected]
        resyncs = map(ev.Resync, self._resync.due(now))
        return [*installs, *frames, *resyncs, *self._publish(event, now)]

    def deadline(self) -> float | None:
        """When to hand in a Tick if nothing else happens before."""
        times = (
            self.discovery.deadline(),
            self.damping.deadline(),
            self.learning.deadline(),
            self._resync.deadline(),
            self._report_at,
        )
        return min((time for time in times if time is not None), default=None)

    def _take(self, event: ev.Event, now: float) -> None:
        match event:
            case ev.FrameArrived():
                self._frame(event, now)
            case ev.PortChanged():
                self._port_changed(event, now)
            case ev.SwitchConnected(dpid, ports, held):
                self._held[dpid] = held
                self._connected(self.inventory.connect(dpid, ports), now)
            case ev.SwitchLost(dpid):
                self._lost(dpid)
            case ev.Confirmed(dpid, token):
                self.inventory.record(dpid).confirmed = token
                self._rollout.confirmed(dpid, token)
            case ev.Refused(dpid, reason):
                self.inventory.record(dpid).error = reason
                self.drops["refused-by-switch"] += 1
                self._resync.refused(dpid, now)
                self._rollout.forget(dpid)
            case ev.Counted(reason):
                self.drops[reason] += 1
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
        self._resync.over(record.dpid)
        self._rollout.forget(record.dpid)
        self.discovery.found(record.dpid, now)
        self._redraw(now)

    def _lost(self, dpid: int) -> None:
        self.inventory.lose(dpid)
        self._held.pop(dpid, None)
        self._resync.over(dpid)
        self._rollout.forget(dpid)
        self.discovery.lost(dpid)

    def _port_changed(self, event: ev.PortChanged, now: float) -> None:
        ports = self.inventory.record(event.dpid).ports
        port = (event.dpid, event.port.number)
        was_up = self.inventory.is_up(port)
        if event.gone:
            ports.pop(event.port.number, None)
        else:
            ports[event.port.number] = event.port
        if was_up and not self.inventory.is_up(port) and self.segments.edge(port) is None:
            self.damping.failed(port, now)
        self._watch(port, now)

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
        """The fabric's shape changed: which ports are fabric, and every switch's ways to every other.

        Not while older ways are still being rolled out: between two sets of ways no label loops, among three it may.
        """
        records = self.inventory.records
        lost = frozenset(dpid for dpid, record in records.items() if record.lost)
        shape = Shape(self.damping.calm(self.discovery.links()), frozenset(records), lost)
        if shape == self._shape or not self._rollout.idle:
            return
        self._shape, self._reshaped = shape, True
        self.engine.replace(facts.FABRIC_PORT, {end: True for link in shape.links for end in (link.a, link.b)})
        indexes = {dpid: record.index for dpid, record in records.items()}
        self.engine.replace(facts.HOPS, all_hops(graph(shape.nodes, shape.links), indexes, shape.lost))

    def _install(self) -> list[ev.Install]:
        deltas = self.engine.run()
        for dpid, held in self._held.items():
            deltas[dpid] = delta(held, self.engine.entries(dpid))
        installs = []
        for dpid, mods in deltas.items():
            record = self.inventory.record(dpid)
            if record.connected and not self._resync.pending(dpid):
                at_once = self._rollout.take(dpid, mods, self._distances(dpid))
                installs += [self._issue(record, at_once)] if at_once or dpid in self._held else []
        self._held.clear()
        self._rollout.await_first({install.dpid: install.token for install in installs})
        for dpid, mods in self._rollout.next_ring().items():
            installs.append(self._issue(self.inventory.record(dpid), mods))
            self._rollout.sent(dpid, installs[-1].token)
        return installs

    def _issue(self, record: Record, mods: Delta) -> ev.Install:
        record.issued += 1
        return ev.Install(record.dpid, mods, record.issued)

    def _distances(self, dpid: int) -> dict[int, int]:
        return {way.index: way.distance for way in self.engine.facts.table(facts.HOPS).get(dpid, ())}

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
        elif self._report_at is None and isinstance(event, ev.FrameArrived | ev.Counted):
            self._report_at = now + REPORT_INTERVAL
        settled = self.inventory.settled() and self._rollout.idle
        applied = self._serial if self._serial != self._applied and settled else None
        self._applied = self._applied if applied is None else applied
        changes = self.ledger.flush()
        return [ev.Publish(changes, applied)] if changes or applied is not None else []

    def _report(self) -> None:
        self._report_at, self._reshaped = None, False
        self.ledger.sync(state.Switch, report.switches(self.inventory, self.engine))
        self.ledger.sync(state.Port, report.ports(self.inventory, self.engine, self.damping.dampened))
        self.ledger.sync(state.Link, report.links(self.inventory, self._shape.links))
        self.ledger.sync(state.Counter, report.counters(self.drops))


def _hello(port: Port, frame: lldp.LldpFrame) -> ev.SendFrame:
    return ev.SendFrame(port[0], CONTROLLER_PORT, (Output(port[1]),), lldp.encode(frame))
