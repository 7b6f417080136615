from __future__ import annotations

import pytest

from planes.control import facts
from planes.control.facts import Edge, Facts, Kind, SegmentFact
from planes.control.fragments import FRAGMENTS
from planes.control.shares import _NETWORK, FABRIC, network_in, network_of
from planes.data.pipeline import Table, between, in_network, in_segment
from planes.data.rule import Rule, match

RED, ONE, OTHER = 7, 21, 22  # a network, and two segments of it
EVERYBODYS = {"switch", "way", "fabric-port", "edge-port"}


@pytest.fixture
def known() -> Facts:
    known = Facts()
    known.put(facts.SEGMENT, ONE, SegmentFact(RED, (), 1, 2, 3))
    known.put(facts.ACCESS, (1, 2, 0), Edge(ONE, RED))
    return known


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (facts.ACCESS, (1, 2, 0)),
        (facts.BINDING, (1, 2, 0)),
        (facts.SEGMENT, ONE),
        (facts.GATEWAY, ONE),
        (facts.HOST, (ONE, 0x0200_0000_0001)),
        (facts.NEIGHBOR, (ONE, 4, 1)),
        (facts.ZONE, (1, ONE)),
        (facts.ROUTER, RED),
        (facts.POLICY_LINE, (RED, 0)),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else None,
)
def test_what_belongs_to_a_network_is_told_by_its_key(known: Facts, kind: Kind[object, object], key: object) -> None:
    assert network_of(kind, key, known) == RED


def test_what_belongs_to_no_network_or_to_one_that_is_gone_is_the_fabrics(known: Facts) -> None:
    assert network_of(facts.SWITCH, RED, known) == FABRIC
    assert network_of(facts.HOST, (OTHER, 1), known) == FABRIC
    assert network_of(facts.ACCESS, (1, 3, 0), known) == FABRIC


def test_every_fragment_stands_on_a_fact_that_is_a_networks_or_everybodys() -> None:
    networks = {kind.name for kind in _NETWORK}
    assert {fragment.anchor.name for fragment in FRAGMENTS} <= networks | EVERYBODYS
    assert not networks & EVERYBODYS


@pytest.mark.parametrize("metadata", [in_network(RED), between(ONE, OTHER), between(OTHER, ONE), in_segment(ONE)])
def test_a_rule_tells_its_network_by_the_metadata_that_it_matches(known: Facts, metadata: tuple[int, int]) -> None:
    assert network_in(Rule(Table.POLICY, 1, match(metadata=metadata)), known) == RED


def test_a_rule_that_matches_nothing_known_tells_none(known: Facts) -> None:
    assert network_in(Rule(Table.LOCATE, 1, match(metadata=in_segment(OTHER))), known) == FABRIC
    assert network_in(Rule(Table.PORT, 1, match(in_port=1)), known) == FABRIC
