from __future__ import annotations

from views import NOW, fabric, view
from walks import scalar, table

from planes.model import state


def test_the_fabric_is_the_local_system() -> None:
    assert scalar("lldpLocChassisIdSubtype", view(), NOW) == "local(7)"
    assert scalar("lldpLocChassisId", view(), NOW) == "campus"
    assert scalar("lldpLocSysName", view(), NOW, "red") == "red"
    assert scalar("lldpLocSysCapEnabled", view(), NOW) == "28"  # bits 2 and 4: bridge, router


def test_all_ports_are_local() -> None:
    ports = table("lldpLocPortTable", view(), NOW)
    assert len(ports) == 27
    assert ports["12"] == {
        "lldpLocPortIdSubtype": "interfaceName(5)",
        "lldpLocPortId": "leaf2:3",
        "lldpLocPortDesc": "leaf2-eth3 on leaf2",
    }


def test_links_are_heard_at_both_ends() -> None:
    rows = table("lldpRemTable", view(), NOW)
    assert list(rows) == ["0 9 19", "0 18 20", "0 19 9", "0 20 18"]
    assert rows["0 9 19"] == {
        "lldpRemChassisIdSubtype": "local(7)",
        "lldpRemChassisId": "00000000000000ab",
        "lldpRemPortIdSubtype": "interfaceName(5)",
        "lldpRemPortId": "spine1:1",
        "lldpRemPortDesc": "spine1-eth1 on spine1",
        "lldpRemSysName": "spine1",
        "lldpRemSysCapSupported": "28",
        "lldpRemSysCapEnabled": "28",
    }


def test_port_numbers_that_the_mib_does_not_allow_are_left_out() -> None:
    far = state.Id("interface", f"{0x11:016x}:9", 4097)
    rows = [far if isinstance(row, state.Id) and state.key(row) == state.key(far) else row for row in fabric()]
    assert list(table("lldpRemTable", view(rows=rows), NOW)) == ["0 18 20", "0 19 4097", "0 20 18"]
    assert "4097" not in table("lldpLocPortTable", view(rows=rows), NOW)


def test_a_tenant_hears_nothing_of_the_fabric() -> None:
    assert table("lldpRemTable", view(), NOW, "red") == {}
    assert list(table("lldpLocPortTable", view(), NOW, "red")) == ["1", "10", "12", "14"]
