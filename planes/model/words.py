"""The words of a plan: text to names, addresses and units. Every function raises ValueError with the whole story."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)

from planes.model.errors import did_you_mean

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Prefix = IPv4Network | IPv6Network

MAX_PORT = 9999
MAX_NODE_NAME = 10
MAX_NAME = 32
ALL = "all"
# `controller` is a word of `fail`; the others are interfaces or directories that every Linux network namespace has.
RESERVED = frozenset({"controller", "store", "lo", "all", "default", "ovs-netdev"})

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z%]*)")
_DURATIONS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_RATES = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def kind(value: object) -> str:
    """What a YAML value is, in plain words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value:g}" if isinstance(value, float) else f"the number {value}"
        case str():
            return repr(value)
        case dict():
            return "a mapping"
        case tuple() | list():
            return "a list"
    return "something else"


def text(value: object, example: str) -> str:
    """The value itself when it is text."""
    if not isinstance(value, str):
        raise ValueError(f"must be text such as {example}, found {kind(value)}")
    return value


def name(value: object) -> str:
    """The name of a plan, network or segment."""
    return _named(text(value, "office"), MAX_NAME)


def node_name(value: object) -> str:
    """The name of a switch or host; short, because interfaces are named after it."""
    found = text(value, "acc1")
    if found in RESERVED:
        raise ValueError(f"{found!r} is a reserved word; choose another name")
    return _named(
        found, MAX_NODE_NAME, "; interface names such as 'acc1-eth2' are made of it, and Linux allows them 15"
    )


def _named(found: str, limit: int, why: str = "") -> str:
    if not _NAME.fullmatch(found):
        raise ValueError(f"{found!r} is not a name: a letter comes first, then letters, digits, '_' and '-'")
    if len(found) > limit:
        raise ValueError(f"{found!r} has {len(found)} characters, and a name has at most {limit}{why}")
    return found


def file_name(value: object) -> str:
    """The name of a file, without a directory."""
    found = text(value, "keepalived.conf")
    if not _FILE.fullmatch(found):
        raise ValueError(
            f"{found!r} is not a file's name: a letter or digit comes first, then letters, digits, '.', '_' and '-'"
        )
    return found


def command_line(value: object) -> tuple[str, ...]:
    """A program and its arguments, from text with a shell's quotes."""
    if isinstance(value, tuple):
        return value
    found = text(value, "keepalived -n -f /run/keepalived.conf")
    try:
        words = tuple(shlex.split(found))
    except ValueError as error:
        raise ValueError(f"{found!r} is not a command line: {str(error).lower()}") from None
    if not words or not words[0]:
        raise ValueError(f"{found!r} names no program")
    return words


def choice(value: object, allowed: Iterable[str]) -> str:
    """The value itself when it is one of the allowed words."""
    names = tuple(allowed)
    found = text(value, names[0])
    if found not in names:
        raise ValueError(f"unknown value {found!r}, {did_you_mean(found, names)}")
    return found


def address(value: object) -> Address:
    """An IPv4 or IPv6 address."""
    if isinstance(value, IPv4Address | IPv6Address):
        return value
    found = text(value, "10.1.0.1")
    try:
        return ip_address(_unzoned(found))
    except ValueError:
        raise ValueError(f"{found!r} is not an IPv4 or IPv6 address such as 10.1.0.1 or fd00::1") from None


def interface(value: object) -> Interface:
    """An address with its prefix length."""
    if isinstance(value, IPv4Interface | IPv6Interface):
        return value
    found = text(value, "10.1.0.11/24")
    try:
        parsed = ip_interface(_unzoned(found))
    except ValueError:
        raise ValueError(f"{found!r} is not an address with a prefix length such as 10.1.0.11/24") from None
    if "/" not in found:
        raise ValueError(
            f"{found!r} has no prefix length; write for example {found}/{24 if parsed.version == 4 else 64}"
        )
    return parsed


