from __future__ import annotations

from planes.data import fields as f
from planes.data import headers as h
from planes.data.fields import Field
from planes.data.headers import SHIFT, Headers, span
from planes.data.parcel import Link, Parcel
from planes.data.rule import match


def entering(in_port: int = 1, **wanted: int | tuple[int, int]) -> Parcel:
    return Parcel.entering(Headers(h.cube(match(**wanted))), in_port)


def known(parcel: Parcel, field: Field) -> int | None:
    """What all its frames have in a field now."""
    value, mask = parcel.known()
    return value >> SHIFT[field] & field.full if mask & span(field) == span(field) else None


def put(parcel: Parcel, field: Field, value: int) -> Parcel:
    return parcel.put(span(field), value << SHIFT[field])


def asked(parcel: Parcel, **wanted: int | tuple[int, int]) -> h.Cube | None:
    return parcel.asked(h.cube(match(**wanted)))


DST_FROM_SRC = Link(SHIFT[f.ETH_DST], SHIFT[f.ETH_SRC], 48)


def test_what_is_known_is_where_they_came_in_and_what_they_have_alike() -> None:
    parcel = entering(7, eth_src=5)
    assert (known(parcel, f.IN_PORT), known(parcel, f.METADATA), known(parcel, f.ETH_SRC)) == (7, 0, 5)
    assert known(parcel, f.ETH_DST) is None


def test_a_match_says_which_frames_it_is_about_as_they_entered() -> None:
    parcel = entering(eth_src=5)
    assert asked(parcel, eth_dst=9) == h.cube(match(eth_dst=9))
    assert asked(parcel, eth_src=6) is None
    assert asked(parcel, in_port=1, eth_src=5) == h.cube(match(eth_src=5))
    assert asked(parcel, in_port=2) is None


def test_what_was_overwritten_is_the_same_for_all() -> None:
    parcel = put(entering(), f.ETH_DST, 9)
    assert asked(parcel, eth_dst=9) == h.EVERYTHING
    assert asked(parcel, eth_dst=8) is None


def test_bits_that_moved_are_asked_of_where_they_were() -> None:
    parcel = entering().moved(DST_FROM_SRC)
    assert asked(parcel, eth_dst=9) == h.cube(match(eth_src=9))
    assert asked(parcel, eth_dst=9, eth_src=8) is None
    both = put(parcel, f.ETH_SRC, 3)
    assert asked(both, eth_dst=9, eth_src=3) == h.cube(match(eth_src=9))
    assert known(parcel, f.ETH_DST) is None


def test_of_moved_bits_some_may_be_overwritten() -> None:
    parcel = entering().moved(DST_FROM_SRC).put(0xFF00 << SHIFT[f.ETH_DST], 0x1200 << SHIFT[f.ETH_DST])
    assert asked(parcel, eth_dst=0xAB12CD) == h.cube(match(eth_src=(0xAB00CD, 0xFFFF_FFFF_00FF)))
    assert asked(parcel, eth_dst=0xAB13CD) is None


def test_bits_that_moved_twice() -> None:
    parcel = entering().moved(DST_FROM_SRC).moved(Link(SHIFT[f.ARP_THA], SHIFT[f.ETH_DST] + 8, 8))
    assert asked(put(parcel, f.ETH_DST, 0), arp_tha=(0xCD, 0xFF)) == h.meet(
        h.cube(match(eth_src=(0xCD00, 0xFF00))), (h.part_bit(f.ARP_THA), h.part_bit(f.ARP_THA))
    )


def test_constants_move_as_constants() -> None:
    parcel = put(entering(), f.ETH_SRC, 9).moved(DST_FROM_SRC)
    assert known(parcel, f.ETH_DST) == 9
    assert parcel.plain


def test_of_what_is_vague_anything_may_be_so() -> None:
    parcel = entering(eth_dst=9).blurred(span(f.ETH_DST))
    assert asked(parcel, eth_dst=5) == h.EVERYTHING
    assert not parcel.settles(h.cube(match(eth_dst=5)))
    matching, others = parcel.split(h.cube(match(eth_dst=5)))
    assert matching is not None
    assert others is parcel
    assert put(parcel, f.ETH_DST, 5).exact


def test_a_split_has_all_frames_once() -> None:
    matching, others = entering().split(h.cube(match(eth_dst=5)))
    assert matching is not None
    assert others is not None
    assert matching.headers == Headers(h.cube(match(eth_dst=5)))
    assert others.headers == Headers(h.EVERYTHING, (h.cube(match(eth_dst=5)),))
    assert matching.split(h.cube(match(eth_dst=5)))[1] is None
    assert matching.split(h.cube(match(eth_dst=6)))[0] is None


def test_frames_from_anywhere_are_those_of_each_port() -> None:
    anywhere = entering(7).anywhere()
    here, others = anywhere.split(h.cube(match(in_port=3)))
    assert here is not None
    assert others is not None
    assert (here.ports_asked(), others.ports_asked(), anywhere.ports_asked()) == ({3}, {3}, set())
    assert here.came_by(4) is None
    assert others.came_by(3) is None
    for part, port in ((here, 3), (others, 4), (anywhere, 5)):
        came = part.came_by(port)
        assert came is not None
        assert (known(came, f.IN_PORT), came.headers) == (port, Headers(h.EVERYTHING))


def test_what_a_frame_has_now() -> None:
    header = h.of({f.ETH_SRC: 1, f.ETH_DST: 2, f.IP_TTL: 64})
    parcel = put(entering().moved(DST_FROM_SRC), f.ETH_SRC, 7)
    parcel.spent = 2
    value, mask = parcel.now(header)
    assert [value >> SHIFT[x] & x.full for x in (f.ETH_SRC, f.ETH_DST, f.IP_TTL)] == [7, 1, 62]
    assert not parcel.blurred(span(f.ETH_DST)).now(header)[1] & span(f.ETH_DST)
    assert mask == h.ALL


def test_the_steps_are_in_order() -> None:
    assert entering().met("one").met("two").steps == ["one", "two"]
    assert entering().chosen("group", 3).choices == (("group", 3),)
