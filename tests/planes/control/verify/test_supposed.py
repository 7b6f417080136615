from __future__ import annotations

from planes.control import facts
from planes.control.verify.supposed import compiled, supposed
from planes.model import state
from planes.model.load import load, parse
from planes.model.resolve import resolve
from planes.model.wiring import wire
from topologies.library import find

PLAN = """\
name: two
topology:
  switches: {s1: , s2: }
  hosts:
    h1: {address: 10.0.0.1/24, mac: "02:00:00:00:00:01"}
    h2: {address: [10.0.0.2/24, "fd00::2/64"]}
    h3: {address: 10.0.0.3/24}
    out: {address: 192.0.2.1/24}
  links: [[h1, s1], [h2, s2], [h3, "s2:7"], [out, s1], [s1, s2]]
networks:
  mine:
    segments:
      lan:
        subnet: [10.0.0.0/24, "fd00::/64"]
        ports: [h1, h2, "s2:7.100"]
        bind: {"s2:7.100": "02:00:00:00:00:77"}
"""


def known() -> state.State:
    plan = parse(PLAN, "two.yaml")
    assert plan.topology is not None
    return supposed(plan.topology, wire(plan.topology), resolve(plan))


def test_every_host_of_a_segment_was_heard_where_it_is() -> None:
    hosts = {(row.switch, row.port, row.vlan): row for row in known().of(state.Host)}
    assert hosts.keys() == {("s1", 1, 0), ("s2", 1, 0), ("s2", 7, 100)}
    assert hosts["s1", 1, 0].mac == "02:00:00:00:00:01"
    assert hosts["s2", 1, 0].addresses == ("10.0.0.2", "fd00::2")
    assert hosts["s2", 7, 100].mac == "02:00:00:00:00:77"


def test_no_two_hosts_have_one_mac() -> None:
    macs = [row.mac for row in known().of(state.Host)]
    assert len(set(macs)) == len(macs)


def test_all_is_up_and_found() -> None:
    found = known()
    assert [(row.name, row.connected) for row in found.of(state.Switch)] == [("s1", True), ("s2", True)]
    assert len(list(found.of(state.Link))) == 1
    assert all(row.up for row in found.of(state.Port))


def test_the_best_member_is_active_and_the_others_stand_by() -> None:
    plan = load(find("campus"))
    assert plan.topology is not None
    core = compiled(plan.topology, wire(plan.topology), resolve(plan))
    (spots,) = core.engine.facts.table(facts.ACTIVE).values()
    names = [core.inventory.records[dpid].name for dpid, _ in spots]
    assert names == ["dist1", "dist2"]
