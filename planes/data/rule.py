"""Rules, groups and meters: what a switch can be told, as frozen values. OpenFlow 1.3 words throughout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from planes.data.fields import FIELDS, Field

MAX_PORT = 0xFFFF_FF00  # OFPP_MAX
CONTROLLER_PORT = 0xFFFF_FFFD  # OFPP_CONTROLLER
LOCAL_PORT = 0xFFFF_FFFE  # OFPP_LOCAL
ANY = 0xFFFF_FFFF  # OFPP_ANY, OFPG_ANY
WHOLE_FRAME = 0xFFFF  # OFPCML_NO_BUFFER


@dataclass(frozen=True, order=True)
class Term:
    """One field of a match: value under mask. The mask is the field's full one for an exact match."""

    field: Field
    value: int
    mask: int


Match = tuple[Term, ...]  # sorted by field, one term a field


def match(**wanted: int | tuple[int, int]) -> Match:
    """A match by field names: `match(in_port=1, eth_dst=(value, mask))`.

    Raises ValueError for a name that is no field, a value wider than its field, bits outside the mask,
    or a mask on a field that takes none. A mask of zero is left out: it matches all.
    """
    return tuple(sorted(_terms(wanted.items())))


def _terms(wanted: Iterable[tuple[str, int | tuple[int, int]]]) -> Iterable[Term]:
    for name, given in wanted:
        field = FIELDS.get(name)
        if field is None:
            raise ValueError(f"no field {name!r}")
        value, mask = given if isinstance(given, tuple) else (given, field.full)
        if mask == 0:
            continue
        if not 0 <= value <= field.full or value & ~mask:
            raise ValueError(f"{name}: {value:#x}/{mask:#x} does not fit {field.bits} bits under its mask")
        if mask != field.full and not field.maskable:
            raise ValueError(f"{name} takes no mask")
        yield Term(field, value, mask)


@dataclass(frozen=True)
class Output:
    """Put the frame out of a port; OVS drops it when that is the port it came in on."""

    port: int


@dataclass(frozen=True)
class Punt:
    """Send the whole frame to the controller."""


@dataclass(frozen=True)
class ToGroup:
    """Hand the frame to a group."""

    group: int


@dataclass(frozen=True)
class SetField:
    """Overwrite a whole field."""

    field: Field
    value: int


@dataclass(frozen=True)
class Load:
    """Overwrite `bits` bits of a field from bit `offset` up (NXAST_REG_LOAD)."""

    field: Field
    value: int
    offset: int
    bits: int


@dataclass(frozen=True)
class Move:
    """Copy `bits` bits between two fields (NXAST_REG_MOVE)."""

    source: Field
    target: Field
    bits: int
    source_offset: int = 0
    target_offset: int = 0


@dataclass(frozen=True)
class Resubmit:
    """Look the frame up again from a table on (NXAST_RESUBMIT_TABLE); only in packet-outs."""

    table: int


@dataclass(frozen=True)
class PushVlan:
    """Put an IEEE 802.1Q tag (type 0x8100) in front of all others; a SetField of vlan_vid follows."""


@dataclass(frozen=True)
class PopVlan:
    """Take off the outermost tag."""


@dataclass(frozen=True)
class DecTtl:
    """One less TTL or hop limit; a frame that has none left goes no further here (OpenFlow 1.3.5, 5.12)."""


@dataclass(frozen=True)
class Track:
    """Look the packet's connection up in a conntrack zone (NXAST_CT).

    With a `table` the packet goes through it, and what follows there, with ct_state known; the actions after this one
    see nothing of that. With `commit` the connection is remembered, under `mark`.
    """

    zone: int
    table: int | None = None
    commit: bool = False
    mark: int | None = None


Action = Output | Punt | ToGroup | SetField | Load | Move | Resubmit | PushVlan | PopVlan | DecTtl | Track


@dataclass(frozen=True)
class Rule:
    """A flow entry. Instructions run in OpenFlow's order: meter, apply actions, write metadata, goto."""

    table: int
    priority: int
    match: Match
    actions: tuple[Action, ...] = ()
    metadata: tuple[int, int] | None = None  # value, mask
    goto: int | None = None
    meter: int | None = None
    cookie: int = 0

    @property
    def key(self) -> tuple[int, int, Match]:
        """What makes a flow entry the same entry (OpenFlow 1.3.5, 6.4)."""
        return self.table, self.priority, self.match


class GroupType(Enum):
    """OFPGT_*."""

    ALL = 0
    SELECT = 1
    INDIRECT = 2
    FAST_FAILOVER = 3


@dataclass(frozen=True)
class Bucket:
    """One way a group can go. `weight` matters in select groups, the watches in fast failover ones."""

    actions: tuple[Action, ...]
    watch_port: int | None = None
    watch_group: int | None = None
    weight: int = 0


@dataclass(frozen=True)
class Group:
    """A group entry; the id names it on one switch."""

    id: int
    type: GroupType
    buckets: tuple[Bucket, ...]

    @property
    def key(self) -> int:
        return self.id


class Unit(Enum):
    """What a meter counts: OFPMF_PKTPS, OFPMF_KBPS."""

    PACKETS = "pktps"
    KILOBITS = "kbps"


@dataclass(frozen=True)
class Meter:
    """A meter that drops what is above `rate` of its unit a second, after a burst of `burst` of them."""

    id: int
    rate: int
    burst: int
    unit: Unit = Unit.PACKETS

    @property
    def key(self) -> int:
        return self.id


Entry = Rule | Group | Meter
