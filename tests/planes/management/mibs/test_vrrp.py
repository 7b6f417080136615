from __future__ import annotations

from dataclasses import replace

import pytest
from views import NOW, view
from walks import column, table

from planes.model import state

BACKUP = state.GatewayState(
    "red", "vrrp", "leaf2", 7, "vrrp", 120, True, "backup", "10.2.0.2", "", ("10.2.0.1",), "00:00:5e:00:01:07",
    became_active=3,
)  # fmt: skip


def test_a_member_is_told_as_rfc_6527_does() -> None:
    rows = table("vrrpv3OperationsTable", view(BACKUP), NOW, "red")
    assert list(rows) == ["1002 7 1", "1003 7 1", "1004 8 2"]
    assert rows["1003 7 1"] == {
        "vrrpv3OperationsMasterIpAddr": "10.2.0.2",
        "vrrpv3OperationsPrimaryIpAddr": "10.2.0.3",
        "vrrpv3OperationsVirtualMacAddr": "00:00:5e:00:01:07",
        "vrrpv3OperationsStatus": "backup(2)",
        "vrrpv3OperationsPriority": "120",
        "vrrpv3OperationsAddrCount": "1",
        "vrrpv3OperationsAdvInterval": "10",
        "vrrpv3OperationsPreemptMode": "true(1)",
        "vrrpv3OperationsRowStatus": "active(1)",
    }
    assert rows["1004 8 2"]["vrrpv3OperationsMasterIpAddr"] == "fe80::2"
    assert rows["1004 8 2"]["vrrpv3OperationsAdvInterval"] == "100"


def test_an_unknown_master_has_no_address_of_the_type() -> None:
    rows = table("vrrpv3OperationsTable", view(replace(BACKUP, state="unreachable", active="", virtual_ips=())), NOW)
    assert rows["1003 7 1"]["vrrpv3OperationsAddrCount"] == "1"
    assert rows["1003 7 1"]["vrrpv3OperationsMasterIpAddr"] == "0.0.0.0"
    assert rows["1003 7 1"]["vrrpv3OperationsStatus"] == "initialize(1)"


def test_addresses_are_rows_of_their_own() -> None:
    assert list(table("vrrpv3AssociatedIpAddrTable", view(), NOW, "red")) == [
        "1002 7 1 10.2.0.1", "1003 7 1 10.2.0.1", "1004 8 2 fd00::1", "1004 8 2 fe80::1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("standing", "last", "reason"),
    [
        ("backup", "active -> backup: higher priority", "notMaster(0)"),
        ("active", "backup -> active: the active was not heard for Active_Down_Interval", "masterNoResponse(3)"),
        ("active", "backup -> active: preempts the lower active", "preempted(2)"),
        ("active", "initialize -> active: started as the owner of the address", "priority(1)"),
        ("active", "backup -> active: told to take over", "priority(1)"),
        ("active", "", "priority(1)"),
    ],
)
def test_why_there_is_a_new_master(standing: str, last: str, reason: str) -> None:
    seen = view(replace(BACKUP, state=standing, last=last))
    assert column("vrrpv3StatisticsNewMasterReason", seen, NOW)["1003 7 1"] == reason


def test_how_often_a_member_became_master_is_counted() -> None:
    assert column("vrrpv3StatisticsMasterTransitions", view(BACKUP), NOW)["1003 7 1"] == "3"
