"""What actions do to parcels; where that is not the same for all frames, several parcels come of one."""

from __future__ import annotations

from collections.abc import Iterator

from planes.data import fields as f
from planes.data import headers as h
from planes.data.fields import Field
from planes.data.headers import SHIFT, part_bit, span
from planes.data.packet import TAGS
from planes.data.parcel import CONNECTION, INSIDE, LEAVING, TTL, Link, Parcel
from planes.data.ranges import masks
from planes.data.rule import Load, Move, PopVlan, PushVlan, SetField

_VLAN, _PRESENT = span(f.VLAN_VID), f.VLAN_PRESENT << SHIFT[f.VLAN_VID]
_BEHIND_TAG = LEAVING & ~h.spans((f.ETH_DST, f.ETH_SRC))
# Open vSwitch reads these from the bytes by the message's type, which may have been changed.
_BY_TYPE = h.spans((f.ND_RESERVED, f.ND_TARGET, f.ND_SLL, f.ND_TLL, f.ND_OPTION_TYPE)) | part_bit(f.ND_TARGET)
_TYPES = h.spans((f.ICMPV4_TYPE, f.ICMPV4_CODE, f.ICMPV6_TYPE, f.ICMPV6_CODE))


def changed(parcel: Parcel, action: SetField | Load | Move | PushVlan | PopVlan) -> Iterator[Parcel]:
    """Do an action that changes frames and nothing else."""
    match action:
        case SetField(field, value):
            yield from _written(parcel, field, value, 0, field.bits)
        case Load(field, value, offset, bits):
            yield from _written(parcel, field, value, offset, bits)
        case Move():
            yield from _moved(parcel, action)
        case PushVlan():
            yield _pushed(parcel)
        case PopVlan():
            yield from _popped(parcel)


def decremented(parcel: Parcel) -> Iterator[tuple[Parcel, bool]]:
    """One less TTL; False for those that have none left."""
    for part, has in _having(parcel, f.IP_TTL):
        if has:
            yield from _one_less(part)
        else:
            yield part, True


def crossed(parcel: Parcel, in_port: int) -> Iterator[Parcel]:
    """The frames come in at another switch."""
    for part in _read_again(parcel):
        yield part.put(INSIDE, in_port << SHIFT[f.IN_PORT])


def again(parcel: Parcel, zone: int) -> Iterator[Parcel]:
    """The frames go round to a table once more, with what conntrack says of them, which may be anything."""
    tracked = f.CT_TRACKED << SHIFT[f.CT_STATE]
    free = span(f.CT_STATE) & ~tracked | span(f.CT_MARK)
    for part in _read_again(parcel):
        new = part.put(CONNECTION, tracked | zone << SHIFT[f.CT_ZONE])
        new.fixed &= ~free
        new.constant &= ~free
        if part.tracked:
            new.vague |= free  # what this switch knows is not what the one before knew
        new.tracked = True
        new.note()
        yield new


def untracked(parcel: Parcel) -> Parcel:
    """Nothing is known of the frames' connections."""
    return parcel.put(CONNECTION, 0)


# fields


def _written(parcel: Parcel, field: Field, value: int, offset: int, bits: int) -> Iterator[Parcel]:
    at, mask = SHIFT[f.IN_PORT if field == f.NXM_IN_PORT else field] + offset, (1 << bits) - 1
    if field == f.NXM_IN_PORT:
        yield parcel.put(span(f.IN_PORT), value << at)
    elif not field.needs and field != f.VLAN_VID:
        yield parcel.put(mask << at, value << at)
    else:
        for part, has in _having(parcel, field):
            if not has:
                yield part
            elif field == f.VLAN_VID:
                yield from (tagged.put(mask << at, value << at) for tagged in _with_tag(part))
            else:
                yield part.put(mask << at, value << at)


def _moved(parcel: Parcel, action: Move) -> Iterator[Parcel]:
    """A field that is not there reads as 0, if the frame is of its kind."""
    link = Link(SHIFT[action.target] + action.target_offset, SHIFT[action.source] + action.source_offset, action.bits)
    for part, applies in _of_kind(parcel, action.source):
        if not applies:
            yield part
            continue
        for there, has in _having(part, action.source):
            for here, can in _having(there, action.target):
                if not can:
                    yield here
                else:
                    yield here.moved(link) if has else here.put((1 << link.bits) - 1 << link.to, 0)


