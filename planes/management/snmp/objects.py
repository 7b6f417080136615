"""What an agent serves: objects by OID, with their values as SNMP knows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

Oid = tuple[int, ...]


class Syntax(Enum):
    """The types of values that exist on the wire (RFC 3416, section 3); each is its BER tag."""

    INTEGER = 0x02
    OCTETS = 0x04
    OID = 0x06
    IP_ADDRESS = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42
    TIMETICKS = 0x43
    COUNTER64 = 0x46


@dataclass(frozen=True)
class Value:
    """A value: a number, octets or an OID, as its syntax says. An IP_ADDRESS is 4 bytes, TIMETICKS are 1/100 s."""

    syntax: Syntax
    data: int | bytes | Oid


Objects = dict[Oid, Value]


@dataclass(frozen=True)
class Notification:
    """A notification's OID (the value of snmpTrapOID.0), and the objects that it carries."""

    oid: Oid
    objects: tuple[tuple[Oid, Value], ...] = ()
