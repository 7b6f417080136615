"""Frames on their way through a switch: what they match there, and values written back into their bytes.

As Open vSwitch does it, actions change the fields that later tables match; the bytes follow when the frame leaves. They
are read again only where a frame recirculates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planes.data import fields as f
from planes.data.fields import Field
from planes.data.packet import TAGS, Fields, checksum, network, parse, upper_layer
from planes.data.rule import Load, Move, PopVlan, PushVlan, SetField

_MACS = 12
_NEW_TAG = bytes.fromhex("81000000")
_ETHERNET = {f.ETH_DST: 0, f.ETH_SRC: 6}
_ARP = {f.ARP_OP: 6, f.ARP_SHA: 8, f.ARP_SPA: 14, f.ARP_THA: 18, f.ARP_TPA: 24}
_IPV4 = {f.IP_TTL: 8, f.IPV4_SRC: 12, f.IPV4_DST: 16}
_IPV6 = {f.IP_TTL: 7, f.IPV6_SRC: 8, f.IPV6_DST: 24}
_ICMP = {f.ICMPV4_TYPE: 0, f.ICMPV4_CODE: 1, f.ICMPV6_TYPE: 0, f.ICMPV6_CODE: 1, f.ND_RESERVED: 4, f.ND_TARGET: 8}
_OPTIONS = 24  # of an ND message begin here
_OPTION_TYPES = {f.ND_SLL: 1, f.ND_TLL: 2}  # RFC 4861, 4.6.1
# Shortest header, and where the checksum is.
_UPPER = {f.IP_ICMP: (8, 2), f.IP_TCP: (20, 16), f.IP_UDP: (8, 6), f.IP_ICMPV6: (8, 2)}

# In the order of writing: an option's type says which address it holds.
_ORDER = (f.VLAN_VID, *_ETHERNET, *_ARP, *_IPV4, f.IPV6_SRC, f.IPV6_DST, *_ICMP, f.ND_OPTION_TYPE, f.ND_SLL, f.ND_TLL)
_RANK = {field: rank for rank, field in enumerate(_ORDER)}
WRITABLE = frozenset(_ORDER)
MAX_TAGS = 2  # that OVS knows of
_KEPT = (f.IN_PORT, f.METADATA)  # where a frame recirculates
UNTRACKED = {f.CT_STATE: 0, f.CT_ZONE: 0, f.CT_MARK: 0}


class Carried:
    """One copy of a frame. `fields` is what tables match."""

    def __init__(self, data: bytes, vlan_limit: int, known: Mapping[Field, int]) -> None:
        self._data, self._vlan_limit = data, vlan_limit
        self._tags = _tags(data, vlan_limit)  # those that are known of
        self._written: frozenset[Field] = frozenset()  # and not in the bytes yet
        self.fields: Fields = {**UNTRACKED, **known, **parse(data, vlan_limit)}

    def copy(self) -> Carried:
        """Another copy of the frame as it is now."""
        made = Carried.__new__(Carried)
        made._data, made._vlan_limit, made._tags = self._data, self._vlan_limit, self._tags
        made._written, made.fields = self._written, dict(self.fields)
        return made

    def again(self, tracked: Mapping[Field, int]) -> Carried:
        """The frame read from its bytes once more, with what conntrack says of it."""
        return Carried(self.data(), self._vlan_limit, {**{kept: self.fields[kept] for kept in _KEPT}, **tracked})

    def data(self) -> bytes:
        """The bytes of the frame."""
        if self._written:
            frame = _Bytes(self._data, self._tags)
            for field in sorted(self._written, key=_RANK.__getitem__):
                frame.write(field, self.fields[field])
            self._data, self._written = frame.whole(), frozenset()
        return self._data

    def change(self, action: SetField | Load | Move | PushVlan | PopVlan) -> None:
        """Do an action that changes the frame and nothing else."""
        match action:
            case SetField(field, value):
                self.write(field, value)
            case Load(field, value, offset, bits):
                self._write_bits(field, value, offset, bits)
            case Move(source, target, bits, at, to) if self._applies(source):
                self._write_bits(target, self.read(source) >> at & ((1 << bits) - 1), to, bits)
            case PushVlan():
                self._push_vlan()
            case PopVlan() if self._tags:
                data = self.data()
                self._retag(data[:_MACS] + data[_MACS + 4 :], -1)

    def read(self, field: Field) -> int:
        """A field's value; 0 where the frame is too short to have it."""
        return self.fields.get(f.IN_PORT if field == f.NXM_IN_PORT else field, 0)

    def write(self, field: Field, value: int) -> None:
        """Overwrite a field; one that the frame has not stays so."""
        if field == f.NXM_IN_PORT:
            self.fields[f.IN_PORT] = value
        elif field in self.fields and self._applies(field):
            if field == f.VLAN_VID and not self._tags:
                self._push_vlan()
            self.fields[field] = value
            if field in WRITABLE:
                self._written |= {field}

    def _applies(self, field: Field) -> bool:
        """It is a frame of the kind that has the field."""
        return all(self.fields.get(needed) in values for needed, values in field.needs)

    def _write_bits(self, field: Field, value: int, offset: int, bits: int) -> None:
        mask = (1 << bits) - 1 << offset
        self.write(field, self.read(field) & ~mask | value << offset)

    def _push_vlan(self) -> None:
        """A tag in front of all others, of VLAN 0. OVS has room for two tags: a third one pushes the last out."""
        if f.ETH_TYPE in self.fields:
            data, full = self.data(), self._tags == MAX_TAGS
            rest = data[_MACS : _MACS + 4] + data[_MACS + 8 :] if full else data[_MACS:]
            self._retag(data[:_MACS] + _NEW_TAG + rest, 0 if full else 1)

    def _retag(self, data: bytes, more: int) -> None:
        self._data = data
        self._tags += more
        self.fields[f.VLAN_VID] = network(data, self._tags)[1]


