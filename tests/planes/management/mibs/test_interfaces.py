from __future__ import annotations

import pytest
from views import NOW, STARTED, fabric, tenant, view

from planes.management import mibs
from planes.management.mibs import names
from planes.management.snmp.objects import Syntax, Value
from planes.model import state


def shown(name: str, network: str | None = None, *more: state.Row) -> str:
    oid = names.oid_of(name)
    return names.text(oid, mibs.objects(view(*more), NOW, network)[oid])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ifIndex.3", "3"),
        ("ifDescr.3", "leaf1-eth3 on leaf1"),
        ("ifName.3", "leaf1:3"),
        ("ifType.3", "ethernetCsmacd(6)"),
        ("ifPhysAddress.3", "0a:00:00:00:01:03"),
        ("ifAdminStatus.3", "up(1)"),
        ("ifOperStatus.3", "up(1)"),
        ("ifConnectorPresent.3", "true(1)"),
        ("ifAlias.1", "red/hsrp, red/vrrp.20, red/vrrp6.21"),
        ("ifAlias.9", "spine1:1"),
        ("ifAlias.19", "leaf1:9"),
        ("ifAlias.3", ""),
        ("ifName.1000", "red/hsrp on leaf1"),
        ("ifType.1000", "l3ipvlan(136)"),
        ("ifAlias.1000", "gateway of red/hsrp"),
        ("ifPhysAddress.1000", ""),
        ("ifConnectorPresent.1000", "false(2)"),
        ("ifLinkUpDownTrapEnable.1000", "disabled(2)"),
    ],
)
def test_what_an_interface_is_called_and_is(name: str, expected: str) -> None:
    assert shown(name) == expected


def test_speed_stays_at_the_top_of_32_bits_and_is_told_in_millions_too() -> None:
    assert (shown("ifSpeed.3"), shown("ifHighSpeed.3")) == ("4294967295", "10000")
    slow = state.Port("leaf1", 3, "eth3", True, speed=10**9)
    assert (shown("ifSpeed.3", None, slow), shown("ifHighSpeed.3", None, slow)) == ("1000000000", "1000")


def test_32_bit_counters_begin_again_and_64_bit_ones_do_not() -> None:
    objects = mibs.objects(view(), NOW)
    assert objects[names.oid_of("ifInOctets.3")] == Value(Syntax.COUNTER32, 3)  # 2 ** 33 + 3
    assert objects[names.oid_of("ifHCInOctets.3")] == Value(Syntax.COUNTER64, 2**33 + 3)
    assert objects[names.oid_of("ifOutOctets.3")] == Value(Syntax.COUNTER32, 2**32 - 3)


@pytest.mark.parametrize(
    ("column", "count"),
    [
        ("ifInUcastPkts", 1003), ("ifOutUcastPkts", 2003), ("ifInDiscards", 3), ("ifOutDiscards", 4),
        ("ifInErrors", 5), ("ifOutErrors", 6), ("ifHCInUcastPkts", 1003), ("ifHCOutUcastPkts", 2003),
        ("ifHCOutOctets", 2**32 - 3),
    ],
)  # fmt: skip
def test_counters_are_the_ports(column: str, count: int) -> None:
    assert shown(f"{column}.3") == str(count)


def test_what_nobody_counted_is_not_zero_but_absent() -> None:
    objects = mibs.objects(view(state.Traffic("leaf1", 3, 0.0)), NOW)  # as a store that begins again has it
    assert names.oid_of("ifInOctets.3") not in objects
    assert names.oid_of("ifHCInOctets.3") not in objects
    assert names.oid_of("ifInOctets.1000") not in objects
    assert names.oid_of("ifInOctets.4") in objects


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (state.Port("leaf1", 3, "eth3", False), "down(2)"),
        (state.Port("leaf1", 3, "eth3", True, "dampened"), "dormant(5)"),
        (state.Port("leaf1", 3, "eth3", False, "dampened"), "down(2)"),
        (state.Switch(0x11, "leaf1", 1, False), "unknown(4)"),
    ],
)
def test_a_ports_status(row: state.Row, expected: str) -> None:
    assert shown("ifOperStatus.3", None, row) == expected


def test_a_members_status_is_unknown_while_its_switch_is_away() -> None:
    assert shown("ifOperStatus.1000") == "up(1)"
    assert shown("ifOperStatus.1000", None, state.Switch(0x11, "leaf1", 1, False)) == "unknown(4)"
    unreachable = state.GatewayState("red", "hsrp", "leaf1", 1, "hsrp", 100, True, "unreachable")
    assert shown("ifOperStatus.1000", None, unreachable) == "unknown(4)"


def test_the_last_change_is_that_of_the_newest_event_in_time_since_the_start() -> None:
    events = [state.Event(n, STARTED + n, "leaf1:3", "down", "port") for n in (7, 5)]
    assert shown("ifLastChange.3", None, *events) == "0:00:07"
    assert shown("ifLastChange.3", None, state.Event(1, STARTED - 5, "leaf1:3", "down", "port")) == "0:00:00"
    assert shown("ifLastChange.3", None, state.Event(1, STARTED + 5, "leaf1:3", "duplicate", "other")) == "0:00:00"


@pytest.mark.parametrize("network", [None, "red", "blue"])
def test_ifnumber_is_the_number_of_rows_in_both_tables(network: str | None) -> None:
    objects = mibs.objects(view(), NOW, network)
    count = objects[names.oid_of("ifNumber.0")].data
    for column in ("ifIndex", "ifName"):
        at = names.oid_of(column)
        assert sum(oid[: len(at)] == at for oid in objects) == count
    assert count == {None: 27 + 12, "red": 4 + 6, "blue": 4 + 6}[network]


def test_what_has_no_number_yet_is_not_there() -> None:
    rows = [row for row in (*fabric(), *tenant("red", 1)) if not (isinstance(row, state.Id) and row.number == 3)]
    objects = mibs.objects(view(rows=rows), NOW)
    assert names.oid_of("ifIndex.3") not in objects
    assert objects[names.oid_of("ifNumber.0")].data == 26 + 6
