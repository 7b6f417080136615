from __future__ import annotations

from planes.control.facts import EDGE_PORT, HOST, REACH, SEGMENT_SWITCHES, SWITCH, EdgePort, Facts, HostFact, View
from planes.control.fragments import host
from planes.control.fragments.access import LAG_GROUP
from planes.data.fields import VLAN_PRESENT, VLAN_VID
from planes.data.pipeline import Table, in_segment
from planes.data.rule import Output, PushVlan, Rule, SetField, ToGroup, match

MAC = 0x0200_0000_0001


def rules(fact: HostFact | None, ports: tuple[int, ...] = (5,)) -> dict[int, list[Rule]]:
    """Segment 4 is on switches 1 and 2; routed frames for it arise on 3 too."""
    facts = Facts()
    for dpid in (1, 2, 3):
        facts.put(SWITCH, dpid, dpid)
    facts.put(SEGMENT_SWITCHES, 4, (1, 2))
    facts.put(REACH, 4, (1, 2, 3))
    facts.put(EDGE_PORT, (1, 5), EdgePort(ports))
    if fact is not None:
        facts.put(HOST, (4, MAC), fact)
    found: dict[int, list[Rule]] = {}
    for dpid, entry in host.compile(View(facts), (4, MAC)):
        assert isinstance(entry, Rule)
        found.setdefault(dpid, []).append(entry)
    return found


def test_the_page_table_says_output_at_home_and_label_wherever_frames_for_the_segment_arise() -> None:
    found = rules(HostFact(77, (1, 5, 0)))
    (home,) = [r for r in found[1] if r.table == Table.LOCATE]
    assert home.actions == (Output(5),)
    for dpid in (2, 3):
        (away,) = found[dpid]
        assert [type(action) for action in away.actions] == [SetField, ToGroup]
        assert away.match == home.match == match(metadata=in_segment(4), eth_dst=MAC)


def test_landing_restores_the_mac() -> None:
    (land,) = [r for r in rules(HostFact(77, (1, 5, 0)))[1] if r.table == Table.LAND]
    assert land.match == match(eth_dst=(77, 0xFFFFFF))
    assert isinstance(land.actions[0], SetField) and land.actions[0].value == MAC


def test_a_tagged_host_gets_its_tag() -> None:
    found = [r for r in rules(HostFact(77, (1, 5, 9)))[1] if r.table in (Table.LAND, Table.LOCATE)]
    assert len(found) == 2
    for rule in found:
        assert rule.actions[-3:] == (PushVlan(), SetField(VLAN_VID, VLAN_PRESENT | 9), Output(5))


def test_what_a_lags_host_sends_to_a_host_of_the_same_lag_has_been_there() -> None:
    first, second = sorted(
        (r for r in rules(HostFact(77, (1, 5, 0)), (5, 6))[1] if r.table == Table.LOCATE), key=lambda r: r.priority
    )
    assert first.actions == (ToGroup(LAG_GROUP | 5),)
    assert (set(second.match) - set(first.match), second.actions) == (set(match(in_port=5)), ())


def test_a_host_on_a_switch_outside_its_segment_gets_nothing() -> None:
    assert rules(HostFact(77, (3, 5, 0))) == {}
    assert rules(None) == {}
