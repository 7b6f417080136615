from __future__ import annotations

from triangles import A, greet, triangle

from planes.control import report
from planes.control.events import PortDescription
from planes.control.graph import Link
from planes.control.hosts import Known
from planes.model import state


def test_rows_speak_of_switches_by_name() -> None:
    core = triangle().core
    assert list(report.links(core.inventory, [Link((1, 11), (2, 11))])) == [state.Link("s1", 11, "s2", 11)]
    assert {row.name: row.rules for row in report.switches(core.inventory, core.engine)} == {
        f"s{dpid}": len(core.engine.entries(dpid)) for dpid in (1, 2, 3)
    }


def test_a_bridges_local_port_is_not_reported() -> None:
    core = triangle().core
    assert all(row.number < 100 for row in report.ports(core.inventory, 1, core.engine, core.tenants, ()))


def test_a_ports_mac_and_speed_are_as_its_switch_says() -> None:
    core = triangle().core
    core.inventory.records[1].ports[1] = PortDescription(1, "s1-eth1", True, "02:00:00:00:00:01", 10_000_000)
    rows = {row.number: row for row in report.ports(core.inventory, 1, core.engine, core.tenants, ())}
    assert (rows[1].mac, rows[1].speed) == ("02:00:00:00:00:01", 10_000_000)
    assert (rows[2].mac, rows[2].speed) == ("", 0)


def test_a_dampened_port_says_so_whatever_else_it_is() -> None:
    core = triangle().core
    roles = {row.name: row.role for row in report.ports(core.inventory, 1, core.engine, core.tenants, {(1, 11)})}
    assert (roles["s1-eth11"], roles["s1-eth13"]) == ("dampened", "fabric")


def test_a_host_is_a_row_and_one_that_is_gone_its_key() -> None:
    fabric = triangle()
    greet(fabric)
    core = fabric.core
    number = core.tenants.number("red", "one")
    assert number is not None
    row = report.host(core.inventory, core.tenants, (number, A), Known((1, 1, 0), (0x0A000001,), (1,)))
    assert row == state.Host("red", "one", "02:00:00:00:00:01", "s1", 1, ("10.0.0.1", "::1"))
    assert report.host(core.inventory, core.tenants, (number, A), None) == state.key(row)


def test_counters_by_reason() -> None:
    assert list(report.counters({"source-spoofed": 3})) == [state.Counter("source-spoofed", 3)]
