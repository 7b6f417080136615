from __future__ import annotations

from planes.data import fields as f
from planes.data import headers as h
from planes.data.altering import again, changed, crossed, decremented, untracked
from planes.data.headers import SHIFT, Headers, span
from planes.data.parcel import Parcel
from planes.data.rule import Action, Load, Move, PopVlan, PushVlan, SetField, match


def entering(**wanted: int | tuple[int, int]) -> Parcel:
    return Parcel.entering(Headers(h.cube(match(**wanted))), 1)


def after(parcel: Parcel, *actions: Action) -> list[Parcel]:
    parts = [parcel]
    for action in actions:
        assert isinstance(action, SetField | Load | Move | PushVlan | PopVlan)
        parts = [part for each in parts for part in changed(each, action)]
    return parts


def known(parcel: Parcel, field: f.Field) -> int | None:
    value, mask = parcel.known()
    return value >> SHIFT[field] & field.full if mask & span(field) == span(field) else None


def matches(parcel: Parcel, **wanted: int) -> bool:
    asked = parcel.asked(h.cube(match(**wanted)))
    return asked is not None and parcel.only(asked) is not None


def test_a_field_that_frames_may_not_have_is_written_where_they_have_it() -> None:
    with_it, without = after(entering(eth_type=f.ETH_ARP), SetField(f.ARP_OP, 2))
    assert known(with_it, f.ARP_OP) == 2
    assert not without.fixed & span(f.ARP_OP)
    assert not matches(without, eth_type=f.ETH_ARP, arp_op=2)


def test_frames_of_another_kind_stay_as_they_are() -> None:
    parts = after(entering(), SetField(f.IPV4_DST, 7))
    written = [part for part in parts if part.fixed & span(f.IPV4_DST)]
    assert [known(part, f.ETH_TYPE) for part in written] == [f.ETH_IPV4]
    assert len(parts) == 3


def test_a_multicast_mac_is_made_of_its_group() -> None:
    restored = after(
        entering(eth_type=f.ETH_IPV4), SetField(f.ETH_DST, 0x0100_5E00_0000), Move(f.IPV4_DST, f.ETH_DST, 23)
    )
    whole, cut_off = restored
    assert matches(whole, eth_dst=0x0100_5E7F_FFFF)
    assert known(cut_off, f.ETH_DST) == 0x0100_5E00_0000


def test_the_port_is_loaded_by_its_old_name() -> None:
    (only,) = after(entering(), Load(f.NXM_IN_PORT, 9, 0, 16))
    assert known(only, f.IN_PORT) == 9


def test_ttl_runs_out_once() -> None:
    parts = list(decremented(entering(eth_type=f.ETH_IPV4, ip_ttl=2)))
    ((once, alive),) = parts
    assert alive
    assert matches(once, eth_type=f.ETH_IPV4, ip_ttl=1)
    assert not matches(once, eth_type=f.ETH_IPV4, ip_ttl=2)
    ((_, alive),) = decremented(once)
    assert not alive


def test_of_any_ttl_those_that_have_none_left_stop() -> None:
    parts = list(decremented(entering(eth_type=f.ETH_IPV4)))
    stopped = [part for part, alive in parts if not alive]
    assert [h.covers(h.cube(match(eth_type=f.ETH_IPV4)), part.headers.cube) for part in stopped] == [True]
    (going,) = [part for part, alive in parts if alive and part.spent]
    assert not matches(going, eth_type=f.ETH_IPV4, ip_ttl=255)


def test_a_ttl_that_was_set_counts_down() -> None:
    (first, _) = after(entering(eth_type=f.ETH_IPV4), SetField(f.IP_TTL, 2))
    ((once, alive),) = decremented(first)
    assert (alive, known(once, f.IP_TTL)) == (True, 1)
    assert [alive for _, alive in decremented(once)] == [False]


def test_a_tag_that_is_put_on_hides_the_guests() -> None:
    tagged, plain = after(entering(), PushVlan(), SetField(f.VLAN_VID, f.VLAN_PRESENT | 7)), entering()
    (one,) = tagged
    assert (known(one, f.VLAN_VID), len(one.under)) == (f.VLAN_PRESENT | 7, 1)
    (back,) = after(one, PopVlan())
    assert (back.under, back.asked(h.cube(match(vlan_vid=0)))) == ((), plain.asked(h.cube(match(vlan_vid=0))))


def test_a_tag_that_comes_off_leaves_what_is_behind_unread() -> None:
    untagged, opened = after(entering(), PopVlan())
    assert not untagged.opened
    assert (opened.opened, known(opened, f.VLAN_VID)) == (True, 0)
    plain = [part for part in crossed(opened, 3) if part.exact]
    hidden = [part for part in crossed(opened, 3) if not part.exact]
    assert [matches(part, eth_type=f.ETH_IPV4) for part in plain] == [True]
    assert {known(part, f.VLAN_VID) for part in hidden} == {None}  # whatever tag was inside


def test_at_another_switch_only_the_bytes_are_known() -> None:
    (start,) = after(entering(), SetField(f.METADATA, 5))
    (there,) = crossed(start, 3)
    assert (known(there, f.METADATA), known(there, f.IN_PORT), known(there, f.CT_STATE)) == (0, 3, 0)


def test_what_was_made_an_answer_is_read_as_one() -> None:
    kind = {"eth_type": f.ETH_IPV6, "ip_proto": 58, "icmpv6_type": 135}
    (asked, *_) = after(entering(**kind, ipv6_nd_target=5), SetField(f.ICMPV6_TYPE, 136))
    (there,) = crossed(asked, 3)
    assert there.vague & span(f.ND_TARGET)


def test_conntrack_may_say_anything_but_that_it_was_not_asked() -> None:
    (tracked,) = again(entering(eth_type=f.ETH_IPV4), 9)
    assert known(tracked, f.CT_ZONE) == 9
    for state in (f.CT_NEW, f.CT_ESTABLISHED | f.CT_REPLY, f.CT_INVALID):
        assert matches(tracked, ct_state=state | f.CT_TRACKED)
    assert not matches(tracked, ct_state=0)
    (twice,) = again(untracked(tracked), 10)
    assert not twice.exact
