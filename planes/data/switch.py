"""A reference switch: OpenFlow 1.3 as Open vSwitch 3.1 does it, for tests and for tracing a frame.

Section numbers are those of the OpenFlow Switch Specification 1.3.5.
Meters never drop here. The fields that it can rewrite are those of `rewrite`, metadata and in_port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from planes.data import fields as f
from planes.data.conntrack import Connections
from planes.data.delta import Command, Mod, delta
from planes.data.fields import Field
from planes.data.index import RuleIndex
from planes.data.legal import refusal
from planes.data.liveness import action_set, live
from planes.data.rewrite import UNTRACKED, Carried
from planes.data.rule import (
    CONTROLLER_PORT,
    Action,
    Bucket,
    DecTtl,
    Entry,
    Group,
    GroupType,
    Load,
    Meter,
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

MAX_DEPTH = 64  # groups and resubmits inside each other: OVS's limit
MAX_STEPS = 4096  # steps, and outputs, that one frame may cause
OVS_VLAN_LIMIT = 1  # other_config:vlan-limit, unless set
NO_COOKIE = 0xFFFF_FFFF_FFFF_FFFF  # of a frame that no rule sent up

Chooser = Callable[[Group, Sequence[int], Mapping[Field, int]], int]
"""Picks a bucket of a select group: from the group, the indices of its live buckets and the frame's fields."""


class Refused(ValueError):
    """The switch answers a modification with an OpenFlow error; the text begins with its name."""


class Drop(Enum):
    """Why a copy of a frame went nowhere."""

    MISS = auto()
    IN_PORT = auto()
    PORT_DOWN = auto()
    NO_GROUP = auto()
    NO_LIVE_BUCKET = auto()
    TTL = auto()  # it had none left
    TOO_DEEP = auto()  # a loop, or too much work: OVS then drops the frame and all its copies


@dataclass(frozen=True)
class Step:
    """A rule that matched, or a group that was met and the bucket that was taken there."""

    entry: Rule | Group
    bucket: int | None = None


@dataclass(frozen=True)
class Punted:
    """A copy that went to the controller: where in the tables, by which rule, and what was known of it there."""

    table: int
    cookie: int
    metadata: int
    in_port: int
    frame: bytes


