"""`python -m benches.scale_core WHAT ...`: the controller's core and its outboxes on a fat-tree, without sockets.

A process of its own for each size, so that one size's objects burden no other's garbage collector. Switches are
simulated: they answer every barrier at once. Prints JSON.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from time import process_time

from benches.scale_tree import Guest, Port, Tenants, Tree, with_line
from controller.outbox import Outbox
from planes.control import events as ev
from planes.control.core import Core
from planes.data.pipeline import Table
from planes.data.rule import LOCAL_PORT
from planes.model.intent import Intent

START, LATER = 0.0, 1.0  # seconds: when the fabric comes up, and when the measured events happen
HOSTS_A_NETWORK = 10

_BARRIER = struct.Struct("!BBHI")
_VERSION, _BARRIER_REQUEST = 4, 20


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor from an event to its last message, for nothing here waits, and the modifications."""

    seconds: float
    mods: int


class Bed:
    """A core, and an outbox for each connected switch."""

    def __init__(self) -> None:
        self.core = Core(b"key of this bench")
        self._outboxes: dict[int, Outbox] = {}
        self._events: deque[ev.Event] = deque()
        self._asked: deque[tuple[int, int]] = deque()  # barriers to answer: datapath id, transaction id
        self._mods, self._ready = 0, 0.0

    def connect(self, dpid: int, ports: Iterable[tuple[int, str]]) -> Cost:
        """An empty switch is there."""
        described = tuple(ev.PortDescription(number, name, number != LOCAL_PORT) for number, name in ports)
        self._outboxes[dpid] = Outbox(dpid, self._sender(dpid), self._events.append, lambda _: None, _hung_up)
        return self.give([ev.SwitchConnected(dpid, described)], START)

    def give(self, events: Iterable[ev.Event], now: float) -> Cost:
        """Hand in events, and carry out all that follows: effects, answers, what they bring."""
        self._mods, self._ready = 0, process_time()
        begun = self._ready
        self._events.extend(events)
        while self._events or self._asked:
            if self._events:
                for effect in self._handled(now):
                    self._perform(effect)
            else:
                dpid, xid = self._asked.popleft()
                self._outboxes[dpid].barrier(xid)
        return Cost(self._ready - begun, self._mods)

    def _handled(self, now: float) -> list[ev.Effect]:
        """What follows from all that has happened."""
        events = list(self._events)
        self._events.clear()
        return self.core.handle_all(events, now)

    def _perform(self, effect: ev.Effect) -> None:
        match effect:
            case ev.Install(dpid, mods):
                self._mods += len(mods)
                self._outboxes[dpid].install(effect)
            case ev.SendFrame(dpid):
                self._outboxes[dpid].frame(effect)
            case ev.Resync(dpid):
                raise SystemExit(f"switch {dpid} is astray, and nothing here refuses anything")
            case ev.Publish():
                self._ready = process_time()  # the store's thread has it from here on

    def _sender(self, dpid: int) -> Callable[[bytes], None]:
        def send(data: bytes) -> None:
            """A barrier comes last in what is sent."""
            self._ready = process_time()
            version, kind, _, xid = _BARRIER.unpack(data[-_BARRIER.size :])
            if (version, kind) == (_VERSION, _BARRIER_REQUEST):
                self._asked.append((dpid, xid))

        return send


def _hung_up(reason: str) -> None:
    raise SystemExit(f"a switch is hung up on: {reason}")


@dataclass(frozen=True)
class Standing:
    """A fabric that is up, and what its coming up took."""

    bed: Bed
    intent: Intent
    fresh: list[Guest]  # hosts that were not heard yet
    compiled: float  # seconds
    connected: float  # seconds, all switches together
    rules: int


def stand(tenants: Tenants, fresh: int) -> Standing:
    """A controller starts, all known but a host in each of the first networks, and its switches connect."""
    guests = tenants.guests()
    each = tenants.hosts // tenants.networks
    absent = guests[: fresh * each : each]
    bed, intent = Bed(), tenants.intent(guests)
    known, ports = tenants.known(guests, frozenset(absent)), tenants.ports(guests)
    begun = process_time()
    bed.give([ev.Restored(known), ev.IntentChanged(1, intent)], START)
    compiled = process_time() - begun
    costs = [bed.connect(dpid, numbers) for dpid, numbers in ports.items()]
    rules = sum(bed.core.engine.size(dpid) for dpid in ports)
    return Standing(bed, intent, absent, compiled, sum(cost.seconds for cost in costs), rules)


def events(hosts: int, runs: int) -> dict[str, list[Cost]]:
    """What a host learned, a link lost and a policy line changed take, in a fabric of that many hosts."""
    tree = Tree()
    up = stand(Tenants(tree, hosts // HOSTS_A_NETWORK, hosts), runs)
    found: dict[str, list[Cost]] = {"host": [], "link": [], "policy": []}
    for guest in up.fresh:
        found["host"].append(
            up.bed.give([ev.FrameArrived(*guest.port, Table.GUARD, guest.metadata, guest.greeting())], LATER)
        )
    links = list(tree.links())
    for link in links[:: len(links) // (2 * runs)][:runs]:  # each another switch of another pod
        found["link"].append(up.bed.give([_down(end) for end in link], LATER))
    intent = up.intent
    for serial in range(runs):
        intent = with_line(intent, serial * len(intent.networks) // runs)
        found["policy"].append(up.bed.give([ev.IntentChanged(serial + 2, intent)], LATER))
    return found


def compiled(pods: int, uplinks: int, networks: int, hosts: int) -> dict[str, float]:
    """What it takes to compile all from nothing, to have the messages ready for switches that hold nothing, and MB."""
    up = stand(Tenants(Tree(pods, uplinks), networks, hosts), 0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"compile": up.compiled, "connect": up.connected, "memory": peak, "rules": up.rules}


def _down(end: Port) -> ev.PortChanged:
    dpid, number = end
    return ev.PortChanged(dpid, ev.PortDescription(number, f"s{dpid}-eth{number}", up=False))


def main() -> None:
    """`events HOSTS RUNS`, or `compile PODS UPLINKS NETWORKS HOSTS`."""
    what, *numbers = sys.argv[1:]
    match what, [int(each) for each in numbers]:
        case "events", [hosts, runs]:
            costs = events(hosts, runs)
            answer: object = {name: [asdict(cost) for cost in found] for name, found in costs.items()}
        case "compile", [pods, uplinks, networks, hosts]:
            answer = compiled(pods, uplinks, networks, hosts)
        case _:
            sys.exit(f"usage: {main.__doc__}")
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
