from __future__ import annotations

from planes.control.facts import HOST, SEGMENT_SWITCHES, SWITCH, Facts, HostFact, View
from planes.control.fragments import host
from planes.data.pipeline import Table
from planes.data.rule import Output, Punt, Rule, SetField, ToGroup, match

MAC = 0x0200_0000_0001


def rules(fact: HostFact | None, switches: tuple[int, ...] = (1, 2)) -> dict[int, list[Rule]]:
    facts = Facts()
    for dpid in (1, 2, 3):
        facts.put(SWITCH, dpid, dpid)
    facts.put(SEGMENT_SWITCHES, 4, switches)
    if fact is not None:
        facts.put(HOST, (4, MAC), fact)
    found: dict[int, list[Rule]] = {}
    for dpid, entry in host.compile(View(facts), (4, MAC)):
        assert isinstance(entry, Rule)
        found.setdefault(dpid, []).append(entry)
    return found


def test_the_page_table_says_output_at_home_and_label_elsewhere() -> None:
    found = rules(HostFact(77, (1, 5)))
    (home,) = [r for r in found[1] if r.table == Table.LOCATE]
    (away,) = found[2]
    assert home.actions == (Output(5),)
    assert [type(action) for action in away.actions] == [SetField, ToGroup]
    assert away.match == home.match


def test_landing_restores_the_mac() -> None:
    (land,) = [r for r in rules(HostFact(77, (1, 5)))[1] if r.table == Table.LAND]
    assert land.match == match(eth_dst=(77, 0xFFFFFF))
    assert isinstance(land.actions[0], SetField) and land.actions[0].value == MAC


def test_an_unknown_arp_or_nd_sender_is_learned_and_a_known_one_is_not_punted() -> None:
    guard = [r for r in rules(HostFact(77, (1, 5), ipv4=(1,), ipv6=(2, 3)))[1] if r.table == Table.GUARD]
    assert sum(Punt() in r.actions for r in guard) == 3  # ARP, solicitation, advertisement
    assert sum(r.goto == Table.SERVICE for r in guard) == 1 + 2 + 2 * 3  # the MAC; 0 and 1; ::, 2 and 3, twice
    assert all(r.meter for r in guard if Punt() in r.actions)


def test_a_host_on_a_switch_outside_its_segment_gets_nothing() -> None:
    assert rules(HostFact(77, (3, 5))) == {}
    assert rules(None) == {}