@dataclass
class Result:
    """What became of a frame. A drop names the table, port or group where it happened."""

    outputs: list[tuple[int, bytes]] = field(default_factory=list)
    punts: list[Punted] = field(default_factory=list)
    drops: list[tuple[Drop, int]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    meters: list[int] = field(default_factory=list)


def first(group: Group, live: Sequence[int], fields: Mapping[Field, int]) -> int:
    """The chooser that takes the first live bucket."""
    return live[0]


class Switch:
    """The tables, groups, meters and connections of one switch."""

    def __init__(self, entries: Iterable[Entry] = (), vlan_limit: int = OVS_VLAN_LIMIT) -> None:
        self.vlan_limit = vlan_limit
        self._connections = Connections()
        self._rules = RuleIndex()
        self._groups: dict[int, Group] = {}
        self._meters: dict[int, Meter] = {}
        for mod in delta((), entries):
            self.apply(mod)

    def apply(self, mod: Mod) -> None:
        """Do one modification as OVS would; Refused when it would not."""
        if mod.command is not Command.DELETE and (reason := refusal(mod.entry)):
            raise Refused(reason)
        match mod.entry:
            case Rule():
                self._apply_rule(mod.command, mod.entry)
            case Group():
                self._apply_group(mod.command, mod.entry)
            case Meter():
                self._apply_meter(mod.command, mod.entry)

    def entries(self) -> frozenset[Entry]:
        """All that the switch holds."""
        return frozenset((*self._rules.rules(), *self._groups.values(), *self._meters.values()))

    @property
    def groups(self) -> Mapping[int, Group]:
        """The groups by id; not to be changed."""
        return self._groups

    def group(self, number: int) -> Group | None:
        """The group of this id."""
        return self._groups.get(number)

    def lookup(self, table: int, fields: Mapping[Field, int]) -> Rule | None:
        """The rule of a table that a frame with these fields matches."""
        return self._rules.lookup(table, fields)

    def process(
        self,
        frame: bytes,
        in_port: int,
        down_ports: frozenset[int] = frozenset(),
        choose: Chooser = first,
        *,
        keep: bool = True,
    ) -> Result:
        """A frame arrives at a port. Unless `keep`, the switch forgets what connections it saw with it."""
        connections = self._connections if keep else self._connections.copy()
        return _Walk(self, self._carried(frame, in_port), connections, down_ports, choose).run(None)

    def packet_out(
        self,
        actions: Iterable[Action],
        in_port: int,
        data: bytes,
        down_ports: frozenset[int] = frozenset(),
        choose: Chooser = first,
    ) -> Result:
        """The controller sends a frame with actions to do on it."""
        return _Walk(self, self._carried(data, in_port), self._connections, down_ports, choose).run(actions)

    def _carried(self, frame: bytes, in_port: int) -> Carried:
        return Carried(frame, self.vlan_limit, {f.IN_PORT: in_port, f.METADATA: 0})

    def _apply_rule(self, command: Command, rule: Rule) -> None:
        if command is Command.DELETE:
            self._rules.remove(rule)
            return
        if command is Command.MODIFY and rule not in self._rules:
            return
        for action in rule.actions:
            if isinstance(action, ToGroup) and action.group not in self._groups:
                raise Refused(f"OFPBAC_BAD_OUT_GROUP: {action.group}")
        if rule.meter is not None and rule.meter not in self._meters:
            raise Refused(f"OFPMMFC_INVALID_METER: {rule.meter}")
        self._rules.insert(rule)

    def _apply_group(self, command: Command, group: Group) -> None:
        known = group.id in self._groups
        if command is Command.DELETE:
            self._groups.pop(group.id, None)
            self._remove_if(lambda rule: ToGroup(group.id) in rule.actions)
        elif command is Command.ADD and known:
            raise Refused(f"OFPGMFC_GROUP_EXISTS: {group.id}")
        elif command is Command.MODIFY and not known:
            raise Refused(f"OFPGMFC_UNKNOWN_GROUP: {group.id}")
        else:
            self._groups[group.id] = group

    def _apply_meter(self, command: Command, meter: Meter) -> None:
        known = meter.id in self._meters
        if command is Command.DELETE:
            self._meters.pop(meter.id, None)
            self._remove_if(lambda rule: rule.meter == meter.id)
        elif command is Command.ADD and known:
            raise Refused(f"OFPMMFC_METER_EXISTS: {meter.id}")
        elif command is Command.MODIFY and not known:
            raise Refused(f"OFPMMFC_UNKNOWN_METER: {meter.id}")
        else:
            self._meters[meter.id] = meter

    def _remove_if(self, doomed: Callable[[Rule], bool]) -> None:
        for rule in [rule for rule in self._rules.rules() if doomed(rule)]:
            self._rules.remove(rule)


class _TooDeep(Exception):
    """The walk is given up."""


class _Walk:
    """One frame on its way."""

    def __init__(
        self, switch: Switch, frame: Carried, connections: Connections, down_ports: frozenset[int], choose: Chooser
    ) -> None:
        self._switch = switch
        self._frame = frame
        self._connections = connections
        self._down = down_ports
        self._choose = choose
        self._table, self._cookie = 0, NO_COOKIE
        self._depth = 0
        self._result = Result()

    def run(self, actions: Iterable[Action] | None) -> Result:
        """Do the actions, or begin at table 0 when there are none to do."""
        try:
            if actions is None:
                self._pipeline(0)
            else:
                self._act(actions)
        except _TooDeep:
            self._result.outputs.clear()
            self._result.punts.clear()
            self._result.drops = [(Drop.TOO_DEEP, self._table)]
        return self._result

    def _pipeline(self, start: int) -> None:
        table: int | None = start
        while table is not None:
            rule = self._switch.lookup(table, self._frame.fields)
            if rule is None:
                self._result.drops.append((Drop.MISS, table))
                return
            self._step(Step(rule))
            self._table, self._cookie = table, rule.cookie
            if rule.meter is not None:
                self._result.meters.append(rule.meter)
            if not self._act(rule.actions):
                return
            if rule.metadata is not None:
                value, mask = rule.metadata
                self._frame.write(f.METADATA, self._frame.read(f.METADATA) & ~mask | value & mask)
            table = rule.goto

    def _act(self, actions: Iterable[Action]) -> bool:
        """Do actions in turn; False when the frame goes no further."""
        for action in actions:
            match action:
                case Output(port) if port != CONTROLLER_PORT:
                    self._output(port)
                case Output() | Punt():
                    self._punt()
                case ToGroup(number):
                    self._to_group(number)
                case SetField() | Load() | Move() | PushVlan() | PopVlan():
                    self._frame.change(action)
                case Resubmit(table):
                    self._resubmit(table)
                case DecTtl():
                    if not self._decrement():
                        return False
                case Track():
                    self._track(action)
        return True

    def _output(self, port: int) -> None:
        if port == self._frame.read(f.IN_PORT):
            self._result.drops.append((Drop.IN_PORT, port))
        elif port in self._down:
            self._result.drops.append((Drop.PORT_DOWN, port))
        elif len(self._result.outputs) >= MAX_STEPS:
            raise _TooDeep
        else:
            self._result.outputs.append((port, self._frame.data()))

    def _punt(self) -> None:
        in_port, metadata = self._frame.read(f.IN_PORT), self._frame.read(f.METADATA)
        self._result.punts.append(Punted(self._table, self._cookie, metadata, in_port, self._frame.data()))

    def _decrement(self) -> bool:
        ttl = self._frame.fields.get(f.IP_TTL)
        if ttl is not None and ttl <= 1:
            self._result.drops.append((Drop.TTL, self._table))
            return False
        if ttl is not None:
            self._frame.write(f.IP_TTL, ttl - 1)
        return True

    def _track(self, action: Track) -> None:
        """A copy goes through the tables from `table` on, read anew; what follows here knows nothing of it."""
        frame = self._frame
        told = self._connections.track(
            action.zone, frame.data(), self._switch.vlan_limit, commit=action.commit, mark=action.mark
        )
        if action.table is not None:
            self._frame = frame.again(told)
            self._resubmit(action.table)
        self._frame = frame
        frame.fields.update(UNTRACKED)

    def _resubmit(self, table: int) -> None:
        before = self._table, self._cookie
        self._descend()
        self._pipeline(table)
        self._depth -= 1
        self._table, self._cookie = before

    def _to_group(self, number: int) -> None:
        group = self._switch.group(number)
        if group is None:
            self._result.drops.append((Drop.NO_GROUP, number))
            return
        taken = self._taken(group)
        if not taken and group.type is not GroupType.ALL:
            self._result.drops.append((Drop.NO_LIVE_BUCKET, number))
        for index in taken:
            self._step(Step(group, index))
            self._in_bucket(group.buckets[index])

    def _taken(self, group: Group) -> Sequence[int]:
        """The buckets that get a copy. OVS heeds liveness in select and fast failover groups only."""
        match group.type:
            case GroupType.SELECT:
                alive = tuple(self._live(group))
                return (self._choose(group, alive, self._frame.fields),) if alive else ()
            case GroupType.FAST_FAILOVER:
                return tuple(self._live(group))[:1]
            case GroupType.ALL | GroupType.INDIRECT:
                return range(len(group.buckets))

    def _live(self, group: Group) -> Iterator[int]:
        return live(self._switch.groups, group, self._down)

    def _in_bucket(self, bucket: Bucket) -> None:
        """What a bucket does to the frame ends with the bucket."""
        frame = self._frame
        self._frame = frame.copy()
        self._descend()
        self._act(action_set(bucket.actions))
        self._depth -= 1
        self._frame = frame

    def _descend(self) -> None:
        if self._depth >= MAX_DEPTH:
            raise _TooDeep
        self._depth += 1

    def _step(self, step: Step) -> None:
        if len(self._result.steps) >= MAX_STEPS:
            raise _TooDeep
        self._result.steps.append(step)
