from __future__ import annotations

import pytest
from views import NOW, view

from planes.management import mibs
from planes.management.mibs import names
from planes.management.snmp.objects import Oid, Syntax, Value


@pytest.mark.parametrize(
    ("text", "oid"),
    [
        ("ifOperStatus.3", (1, 3, 6, 1, 2, 1, 2, 2, 1, 8, 3)),
        ("IF-MIB::ifName.3", (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1, 3)),
        ("ifTable", (1, 3, 6, 1, 2, 1, 2, 2)),
        ("system", (1, 3, 6, 1, 2, 1, 1)),
        (".1.3.6.1", (1, 3, 6, 1)),
        ("1.3.6.1.2", (1, 3, 6, 1, 2)),
        ("1", (1,)),
        ("LLDP-MIB", (1, 0, 8802, 1, 1, 2)),
        ("tripNetworkNumber", (1, 3, 6, 1, 4, 1, 32473, 1, 1, 4, 2, 1, 1)),
    ],
)
def test_names_are_oids(text: str, oid: Oid) -> None:
    assert names.oid_of(text) == oid


@pytest.mark.parametrize(("text", "error"), [("ifOperStatsu", KeyError), ("ifTable.x", ValueError), ("", KeyError)])
def test_what_is_no_name_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        names.oid_of(text)


@pytest.mark.parametrize("text", ["ifOperStatus.3", "ifTable", "sysUpTime.0", "enterprises.4711", "linkDown", "iso.9"])
def test_oids_have_the_longest_name(text: str) -> None:
    assert names.label(names.oid_of(text)) == text


def test_what_is_outside_of_all_is_numbers() -> None:
    assert names.label((2, 999, 1)) == "2.999.1"
    assert names.split_oid((2, 999, 1)) == ("", (2, 999, 1))
    assert names.object_of((2, 999, 1)) is None


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ifOperStatus.3", Value(Syntax.INTEGER, 7), "lowerLayerDown(7)"),
        ("ifOperStatus.3", Value(Syntax.INTEGER, 99), "99"),
        ("sysUpTime.0", Value(Syntax.TIMETICKS, 8_640_000 + 6_100), "1 day, 0:01:01"),
        ("ifPhysAddress.3", Value(Syntax.OCTETS, bytes(range(6))), "00:01:02:03:04:05"),
        ("sysName.0", Value(Syntax.OCTETS, "Grün".encode()), "Grün"),
        ("sysName.0", Value(Syntax.OCTETS, b"\xff"), "\N{REPLACEMENT CHARACTER}"),
        ("sysObjectID.0", Value(Syntax.OID, names.NAMES["tripProductFabric"]), "tripProductFabric"),
        ("cHsrpGrpActiveRouter.1.1", Value(Syntax.IP_ADDRESS, bytes((10, 0, 0, 1))), "10.0.0.1"),
        ("vrrpv3OperationsMasterIpAddr.1.1.2", Value(Syntax.OCTETS, bytes(15) + b"\1"), "::1"),
        ("vrrpv3OperationsMasterIpAddr.1.1.2", Value(Syntax.OCTETS, b""), ""),
        (
            "tripFailoverTime.1", Value(Syntax.OCTETS, bytes((7, 234, 11, 26, 9, 8, 7, 5, 43, 0, 0))),
            "2026-11-26T09:08:07.500+00:00",
        ),
        ("tripFailoverTime.1", Value(Syntax.OCTETS, bytes(8)), ""),
        ("tripFailoverTime.1", Value(Syntax.OCTETS, bytes((7, 234, 13, 1, 0, 0, 0, 0))), "07 ea 0d 01 00 00 00 00"),
        ("dot1qVlanStaticEgressPorts.1", Value(Syntax.OCTETS, b"\xc0\x01"), "c0 01"),
        ("enterprises.1", Value(Syntax.OCTETS, b"hello"), "hello"),
        ("enterprises.1", Value(Syntax.OCTETS, b"\0\1"), "00 01"),
    ],
)  # fmt: skip
def test_values_are_told_as_they_are_declared(name: str, value: Value, text: str) -> None:
    assert names.text(names.oid_of(name), value) == text


def test_indexes_are_told_part_by_part() -> None:
    routes = names.TABLES["inetCidrRouteTable"]
    index = (1, 4, 10, 1, 0, 0, 24, 3, 0, 0, 7, 0, 0)
    assert names.index_of(routes, index) == ["1", "10.1.0.0", "24", "0.0.7", "0", ""]
    assert names.index_of(routes, (1, 2, 3)) == ["1.2.3"]
    fdb = names.TABLES["dot1qTpFdbTable"]
    assert names.index_of(fdb, (11, 2, 0, 0, 0, 0, 1)) == ["11", "02:00:00:00:00:01"]
    assert names.index_of(fdb, (11, 999, 0, 0, 0, 0, 1)) == ["11", "999.0.0.0.0.1"]
    drops = names.TABLES["tripDropTable"]
    assert names.index_of(drops, (2, 104, 105)) == ["hi"]


def test_all_that_is_served_can_be_named_and_told() -> None:
    for oid, value in mibs.objects(view(), NOW).items():
        assert names.oid_of(names.label(oid)) == oid
        assert isinstance(names.text(oid, value), str)


def test_notifications_are_known_by_their_oids() -> None:
    assert {event.name for event in names.EVENTS.values()} == {
        "linkDown", "linkUp", "cHsrpStateChange", "vrrpv3NewMaster", "tripGatewayChange", "tripFailover",
        "tripSwitchLost", "tripSwitchFound", "tripControllerDown", "tripControllerUp", "tripRefusal",
    }  # fmt: skip
    for event in names.EVENTS.values():
        assert all(names.NAMES[name] in names.OBJECTS for name in event.objects)
