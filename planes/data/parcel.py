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
from planes.data.headers import SHIFT, Cube, Headers, span

TTL, _IN_PORT = span(f.IP_TTL), span(f.IN_PORT)
CONNECTION = h.spans((f.CT_STATE, f.CT_ZONE, f.CT_MARK))
INSIDE = h.spans((f.IN_PORT, f.METADATA)) | CONNECTION  # not in the bytes of a frame
LEAVING = h.ALL & ~INSIDE  # what a receiver sees


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
        new.constant, new.fixed = in_port << SHIFT[f.IN_PORT], INSIDE
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
            same &= ~TTL
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
        if self.plain or not mask & (self.linked | self.vague | TTL):
            return None if (value ^ self.value) & mask & self.mask else (value, mask)
        found: Cube | None = (value & ~self.linked & ~self.vague, mask & ~self.linked & ~self.vague)
        if self.spent and found and found[1] & TTL:
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
        return None if ttl > f.IP_TTL.full else (cube[0] & ~TTL | ttl << at, cube[1])

    def put(self, mask: int, value: int) -> Parcel:
        """Some bits are overwritten."""
        new = self.copy()
        new.constant, new.fixed = self.constant & ~mask | value, self.fixed | mask
        new.vague &= ~mask
        if mask & self.linked:
            new._unlink(mask)
        if mask & TTL:
            new.spent = 0
        new.note()
        return new

    def _unlink(self, mask: int) -> None:
        self.links = tuple(piece for link in self.links for piece in _pieces(link, mask))
        self.linked &= ~mask

    def note(self) -> None:
        """See whether all is plain; after a new parcel was given other links, vague bits or TTL."""
        self.plain = not (self.links or self.vague or self.spent)

    def moved(self, link: Link) -> Parcel:
        """Some bits are now what others were when the frames came here; nothing is known of parts of unknown ones."""
        to, at, bits = link
        mask, source = (1 << bits) - 1, (1 << bits) - 1 << at
        if self.fixed & source == source:
            return self.put(mask << to, (self.constant >> at & mask) << to)
        new = self.put(mask << to, 0)
        new.fixed &= ~(mask << to)
        if source & (self.vague | self.fixed) or (self.spent and source & TTL):
            new.vague |= mask << to
        else:
            new.links += tuple(_through(link, self.links))
            new.linked |= mask << to
        new.note()
        return new

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

    def blurred(self, bits: int) -> Parcel:
        """Nothing is known of some bits any more."""
        new = self.put(bits, 0)
        new.fixed &= ~bits
        new.vague |= bits
        new.plain = False
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
