"""Connections as Open vSwitch 3.1's userspace conntrack keeps them, without time: they never expire.

What a packet is to its connection is said in ct_state's bits (ovs-fields(7)). TCP is followed by its flags alone, not
by sequence numbers; checksums are taken to be right, and fragments are no part of any connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from planes.data import fields as f
from planes.data.fields import Field
from planes.data.packet import PORTS, ethernet, network, parse, upper_layer

_End = tuple[int, int]  # address, and port; for ICMP the identifier under the type
_Key = tuple[int, int, _End, _End]  # EtherType, protocol, source, destination

_REQUESTS = {(f.IP_ICMP, 8): 0, (f.IP_ICMP, 13): 14, (f.IP_ICMP, 15): 16, (f.IP_ICMPV6, 128): 129}  # to replies
_REPLIES = {(proto, reply): request for (proto, request), reply in _REQUESTS.items()}
_ADDRESSES = {f.ETH_IPV4: (f.IPV4_SRC, f.IPV4_DST), f.ETH_IPV6: (f.IPV6_SRC, f.IPV6_DST)}
_ERRORS = {f.IP_ICMP: (3, 4, 5, 11, 12), f.IP_ICMPV6: (1, 2, 3, 4)}
_FIN, _SYN, _RST, _PSH, _ACK, _URG = 1, 2, 4, 8, 16, 32


@dataclass(frozen=True)
class _Connection:
    """What is remembered of one."""

    mark: int = 0
    answered: bool = False
    finished: frozenset[bool] = frozenset()  # TCP: who has sent its FIN, or both after a RST; True: who answers


@dataclass(frozen=True)
class _Seen:
    """A packet: its connection's key as seen from its side, and what else counts."""

    key: _Key
    opens: bool  # may begin a connection
    flags: int = 0  # TCP's
    valid: bool = True
    error: bool = False  # an ICMP error about a packet of the key, reversed


class Connections:
    """The connections that a switch tracks, by zone."""

    def __init__(self, held: Mapping[tuple[int, _Key], _Connection] | None = None) -> None:
        self._held = dict(held or {})

    def copy(self) -> Connections:
        """Another such memory, to try something."""
        return Connections(self._held)

    def track(self, zone: int, data: bytes, vlan_limit: int, *, commit: bool, mark: int | None) -> dict[Field, int]:
        """Look a packet up, and remember it with `commit`: ct_state, ct_zone and ct_mark as a later table sees them."""
        seen = _read(data, vlan_limit)
        state, number = self._track(zone, seen, commit, mark) if seen else (f.CT_INVALID, 0)
        return {f.CT_STATE: state | f.CT_TRACKED, f.CT_ZONE: zone, f.CT_MARK: number}

    def _track(self, zone: int, seen: _Seen, commit: bool, mark: int | None) -> tuple[int, int]:
        at, reply = self._find(zone, seen.key)
        known = self._held.get(at)
        if known is not None and _over(known, seen):
            del self._held[at]
            at, reply, known = (zone, seen.key), False, None
        if seen.error:
            state = f.CT_INVALID if known is None else f.CT_RELATED | (f.CT_REPLY if reply else 0)
        elif known is None:
            state = f.CT_NEW if seen.opens else f.CT_INVALID
            known = _Connection() if commit and seen.opens else None
        else:
            state, known = _update(known, seen, reply)
        if known is None:
            return state, 0
        self._held[at] = known = known if mark is None else replace(known, mark=mark)
        return state, known.mark

    def _find(self, zone: int, key: _Key) -> tuple[tuple[int, _Key], bool]:
        """Where the connection is held, if it is, and whether the packet answers in it."""
        back = _reversed(key)
        return ((zone, back), True) if (zone, back) in self._held else ((zone, key), False)


def _reversed(key: _Key) -> _Key:
    eth_type, proto, source, destination = key
    return eth_type, proto, destination, source


def _over(known: _Connection, seen: _Seen) -> bool:
    """A SYN begins a closed connection anew."""
    return len(known.finished) == 2 and seen.flags & (_SYN | _ACK) == _SYN


def _update(known: _Connection, seen: _Seen, reply: bool) -> tuple[int, _Connection]:
    if not seen.valid:
        return f.CT_INVALID, known
    if seen.flags & _RST:
        known = replace(known, finished=frozenset((False, True)))
    elif seen.flags & _FIN:
        known = replace(known, finished=known.finished | {reply})
    if reply:
        return f.CT_ESTABLISHED | f.CT_REPLY, replace(known, answered=True)
    new = not known.answered and not seen.flags & _ACK
    return f.CT_NEW if new else f.CT_ESTABLISHED, known


def _read(data: bytes, vlan_limit: int) -> _Seen | None:
    """What conntrack makes of a frame; None when it has no use for it."""
    fields = parse(data, vlan_limit)
    eth_type = fields.get(f.ETH_TYPE, 0)
    if eth_type not in _ADDRESSES or f.IP_PROTO not in fields:
        return None
    src, dst = (fields[field] for field in _ADDRESSES[eth_type])
    at = network(data, vlan_limit)[2]
    upper, proto = upper_layer(data, eth_type, at)
    if proto in PORTS and PORTS[proto][0] in fields:
        flags = data[upper + 13] if proto == f.IP_TCP else 0
        source, destination = (fields[field] for field in PORTS[proto])
        key = eth_type, proto, (src, source), (dst, destination)
        valid = proto != f.IP_TCP or _makes_sense(flags)
        return _Seen(key, valid and flags & (_SYN | _ACK) != _SYN | _ACK, flags, valid)
    kind = fields.get(f.ICMPV4_TYPE, fields.get(f.ICMPV6_TYPE))
    if kind is None:
        return None
    if kind in _ERRORS[proto]:
        return _quoted(data[upper + 8 : at + _length(data[at:], eth_type)], eth_type)
    other = _REQUESTS.get((proto, kind), _REPLIES.get((proto, kind)))
    if other is None:
        return None
    key = eth_type, proto, (src, _identified(data, upper, kind)), (dst, _identified(data, upper, other))
    return _Seen(key, (proto, kind) in _REQUESTS)


def _makes_sense(flags: int) -> bool:
    """What TCP never sends is invalid."""
    if flags & _SYN:
        return not flags & (_RST | _FIN)
    return bool(flags & _ACK) or flags & (_RST | _FIN | _PSH | _URG) == _RST


def _identified(data: bytes, upper: int, kind: int) -> int:
    """An ICMP type over the identifier of a message."""
    return kind << 16 | int.from_bytes(data[upper + 4 : upper + 6], "big")


def _quoted(packet: bytes, eth_type: int) -> _Seen | None:
    """The packet that an ICMP error quotes, which may be cut off, at least 8 bytes into the upper layer."""
    upper, _ = upper_layer(packet, eth_type, 0)
    if not upper or len(packet) < upper + 8:
        return None
    whole = packet.ljust(_length(packet, eth_type), bytes((0x50,)))  # which is also a TCP header length
    seen = _read(ethernet(0, 0, eth_type, whole), 0)
    return _Seen(_reversed(seen.key), opens=False, error=True) if seen and not seen.error else None


def _length(packet: bytes, eth_type: int) -> int:
    """How long a packet says it is."""
    if eth_type == f.ETH_IPV6:
        return 40 + int.from_bytes(packet[4:6], "big")
    return int.from_bytes(packet[2:4], "big")
