from __future__ import annotations

from planes.control.facts import EDGE_PORT, Edge, Facts, View
from planes.control.fragments import port
from planes.data.fields import ETH_LLDP
from planes.data.pipeline import Table, metadata
from planes.data.rule import Meter, Punt, Rule, match


def edge_entries() -> list[Rule | Meter]:
    facts = Facts()
    facts.put(EDGE_PORT, (1, 5), Edge(segment=2, network=3))
    return [entry for _, entry in port.edge(View(facts), (1, 5))]  # type: ignore[misc]


def test_an_edge_ports_frames_get_their_segment_and_network() -> None:
    (enter,) = [e for e in edge_entries() if isinstance(e, Rule) and e.goto == Table.GUARD]
    assert enter.match == match(in_port=5)
    assert enter.metadata == (metadata(2, 3), 2**64 - 1)


def test_what_guard_and_locate_do_not_know_is_punted_under_the_ports_own_meter() -> None:
    entries = edge_entries()
    (meter,) = [e for e in entries if isinstance(e, Meter)]
    punts = [e for e in entries if isinstance(e, Rule) and Punt() in e.actions]
    assert {p.table for p in punts} == {Table.PORT, Table.GUARD, Table.LOCATE}
    assert all(p.meter == meter.id for p in punts)
    assert all(p.match == match(in_port=5) for p in punts if p.table != Table.PORT)


def test_reserved_group_addresses_stop_at_the_edge() -> None:
    at_port = [e for e in edge_entries() if isinstance(e, Rule) and e.table == Table.PORT and e.goto is None]
    forged, stop = sorted(at_port, key=lambda rule: -rule.priority)
    assert (forged.actions, forged.priority > stop.priority) == ((Punt(),), True)
    assert set(forged.match) == {*stop.match, *match(eth_type=ETH_LLDP)}
    lldp = 0x0180_C200_000E
    term = next(t for t in stop.match if t.field.name == "eth_dst")
    assert lldp & term.mask == term.value
    assert stop.actions == ()


def test_a_fabric_ports_frames_are_looked_up_by_label() -> None:
    ((dpid, rule),) = port.fabric(View(Facts()), (1, 5))
    assert dpid == 1
    assert rule == Rule(Table.PORT, 100, match(in_port=5), goto=Table.LABEL)
