"""A fabric in memory: the real control plane over reference switches, joined by links, in virtual time."""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping

from planes.control import events as ev
from planes.control.core import Core
from planes.control.facts import Access, Port
from planes.control.fragments.transport import group_id
from planes.data.delta import Command
from planes.data.label import label
from planes.data.packet import ethernet
from planes.data.rule import CONTROLLER_PORT, LOCAL_PORT, Rule, ToGroup
from planes.data.switch import Chooser, Result, Switch
from planes.data.traffic import PortCounts
from planes.model.intent import Attachment, Intent, Network, Segment
from planes.model.state import Change, Drop, Key, Put, Row, key

MAX_HOPS = 2000  # frames handled for one frame sent: more is a loop


Wanted = Intent | Mapping[str, Mapping[str, Iterable[Port | Access]]]


class Looped(AssertionError):
    """A frame went round and round."""


class Fabric:
    """Switches by datapath id (named s<dpid>), links between ports, and what came out of edge ports."""

    def __init__(self, switches: Iterable[int], links: Iterable[tuple[Port, Port]], edges: Iterable[Port]) -> None:
        self.core = Core(b"key of this run")
        self.now = 0.0
        self.switches = {dpid: Switch() for dpid in switches}
        self.links = {a: b for pair in links for a, b in (pair, pair[::-1])}
        self.edges = set(edges)
        self.accesses: set[Access] = set()  # of the intent
        self.down: set[Port] = set()
        self.connected: set[int] = set()
        self.received: dict[Port, list[bytes]] = defaultdict(list)
        self.rows: dict[type[Row], dict[Key, Row]] = {}
        self.applied = 0
        self.serial = 0
        self.room: dict[tuple[int, int], int] = {}  # by datapath id and table: how many rules it takes
        self.by_hand = False  # installs wait in `inbox` until `deliver`
        self.inbox: dict[int, deque[ev.Install]] = defaultdict(deque)
        self.carried: dict[Port, list[int]] = defaultdict(lambda: [0] * 8)  # a port's counters; see data.traffic
        self._wires: deque[tuple[Port, bytes]] = deque()
        self._events: deque[ev.Event] = deque()
        self._lags: dict[Port, int] = {}  # member -> the LAG's lowest port
        # as an outbox: what is refused until it is read back
        self._astray: dict[int, set[int | None]] = defaultdict(set)

    # what a test does

    def start(self, networks: Wanted) -> None:
        """Connect all switches, want these networks, and run until all links are known."""
        self.want(networks)
        for dpid in self.switches:
            self.connect(dpid)
        self.advance(1.0)

    def reconnect(self, dpid: int) -> None:
        """A switch's channel breaks and comes back; what was on its way to it is lost."""
        self.connected.discard(dpid)
        self.inbox[dpid].clear()
        self._astray[dpid].clear()
        self.give(ev.SwitchLost(dpid))
        self.connect(dpid)

    def want(self, networks: Wanted) -> None:
        """An intent, or networks as {network: {segment: ports}}."""
        self.serial += 1
        wanted = networks if isinstance(networks, Intent) else intent(networks)
        self.accesses, self._lags = set(), {}
        for at in (at for network in wanted.networks for segment in network.segments for at in segment.ports):
            dpid = int(at.switch.removeprefix("s"))
            self.accesses.add((dpid, at.port, at.vlan or 0))
            self._lags |= {(dpid, number): at.port for number in at.lag}
        self.give(ev.IntentChanged(self.serial, wanted))

    def connect(self, dpid: int) -> None:
        """A switch joins, as if new or back."""
        self.connected.add(dpid)
        self.give(self._introduced(dpid))

    def send(self, port: Port, dst: int, src: int, eth_type: int = 0x88B5, payload: bytes = b"x" * 46) -> set[Port]:
        """A host sends a frame; the edge ports that got exactly this frame."""
        return self.send_frame(port, ethernet(dst, src, eth_type, payload))

    def send_frame(self, port: Port, frame: bytes) -> set[Port]:
        """A host sends these bytes; the edge ports that got exactly them, each once."""
        self.received.clear()
        self._wires.append((port, frame))
        self._settle()
        for got, frames in self.received.items():
            assert frames.count(frame) <= 1, f"{got} got a frame {frames.count(frame)} times"
        return {got for got, frames in self.received.items() if frame in frames}

    def say(self, access: Access, frame: bytes, member: int | None = None) -> set[Access]:
        """A host sends a frame, under its access's tag, by a port of its LAG; the accesses that got it.

        Each got it once, and under the right tag.
        """
        dpid, port, vlan = access
        self.received.clear()
        self._wires.append(((dpid, member or port), tagged(frame, vlan) if vlan else frame))
        self._settle()
        heard = Counter(self._heard(at, data) for at, frames in self.received.items() for data in frames)
        got = {at: count for (at, data), count in heard.items() if data == frame}
        assert set(got.values()) <= {1}, f"a frame was received more than once: {got}"
        return set(got)

    def _heard(self, port: Port, data: bytes) -> tuple[Access, bytes]:
        """A frame that left by a port, as the access's host gets it."""
        dpid, first = port[0], self._lags.get(port, port[1])
        vlan = int.from_bytes(data[14:16], "big") & 0xFFF if data[12:14] == b"\x81\0" else 0
        tagged_one = vlan and (dpid, first, vlan) in self.accesses
        return ((dpid, first, vlan), data[:12] + data[16:]) if tagged_one else ((dpid, first, 0), data)

    def cut(self, port: Port) -> None:
        """A link loses carrier; both ends say so."""
        self._set_carrier(port, up=False)

    def mend(self, port: Port) -> None:
        """A link has carrier again."""
        self._set_carrier(port, up=True)

    def deliver(self, dpid: int) -> None:
        """By hand: a switch takes in the oldest install that waits for it, and confirms it."""
        self._install(self.inbox[dpid].popleft())
        self._settle()

    def waiting(self) -> list[int]:
        """By hand: the switches for which an install waits."""
        return sorted(dpid for dpid, installs in self.inbox.items() if installs)

    def follow_label(self, start: int, target: int, choose: Chooser) -> bool:
        """A label for a switch index leaves a switch; True when it gets there. Looped when it goes round."""
        index = self.core.inventory.records[target].index
        frame = ethernet(label(index, 1), 0x0200_0000_0001, 0x88B5, b"x" * 46)
        go = (ToGroup(group_id(index)),)
        at, result = start, self.switches[start].packet_out(go, CONTROLLER_PORT, frame, self._down(start), choose)
        for _ in range(4 * len(self.switches)):
            if not result.outputs:
                return False
            ((port, frame),) = result.outputs
            at, came = self.links[(at, port)]
            if at == target:
                return True
            result = self.switches[at].process(frame, came, self._down(at), choose)
        raise Looped(f"a label from switch {start} to {target} goes round")

    def advance(self, seconds: float) -> None:
        """Let time pass, tick by tick."""
        until = self.now + seconds
        while (deadline := self.core.deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.give(ev.Tick())
        self.now = until

    def give(self, event: ev.Event) -> None:
        """Hand one event to the control plane, and carry out all that follows."""
        self._events.append(event)
        self._settle()

    def table(self, table: type[Row]) -> list[Row]:
        """The rows of one state table."""
        return sorted(self.rows.get(table, {}).values())

    # how the world goes on

    def _settle(self) -> None:
        for _ in range(MAX_HOPS * 50):
            if self._events:
                effects = self.core.handle(self._events.popleft(), self.now)
                assert sum(isinstance(effect, ev.Publish) for effect in effects) <= 1
                for effect in effects:
                    self._perform(effect)
            elif self._wires:
                self._carry(MAX_HOPS)
            else:
                return
        raise Looped("the control plane never came to rest")

    def _carry(self, hops: int) -> None:
        while self._wires:
            hops -= 1
            if hops < 0:
                raise Looped("a frame loops")
            (dpid, port), frame = self._wires.popleft()
            self._count((dpid, port), frame, sent=0)
            self._follow(dpid, self.switches[dpid].process(frame, port, self._down(dpid)))

    def _follow(self, dpid: int, result: Result) -> None:
        for port, frame in result.outputs:
            at = (dpid, port)
            self._count(at, frame, sent=1)
            if at in self.links:
                self._wires.append((self.links[at], frame))
            else:
                self.received[at].append(frame)
        if dpid in self.connected:
            self._events.extend(ev.FrameArrived(dpid, p.in_port, p.table, p.metadata, p.frame) for p in result.punts)

    def _perform(self, effect: ev.Effect) -> None:
        match effect:
            case ev.Install(dpid) if self.by_hand:
                self.inbox[dpid].append(effect)
            case ev.Install():
                self._install(effect)
            case ev.Resync(dpid):
                self._astray[dpid].clear()
                self._events.append(self._introduced(dpid))
            case ev.SendFrame(dpid, in_port, actions, data):
                self._follow(dpid, self.switches[dpid].packet_out(actions, in_port, data, self._down(dpid)))
            case ev.AskTraffic(dpid):
                self._events.append(ev.TrafficTold(dpid, tuple(map(self._counted, self._ports(dpid)))))
            case ev.Publish(changes, applied):
                self._publish(changes)
                self.applied = self.applied if applied is None else applied

    def _count(self, port: Port, frame: bytes, sent: int) -> None:
        self.carried[port][sent] += 1
        self.carried[port][2 + sent] += len(frame)

    def _counted(self, port: Port) -> PortCounts:
        a, b, c, d, e, f, g, h = self.carried[port]
        return PortCounts(port[1], (a, b, c, d, e, f, g, h), self.now)

    def _install(self, install: ev.Install) -> None:
        dpid, part = install.dpid, install if install.network is not None else None
        astray = self._astray[dpid]
        if None in astray:
            return
        if install.network in astray or not self._fits(install):
            astray |= {install.network} - {0}
            self._events.append(ev.Refused(dpid, "OFPFMFC_TABLE_FULL", part))
            return
        for mod in install.mods:
            self.switches[dpid].apply(mod)
        self._events.append(ev.Confirmed(dpid, install.token))

    def _fits(self, install: ev.Install) -> bool:
        """Whether no table overflows on the way."""
        if all(dpid != install.dpid for dpid, _ in self.room):
            return True
        held = {entry.key for entry in self.switches[install.dpid].entries() if isinstance(entry, Rule)}
        load = Counter(table for table, _, _ in held)
        for mod in install.mods:
            if isinstance(mod.entry, Rule) and (mod.command is Command.DELETE) == (mod.entry.key in held):
                comes = mod.command is not Command.DELETE
                held ^= {mod.entry.key}
                load[mod.entry.table] += 1 if comes else -1
                if comes and load[mod.entry.table] > self.room.get((install.dpid, mod.entry.table), math.inf):
                    return False
        return True

    def _publish(self, changes: Iterable[Change]) -> None:
        """No row is told twice at once."""
        about = [(type(c.row), key(c.row)) if isinstance(c, Put) else (c.table, c.key) for c in changes]
        assert len(set(about)) == len(about), f"a row is told twice: {about}"
        for change in changes:
            match change:
                case Put(row):
                    self.rows.setdefault(type(row), {})[key(row)] = row
                case Drop(table, at):
                    del self.rows[table][at]

    def _set_carrier(self, port: Port, *, up: bool) -> None:
        for end in (port, self.links.get(port)):
            if end is not None:
                (self.down.discard if up else self.down.add)(end)
                self._events.append(ev.PortChanged(end[0], self._described(end)))
        self._settle()

    def _down(self, dpid: int) -> frozenset[int]:
        return frozenset(port for at, port in self.down if at == dpid)

    def _ports(self, dpid: int) -> list[Port]:
        return sorted(port for port in {*self.links, *self.edges} if port[0] == dpid)

    def _described(self, port: Port) -> ev.PortDescription:
        return ev.PortDescription(port[1], f"s{port[0]}-eth{port[1]}", port not in self.down)

    def _introduced(self, dpid: int) -> ev.SwitchConnected:
        ports = (self._local(dpid), *map(self._described, self._ports(dpid)))
        return ev.SwitchConnected(dpid, ports, frozenset(self.switches[dpid].entries()))

    @staticmethod
    def _local(dpid: int) -> ev.PortDescription:
        return ev.PortDescription(LOCAL_PORT, f"s{dpid}", up=False)


def intent(networks: Mapping[str, Mapping[str, Iterable[Port | Access]]]) -> Intent:
    """An intent from {network: {segment: ports}}, with switches named s<dpid>; a port may have a VLAN id."""
    return Intent(
        "test", tuple(Network(n, tuple(_segment(s, p) for s, p in parts.items())) for n, parts in networks.items())
    )


def _segment(name: str, ports: Iterable[Port | Access]) -> Segment:
    return Segment(name, (), tuple(attached(*at) for at in sorted(ports)))


def attached(dpid: int, port: int, vlan: int = 0, *lag: int) -> Attachment:
    """A port of a segment; `lag`: the further ports of the LAG whose lowest it is."""
    return Attachment(f"s{dpid}", port, vlan or None, lag)


def tagged(frame: bytes, vlan: int) -> bytes:
    """The frame under one more IEEE 802.1Q tag."""
    return frame[:12] + b"\x81\0" + vlan.to_bytes(2, "big") + frame[12:]
