from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data import headers as h
from planes.data import packet
from planes.data.headers import Headers
from planes.data.packet import NO_TYPE, parse
from planes.data.rule import match
from planes.data.specimen import VLAN_LIMIT, frame, specimens

TYPES = (f.ETH_ARP, f.ETH_IPV4, f.ETH_IPV6, 0x88B5, NO_TYPE)


@st.composite
def sets(draw: st.DrawFn) -> Headers:
    """Sets that rules make: an EtherType perhaps, more fields perhaps, without some others."""
    wanted: dict[str, int] = {"eth_src": 0x0200_0000_0001}
    if draw(st.booleans()):
        wanted["eth_type"] = draw(st.sampled_from(TYPES))
    if draw(st.booleans()):
        wanted["vlan_vid"] = draw(st.sampled_from((f.NO_VLAN, f.VLAN_PRESENT | 7)))
    minus = [{"eth_type": each} for each in draw(st.sets(st.sampled_from(TYPES), max_size=3))]
    if wanted.get("eth_type") == f.ETH_IPV4:
        wanted |= {"ipv4_dst": 0x0A00_0001, "ip_proto": draw(st.sampled_from((1, 6, 17, 132, 200)))}
        minus = [{"eth_type": f.ETH_IPV4, "ip_ttl": ttl} for ttl in draw(st.sets(st.integers(60, 70)))]
    return Headers(h.cube(match(**wanted)), tuple(h.cube(match(**each)) for each in minus))


@given(sets())
def test_specimens_are_of_their_set(headers: Headers) -> None:
    for data in specimens(headers):
        assert h.contains(headers, h.of(parse(data, VLAN_LIMIT)))


@given(sets())
def test_a_set_of_ordinary_frames_has_some(headers: Headers) -> None:
    fixed = headers.cube[0] >> h.SHIFT[f.ETH_TYPE] & f.ETH_TYPE.full
    if h.header(headers) is not None and fixed != NO_TYPE:
        assert next(specimens(headers), None) is not None


def test_ordinary_frames_come_first() -> None:
    first = next(specimens(Headers(h.cube(match(eth_type=f.ETH_IPV4)))))
    fields = parse(first)
    assert (fields[f.IP_PROTO], fields[f.IP_TTL], fields[f.VLAN_VID]) == (f.IP_UDP, 64, f.NO_VLAN)


def test_what_is_cut_off_is_found_where_nothing_else_is() -> None:
    value, mask = h.cube(match(eth_type=f.ETH_IPV4))
    broken = Headers((value, mask | h.part_bit(f.IP_TTL)))
    assert f.IP_TTL not in parse(next(specimens(broken)))


def test_neighbor_discovery_with_its_options() -> None:
    wanted = match(eth_type=f.ETH_IPV6, ip_proto=58, icmpv6_type=135, ipv6_nd_target=5, ipv6_nd_sll=7)
    fields = parse(next(specimens(Headers(h.cube(wanted)))))
    assert (fields[f.ND_TARGET], fields[f.ND_SLL], fields[f.ND_OPTION_TYPE]) == (5, 7, 1)


def test_headers_that_no_frame_has_make_none() -> None:
    assert frame(h.of({f.ETH_TYPE: f.ETH_VLAN, f.VLAN_VID: 0, f.ETH_DST: 1, f.ETH_SRC: 2})) is None
    assert frame(h.of({f.ETH_TYPE: 0x0100, f.VLAN_VID: 0, f.ETH_DST: 1, f.ETH_SRC: 2})) is None


def test_a_whole_frame_comes_back() -> None:
    data = packet.ethernet(1, 2, 0x88B5, b"specimen".ljust(46, b"."), 7)
    assert frame(h.of(parse(data, VLAN_LIMIT))) == data