def _of_kind(parcel: Parcel, field: Field) -> Iterator[tuple[Parcel, bool]]:
    """The frames that are of the kind that has a field, and the others."""
    parts: list[Parcel] = [parcel]
    for needed, values in field.needs:
        matching: list[Parcel] = []
        for part in parts:
            for chosen, holds in _one_of(part, needed, values):
                if holds:
                    matching.append(chosen)
                else:
                    yield chosen, False
        parts = matching
    yield from ((part, True) for part in parts)


def _one_of(parcel: Parcel, field: Field, values: tuple[int, ...]) -> Iterator[tuple[Parcel, bool]]:
    at, has = SHIFT[field], part_bit(field)
    rest: Parcel | None = parcel
    for value in values:
        if rest is not None:
            holds, rest = rest.split((value << at | has, span(field) | has))
            if holds:
                yield holds, True
    if rest is not None:
        yield rest, False


def _having(parcel: Parcel, field: Field) -> Iterator[tuple[Parcel, bool]]:
    """The frames that have a field and are of its kind, and the others."""
    has = part_bit(field)
    for part, right in _of_kind(parcel, field):
        if not right or not has:
            yield part, right
            continue
        there, gone = part.split((has, has))
        if there:
            yield there, True
        if gone:
            yield gone, False


def _one_less(parcel: Parcel) -> Iterator[tuple[Parcel, bool]]:
    at = SHIFT[f.IP_TTL]
    if parcel.fixed & TTL:
        left = (parcel.constant & TTL) - (1 << at)
        yield (parcel.put(TTL, left), True) if left > 0 else (parcel, False)
        return
    if (parcel.vague | parcel.linked) & TTL:
        yield from ((parcel, False), (parcel, True))
        return
    rest = parcel
    for value, mask in masks(0, parcel.spent + 1, f.IP_TTL.bits):
        block = value << at, mask << at
        if dead := rest.only(block):
            yield dead, False
        alive = h.without((rest.value, rest.mask), (*rest.minus, block))
        if alive is None:
            return
        rest = rest.narrowed(alive)
    new = rest.copy()
    new.spent, new.plain = new.spent + 1, False
    yield new, True


# tags


def _pushed(parcel: Parcel) -> Parcel:
    new = parcel.put(_VLAN, _PRESENT)
    below = parcel.constant & _VLAN, parcel.fixed & _VLAN, (parcel.vague | parcel.linked) & _VLAN
    new.under = (*parcel.under, below)
    return new


def _popped(parcel: Parcel) -> Iterator[Parcel]:
    if parcel.under:
        constant, fixed, vague = parcel.under[-1]
        new = parcel.put(_VLAN, constant)
        new.fixed &= ~_VLAN | fixed
        new.vague |= vague
        new.under = parcel.under[:-1]
        new.note()
        yield new
        return
    tagged, plain = parcel.split((_PRESENT, _PRESENT))
    if plain:
        yield plain
    if tagged:
        new = tagged.put(_VLAN, 0)
        new.opened = True
        yield new


def _with_tag(parcel: Parcel) -> Iterator[Parcel]:
    tagged, plain = parcel.split((_PRESENT, _PRESENT))
    if tagged:
        yield tagged
    if plain:
        yield _pushed(plain)


def _read_again(parcel: Parcel) -> Iterator[Parcel]:
    """The bytes are read once more: of what was behind a tag nothing was known."""
    if parcel.under:
        yield _lost(parcel, _BEHIND_TAG)
        return
    part: Parcel | None = _lost(parcel, _BY_TYPE) if parcel.fixed & _TYPES else parcel
    for tag in TAGS if parcel.opened else ():
        if part is not None:
            inner, part = part.split((tag << SHIFT[f.ETH_TYPE], span(f.ETH_TYPE)))
            if inner:
                yield _lost(inner, _BEHIND_TAG)
    if part is not None:
        yield part


def _lost(parcel: Parcel, bits: int) -> Parcel:
    new = parcel.blurred(bits)
    new.under = ()
    return new
