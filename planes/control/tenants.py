"""From the intent to facts, network by network: what did not change is not looked at again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from itertools import chain

from planes.control import facts
from planes.control.engine import Engine
from planes.control.facts import Access, Edge, EdgePort, Port
from planes.control.ids import Ids, IdsExhausted
from planes.control.inventory import Inventory
from planes.control.realize import Placed, Realized, place, realize, segment_name, slot_name
from planes.model.intent import Intent, Network


class Tenants:
    """The networks of the intent, as far as their switches are known."""

    def __init__(self, ids: Ids, inventory: Inventory, engine: Engine, drops: Counter[str]) -> None:
        self._ids, self._inventory, self._engine, self._drops = ids, inventory, engine, drops
        self._wanted: dict[str, Network] = {}
        self._stale: set[str] = set()  # networks that are wanted otherwise than realized, or no more
        self._switches: dict[str, set[str]] = defaultdict(set)  # by switch name: the networks that name it
        self._dpids: dict[str, int | None] = {}  # what these names stood for when last resolved
        self._as_named = 0  # the inventory's count of names, when last resolved
        self._placed: dict[str, Placed] = {}
        self._realized: dict[str, Realized] = {}
        self._claimants: dict[Access, set[str]] = defaultdict(set)  # networks that want an access
        self._members: dict[Port, dict[Access, tuple[int, ...]]] = defaultdict(dict)  # by a LAG's lowest port
        self._lags: dict[Port, Port] = {}  # member of a LAG -> its lowest port
        self._taken: dict[int, dict[Port, frozenset[int]]] = defaultdict(dict)  # by segment: VLANs beside it
        self._native: dict[Port, int] = {}  # the segment of a port's untagged access
        self._by_segment: dict[tuple[int, int, int], Access] = {}  # datapath id, port, segment
        self._numbers: dict[str, dict[str, int]] = {}  # by network and segment
        self._names: dict[int, tuple[str, str]] = {}

    def follow(self, intent: Intent) -> None:
        """Another intent is wanted from now on; `resolve` carries it out."""
        self._inventory.plan(intent.switches)
        before, self._wanted = self._wanted, {network.name: network for network in intent.networks}
        for name in before.keys() | self._wanted.keys():
            old, new = before.get(name), self._wanted.get(name)
            if old is not new and old != new:
                self._stale.add(name)
                self._name_switches(name, old, new)

    def resolve(self) -> frozenset[Access]:
        """Tell the engine what changed: intent, names or switches. The accesses that came, left or changed.

        An access that several networks want is the first one's by name. A network for which no numbers are left is
        counted, and is as if it were not wanted.
        """
        stale = self._stale | self._renamed()
        self._stale = set()
        for access in self._claim(stale):
            stale |= self._claimants.get(access, set())
        return self._apply({name: self._realize(name) for name in sorted(stale)})

    @property
    def networks(self) -> Collection[Network]:
        """The networks that are wanted."""
        return self._wanted.values()

    def edge(self, access: Access) -> Edge | None:
        """What frames from an access enter, None when it is none."""
        return self._engine.facts.table(facts.ACCESS).get(access)

    def access(self, port: Port, segment: int) -> Access | None:
        """The access of a port, or of the LAG it is in, to a segment."""
        return self._by_segment.get((*self._lags.get(port, port), segment))

    def is_edge(self, port: Port) -> bool:
        """A port has accesses, or is in a LAG that has: no link to another switch is looked for there."""
        return port in self._lags

    def members(self, access: Access) -> tuple[Port, ...]:
        """The ports that an access is made of."""
        return tuple((access[0], number) for number in self._members.get(access[:2], {}).get(access, (access[1],)))

    def accesses(self, number: int) -> tuple[Access, ...]:
        """The accesses of a segment."""
        segment = self._engine.facts.table(facts.SEGMENT).get(number)
        return segment.accesses if segment else ()

    def number(self, network: str, segment: str) -> int | None:
        """A segment's number by its names, None when the intent has none such."""
        return self._numbers.get(network, {}).get(segment)

    def names(self, number: int) -> tuple[str, str]:
        """Network and segment by the segment's number."""
        return self._names[number]

    def slot(self, number: int, address: str) -> int:
        """The slot of an address of a segment: a MAC in text, or the name of a flood. IdsExhausted."""
        return self._ids.number("slot", slot_name(*self._names[number], address))

    # what is stale

    def _name_switches(self, name: str, old: Network | None, new: Network | None) -> None:
        for switch in _switches(old):
            self._switches[switch].discard(name)
        for switch in _switches(new):
            self._switches[switch].add(name)
            self._dpids.setdefault(switch, self._inventory.named(switch))

    def _renamed(self) -> set[str]:
        """The networks that name switches which these names did not stand for before."""
        if self._as_named != self._inventory.names:
            self._as_named = self._inventory.names
            found = {switch: self._inventory.named(switch) for switch in self._switches}
            changed = [switch for switch, dpid in found.items() if dpid != self._dpids.get(switch)]
            self._dpids = found
            return set(chain.from_iterable(self._switches[switch] for switch in changed))
        return set()

    def _claim(self, stale: Iterable[str]) -> set[Access]:
        """Say what accesses these networks want now; those that came or left."""
        moved: set[Access] = set()
        for name in stale:
            old = self._placed.pop(name, None)
            network = self._wanted.get(name)
            if network is not None:
                self._placed[name] = place(network, self._inventory.named)
            before, after = _accesses(old), _accesses(self._placed.get(name))
            for access in before - after:
                self._claimants[access].discard(name)
                if not self._claimants[access]:
                    del self._claimants[access]
            for access in after - before:
                self._claimants[access].add(name)
            moved |= before ^ after
        return moved

    def _realize(self, name: str) -> Realized:
        placed = self._placed.get(name)
        if placed is None:
            self._numbers.pop(name, None)
            return {}
        try:
            numbers = {
                each.name: self._ids.number("segment", segment_name(name, each.name))
                for each in placed.network.segments
            }
            realized = realize(placed.only(lambda access: min(self._claimants[access]) == name), self._ids)
        except IdsExhausted:
            self._drops["numbers-exhausted"] += 1
            numbers, realized = {}, {}
        self._numbers[name] = numbers
        self._names |= {number: (name, segment) for segment, number in numbers.items()}
        return realized

    # telling the engine

    def _apply(self, wanted: dict[str, Realized]) -> frozenset[Access]:
        """Drop what is no more before anything is put: a thing may pass from one network to another."""
        before = {name: self._realized.pop(name, {}) for name in wanted}
        for name, new in wanted.items():
            for kind, table in before[name].items():
                for key in table.keys() - new.get(kind, {}).keys():
                    self._engine.drop(kind, key)
        for new in wanted.values():
            for kind, table in new.items():
                for key, value in table.items():
                    self._engine.put(kind, key, value)
        self._realized |= {name: new for name, new in wanted.items() if new}
        self._index(before, wanted)
        return frozenset(chain.from_iterable(_differing(before[name], wanted[name]) for name in wanted))

    def _index(self, before: dict[str, Realized], wanted: dict[str, Realized]) -> None:
        """Keep the indexes by access, and the ports that have any."""
        ports: set[Port] = set()
        for old in before.values():
            for access, edge in old.get(facts.ACCESS, {}).items():
                self._by_segment.pop((*access[:2], edge.segment), None)
                self._members[access[:2]].pop(access, None)
                ports.add(access[:2])
        for name, new in wanted.items():
            placed = self._placed.get(name)
            attachments = {access: at for access, at, _ in placed.attachments()} if placed else {}
            for access, edge in new.get(facts.ACCESS, {}).items():
                at = attachments[access]
                self._by_segment[access[0], access[1], edge.segment] = access
                self._members[access[:2]][access] = (at.port, *at.lag)
                ports.add(access[:2])
        self._tell_ports(ports)
        self._tell_taken(ports)

    def _tell_taken(self, ports: set[Port]) -> None:
        """Where a segment is untagged, its guests' tags must not be the VLANs of others on that port."""
        touched: set[int] = set()
        for port in ports:
            if port in self._native:
                touched.add(self._native[port])
                self._taken[self._native.pop(port)].pop(port, None)
            edge = self.edge((*port, 0))
            if edge is not None:
                touched.add(edge.segment)
                self._native[port] = edge.segment
                self._taken[edge.segment][port] = frozenset(vlan for _, _, vlan in self._members[port] if vlan)
        for segment in touched:
            vlans = frozenset().union(*self._taken[segment].values())
            if vlans:
                self._engine.put(facts.TAKEN, segment, tuple(sorted(vlans)))
            else:
                self._engine.drop(facts.TAKEN, segment)

    def _tell_ports(self, ports: set[Port]) -> None:
        """A port that was in a LAG may be one of its own now, and the other way round."""
        known = self._engine.facts.table(facts.EDGE_PORT)
        freed = {(port[0], number) for port in ports if port in known for number in known[port].members}
        for member in freed:
            self._lags.pop(member, None)
        for port in sorted(ports | {member for member in freed if self._members.get(member)}):
            members = max(self._members[port].values(), key=len, default=())
            mine = tuple(number for number in members if self._lags.get((port[0], number), port) == port)
            self._lags |= {(port[0], number): port for number in mine}
            if mine:
                self._engine.put(facts.EDGE_PORT, port, EdgePort(mine))
            else:
                self._engine.drop(facts.EDGE_PORT, port)
            if not members:
                del self._members[port]


def _switches(network: Network | None) -> set[str]:
    if network is None:
        return set()
    members = {member.switch for each in network.segments if each.gateway for member in each.gateway.members}
    return members | {at.switch for segment in network.segments for at in segment.ports}


def _accesses(placed: Placed | None) -> set[Access]:
    return {access for access, _, _ in placed.attachments()} if placed else set()


def _differing(old: Realized, new: Realized) -> set[Access]:
    """The accesses that came, left or changed, were bound otherwise, or whose segment's gateway has other addresses."""
    found: set[Access] = set()
    for kind in (facts.ACCESS, facts.BINDING):
        before, after = old.get(kind, {}), new.get(kind, {})
        found |= {access for access in before.keys() | after.keys() if before.get(access) != after.get(access)}
    before, after = old.get(facts.GATEWAY, {}), new.get(facts.GATEWAY, {})
    for number, gateway in after.items():
        if gateway != before.get(number):
            found |= set(new[facts.SEGMENT][number].accesses)
    return found