def prefix(value: object) -> Prefix:
    """A prefix with no host bits set."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    found = text(value, "10.1.0.0/24")
    try:
        parsed = ip_network(_unzoned(found), strict=False)
    except ValueError:
        raise ValueError(f"{found!r} is not a prefix such as 10.1.0.0/24 or fd00::/64") from None
    if "/" not in found:
        raise ValueError(f"{found!r} has no prefix length; write for example 10.1.0.0/24")
    if parsed.network_address != ip_interface(found).ip:
        raise ValueError(f"{found!r} has host bits set; the prefix is {parsed}")
    return parsed


def _unzoned(found: str) -> str:
    if "%" in found:
        raise ValueError("a zone")
    return found


def mac(value: object) -> str:
    """A unicast MAC address, six pairs of hex digits, in lower case."""
    found = text(value, "02:00:00:00:00:01")
    if not _MAC.fullmatch(found):
        raise ValueError(f"{found!r} is not a MAC address such as 02:00:00:00:00:01")
    if int(found[:2], 16) & 1:
        raise ValueError(f"{found!r} is a multicast address; a host's first byte is even, as in 02:00:00:00:00:01")
    if int(found.replace(":", ""), 16) == 0:
        raise ValueError(f"{found!r} is no host's address")
    return found.lower()


def datapath_id(value: object) -> int:
    """A 64-bit datapath id: a number, or 16 hex digits as switches print it."""
    found = int(value, 16) if isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{16}", value) else value
    if isinstance(found, bool) or not isinstance(found, int):
        raise ValueError(f"must be a number such as 0x1f or 16 hex digits, found {kind(value)}")
    if not 0 < found < 1 << 64:
        raise ValueError(f"{found} does not fit a datapath id: 1 to 2**64-1")
    return found


def duration(value: object) -> float:
    """Seconds from `50ms`, `2s`, `2m`."""
    amount, unit = _quantity(value, "50ms", _DURATIONS)
    return amount * _DURATIONS[unit]


def rate(value: object) -> int:
    """Bits per second from `100M`, `1G`, `2.5G`."""
    amount, unit = _quantity(value, "100M", _RATES)
    return round(amount * _RATES[unit])


def percent(value: object) -> float:
    """A percentage from `0.1%`."""
    amount, _ = _quantity(value, "0.1%", ("%",))
    if amount > 100:
        raise ValueError(f"{value!r} is more than 100%")
    return amount


def or_word(value: object, word: str, otherwise: Callable[[object], float]) -> float | str:
    """The word itself, or what else is read of the value."""
    return word if value == word else otherwise(value)


def position(value: object) -> tuple[float, float]:
    """Latitude and longitude in degrees."""
    if not isinstance(value, tuple) or len(value) != 2 or not all(_is_number(each) for each in value):
        raise ValueError(f"must be latitude and longitude such as [50.1, 8.7], found {kind(value)}")
    latitude, longitude = map(float, value)
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ValueError(f"[{latitude:g}, {longitude:g}] is nowhere: latitudes go to 90, longitudes to 180 degrees")
    return latitude, longitude


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_pattern(found: str) -> bool:
    """Whether a text stands for the hosts that it matches: `all`, or with *, ? or [abc] in it."""
    return found == ALL or any(mark in found for mark in "*?[")


def _quantity(value: object, example: str, units: Iterable[str]) -> tuple[float, str]:
    names = ", ".join(units)
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value} has no unit; write for example {example} (units: {names})")
    found = text(value, example)
    parts = _QUANTITY.fullmatch(found)
    if parts is None:
        raise ValueError(f"{found!r} is not a number with a unit such as {example} (units: {names})")
    if parts[2] not in units:
        raise ValueError(
            f"{found!r} has {'no' if not parts[2] else 'an unknown'} unit; write for example {example} (units: {names})"
        )
    if float(parts[1]) == 0:
        raise ValueError(f"{found!r} must be more than zero")
    return float(parts[1]), parts[2]


@dataclass(frozen=True, order=True)
class PortName:
    """Where something is plugged in: a lab host by name (`number` None), or switch:number, or switch:number.vlan."""

    node: str
    number: int | None = None
    vlan: int | None = None

    def __str__(self) -> str:
        number = "" if self.number is None else f":{self.number}"
        return self.node + number + ("" if self.vlan is None else f".{self.vlan}")


_PORT = re.compile(r"([^:.\s]+)(?::([0-9]{1,9})(?:\.([0-9]{1,9}))?)?")


def link_end(value: object) -> PortName:
    """One end of a link: `acc1`, or `acc1:7` to fix the port number."""
    if isinstance(value, PortName):
        return value
    found = _port(value, "acc1 or acc1:7")
    if found.vlan is not None:
        raise ValueError(f"{value!r}: a link end has no VLAN; write {found.node}:{found.number}")
    return found


def port_name(value: object) -> PortName:
    """A port of a segment: `h1`, `acc1:7` or `acc1:7.100`."""
    return value if isinstance(value, PortName) else _port(value, "h1, acc1:7 or acc1:7.100")


def _port(value: object, example: str) -> PortName:
    found = text(value, example)
    parts = _PORT.fullmatch(found)
    if parts is None:
        raise ValueError(f"{found!r} is not a port; write {example}")
    number, vlan = (None if part is None else int(part) for part in parts.groups()[1:])
    if number is not None and number > MAX_PORT:
        raise ValueError(f"{found!r}: port numbers go up to {MAX_PORT}")
    if vlan is not None and not 1 <= vlan <= 4094:
        raise ValueError(f"{found!r}: VLAN ids go from 1 to 4094")
    return PortName(parts[1], number, vlan)


def port_range(value: object) -> tuple[int, int]:
    """An inclusive range of TCP or UDP ports from 22 or `1-1024`."""
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return value
    parts = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", str(value))
    if parts is None or isinstance(value, bool):
        raise ValueError(f"must be a port number such as 22 or a range such as 1-1024, found {kind(value)}")
    low, high = int(parts[1]), int(parts[2] or parts[1])
    if low > high or high > 65535:
        raise ValueError(f"{value} is not a range of ports: 0 to 65535, the lesser first")
    return low, high
