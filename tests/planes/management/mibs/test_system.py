from __future__ import annotations

import pytest
from pysnmp.smi.builder import MibBuilder
from views import NOW, STARTED, known, view
from walks import column, scalar, table

from planes.management import mibs
from planes.management.mibs.modules import MODULES
from planes.management.watch import View
from planes.model import state
from planes.model.intent import Intent


@pytest.mark.parametrize(
    ("name", "whole", "tenant"),
    [
        ("sysDescr", "Triplane fabric, Triplane 1", "Triplane network, Triplane 1"),
        ("sysObjectID", "tripProductFabric", "tripProductNetwork"),
        ("sysUpTime", "0:01:40", "0:01:40"),
        ("sysName", "campus", "red"),
        ("sysServices", "6", "6"),
        ("sysContact", "", ""),
        ("snmpEnableAuthenTraps", "disabled(2)", "disabled(2)"),
    ],
)
def test_the_system_group(name: str, whole: str, tenant: str) -> None:
    assert (scalar(name, view(), NOW), scalar(name, view(), NOW, "red")) == (whole, tenant)


def test_uptime_is_nothing_before_a_controller_was_started() -> None:
    assert scalar("sysUpTime", View(), NOW) == "0:00:00"


def test_uptime_begins_again_after_497_days() -> None:
    assert scalar("sysUpTime", view(), STARTED + 2**32 / 100 + 1) == "0:00:01"


def test_the_modules_that_are_served_are_listed() -> None:
    rows = table("sysORTable", view(), NOW)
    assert [row["sysORID"] for row in rows.values()] == [module.name for module in MODULES]
    assert list(rows) == [str(number) for number in range(1, len(MODULES) + 1)]
    assert column("sysORDescr", view(), NOW)["2"].startswith("IF-MIB: ")


def test_names_and_oids_are_those_that_pysnmp_has() -> None:
    builder = MibBuilder()
    (module,) = (module for module in MODULES if module.name == "SNMPv2-MIB")
    (listed,) = module.tables
    theirs = {
        name: tuple(symbol.name)
        for name, symbol in builder.load_modules("SNMPv2-MIB").mibSymbols["SNMPv2-MIB"].items()
        if hasattr(symbol, "name")
    }
    mine = {each.name: each.oid for each in module.scalars}
    mine |= {column.name: (*listed.oid, 1, column.number) for column in listed.columns}
    mine |= {name: (*listed.oid, 1, number) for name, number in listed.hidden.items()}
    assert mine.items() <= theirs.items()


def test_an_empty_store_is_served() -> None:
    assert scalar("sysName", View(), NOW) == ""
    assert scalar("ifNumber", View(), NOW) == "0"


@pytest.mark.parametrize("network", [None, "red", "green"])
def test_what_ticks_is_part_of_the_whole_and_all_that_time_changes(network: str | None) -> None:
    then, now = (mibs.objects(view(), at, network) for at in (NOW, NOW + 3600))
    ticking = mibs.ticking(view(), NOW + 3600, network)
    assert then | ticking == now
    assert then != now
    assert len(ticking) < 20


def test_a_network_that_is_not_wanted_has_no_rows_but_the_agents_own() -> None:
    objects = mibs.objects(view(), NOW, "green")
    assert scalar("sysName", view(), NOW, "green") == "green"
    assert scalar("ifNumber", view(), NOW, "green") == "0"
    assert objects == mibs.objects(View(known(*view().state.of(state.Controller)), Intent(""), 0, True), NOW, "green")
