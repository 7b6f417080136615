"""The control plane as one pure machine: events in, effects out.

`handle` lets an event change what is known, then settles: links become ways, facts become rules, and what changed
is installed, sent and published, in this order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from planes.control import events as ev
from planes.control import facts, report
from planes.control.chronicle import Chronicle
from planes.control.damping import Damping
from planes.control.discovery import Discovery
from planes.control.engine import Engine
from planes.control.facts import Address, Port
from planes.control.failovers import Failovers
from planes.control.fragments import FRAGMENTS
from planes.control.gateways import Gateways
from planes.control.graph import Link
from planes.control.hosts import Known
from planes.control.ids import Ids, IdsExhausted
from planes.control.interfaces import Interfaces
from planes.control.inventory import Inventory, Record
from planes.control.issuing import Issuer
from planes.control.journal import Journal
from planes.control.learning import Learning
from planes.control.ledger import Ledger
from planes.control.pulse import Pulse
from planes.control.quarantine import Quarantine
from planes.control.quota import Quota
from planes.control.reporter import Reporter
from planes.control.resync import Resync
from planes.control.rollout import Rollout
from planes.control.router import Routing
from planes.control.shares import FABRIC, network_of
from planes.control.tenants import Tenants
from planes.control.traffic import Traffic
from planes.control.wall import Wall
from planes.control.ways import Ways
from planes.data import lldp
from planes.data.packet import parse
from planes.data.pipeline import MAX_NUMBER, Table
from planes.data.rule import CONTROLLER_PORT, MAX_PORT, Output
from planes.model import state

CONTROLLER = "fabric"  # this controller's name in the store; there is one
REPORT_INTERVAL = 1.0  # seconds between publications of what changes all the time: counts
EPHEMERAL = (state.Traffic, state.Counter)  # tables of which the store keeps nothing on disk but the keys
# events that by themselves change no row but counts and hosts
_LITTLE = (ev.FrameArrived, ev.Confirmed, ev.TrafficTold, ev.Counted, ev.ClockSet, ev.Tick)


class Core:
    """All that the controller knows and decides.

    `key` authenticates discovery's frames; `software` is what the store says this controller runs on; `wall` is Unix
    time at 0.0 of the clock.
    """

    def __init__(self, key: bytes, software: str = "", wall: float = 0.0) -> None:
        self._software = software
        self.engine = Engine(FRAGMENTS, network_of)
        self.drops: Counter[str] = Counter()
        self.ledger = Ledger()
        self._ids = Ids()
        self.inventory = Inventory(self._ids)
        self.discovery = Discovery(key)
        self.damping = Damping()
        self.quota = Quota(self.engine)
        self.tenants = Tenants(self._ids, self.inventory, self.engine, self.drops)
        self.routing = Routing(self.inventory, self.engine, self.tenants, self.drops)
        self._wall = Wall(wall)
        self.journal = Journal(self.ledger, self._wall)
        self._chronicle = Chronicle(
            self.journal, self.inventory, self.tenants, self.discovery, self.damping, self._wall
        )
        self._failovers = Failovers(self.inventory, self.engine, self.journal)
        self.learning = Learning(
            self.inventory, self.engine, self.tenants, self.drops, self.quota, self.routing, self.journal
        )
        self.gateways = Gateways(
            self.inventory, self.engine, self.tenants, self.drops, self.journal, self._failovers, self._wall
        )
        self._interfaces = Interfaces(self._ids, self.inventory, self.drops)
        self._reporter = Reporter(self.ledger, self.inventory, self.engine, self.tenants, self._interfaces)
        self._pulse, self._traffic = Pulse(self.ledger, self._wall), Traffic(self.ledger, self.inventory, self._wall)
        self._rollout = Rollout()
        self._resync = Resync()
        self._quarantine = Quarantine()
        self._issuer = Issuer(self.engine, self.inventory, self._rollout, self._resync, self._quarantine)
        self._ways = Ways(self.inventory, self.engine, (self.discovery, self.damping), self._rollout, self._issuer)
        self._serial = self._applied = 0
        self._names: dict[int, str] = {}  # the switches' names as last reported
        self._report_at: float | None = None
        self._reshaped = False  # links or switches changed since the last report

    def handle(self, event: ev.Event, now: float) -> list[ev.Effect]:
        """Take in one event at `now` (seconds, monotonic); what to do about it, in order."""
        return self._handle((event,), now)

    def handle_all(self, events: Iterable[ev.Event], now: float) -> list[ev.Effect]:
        """Take in events that have come one after the other. Those of little consequence settle together."""
        effects: list[ev.Effect] = []
        for little, run in groupby(events, lambda event: isinstance(event, _LITTLE)):
            for part in [tuple(run)] if little else [(event,) for event in run]:
                effects += self._handle(part, now)
        return effects

    def _handle(self, events: tuple[ev.Event, ...], now: float) -> list[ev.Effect]:
        for event in events:
            try:
                self._take(event, now)
            except IdsExhausted:
                self.drops["numbers-exhausted"] += 1
        self.discovery.expire(now)
        self._reshaped |= self.damping.expire(now)
        self.learning.expire(now)
        changed = self.learning.take_changed()
        self.routing.learned(changed)
        self.routing.expire(now)
        self._reshaped |= self._ways.settle()
        self._elect(events, changed, now)
        deltas = self.engine.run()
        self.quota.compiled()
        installs = self._issuer.issue(deltas, any(isinstance(event, ev.IntentChanged) for event in events), now)
        hellos = (_hello(*due) for due in self.discovery.due(now))
        frames = [*self.learning.take_frames(), *self.routing.take_frames(), *self.gateways.take_frames(), *hellos]
        frames = [frame for frame in frames if self.inventory.records[frame.dpid].connected]
        for dpid in self._quarantine.due(now):
            self._resync.ask(dpid, now)
        resyncs = map(ev.Resync, self._resync.due(now))
        asks = map(ev.AskTraffic, self._traffic.due(now))
        self._pulse.beat(now)
        self._failovers.settle(now)
        self._chronicle.look(now)
        return [*installs, *frames, *resyncs, *asks, *self._publish(events, changed, now)]

    def policy_lines(self) -> dict[int, tuple[str, int]]:
        """Network and line of each line of a policy, by its number in cookies. Any thread may ask."""
        return report.policy_lines(self.tenants.networks, self._ids)

    def deadline(self) -> float | None:
        """When to hand in a Tick if nothing else happens before."""
        times = (
            self.discovery.deadline(),
            self.damping.deadline(),
            self.learning.deadline(),
            self.routing.deadline(),
            self.gateways.deadline(),
            self._resync.deadline(),
            self._quarantine.deadline(),
            self._chronicle.deadline(),
            self._pulse.deadline(),
            self._traffic.deadline(),
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
                self._issuer.found(dpid, held)
                before = replace(self.inventory.record(dpid))
                self._connected(before, self.inventory.connect(dpid, ports), now)
            case ev.SwitchLost(dpid, reason):
                self._lost(dpid, reason, now)
                self.gateways.lost(dpid, now)
            case ev.Confirmed(dpid, token):
                self._answered(dpid, token, now)
            case ev.Refused(dpid, reason, part):
                self._refused(dpid, reason, part, now)
            case ev.TrafficTold(dpid, ports, more):
                self._traffic.told(dpid, ports, more, now)
            case ev.Counted(reason):
                self.drops[reason] += 1
            case ev.ClockSet(offset):
                self._wall.offset = offset
            case _:
                self._take_from_store(event, now)

    def _take_from_store(self, event: ev.Event, now: float) -> None:
        match event:
            case ev.IntentChanged():
                self._intend(event, now)
            case ev.Restored(known):
                self._restore(known, now)
            case ev.StoreReturned():
                self.ledger.forget(*EPHEMERAL)

    def _intend(self, event: ev.IntentChanged, now: float) -> None:
        self._serial = event.serial
        self._chronicle.asked(now)
        self.tenants.follow(event.intent)
        self.quota.follow(event.intent, lambda name: self._ids.number("network", name))
        self._redraw(now, ())
        for row in self.learning.recall():
            self.ledger.drop(state.Host, state.key(row))

    # switches and ports

    def _answered(self, dpid: int, token: int, now: float) -> None:
        """A switch has taken or refused all that it was told up to this token."""
        record = self.inventory.record(dpid)
        record.confirmed = token
        self._rollout.confirmed(dpid, token)
        if dpid in self._quarantine and record.confirmed == record.issued and not self._rollout.concerns(dpid):
            self._reshaped |= self._quarantine.settled(dpid)
            record.error = self._quarantine.error(dpid, self._whose)
            self._chronicle.refused(record, now)

    def _refused(self, dpid: int, reason: str, part: ev.Install | None, now: float) -> None:
        record = self.inventory.record(dpid)
        self.drops["refused-by-switch"] += 1
        if part is not None:
            self._quarantine.refused(part, reason)
            record.error = self._quarantine.error(dpid, self._whose)
            self._answered(dpid, part.token, now)
            return
        record.error = reason
        self._chronicle.refused(record, now)
        self._quarantine.open(dpid)
        self._resync.refused(dpid, now)
        self._rollout.forget(dpid)

    def _whose(self, network: int) -> str:
        return "fabric" if network == FABRIC else f"network {self.quota.name(network)}"

    def _connected(self, before: Record, record: Record, now: float) -> None:
        self._resync.over(record.dpid)
        self._rollout.forget(record.dpid)
        self.discovery.found(record.dpid, now)
        self._traffic.found(record.dpid, self._pulse.deadline() or now)
        self._redraw(now, (record.dpid,))
        self._chronicle.connected(before, record, now)

    def _lost(self, dpid: int, reason: str, now: float) -> None:
        record = self.inventory.record(dpid)
        if record.connected:
            self._chronicle.lost(record, reason, now)
        self.inventory.lose(dpid)
        record.error = reason
        self._issuer.lost(dpid)
        self._quarantine.forget(dpid)
        self._resync.over(dpid)
        self._rollout.forget(dpid)
        self.discovery.lost(dpid)
        self._traffic.lost(dpid)

    def _port_changed(self, event: ev.PortChanged, now: float) -> None:
        ports = self.inventory.record(event.dpid).ports
        port = (event.dpid, event.port.number)
        was_up = ports[port[1]].up if port[1] in ports else None
        if event.gone:
            ports.pop(event.port.number, None)
        else:
            ports[event.port.number] = event.port
        if was_up and not self.inventory.is_up(port) and not self.tenants.is_edge(port):
            self.damping.failed(port, now)
        self._chronicle.port(port, was_up, now)
        self._reporter.touch((event.dpid,))
        self._watch(port, now)

    def _redraw(self, now: float, connected: Iterable[int]) -> None:
        """A switch or an intent is new: say again which ports are edges, and who lives on them."""
        for dpid, record in self.inventory.records.items():
            self.engine.put(facts.SWITCH, dpid, record.index)
        accesses = self.tenants.resolve()
        self.gateways.follow(now)
        self.learning.reconsider(accesses)
        names = {dpid: record.name for dpid, record in self.inventory.records.items()}
        renamed = {dpid for dpid, name in names.items() if self._names.get(dpid) != name}
        if renamed:
            self.learning.rename(renamed)
        self._names = names
        touched = {*connected, *renamed, *(dpid for dpid, _, _ in accesses)}
        self._reporter.touch(touched)
        for dpid in touched:
            for number in self.inventory.records[dpid].ports:
                self._watch((dpid, number), now)

    def _watch(self, port: Port, now: float) -> None:
        """Discovery runs on ports that are up and no edge."""
        if not self.tenants.is_edge(port) and port[1] <= MAX_PORT and self.inventory.is_up(port):
            self.discovery.up(port, now)
        else:
            self.discovery.down(port)

    def _frame(self, event: ev.FrameArrived, now: float) -> None:
        port = (event.dpid, event.in_port)
        if event.table == Table.EGRESS:
            self.gateways.hello(event.dpid, event.metadata & MAX_NUMBER, event.data, now)
            return
        if event.table != Table.PORT:
            self._frame_of_host(port, event, now)
            return
        frame = lldp.decode(event.data)
        reason = self.discovery.received(port, frame, now) if isinstance(frame, lldp.LldpFrame) else frame.value
        if reason is not None:
            self.drops[reason] += 1

    def _frame_of_host(self, port: Port, event: ev.FrameArrived, now: float) -> None:
        """One that asks for a gateway's address may be told any of several MACs."""
        segment = event.metadata & MAX_NUMBER
        access = self.tenants.access(port, segment)
        asks = event.table == Table.SERVICE and access is not None
        if not (asks and access and self.gateways.asked(segment, access, parse(event.data), now)):
            self.learning.frame(port, event.table, event.metadata, event.data, now)

    # settling

    def _elect(self, events: tuple[ev.Event, ...], changed: Iterable[tuple[Address, Known | None]], now: float) -> None:
        """Gateways' members begin once their switches hold all they should, and are told what changed around them."""
        if self.gateways.waiting:
            records = self.inventory.records.items()
            settled = [dpid for dpid, r in records if r.connected and r.issued and r.confirmed == r.issued]
            self.gateways.ready(settled if self._rollout.idle else (), now)
        if self._reshaped or changed or not all(isinstance(event, _LITTLE) for event in events):
            self.gateways.look(now)
        self.gateways.expire(now)
        self.gateways.settle(now)

    # the store

    def _restore(self, known: state.State, now: float) -> None:
        self.ledger.restore(known)
        self._pulse.start(state.Controller(CONTROLLER, known.epoch + 1, self._software), now)
        self._applied = known.applied
        self._ids.restore(known.of(state.Id))
        self.inventory.restore(known.of(state.Switch), known.of(state.Port))
        self._reporter.restore(known)
        self.learning.remember(known.of(state.Host))
        self.gateways.restore(known)
        self.journal.restore(known.of(state.Event))
        self.drops.update({row.reason: row.count for row in known.of(state.Counter)})
        for row in known.of(state.Link):
            a, b = self.inventory.named(row.switch), self.inventory.named(row.peer)
            if a is not None and b is not None:
                self.discovery.restore(Link.between((a, row.port), (b, row.peer_port)), now)
        self._chronicle.started(self._software, known, now)

    def _publish(
        self, events: Iterable[ev.Event], changed: Iterable[tuple[Address, Known | None]], now: float
    ) -> list[ev.Effect]:
        for address, known in changed:
            row = report.host(self.inventory, self.tenants, address, known)
            self.ledger.put(row) if isinstance(row, state.Host) else self.ledger.drop(state.Host, row)
        standing, left = self.gateways.take_changed()
        for standing_now in standing:
            self.ledger.put(standing_now)
            self._interfaces.member(standing_now)
        for key in left:
            self.ledger.drop(state.GatewayState, key)
        little = all(isinstance(event, _LITTLE) for event in events)
        if not little or self._reshaped or (self._report_at or math.inf) <= now:
            self._report()
        elif self._report_at is None and any(isinstance(event, ev.FrameArrived | ev.Counted) for event in events):
            self._report_at = now + REPORT_INTERVAL
        for number in self._ids.take_fresh():
            self.ledger.put(number)
        settled = self.inventory.settled() and self._rollout.idle and self._resync.idle
        applied = self._serial if 0 != self._serial != self._applied and settled else None
        if applied is not None:
            self._applied = applied
            self._chronicle.in_force(applied, len(self.tenants.networks), now)
        changes = self.ledger.flush()
        return [ev.Publish(changes, applied)] if changes or applied is not None else []

    def _report(self) -> None:
        self._report_at, self._reshaped = None, False
        self._reporter.report(self._ways.links, self.damping.dampened, self.drops)


def _hello(port: Port, frame: lldp.LldpFrame) -> ev.SendFrame:
    return ev.SendFrame(port[0], CONTROLLER_PORT, (Output(port[1]),), lldp.encode(frame))
