"""Facts in, changed rules out.

Each fragment is a pure function from one anchor fact (and what else it reads) to entries on switches. When a
fact changes, the fragments that read it run again; what differs from their last result is the delta. A full
recompile is the same functions over all facts, and the two always agree.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from planes.control.facts import Facts, K, Kind, Read, V, View
from planes.data import wire
from planes.data.delta import Delta, arranged
from planes.data.pipeline import check
from planes.data.rule import Entry, Key, Rule

OWNER = 0x7470  # the top 16 bits of every cookie of ours: "tp"

Placed = tuple[int, Entry]  # datapath id, entry
Name = tuple[str, object]  # fragment kind, key of its anchor
Place = tuple[int, Key]  # datapath id, and what two entries of one switch may not share
Result = Mapping[Place, Entry]  # of a fragment
Share = Callable[[Kind[Any, Any], Any, Facts], int]  # whose a fragment's entries are, by its anchor: a network's number


@dataclass(frozen=True)
class Fragment:
    """A compile function and the kind of fact that each of its instances stands on."""

    name: str
    anchor: Kind[Any, Any]
    compile: Callable[[View, Any], Iterable[Placed]]


class Conflict(ValueError):
    """Two fragments want the same table, priority and match, or the same id: a bug in one of them."""


_NOTHING: Result = {}


def nobodys(_: Kind[Any, Any], __: object, ___: Facts) -> int:
    """The share of who has none: network 0."""
    return 0


class Engine:
    """Facts, the fragments made of them, and the entries that each switch must hold, counted by network."""

    def __init__(self, fragments: Iterable[Fragment], share: Share = nobodys) -> None:
        self.facts = Facts()
        self._share = share
        self._networks: dict[Name, int] = {}
        self._loads: dict[int, Counter[int]] = defaultdict(Counter)  # network -> datapath id -> entries
        self._fragments = {fragment.name: fragment for fragment in fragments}
        self._anchored: dict[Kind[Any, Any], list[str]] = defaultdict(list)
        for fragment in self._fragments.values():
            self._anchored[fragment.anchor].append(fragment.name)
        self._results: dict[Name, Result] = {}
        self._reads: dict[Name, set[Read]] = {}
        self._readers: dict[Read, set[Name]] = defaultdict(set)
        self._owners: dict[int, dict[Key, tuple[Name, Entry]]] = defaultdict(dict)
        self._dirty: dict[Name, None] = {}  # a set that keeps its order

    def put(self, kind: Kind[K, V], key: K, value: V) -> None:
        """A fact is new or has changed."""
        if self.facts.put(kind, key, value):
            self._touch(kind, key)

    def drop(self, kind: Kind[K, V], key: K) -> None:
        """A fact is no more."""
        if self.facts.drop(kind, key):
            self._touch(kind, key)

    def replace(self, kind: Kind[K, V], wanted: dict[K, V]) -> None:
        """Make the facts of a kind exactly these."""
        for key in self.facts.table(kind).keys() - wanted.keys():
            self.drop(kind, key)
        for key, value in wanted.items():
            self.put(kind, key, value)

    def run(self) -> dict[int, Delta]:
        """Recompile what changed; the delta of each switch, by datapath id. Conflict, StrayRule."""
        gone: dict[int, dict[Key, Entry]] = defaultdict(dict)
        made: dict[int, dict[Key, Entry]] = defaultdict(dict)
        fresh: list[tuple[Name, Result]] = []
        for name in self._dirty:
            before, after = self._results.get(name, _NOTHING), self._compile(name)
            load = self._loads[self._network(name, before)]
            if before:
                for (dpid, key), entry in _lacking(before, after).items():
                    del self._owners[dpid][key]
                    load[dpid] -= 1
                    gone[dpid][key] = entry
                after = _lacking(after, before)
            fresh.append((name, after))
        for name, entries in fresh:
            for (dpid, key), entry in entries.items():
                self._claim(name, dpid, key, entry)
                self._loads[self._networks[name]][dpid] += 1
                made[dpid][key] = entry
        self._dirty.clear()
        deltas = {dpid: arranged(gone[dpid], made[dpid]) for dpid in sorted(gone.keys() | made.keys())}
        return {dpid: mods for dpid, mods in deltas.items() if mods}

    def entries(self, dpid: int) -> tuple[Entry, ...]:
        """All that a switch must hold now, after `run`."""
        return tuple(entry for _, entry in self._owners[dpid].values())

    def size(self, dpid: int) -> int:
        """How many entries that is."""
        return len(self._owners[dpid])

    def owner(self, dpid: int, entry: Entry) -> Name | None:
        """The fragment that wants an entry of this key on a switch, None when none does."""
        held = self._owners[dpid].get(entry.key)
        return held[0] if held else None

    def network(self, dpid: int, entry: Entry) -> int:
        """Whose entry it is: the number of a network, 0 for the fabric's own and for one that nobody wants."""
        name = self.owner(dpid, entry)
        return self._networks[name] if name else 0

    def load(self, network: int) -> Mapping[int, int]:
        """How many entries a network has, by datapath id; not to be changed."""
        return self._loads[network]

    def growth(self, wanted: Iterable[tuple[Kind[Any, Any], Any, object]]) -> Counter[int]:
        """How many entries more each switch would hold after `run`, were these facts so: (kind, key, value)."""
        puts, missing = list(wanted), object()
        before = [self.facts.table(kind).get(key, missing) for kind, key, _ in puts]
        for put in puts:
            self.facts.put(*put)
        grown: Counter[int] = Counter()
        for name in {name for kind, key, _ in puts for name in self._concerned(kind, key)}:
            fragment, key = self._fragments[name[0]], name[1]
            if key in self.facts.table(fragment.anchor):
                grown.update(dpid for dpid, _ in fragment.compile(View(self.facts), key))
            grown.subtract(dpid for dpid, _ in self._results.get(name, ()))
        for (kind, key, _), value in zip(puts, before, strict=True):
            self.facts.drop(kind, key) if value is missing else self.facts.put(kind, key, value)
        return grown

    def recompiled(self) -> Engine:
        """All fragments run anew over the same facts: what this engine must agree with."""
        other = Engine(self._fragments.values(), self._share)
        other.facts = self.facts
        for kind, fragments in self._anchored.items():
            other._dirty |= dict.fromkeys((name, key) for key in self.facts.table(kind) for name in fragments)
        other.run()
        return other

    def _touch(self, kind: Kind[Any, Any], key: object) -> None:
        self._dirty.update(dict.fromkeys(self._concerned(kind, key)))

    def _concerned(self, kind: Kind[Any, Any], key: object) -> Iterator[Name]:
        """The fragments that a fact is for, or that read it."""
        yield from ((fragment, key) for fragment in self._anchored.get(kind, ()))
        yield from self._readers.get((kind, key), ())

    def _network(self, name: Name, before: Iterable[Place]) -> int:
        """Whose the entries of a fragment are. A port may pass to another network: then what it had goes along."""
        old = self._networks.pop(name, 0)
        if name not in self._results:
            return old
        new = self._networks[name] = self._share(self._fragments[name[0]].anchor, name[1], self.facts)
        if new != old:
            for dpid, _ in before:
                self._loads[old][dpid] -= 1
                self._loads[new][dpid] += 1
        return new

    def _compile(self, name: Name) -> Result:
        for read in self._reads.pop(name, ()):
            self._readers[read].discard(name)
        fragment, key = self._fragments[name[0]], name[1]
        if key not in self.facts.table(fragment.anchor):
            self._results.pop(name, None)
            return _NOTHING
        view, result = View(self.facts), dict[Place, Entry]()
        signature = OWNER << 48 | fragment_number(name) << 16
        for dpid, entry in fragment.compile(view, key):
            signed = _signed(entry, signature) if isinstance(entry, Rule) else entry
            if (other := result.setdefault((dpid, entry.key), signed)) is not signed and other != signed:
                raise Conflict(f"switch {dpid:016x}: {name} wants two of {entry.key}")
        self._reads[name], self._results[name] = view.reads, result
        for read in view.reads:
            self._readers[read].add(name)
        return result

    def _claim(self, name: Name, dpid: int, key: Key, entry: Entry) -> None:
        claim = name, entry
        held = self._owners[dpid].setdefault(key, claim)
        if held is not claim:
            raise Conflict(f"switch {dpid:016x}: {name} and {held[0]} both want {key}")


def _lacking(some: Result, others: Result) -> Result:
    """What is in the one and not, or otherwise, in the other."""
    return {place: entry for place, entry in some.items() if others.get(place) != entry}


def _signed(rule: Rule, signature: int) -> Rule:
    """A rule with its cookie: owner 16 bits, fragment 32, content 16."""
    check(rule)
    return Rule(*rule[:-1], signature | crc32(wire.content(rule)) & 0xFFFF)


def fragment_number(name: Name) -> int:
    """The 32 bits that stand for a fragment in a cookie, the same in every run."""
    return crc32(repr(name).encode())
