"""Rules, groups and meters: what a switch can be told, as frozen values. OpenFlow 1.3 words throughout."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Literal, NamedTuple

from planes.data.fields import FIELDS, Field

MAX_PORT = 0xFFFF_FF00  # OFPP_MAX
CONTROLLER_PORT = 0xFFFF_FFFD  # OFPP_CONTROLLER
LOCAL_PORT = 0xFFFF_FFFE  # OFPP_LOCAL
ANY = 0xFFFF_FFFF  # OFPP_ANY, OFPG_ANY
WHOLE_FRAME = 0xFFFF  # OFPCML_NO_BUFFER


class Term(NamedTuple):
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
    terms = [term for each in wanted.items() if (term := _term(*each)) is not None]
    terms.sort(key=_order)
    return tuple(terms)


@lru_cache(maxsize=1 << 16)  # the rules of a host, and of all hosts of a segment, have most of their terms in common
def _term(name: str, given: int | tuple[int, int]) -> Term | None:
    field = FIELDS.get(name)
    if field is None:
        raise ValueError(f"no field {name!r}")
    value, mask = given if isinstance(given, tuple) else (given, field.full)
    if mask == 0:
        return None
    if not 0 <= value <= field.full or value & ~mask:
        raise ValueError(f"{name}: {value:#x}/{mask:#x} does not fit {field.bits} bits under its mask")
    if mask != field.full and not field.maskable:
        raise ValueError(f"{name} takes no mask")
    return Term(field, value, mask)


def _order(term: Term) -> int:
    return term.field.order


# Terms, actions and rules are tuples: there are many, and tuples are made, compared and hashed far faster than others
# are. Actions of few operands bear their OpenFlow type, so that no two of different kinds are equal.


class Output(NamedTuple):
    """Put the frame out of a port; OVS drops it when that is the port it came in on."""

    port: int
    type: Literal[0] = 0  # OFPAT_OUTPUT


class Punt(NamedTuple):
    """Send the whole frame to the controller."""

    port: int = CONTROLLER_PORT
    type: Literal[0] = 0  # OFPAT_OUTPUT
    length: int = WHOLE_FRAME


class ToGroup(NamedTuple):
    """Hand the frame to a group."""

    group: int
    type: Literal[22] = 22  # OFPAT_GROUP


class SetField(NamedTuple):
    """Overwrite a whole field."""

    field: Field
    value: int


class Load(NamedTuple):
    """Overwrite `bits` bits of a field from bit `offset` up (NXAST_REG_LOAD)."""

    field: Field
    value: int
    offset: int
    bits: int


class Move(NamedTuple):
    """Copy `bits` bits between two fields (NXAST_REG_MOVE)."""

    source: Field
    target: Field
    bits: int
    source_offset: int = 0
    target_offset: int = 0


class Resubmit(NamedTuple):
    """Look the frame up again from a table on (NXAST_RESUBMIT_TABLE); in packet-outs and groups."""

    table: int
    type: Literal[14] = 14  # NXAST_RESUBMIT_TABLE


class PushVlan(NamedTuple):
    """Put an IEEE 802.1Q tag (type 0x8100) in front of all others; a SetField of vlan_vid follows."""

    type: Literal[17] = 17  # OFPAT_PUSH_VLAN


class PopVlan(NamedTuple):
    """Take off the outermost tag."""

    type: Literal[18] = 18  # OFPAT_POP_VLAN


class DecTtl(NamedTuple):
    """One less TTL or hop limit; a frame that has none left goes no further here (OpenFlow 1.3.5, 5.12)."""

    type: Literal[24] = 24  # OFPAT_DEC_NW_TTL


class Track(NamedTuple):
    """Look the packet's connection up in a conntrack zone (NXAST_CT).

    With a `table` the packet goes through it, and what follows there, with ct_state known; the actions after this one
    see nothing of that. With `commit` the connection is remembered, under `mark`.
    """

    zone: int
    table: int | None = None
    commit: bool = False
    mark: int | None = None


Action = Output | Punt | ToGroup | SetField | Load | Move | Resubmit | PushVlan | PopVlan | DecTtl | Track


class Rule(NamedTuple):
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
        return self[:3]


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
    def key(self) -> tuple[str, int]:
        """What makes it the same entry; no meter has it."""
        return "group", self.id


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
    def key(self) -> tuple[str, int]:
        """What makes it the same entry; no group has it."""
        return "meter", self.id


Entry = Rule | Group | Meter
Key = tuple[int, int, Match] | tuple[str, int]  # of an entry among all of a switch
