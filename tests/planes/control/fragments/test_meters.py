from __future__ import annotations

from dataclasses import replace

from policies import A, fabric, network
from simulated import Fabric

from planes.control import events as ev
from planes.control.fragments import meters
from planes.data import fields as f
from planes.data.pipeline import Table
from planes.data.rule import Meter, Rule, Unit
from planes.model.intent import Intent, Network, Policy


def limits(made: Fabric, dpid: int) -> dict[int, Meter]:
    """The meters of a switch that count kilobits."""
    found = [entry for entry in made.core.engine.entries(dpid) if isinstance(entry, Meter)]
    return {meter.id: meter for meter in found if meter.unit is Unit.KILOBITS}


def used(made: Fabric, dpid: int, table: Table) -> set[int | None]:
    rules = [entry for entry in made.core.engine.entries(dpid) if isinstance(entry, Rule) and entry.table == table]
    return {rule.meter for rule in rules}


def wanting(wanted: Network) -> Fabric:
    made = fabric()
    made.serial += 1
    made.give(ev.IntentChanged(made.serial, Intent("test", (wanted,))))
    return made


def test_a_burst_is_a_tenth_of_a_second_and_some_frames_at_least() -> None:
    lines = [
        Policy("allow", protocol="tcp", ports=(n, n), rate=r, line=n) for n, r in enumerate((20_000_000, 8_000), 1)
    ]
    found = limits(fabric(*lines), 1)
    assert sorted((meter.rate, meter.burst) for meter in found.values()) == [(8, meters.MIN_BURST), (20_000, 2_000)]


def test_a_networks_rate_is_one_meter_a_switch_for_all_that_its_hosts_send() -> None:
    made = wanting(network(rate=5_000_000))
    for dpid in made.switches:
        (limit,) = limits(made, dpid).values()
        assert limit.rate == 5_000
        guards = [e for e in made.core.engine.entries(dpid) if isinstance(e, Rule) and e.goto == Table.SERVICE]
        assert guards
        assert {rule.meter for rule in guards} == {limit.id}


def test_an_accesss_rate_is_where_its_frames_come_in() -> None:
    plain = network()
    servers, users = plain.segments
    ports = tuple(replace(at, rate=3_000_000) if (at.switch, at.port) == ("s1", 1) else at for at in users.ports)
    made = wanting(replace(plain, segments=(servers, replace(users, ports=ports))))
    (limit,) = limits(made, 1).values()
    assert limits(made, 2) == {}
    rules = [e for e in made.core.engine.entries(1) if isinstance(e, Rule) and e.meter == limit.id]
    assert [(rule.table, [t.value for t in rule.match if t.field == f.IN_PORT]) for rule in rules] == [
        (Table.PORT, [A.port[1]])
    ]


def test_a_meter_goes_with_its_rate() -> None:
    made = fabric(Policy("allow", "users", protocol="tcp", rate=1_000_000))
    (limit,) = limits(made, 1)
    assert limit in used(made, 1, Table.POLICY)
    made.serial += 1
    made.give(ev.IntentChanged(made.serial, Intent("test", (network(),))))
    assert limits(made, 1) == {}
    assert all(set(made.core.engine.entries(dpid)) == set(switch.entries()) for dpid, switch in made.switches.items())
