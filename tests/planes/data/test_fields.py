from planes.data import fields as f
from planes.data.fields import FIELDS


def test_header_is_class_field_mask_length() -> None:
    assert f.ETH_DST.exact == 0x8000_06_06
    assert f.ETH_DST.masked == 0x8000_07_0C
    assert f.NXM_IN_PORT.exact == 0x0000_00_02


def test_partial_bytes_round_up() -> None:
    assert (f.VLAN_VID.size, f.VLAN_VID.full) == (2, 0x1FFF)


def test_what_a_field_needs_sorts_before_it() -> None:
    for field in FIELDS.values():
        assert all(needed < field for needed, _ in field.needs)
        assert all(set(needed.needs) <= set(field.needs) or needed == f.IP_PROTO for needed, _ in field.needs)


def test_no_two_fields_share_a_header_or_a_hash() -> None:
    assert len({field.exact for field in FIELDS.values()}) == len(FIELDS)
