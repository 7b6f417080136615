"""Frames on their way through the tables, all of a set at once: `rewrite` for sets of headers.

A *parcel* is the frames that were treated alike so far. It knows them by their headers as they *entered*, and what
became of each field since: overwritten by a constant, moved there from another field, or nothing. So no step loses
anything, and a parcel that ends badly says which frames, sent, end like that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from planes.data import fields as f
from planes.data import headers as h
from planes.data.fields import Field
from planes.data.headers import SHIFT, Cube, Headers, part_bit, span
from planes.data.packet import TAGS
from planes.data.ranges import masks
from planes.data.rule import Load, Move, PopVlan, PushVlan, SetField

_TTL = span(f.IP_TTL)
_IN_PORT = span(f.IN_PORT)
_CONNECTION = h.spans((f.CT_STATE, f.CT_ZONE, f.CT_MARK))
_INSIDE = h.spans((f.IN_PORT, f.METADATA)) | _CONNECTION  # not in the bytes of a frame
_LAYER2 = h.spans((f.ETH_DST, f.ETH_SRC))
_BEHIND_TAG = h.ALL & ~_INSIDE & ~_LAYER2
# Open vSwitch reads these from the bytes by the message's type, which may have been changed.
_BY_TYPE = h.spans((f.ND_RESERVED, f.ND_TARGET, f.ND_SLL, f.ND_TLL, f.ND_OPTION_TYPE)) | part_bit(f.ND_TARGET)
_TYPES = h.spans((f.ICMPV4_TYPE, f.ICMPV4_CODE, f.ICMPV6_TYPE, f.ICMPV6_CODE))
LEAVING = _LAYER2 | _BEHIND_TAG  # bits that a receiver sees


class Link(NamedTuple):
    """So many bits that are now at one place were at another when the frame entered."""

    to: int
    source: int
    bits: int


Trail = tuple[Any, ...]  # (what came before, what was met), or empty


class Parcel:
    """Some frames, and what became of them. Parcels are not changed: each step makes others.

    `value`, `mask`, `minus`: the frames' headers as they entered. `constant` under `fixed`: bits that are overwritten.
    `links`: bits that were moved. `vague`: bits of which nothing is known any more. `spent`: TTL that was used up.
    `under`: the vlan_vids below tags that were put on, as (constant, fixed, vague). `opened`: a tag was taken off.
    """

    __slots__ = (
        *("value", "mask", "minus", "constant", "fixed", "links", "linked", "vague", "spent", "under", "opened"),
        *("tracked", "plain", "trail", "choices"),
    )
    value: int
    mask: int
    minus: tuple[Cube, ...]
    constant: int
    fixed: int
    links: tuple[Link, ...]
    linked: int
    vague: int
    spent: int
    under: tuple[tuple[int, int, int], ...]
    opened: bool
    tracked: bool  # conntrack was asked already
    plain: bool  # nothing is linked, vague or spent
    trail: Trail
    choices: tuple[tuple[object, int], ...]

    @staticmethod
    def entering(headers: Headers, in_port: int) -> Parcel:
        """Frames that come in at a port."""
        new = Parcel()
        (new.value, new.mask), new.minus = headers.cube, headers.minus
        new.constant, new.fixed = in_port << SHIFT[f.IN_PORT], _INSIDE
        new.links, new.linked, new.vague, new.spent, new.under = (), 0, 0, 0, ()
        new.opened = new.tracked = False
        new.plain, new.trail, new.choices = True, (), ()
        return new

    def copy(self) -> Parcel:
        """The same, to make another of."""
        new = Parcel()
        new.value, new.mask, new.minus = self.value, self.mask, self.minus
        new.constant, new.fixed, new.links, new.linked = self.constant, self.fixed, self.links, self.linked
        new.vague, new.spent, new.under, new.opened = self.vague, self.spent, self.under, self.opened
        new.tracked, new.plain, new.trail, new.choices = self.tracked, self.plain, self.trail, self.choices
        return new

    @property
    def headers(self) -> Headers:
        """The frames, as they entered."""
        return Headers((self.value, self.mask), self.minus)

    @property
    def exact(self) -> bool:
        """All that is known is certain: no step had to guess."""
        return not self.vague

    def narrowed(self, headers: Headers) -> Parcel:
        """Only the frames of a set, which is part of it."""
        new = self.copy()
        (new.value, new.mask), new.minus = headers.cube, headers.minus
        return new

    def only(self, cube: Cube) -> Parcel | None:
        """Only the frames that also entered in a cube."""
        both = h.meet((self.value, self.mask), cube)
        left = h.without(both, self.minus) if both else None
        return None if left is None else self.narrowed(left)

    def known(self) -> Cube:
        """The bits that all frames have alike now."""
        same = self.mask & ~self.fixed & ~self.linked & ~self.vague
        if self.spent:
            same &= ~_TTL
        return self.constant | self.value & same, self.fixed | same

    def asked(self, wanted: Cube) -> Cube | None:
        """What a match that looks at the frames as they are now says of them as they entered; None where none match.

        Bits that nothing is known of may match.
        """
        value, mask = wanted
        if (value ^ self.constant) & mask & self.fixed:
            return None
        mask &= ~self.fixed
        value &= mask
        if self.plain or not mask & (self.linked | self.vague | _TTL):
            return None if (value ^ self.value) & mask & self.mask else (value, mask)
        found: Cube | None = (value & ~self.linked & ~self.vague, mask & ~self.linked & ~self.vague)
        if self.spent and found and found[1] & _TTL:
            found = self._earlier(found)
        for link in self.links:
            part = (1 << link.bits) - 1
            under = mask >> link.to & part
            if under and found:
                found = h.meet(found, ((value >> link.to & under) << link.source, under << link.source))
        return found if found and h.meet(found, (self.value, self.mask)) else None

    def settles(self, wanted: Cube) -> bool:
        """Whether a match can be answered for each frame."""
        return not wanted[1] & self.vague

    def _earlier(self, cube: Cube) -> Cube | None:
        """A TTL of now as it was."""
        at = SHIFT[f.IP_TTL]
        ttl = (cube[0] >> at & f.IP_TTL.full) + self.spent
        return None if ttl > f.IP_TTL.full else (cube[0] & ~_TTL | ttl << at, cube[1])

    # what actions do

    def changed(self, action: SetField | Load | Move | PushVlan | PopVlan) -> Iterator[Parcel]:
        """Do an action that changes frames; where it does not do the same to all, several parcels."""
        match action:
            case SetField(field, value):
                yield from self._written(field, value, 0, field.bits)
            case Load(field, value, offset, bits):
                yield from self._written(field, value, offset, bits)
            case Move():
                yield from self._moved(action)
            case PushVlan():
                yield self._pushed()
            case PopVlan():
                yield from self._popped()

    def _written(self, field: Field, value: int, offset: int, bits: int) -> Iterator[Parcel]:
        if field == f.NXM_IN_PORT:
            yield self.put(span(f.IN_PORT), value << offset << SHIFT[f.IN_PORT])
            return
        mask = (1 << bits) - 1 << SHIFT[field] + offset
        if not field.needs and field != f.VLAN_VID:
            yield self.put(mask, value << SHIFT[field] + offset)
            return
        for part, has in self._having(field):
            if not has:
                yield part
            elif field == f.VLAN_VID:
                yield from (tagged.put(mask, value << SHIFT[field] + offset) for tagged in part._with_tag())
            else:
                yield part.put(mask, value << SHIFT[field] + offset)

    def put(self, mask: int, value: int) -> Parcel:
        """Some bits are overwritten."""
        new = self.copy()
        new.constant, new.fixed = self.constant & ~mask | value, self.fixed | mask
        new.vague &= ~mask
        if mask & self.linked:
            new._unlink(mask)
        if mask & _TTL:
            new.spent = 0
        new._note()
        return new

    def _unlink(self, mask: int) -> None:
        self.links = tuple(piece for link in self.links for piece in _pieces(link, mask))
        self.linked &= ~mask

    def _note(self) -> None:
        self.plain = not (self.links or self.vague or self.spent)

    def _moved(self, action: Move) -> Iterator[Parcel]:
        source, target = action.source, action.target
        for part, applies in self._of_kind(source):
            if not applies:
                yield part
                continue
            for there, has in part._having(source):
                for here, can in there._having(target):
                    yield here._copied(action, has) if can else here

    def _copied(self, action: Move, has: bool) -> Parcel:
        """The bits themselves; a field that is not there reads as 0."""
        bits = action.bits
        to, at = SHIFT[action.target] + action.target_offset, SHIFT[action.source] + action.source_offset
        mask = (1 << bits) - 1
        if not has:
            return self.put(mask << to, 0)
        source = mask << at
        if self.fixed & source == source:
            return self.put(mask << to, (self.constant >> at & mask) << to)
        new = self.put(mask << to, 0)
        new.fixed &= ~(mask << to)
        if source & (self.vague | self.fixed) or (self.spent and source & _TTL):
            new.vague |= mask << to
        else:
            new.links += tuple(_through(Link(to, at, bits), self.links))
            new.linked |= mask << to
        new._note()
        return new

    def _of_kind(self, field: Field) -> Iterator[tuple[Parcel, bool]]:
        """The frames that are of the kind that has a field, and the others."""
        parts: list[Parcel] = [self]
        for needed, values in field.needs:
            matching: list[Parcel] = []
            for part in parts:
                for chosen, holds in part._one_of(needed, values):
                    if holds:
                        matching.append(chosen)
                    else:
                        yield chosen, False
            parts = matching
        yield from ((part, True) for part in parts)

    def _one_of(self, field: Field, values: tuple[int, ...]) -> Iterator[tuple[Parcel, bool]]:
        rest = self
        at, has = SHIFT[field], part_bit(field)
        for value in values:
            wanted = value << at | has, span(field) | has
            holds, others = rest.split(wanted)
            if holds:
                yield holds, True
            if others is None:
                return
            rest = others
        yield rest, False

    def _having(self, field: Field) -> Iterator[tuple[Parcel, bool]]:
        """The frames that have a field and are of its kind, and the others."""
        has = part_bit(field)
        for part, right in self._of_kind(field):
            if not right or not has:
                yield part, right
                continue
            there, gone = part.split((has, has))
            if there:
                yield there, True
            if gone:
                yield gone, False

    def split(self, wanted: Cube) -> tuple[Parcel | None, Parcel | None]:
        """The frames that match, and those that don't."""
        cube = self.asked(wanted)
        if cube is None:
            return None, self
        matching = self.only(cube)
        if not self.settles(wanted):
            return matching, self
        left = h.without((self.value, self.mask), (*self.minus, cube))
        return matching, None if left is None else self.narrowed(left)

    def decremented(self) -> Iterator[tuple[Parcel, bool]]:
        """One less TTL; False for those that have none left."""
        for part, has in self._having(f.IP_TTL):
            if not has:
                yield part, True
                continue
            yield from part._one_less()

    def _one_less(self) -> Iterator[tuple[Parcel, bool]]:
        at = SHIFT[f.IP_TTL]
        if self.fixed & _TTL:
            alive = (self.constant & _TTL) > 1 << at
            yield (self.put(_TTL, (self.constant & _TTL) - (1 << at)) if alive else self), alive
            return
        if (self.vague | self.linked) & _TTL:
            yield from ((self, False), (self, True))
            return
        rest = self
        for value, mask in masks(0, self.spent + 1, f.IP_TTL.bits):
            block = value << at, mask << at
            if dead := rest.only(block):
                yield dead, False
            left = h.without((rest.value, rest.mask), (*rest.minus, block))
            if left is None:
                return
            rest = rest.narrowed(left)
        new = rest.copy()
        new.spent, new.plain = new.spent + 1, False
        yield new, True

    # tags

    def _pushed(self) -> Parcel:
        vlan = span(f.VLAN_VID)
        new = self.put(vlan, f.VLAN_PRESENT << SHIFT[f.VLAN_VID])
        new.under = (*self.under, (self.constant & vlan, self.fixed & vlan, (self.vague | self.linked) & vlan))
        return new

    def _popped(self) -> Iterator[Parcel]:
        vlan, at = span(f.VLAN_VID), SHIFT[f.VLAN_VID]
        present = f.VLAN_PRESENT << at
        if self.under:
            constant, fixed, vague = self.under[-1]
            new = self.put(vlan, constant)
            new.fixed &= ~vlan | fixed
            new.vague |= vague
            new.under = self.under[:-1]
            new._note()
            yield new
            return
        tagged, plain = self.split((present, present))
        if plain:
            yield plain
        if tagged:
            new = tagged.put(vlan, 0)
            new.opened = True
            yield new

    def _with_tag(self) -> Iterator[Parcel]:
        present = f.VLAN_PRESENT << SHIFT[f.VLAN_VID]
        tagged, plain = self.split((present, present))
        if tagged:
            yield tagged
        if plain:
            yield plain._pushed()

    # ways on

    def crossed(self, in_port: int) -> Iterator[Parcel]:
        """The frames come in at another switch."""
        for part in self._read_again():
            yield part.put(_INSIDE, in_port << SHIFT[f.IN_PORT])

    def anywhere(self) -> Parcel:
        """The frames as if they had come in by any port; what is asked of that then is found in their headers."""
        new = self.copy()
        new.fixed &= ~_IN_PORT
        new.constant &= ~_IN_PORT
        return new

    def came_by(self, port: int) -> Parcel | None:
        """Of frames from anywhere those that came in by a port."""
        at = port << SHIFT[f.IN_PORT]
        if self.mask & _IN_PORT and (self.value ^ at) & _IN_PORT:
            return None
        new = self.copy()
        new.value, new.mask = self.value & ~_IN_PORT, self.mask & ~_IN_PORT
        if any(mask & _IN_PORT for _, mask in self.minus):
            left = h.without((self.value & ~_IN_PORT | at, self.mask | _IN_PORT), self.minus)
            if left is None:
                return None
            new.minus = tuple((value & ~_IN_PORT, mask & ~_IN_PORT) for value, mask in left.minus)
        if not self.fixed & _IN_PORT:
            new.constant, new.fixed = self.constant | at, self.fixed | _IN_PORT
        return new

    def ports_asked(self) -> set[int]:
        """Of frames from anywhere: the ports for which it may matter that they came in there; all others are alike."""
        cubes = ((self.value, self.mask), *self.minus)
        return {value >> SHIFT[f.IN_PORT] & f.IN_PORT.full for value, mask in cubes if mask & _IN_PORT}

    def again(self, zone: int) -> Iterator[Parcel]:
        """The frames go round to a table once more, with what conntrack says of them, which may be anything."""
        tracked = f.CT_TRACKED << SHIFT[f.CT_STATE]
        for part in self._read_again():
            new = part.put(_CONNECTION, tracked | zone << SHIFT[f.CT_ZONE])
            free = span(f.CT_STATE) & ~tracked | span(f.CT_MARK)
            new.fixed &= ~free
            new.constant &= ~free
            if part.tracked:
                new.vague |= free  # what this switch knows is not what the one before knew
            new.tracked = True
            new._note()
            yield new

    def untracked(self) -> Parcel:
        """Nothing is known of their connections."""
        return self.put(_CONNECTION, 0)

    def _read_again(self) -> Iterator[Parcel]:
        """The bytes are read once more: of what was behind a tag nothing was known."""
        if self.under:
            yield self._lost(_BEHIND_TAG)
            return
        part: Parcel | None = self
        if self.fixed & _TYPES:
            part = self._lost(_BY_TYPE)
        if not self.opened:
            yield part or self
            return
        for tag in TAGS:
            if part is not None:
                inner, part = part.split((tag << SHIFT[f.ETH_TYPE], span(f.ETH_TYPE)))
                if inner:
                    yield inner._lost(_BEHIND_TAG)
        if part is not None:
            yield part

    def blurred(self, bits: int) -> Parcel:
        """Nothing is known of some bits any more."""
        new = self.put(bits, 0)
        new.fixed &= ~bits
        new.vague |= bits
        new.plain = False
        return new

    def _lost(self, bits: int) -> Parcel:
        new = self.blurred(bits)
        new.under = ()
        return new

    def now(self, header: int) -> Cube:
        """What a frame that entered with a header has now: the bits that are known, and their values."""
        value = header & ~self.fixed | self.constant
        for link in self.links:
            part = (1 << link.bits) - 1
            value = value & ~(part << link.to) | (header >> link.source & part) << link.to
        if self.spent:
            value -= self.spent << SHIFT[f.IP_TTL]
        known = h.ALL & ~self.vague
        return value & known, known

    # what was met

    def met(self, step: object) -> Parcel:
        """The frames met something."""
        new = self.copy()
        new.trail = (self.trail, step)
        return new

    def chosen(self, at: object, number: int) -> Parcel:
        """One of several ways was taken, that a hash decides on."""
        new = self.copy()
        new.choices = (*self.choices, (at, number))
        return new

    @property
    def steps(self) -> list[Any]:
        """All that was met, in order."""
        found, trail = [], self.trail
        while trail:
            trail, step = trail
            found.append(step)
        return found[::-1]


def _pieces(link: Link, mask: int) -> Iterator[Link]:
    """What is left of a link where some of its bits are overwritten."""
    begin = 0
    for bit in range(link.bits + 1):
        if bit == link.bits or mask >> link.to + bit & 1:
            if bit > begin:
                yield Link(link.to + begin, link.source + begin, bit - begin)
            begin = bit + 1


def _through(link: Link, links: tuple[Link, ...]) -> Iterator[Link]:
    """A link from what may itself be linked."""
    rest = [link]
    for other in links:
        pieces, rest = rest, []
        for piece in pieces:
            low, high = max(piece.source, other.to), min(piece.source + piece.bits, other.to + other.bits)
            if low >= high:
                rest.append(piece)
                continue
            yield Link(piece.to + low - piece.source, other.source + low - other.to, high - low)
            if piece.source < low:
                rest.append(Link(piece.to, piece.source, low - piece.source))
            if high < piece.source + piece.bits:
                rest.append(Link(piece.to + high - piece.source, high, piece.source + piece.bits - high))
    yield from rest
