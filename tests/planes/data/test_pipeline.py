from __future__ import annotations

import pytest

from planes.data.pipeline import (
    PIPELINE,
    TRACKED_FLAG,
    StrayRule,
    Table,
    between,
    check,
    from_segment,
    in_network,
    in_segment,
    metadata,
)
from planes.data.rule import Rule, match


def test_gotos_only_go_up_and_to_tables_that_exist() -> None:
    assert set(PIPELINE) == set(Table)
    for table, spec in PIPELINE.items():
        assert all(target > table for target in spec.gotos)


def test_metadata_keeps_its_parts_apart() -> None:
    value = metadata(segment=0xFFFFF, network=0x12345)
    wanted, mask = in_segment(0xFFFFF)
    assert value & mask == wanted
    assert value >> 40 == 0x12345
    assert metadata(1, 1) & mask != wanted


def test_a_routed_frame_is_between_two_segments() -> None:
    value = 0x11111 | 0x22222 << 20 | 0x33333 << 40 | TRACKED_FLAG
    for wanted, mask in (from_segment(0x11111), in_segment(0x22222), in_network(0x33333), between(0x11111, 0x22222)):
        assert value & mask == wanted
    masks = [pair[1] for pair in (from_segment(1), in_segment(1), in_network(1))] + [TRACKED_FLAG]
    assert sum(masks) == 0x1FFF_FFFF_FFFF_FFFF  # none overlaps another
    assert between(1, 2)[1] == masks[0] | masks[1]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (Rule(1, 1, ()), "no table 1"),
        (Rule(Table.LABEL, 1, match(eth_type=1)), "LABEL may not match eth_type"),
        (Rule(Table.LAND, 1, (), goto=Table.LABEL), "LAND may not go to table 10"),
    ],
)
def test_a_stray_rule_is_named(rule: Rule, complaint: str) -> None:
    with pytest.raises(StrayRule, match=complaint):
        check(rule)


def test_a_declared_rule_passes() -> None:
    check(Rule(Table.PORT, 1, match(in_port=1), goto=Table.LABEL))
