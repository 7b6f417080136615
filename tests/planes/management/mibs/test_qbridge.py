from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import DB, NOW, WEB, view
from walks import column, scalar, table

from planes.management.mibs.qbridge import port_list


@given(st.lists(st.integers(1, 500)))
def test_a_port_list_has_a_bit_for_each_port(ports: list[int]) -> None:
    octets = port_list(ports)
    assert {n + 1 for n in range(len(octets) * 8) if octets[n // 8] >> (7 - n % 8) & 1} == set(ports)
    assert octets[-1:] != b"\0"


def test_each_segment_has_a_database_of_its_own() -> None:
    assert column("dot1qFdbDynamicCount", view(), NOW) == {
        "10": "2", "11": "1", "12": "0", "13": "0", "14": "0", "15": "0",
        "20": "2", "21": "1", "22": "0", "23": "0", "24": "0", "25": "0",
    }  # fmt: skip
    assert column("dot1qTpFdbPort", view(), NOW) == {
        f"10 {WEB}": "1", f"10 {DB}": "10", f"11 {WEB}": "1", f"20 {WEB}": "2", f"20 {DB}": "11", f"21 {WEB}": "2",
    }  # fmt: skip
    assert set(column("dot1qTpFdbStatus", view(), NOW).values()) == {"learned(3)"}


def test_a_tenant_has_its_own_alone() -> None:
    assert column("dot1qTpFdbPort", view(), NOW, "red") == {f"10 {WEB}": "1", f"10 {DB}": "10", f"11 {WEB}": "1"}
    assert sorted(column("dot1qVlanStaticName", view(), NOW, "red").values()) == [
        "red/alone", "red/any", "red/glbp", "red/hsrp", "red/vrrp", "red/vrrp6",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("index", "name", "egress", "untagged"),
    [
        ("4106", "red/hsrp", "80 40", "80 40"),  # leaf1:1 and leaf2:1, which are interfaces 1 and 10
        ("4107", "red/vrrp", "80", ""),
        ("4111", "red/alone", "00 14", "00 14"),  # a LAG of leaf2:3 and leaf2:5, 12 and 14
        ("4110", "red/any", "", ""),
    ],
)
def test_a_segment_is_a_vlan_beyond_those_of_802_1q(index: str, name: str, egress: str, untagged: str) -> None:
    assert table("dot1qVlanStaticTable", view(), NOW)[index] == {
        "dot1qVlanStaticName": name,
        "dot1qVlanStaticEgressPorts": egress,
        "dot1qVlanForbiddenEgressPorts": "",
        "dot1qVlanStaticUntaggedPorts": untagged,
        "dot1qVlanStaticRowStatus": "active(1)",
    }
    current = table("dot1qVlanCurrentTable", view(), NOW)[f"0 {index}"]
    assert current["dot1qVlanFdbId"] == str(int(index) - 4096)
    assert (current["dot1qVlanCurrentEgressPorts"], current["dot1qVlanCurrentUntaggedPorts"]) == (egress, untagged)


def test_a_port_belongs_to_the_segment_of_its_untagged_frames() -> None:
    assert column("dot1qPvid", view(), NOW, "red") == {"1": "4106", "10": "4106", "12": "4111", "14": "4111"}


def test_counts() -> None:
    assert scalar("dot1qNumVlans", view(), NOW) == "12"
    assert scalar("dot1qNumVlans", view(), NOW, "red") == "6"
    assert scalar("dot1qMaxSupportedVlans", view(), NOW) == "1048575"
