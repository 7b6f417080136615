from __future__ import annotations

from planes.control.facts import EDGE_PORT, EdgePort, Facts, View
from planes.control.fragments import port
from planes.control.fragments.access import LAG_GROUP
from planes.data.fields import ETH_LLDP
from planes.data.pipeline import Table
from planes.data.rule import Bucket, Entry, Group, GroupType, Meter, Output, Punt, Rule, match


def edge_entries(*members: int) -> list[Entry]:
    facts = Facts()
    facts.put(EDGE_PORT, (1, 5), EdgePort(members or (5,)))
    return [entry for _, entry in port.edge(View(facts), (1, 5))]


def test_what_guard_and_locate_do_not_know_is_punted_under_the_ports_own_meter() -> None:
    for entries in (edge_entries(), edge_entries(5, 6)):
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


def test_a_lags_members_share_its_frames_while_they_are_up_and_each_stops_reserved_addresses() -> None:
    entries = edge_entries(5, 6, 9)
    (group,) = [e for e in entries if isinstance(e, Group)]
    buckets = tuple(Bucket((Output(n),), watch_port=n, weight=1) for n in (5, 6, 9))
    assert group == Group(LAG_GROUP | 5, GroupType.SELECT, buckets)
    at_port = [e for e in entries if isinstance(e, Rule) and e.table == Table.PORT]
    assert sorted(t.value for e in at_port for t in e.match if t.field.name == "in_port") == [5, 5, 6, 6, 9, 9]
    assert not any(isinstance(e, Group) for e in edge_entries())


def test_a_fabric_ports_frames_are_looked_up_by_label() -> None:
    ((dpid, rule),) = port.fabric(View(Facts()), (1, 5))
    assert dpid == 1
    assert rule == Rule(Table.PORT, 100, match(in_port=5), goto=Table.LABEL)
