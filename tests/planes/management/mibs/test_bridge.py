from __future__ import annotations

from dataclasses import replace

from views import DB, NOW, WEB, fabric, tenant, view
from walks import column, scalar, table

from planes.model import state


def test_the_bridge_has_all_ports_by_ifindex() -> None:
    assert scalar("dot1dBaseNumPorts", view(), NOW) == "27"
    assert scalar("dot1dBaseType", view(), NOW) == "transparent-only(2)"
    assert scalar("dot1dBaseBridgeAddress", view(), NOW) == "0a:00:00:00:01:01"
    ports = column("dot1dBasePortIfIndex", view(), NOW)
    assert ports == {str(number): str(number) for number in range(1, 28)}


def test_a_bridge_without_known_addresses_has_none() -> None:
    rows = [replace(row, mac="") if isinstance(row, state.Port) else row for row in fabric()]
    assert scalar("dot1dBaseBridgeAddress", view(rows=rows), NOW) is None


def test_two_tenants_with_one_mac_are_one_row_the_first_by_name() -> None:
    assert table("dot1dTpFdbTable", view(), NOW) == {
        WEB: {"dot1dTpFdbAddress": WEB, "dot1dTpFdbPort": "2", "dot1dTpFdbStatus": "learned(3)"},  # blue's
        DB: {"dot1dTpFdbAddress": DB, "dot1dTpFdbPort": "11", "dot1dTpFdbStatus": "learned(3)"},
    }
    assert column("dot1dTpFdbPort", view(), NOW, "red") == {WEB: "1", DB: "10"}
    assert column("dot1dTpFdbPort", view(), NOW, "blue") == {WEB: "2", DB: "11"}


def test_numbers_beyond_what_the_mib_allows_are_no_ports() -> None:
    far = state.Id("interface", f"{0x11:016x}:1", 70_000)
    rows = [far if state.key(row) == state.key(far) and isinstance(row, state.Id) else row for row in fabric()]
    seen = view(rows=[*rows, *tenant("red", 1)])
    assert scalar("dot1dBaseNumPorts", seen, NOW) == "26"
    assert "70000" not in column("dot1dBasePort", seen, NOW)
    assert column("dot1dTpFdbPort", seen, NOW)[WEB] == "0"
    assert "70000" in column("ifName", seen, NOW)


def test_a_host_on_a_port_that_is_not_known_is_somewhere() -> None:
    lost = state.Host("red", "hsrp", "02:00:00:00:00:77", "leaf7", 4)
    assert column("dot1dTpFdbPort", view(lost), NOW)["02:00:00:00:00:77"] == "0"
