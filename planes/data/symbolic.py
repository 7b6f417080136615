"""The reference switch for all frames at once: what becomes of every header that comes in, by which rules.

Meters never drop here, conntrack may say anything, and a hash may choose any live bucket. What a stranger's entry does
for which there are no words is told as such. Sound: what can happen to a frame is among the outcomes of its header.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from planes.data import fields as f
from planes.data import headers as h
from planes.data.altering import again, changed, decremented, untracked
from planes.data.candidates import KEY, Candidates, Compiled
from planes.data.headers import Cube, Headers, Undecided, span
from planes.data.legal import refusal
from planes.data.liveness import action_set, live
from planes.data.parcel import Parcel
from planes.data.rule import (
    CONTROLLER_PORT,
    Action,
    DecTtl,
    Entry,
    Group,
    GroupType,
    Load,
    Move,
    Output,
    PopVlan,
    Punt,
    PushVlan,
    Resubmit,
    Rule,
    SetField,
    ToGroup,
    Track,
)
from planes.data.switch import MAX_DEPTH, Drop, Step

MAX_WORK = 100_000  # rules met by one set of frames at one switch


# A table that was looked into, and what was known then of in_port, metadata and eth_dst; or a group by its number.
Visit = tuple[int, int, int] | tuple[int]


class Fate(Enum):
    """What becomes of a parcel at a switch."""

    OUT = "put out of a port"
    CONTROLLER = "sent to the controller"
    DROPPED = "dropped"
    STOPPED = "came to a table where the run ends"
    GROUP = "handed to a group that chooses by liveness or hash"
    UNKNOWN = "met what there are no words for"


@dataclass(frozen=True)
class Outcome:
    """What became of some frames. `number`: the port, table or group where; `why` they were dropped, if no rule did."""

    fate: Fate
    number: int
    parcel: Parcel
    why: Drop | None = None


class SymbolicSwitch:
    """The rules and groups of one switch, to be run on parcels."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._tables: dict[int, Candidates] = {}
        self.groups: dict[int, Group] = {}
        self._strange: set[int] = set()  # groups
        self._choices: dict[tuple[int, frozenset[int]], tuple[int, ...]] = {}
        self._insert(entries)

    def _insert(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if isinstance(entry, Rule):
                self._tables.setdefault(entry.table, Candidates()).insert(entry)
            elif isinstance(entry, Group):
                self.groups[entry.id] = entry
                if refusal(entry) is not None:
                    self._strange.add(entry.id)

    def after(self, gone: Iterable[Entry], come: Iterable[Entry]) -> SymbolicSwitch:
        """A switch that holds others instead of some of these."""
        new = SymbolicSwitch(())
        left = {*gone}
        groups = {entry.id for entry in left if isinstance(entry, Group)}
        new.groups = {number: group for number, group in self.groups.items() if number not in groups}
        new._strange = self._strange - groups
        changed = {entry.table for entry in (*left, *come) if isinstance(entry, Rule)}
        for number, table in self._tables.items():
            new._tables[number] = table.without(left) if number in changed else table
        new._insert(come)
        return new

    def run(
        self,
        parcel: Parcel,
        table: int = 0,
        down: frozenset[int] = frozenset(),
        stop: frozenset[int] = frozenset(),
        defer: bool = False,
        seen: set[Visit] | None = None,
    ) -> list[Outcome]:
        """What becomes of a parcel from a table on. Undecided.

        A frame has each outcome whose parcel it is in; of those that differ in what was chosen at one place, one.
        With `defer` groups that choose are not entered. What the outcomes stand on is added to `seen`.
        """
        run = _Run(self, down, stop, defer, seen)
        run.enter(table, parcel)
        return run.outcomes

    def expand(
        self, group: int, parcel: Parcel, down: frozenset[int] = frozenset(), seen: set[Visit] | None = None
    ) -> list[Outcome]:
        """What becomes of a parcel that is handed to a group. Undecided."""
        run = _Run(self, down, frozenset(), False, seen)
        run.to_group(group, parcel)
        return run.outcomes

    def table(self, number: int) -> Candidates | None:
        return self._tables.get(number)

    def choice(self, group: Group, down: frozenset[int]) -> tuple[int, ...]:
        """The buckets of which one is taken; of those that do the same, the first."""
        key = group.id, down
        if key not in self._choices:
            alive = list(live(self.groups, group, down))
            found: dict[tuple[Action, ...], int] = {}
            for index in alive[:1] if group.type is GroupType.FAST_FAILOVER else alive:
                found.setdefault(group.buckets[index].actions, index)
            self._choices[key] = tuple(found.values())
        return self._choices[key]

    def strange(self, group: int) -> bool:
        """Whether there are no words for what a group does."""
        return group in self._strange


class _Run:
    """One parcel, and what comes of it, on its way through one switch."""

    def __init__(
        self,
        switch: SymbolicSwitch,
        down: frozenset[int],
        stop: frozenset[int],
        defer: bool,
        seen: set[Visit] | None,
    ) -> None:
        self._switch, self._down, self._stop, self._defer, self._seen = switch, down, stop, defer, seen
        self.outcomes: list[Outcome] = []
        self._depth = self._work = 0

    def enter(self, table: int, parcel: Parcel) -> None:
        """The parcel comes to a table; each rule takes what it matches of what is left."""
        if table in self._stop:
            self._end(Fate.STOPPED, table, parcel)
            return
        above: list[Cube] = []  # what rules of higher priority match
        beside: list[tuple[Cube, Compiled]] = []  # and those of the same
        own, known = (parcel.value, parcel.mask), parcel.known()
        priority, all_taken = -1, False
        if self._seen is not None:
            self._seen.add((table, known[0] & KEY, known[1] & KEY))
        held = self._switch.table(table)
        for rule in held.candidates(known) if held else ():
            if rule.rule.priority != priority:
                if all_taken:
                    return
                above += [cube for cube, _ in beside]
                priority, beside = rule.rule.priority, []
            asked = parcel.asked(rule.cube)
            both = h.meet(own, asked) if asked is not None else None
            if asked is None or both is None:
                continue
            alike = [cube for cube, other in beside if other.alike(rule)]
            part = h.without(both, (*parcel.minus, *above, *alike))
            if part is not None:
                met = parcel.narrowed(part).met(Step(rule.rule))
                if any(h.meet(both, cube) for cube, other in beside if not other.alike(rule)):
                    # the switch may choose any of equal priority
                    met = met.chosen(("tie", table, priority), rule.order[1])
                self._apply(rule, met)
            if parcel.settles(rule.cube):
                beside.append((asked, rule))
                all_taken = all_taken or not asked[1] & ~own[1]
        left = None if all_taken else h.without(own, (*parcel.minus, *above, *(cube for cube, _ in beside)))
        if left is not None:
            self._end(Fate.DROPPED, table, parcel.narrowed(left), Drop.MISS)

    def _apply(self, met: Compiled, parcel: Parcel) -> None:
        self._work += 1
        if self._work > MAX_WORK:
            raise Undecided
        rule = met.rule
        if not met.legal:
            self._end(Fate.UNKNOWN, rule.table, parcel)
            return
        quiet = rule.goto is None and not any(isinstance(action, _WAYS) for action in rule.actions)
        for part in self._act(rule.actions, parcel, rule.table):
            after = part if rule.metadata is None else _with_metadata(part, *rule.metadata)
            if rule.goto is not None:
                self.enter(rule.goto, after)
            elif quiet:
                self._end(Fate.DROPPED, rule.table, after)

    def _act(self, actions: Sequence[Action], parcel: Parcel, table: int) -> Iterator[Parcel]:
        """Do actions in turn; the parcels that go further."""
        if not actions:
            yield parcel
            return
        action, rest = actions[0], actions[1:]
        for part in self._done(action, parcel, table):
            yield from self._act(rest, part, table)

    def _done(self, action: Action, parcel: Parcel, table: int) -> Iterable[Parcel]:
        match action:
            case Output(port) if port != CONTROLLER_PORT:
                self._output(port, parcel)
            case Output() | Punt():
                self._end(Fate.CONTROLLER, table, parcel)
            case ToGroup(number):
                self.to_group(number, parcel)
            case SetField() | Load() | Move() | PushVlan() | PopVlan():
                return changed(parcel, action)
            case Resubmit(target):
                self._deeper(target, parcel)
            case DecTtl():
                return self._decremented(parcel, table)
            case Track(zone, target):
                if target is not None:
                    for part in again(parcel, zone):
                        self._deeper(target, part)
                return (untracked(parcel),)
        return (parcel,)

    def _decremented(self, parcel: Parcel, table: int) -> Iterator[Parcel]:
        for part, alive in decremented(parcel):
            if alive:
                yield part
            else:
                self._end(Fate.DROPPED, table, part, Drop.TTL)

    def _output(self, port: int, parcel: Parcel) -> None:
        at = h.SHIFT[f.IN_PORT]
        back, others = parcel.split((port << at, span(f.IN_PORT)))
        if back:
            self._end(Fate.DROPPED, port, back, Drop.IN_PORT)
        if others:
            down = port in self._down
            self._end(Fate.DROPPED if down else Fate.OUT, port, others, Drop.PORT_DOWN if down else None)

    def _deeper(self, table: int, parcel: Parcel) -> None:
        if self._depth >= MAX_DEPTH:
            self._end(Fate.DROPPED, table, parcel, Drop.TOO_DEEP)
            return
        self._depth += 1
        self.enter(table, parcel)
        self._depth -= 1

    def to_group(self, number: int, parcel: Parcel) -> None:
        """Hand the parcel to a group."""
        group = self._switch.groups.get(number)
        if self._seen is not None:
            self._seen.add((number,))
        if group is None:
            self._end(Fate.DROPPED, number, parcel, Drop.NO_GROUP)
        elif self._switch.strange(number):
            self._end(Fate.UNKNOWN, number, parcel.met(Step(group)))
        elif group.type in (GroupType.ALL, GroupType.INDIRECT):
            for index in range(len(group.buckets)):
                self._bucket(group, index, parcel)
            if not group.buckets:
                self._end(Fate.DROPPED, number, parcel.met(Step(group)), Drop.NO_LIVE_BUCKET)
        elif self._defer:
            self._end(Fate.GROUP, number, parcel)
        else:
            self._one_bucket(group, parcel)

    def _one_bucket(self, group: Group, parcel: Parcel) -> None:
        found = self._switch.choice(group, self._down)
        if not found:
            self._end(Fate.DROPPED, group.id, parcel.met(Step(group)), Drop.NO_LIVE_BUCKET)
        for index in found:
            self._bucket(group, index, parcel.chosen(group.id, index) if len(found) > 1 else parcel)

    def _bucket(self, group: Group, index: int, parcel: Parcel) -> None:
        if self._depth >= MAX_DEPTH:
            self._end(Fate.DROPPED, group.id, parcel, Drop.TOO_DEEP)
            return
        actions = action_set(group.buckets[index].actions)
        self._depth += 1
        for part in self._act(actions, parcel.met(Step(group, index)), 0):
            if not any(isinstance(action, _WAYS) for action in actions):
                self._end(Fate.DROPPED, group.id, part)
        self._depth -= 1

    def _end(self, fate: Fate, number: int, parcel: Parcel, why: Drop | None = None) -> None:
        if len(self.outcomes) >= MAX_WORK:
            raise Undecided
        self.outcomes.append(Outcome(fate, number, parcel, why))


_WAYS = (Output, Punt, ToGroup, Resubmit, Track)


def _with_metadata(parcel: Parcel, value: int, mask: int) -> Parcel:
    at = h.SHIFT[f.METADATA]
    return parcel.put(mask << at, (value & mask) << at)


def concerns(visit: Visit, entry: Entry) -> bool:
    """Whether what stands on a visit may be otherwise when an entry comes or goes."""
    if isinstance(entry, Rule):
        if len(visit) != 3 or visit[0] != entry.table:
            return False
        wanted = h.cube(entry.match)
        return not (visit[1] ^ wanted[0]) & visit[2] & wanted[1] & KEY
    return isinstance(entry, Group) and visit == (entry.id,)


def everything(in_port: int, cube: Cube = h.EVERYTHING, minus: tuple[Cube, ...] = ()) -> Parcel:
    """All frames of a set that come in at a port."""
    return Parcel.entering(Headers(cube, minus), in_port)