def _tags(data: bytes, limit: int) -> int:
    """How many tags are in front of the type that `parse` finds."""
    count = 0
    while count < limit and len(data) >= _MACS + 4 * count + 6:
        at = _MACS + 4 * count
        if int.from_bytes(data[at : at + 2], "big") not in TAGS:
            break
        count += 1
    return count


class _Bytes:
    """A frame being written to; checksums follow each change (RFC 1624), wrong ones stay as wrong as they are."""

    def __init__(self, data: bytes, tags: int) -> None:
        self._frame = bytearray(data)
        self._type, _, self._at = network(data, tags)
        self._upper, self._proto = upper_layer(data, self._type, self._at)

    def whole(self) -> bytes:
        """The bytes."""
        return bytes(self._frame)

    def write(self, field: Field, value: int) -> None:
        """Overwrite a field that `parse` finds in the frame."""
        data = value.to_bytes(field.size, "big")
        if field == f.VLAN_VID:
            self._frame[_MACS + 2] = self._frame[_MACS + 2] & 0xF0 | value >> 8 & 0xF
            self._frame[_MACS + 3] = value & 0xFF
        elif field in _ETHERNET:
            self._patch(_ETHERNET[field], data, ())
        elif field in _ARP:
            self._patch(self._at + _ARP[field], data, ())
        elif self._type == f.ETH_IPV4 and field in _IPV4:
            pseudo = self._upper_sum() if field != f.IP_TTL and self._proto in (f.IP_TCP, f.IP_UDP) else ()
            self._patch(self._at + _IPV4[field], data, (self._at + 10, *pseudo))
        elif field in _IPV6:
            self._patch(self._at + _IPV6[field], data, self._upper_sum() if field != f.IP_TTL else ())
        elif field in _ICMP:
            self._patch(self._upper + _ICMP[field], data, self._upper_sum())
        else:
            self._write_option(field, data)

    def _upper_sum(self) -> tuple[int, ...]:
        """Where the upper layer's checksum is, if it has one."""
        shortest, at = _UPPER.get(self._proto, (0, 0))
        here = self._upper + at
        if not at or len(self._frame) < self._upper + shortest:
            return ()
        return () if self._proto == f.IP_UDP and not any(self._frame[here : here + 2]) else (here,)

    def _write_option(self, field: Field, data: bytes) -> None:
        """The type of an ND message's first option; or the address of its first link-layer option, if of that type."""
        for at in self._options():
            kind = self._frame[at]
            if field == f.ND_OPTION_TYPE:
                self._patch(at, data, self._upper_sum())
                return
            if kind in _OPTION_TYPES.values() and self._frame[at + 1] == 1:
                if kind == _OPTION_TYPES[field]:
                    self._patch(at + 2, data, self._upper_sum())
                return

    def _options(self) -> Iterator[int]:
        at = self._upper + _OPTIONS
        while len(self._frame) - at >= 8 and self._frame[at + 1]:
            yield at
            at += 8 * self._frame[at + 1]

    def _patch(self, at: int, data: bytes, sums: tuple[int, ...]) -> None:
        """New bytes, and the checksums at these places over them; both ends are rounded to checksums' words."""
        end = at + len(data)
        begin, until = at - (at - self._at) % 2, end + (end - self._at) % 2
        old = bytes(self._frame[begin:until])
        if self._frame[at:end] == data:
            return
        self._frame[at:end] = data
        for place in sums:
            self._adjust(place, old, bytes(self._frame[begin:until]))

    def _adjust(self, place: int, old: bytes, new: bytes) -> None:
        before = bytes(byte ^ 0xFF for byte in (*self._frame[place : place + 2], *old))
        total = checksum(before + new)
        if self._proto == f.IP_UDP and place != self._at + 10:
            total = total or 0xFFFF  # 0 says that there is none (RFC 768)
        self._frame[place : place + 2] = total.to_bytes(2, "big")
