from __future__ import annotations

from dataclasses import replace

import pytest
from views import NOW, view
from walks import column, table

from planes.management.mibs.hsrp import STATES
from planes.model import state
from planes.model.intent import Intent, Network, Segment

ACTIVE = state.GatewayState(
    "red", "hsrp", "leaf1", 1, "hsrp", 90, True, "active", "local", "10.1.0.3", ("10.1.0.1",), "00:00:0c:07:ac:01"
)


def test_a_member_is_told_as_cisco_does() -> None:
    assert table("cHsrpGrpTable", view(ACTIVE), NOW, "red") == {
        "1000 1": {
            "cHsrpGrpPriority": "90",
            "cHsrpGrpPreempt": "true(1)",
            "cHsrpGrpPreemptDelay": "5",
            "cHsrpGrpUseConfiguredTimers": "true(1)",
            "cHsrpGrpConfiguredHelloTime": "1000",
            "cHsrpGrpConfiguredHoldTime": "3333",
            "cHsrpGrpVirtualIpAddr": "10.1.0.1",
            "cHsrpGrpUseConfigVirtualIpAddr": "true(1)",
            "cHsrpGrpActiveRouter": "10.1.0.2",
            "cHsrpGrpStandbyRouter": "10.1.0.3",
            "cHsrpGrpStandbyState": "active(6)",
            "cHsrpGrpVirtualMacAddr": "00:00:0c:07:ac:01",
            "cHsrpGrpEntryRowStatus": "active(1)",
        },
        "1001 1": table("cHsrpGrpTable", view(), NOW)["1001 1"],
    }


@pytest.mark.parametrize("name", STATES.values())
def test_states_are_cisco_s(name: str) -> None:
    shown = column("cHsrpGrpStandbyState", view(replace(ACTIVE, state=name)), NOW)["1000 1"]
    assert shown.startswith(f"{name}(")


def test_who_is_unreachable_takes_no_part_and_who_is_unknown_has_no_address() -> None:
    row = replace(ACTIVE, state="unreachable", active="", standby="", virtual_ips=())
    found = table("cHsrpGrpTable", view(row), NOW)["1000 1"]
    assert found["cHsrpGrpVirtualIpAddr"] == "10.1.0.1"
    assert found["cHsrpGrpStandbyState"] == "initial(1)"
    assert (found["cHsrpGrpActiveRouter"], found["cHsrpGrpStandbyRouter"]) == ("0.0.0.0", "0.0.0.0")


def test_version_2_has_groups_and_addresses_that_the_mib_has_no_place_for() -> None:
    def rows(row: state.GatewayState) -> list[str]:
        red = view().intent.networks[0]
        gateway = replace(red.segments[0].gateway, protocol=row.protocol, group=row.group)  # type: ignore[type-var]
        segment = replace(red.segments[0], gateway=gateway)
        return list(table("cHsrpGrpTable", replace(view(row), intent=Intent("x", (Network("red", (segment,)),))), NOW))

    two = replace(ACTIVE, protocol="hsrp2", group=255)
    assert rows(two) == ["1000 255"]
    assert rows(replace(two, group=256)) == []
    assert rows(replace(two, virtual_ips=("fe80::1",))) == []


def test_what_a_group_is_authenticated_with_is_not_told() -> None:
    assert "cHsrpGrpAuth" not in table("cHsrpGrpTable", view(), NOW)["1000 1"]


def test_tracked_ports_and_more_virtual_addresses() -> None:
    assert table("cHsrpExtIfTrackedTable", view(), NOW)["1000 1 9"] == {
        "cHsrpExtIfTrackedPriority": "20", "cHsrpExtIfTrackedRowStatus": "active(1)",
    }  # fmt: skip
    assert table("cHsrpExtIfTrackedTable", view(), NOW, "red") == {}  # a port of the fabric is none of a tenant's
    assert list(table("cHsrpExtSecAddrTable", view(), NOW, "red")) == ["1000 1 10.1.0.254", "1001 1 10.1.0.254"]


def test_a_row_that_is_not_wanted_any_more_is_no_member() -> None:
    seen = replace(view(), intent=Intent("x", (Network("red", (Segment("hsrp", (), ()),)),)))
    assert table("cHsrpGrpTable", seen, NOW) == {}
