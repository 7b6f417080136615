from __future__ import annotations

import pytest
from views import NOW, view
from walks import column, table

from planes.management import mibs
from planes.management.mibs import names
from planes.management.mibs.entity import FIRST_CHASSIS, FIRST_PORT


def test_the_fabric_is_a_stack_of_switches_with_ports() -> None:
    rows = table("entPhysicalTable", view(), NOW)
    assert len(rows) == 1 + 3 + 27
    told = [
        (row["entPhysicalName"], row["entPhysicalClass"], row["entPhysicalContainedIn"], row["entPhysicalParentRelPos"])
        for row in (rows["1"], rows[str(FIRST_CHASSIS + 2)], rows[str(FIRST_PORT + 12)])
    ]
    assert told == [
        ("campus", "stack(11)", "0", "-1"),
        ("leaf2", "chassis(3)", "1", "2"),
        ("leaf2:3", "port(10)", str(FIRST_CHASSIS + 2), "3"),
    ]
    assert rows[str(FIRST_CHASSIS + 2)]["entPhysicalSerialNum"] == "0000000000000022"


@pytest.mark.parametrize("network", [None, "red"])
def test_all_is_within_the_stack(network: str | None) -> None:
    within = column("entPhysicalContainedIn", view(), NOW, network)
    contains = table("entPhysicalContainsTable", view(), NOW, network)
    assert sorted(contains) == sorted(f"{parent} {child}" for child, parent in within.items() if parent != "0")
    assert all(parent in within for parent in within.values() if parent != "0")


def test_ports_are_interfaces_too() -> None:
    aliases = column("entAliasMappingIdentifier", view(), NOW)
    assert aliases[f"{FIRST_PORT + 12} 0"] == "ifIndex.12"
    objects = mibs.objects(view(), NOW)
    assert all(names.oid_of(alias) in objects for alias in aliases.values())


def test_tenants_are_logical_and_their_contexts_are_named_as_they_are() -> None:
    assert column("entLogicalContextName", view(), NOW) == {"1": "red", "2": "blue"}
    assert column("entLogicalType", view(), NOW)["1"] == "BRIDGE-MIB"
    assert column("entLogicalContextName", view(), NOW, "red") == {"1": "red"}


def test_a_tenant_has_the_switches_and_ports_where_it_is() -> None:
    found = column("entPhysicalName", view(), NOW, "red")
    assert sorted(found.values()) == ["leaf1", "leaf1:1", "leaf2", "leaf2:1", "leaf2:3", "leaf2:5", "red"]
