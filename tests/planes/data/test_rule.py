import pytest

from planes.data import fields as f
from planes.data.rule import Rule, Term, match


def test_match_is_sorted_so_that_prerequisites_come_first() -> None:
    found = match(arp_spa=1, eth_type=f.ETH_ARP, in_port=3)
    assert [term.field for term in found] == [f.IN_PORT, f.ETH_TYPE, f.ARP_SPA]


def test_order_of_writing_makes_no_difference() -> None:
    assert match(in_port=1, eth_dst=2) == match(eth_dst=2, in_port=1)


def test_exact_terms_have_the_full_mask_and_empty_masks_vanish() -> None:
    assert match(eth_dst=5) == (Term(f.ETH_DST, 5, 0xFFFF_FFFF_FFFF),)
    assert match(eth_dst=(0, 0)) == ()


@pytest.mark.parametrize(
    "wanted",
    [{"eth_dts": 1}, {"in_port": 1 << 32}, {"eth_dst": (3, 1)}, {"in_port": (1, 1)}, {"eth_dst": -1}],
)
def test_nonsense_is_refused(wanted: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wanted))):
        match(**wanted)


def test_key_leaves_out_what_the_rule_does() -> None:
    assert Rule(1, 2, match(in_port=1), cookie=5).key == Rule(1, 2, match(in_port=1), goto=3).key
