from __future__ import annotations

import os
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from lacking import need
from views import NOW, STARTED, fabric, view
from walks import column, scalar, table

from planes.management import mibs
from planes.management.mibs.names import EVENTS, NAMES, OBJECTS, TABLES
from planes.management.mibs.smi import Part
from planes.management.mibs.triplane import MODULE
from planes.management.snmp.objects import Syntax
from planes.management.watch import PATIENCE, View
from planes.model import state

FILE = Path(mibs.__file__).parent / "TRIPLANE-MIB.txt"
IMPORTED = Path(__file__).parents[3] / "support" / "smi"

# the planes


@pytest.mark.parametrize(
    ("name", "whole", "tenant"),
    [
        ("tripSwitches", "3", None),
        ("tripSwitchesConnected", "3", None),
        ("tripSwitchesRefusing", "0", None),
        ("tripPorts", "27", None),
        ("tripPortsUp", "27", None),
        ("tripLinks", "2", None),
        ("tripEntries", "120", None),
        ("tripControlStatus", "up(1)", "up(1)"),
        ("tripControlAge", "1000", "1000"),
        ("tripControlEpoch", "3", "3"),
        ("tripIntentWanted", "4", None),
        ("tripIntentApplied", "3", None),
        ("tripStoreStatus", "synced(1)", "synced(1)"),
        ("tripNetworks", "2", None),
    ],
)
def test_the_planes_and_what_of_them_is_no_tenants_business(name: str, whole: str, tenant: str | None) -> None:
    assert (scalar(name, view(), NOW), scalar(name, view(), NOW, "red")) == (whole, tenant)


def test_what_is_not_well_is_counted() -> None:
    seen = view(state.Switch(0x22, "leaf2", 2, False, 40, "no"), state.Port("leaf1", 3, "x", False))
    found = [scalar(name, seen, NOW) for name in ("tripSwitchesConnected", "tripSwitchesRefusing", "tripPortsUp")]
    assert found == ["2", "1", "26"]


def test_a_controller_that_is_silent_is_down_and_one_that_nobody_knows_is_unknown() -> None:
    seen = [scalar("tripControlStatus", view(), NOW - 1 + silence) for silence in (PATIENCE - 0.1, PATIENCE)]
    assert seen == ["up(1)", "down(2)"]
    again = view(state.Controller("controller", 3, "", STARTED))  # a store that begins again does not know `seen`
    assert scalar("tripControlStatus", again, NOW) == "unknown(3)"
    assert scalar("tripControlAge", again, NOW) is None
    assert scalar("tripStoreStatus", View(), NOW) == "away(2)"


def test_controllers() -> None:
    assert table("tripControllerTable", view(), NOW) == {
        "controller": {
            "tripControllerEpoch": "3",
            "tripControllerSoftware": "Triplane 1",
            "tripControllerStarted": "1970-01-12T13:46:40.000+00:00",
            "tripControllerStatus": "up(1)",
            "tripControllerAge": "1000",
        }
    }


def test_switches() -> None:
    refused = "network red: 3 entries refused: FULL; network blue: 1 entry refused: FULL; it hung up"
    seen = view(state.Switch(0x22, "leaf2", 2, False, 40, refused))
    row = table("tripSwitchTable", seen, NOW)["2"]
    assert row == {
        "tripSwitchName": "leaf2",
        "tripSwitchDatapathId": "00 00 00 00 00 00 00 22",
        "tripSwitchStatus": "lost(2)",
        "tripSwitchEntries": "40",
        "tripSwitchError": refused,
    }
    mine = table("tripSwitchTable", seen, NOW, "red")
    assert mine["2"]["tripSwitchError"] == "network red: 3 entries refused: FULL"
    assert "tripSwitchEntries" not in mine["2"]
    assert list(mine) == ["1", "2"]  # spine1 has nothing of red


# networks, gateways, failovers


def test_networks() -> None:
    error = "network red: 3 entries refused: FULL"
    seen = view(state.Switch(0x22, "leaf2", 2, True, 40, error), state.Switch(0x11, "leaf1", 1, True, 40, error))
    red = {
        "tripNetworkName": "red",
        "tripNetworkHosts": "3",
        "tripNetworkSegments": "6",
        "tripNetworkPorts": "4",
        "tripNetworkPolicyLines": "2",
        "tripNetworkError": "leaf1: 3 entries refused: FULL; leaf2: 3 entries refused: FULL",
    }
    assert table("tripNetworkTable", seen, NOW)["1"] == red
    assert table("tripNetworkTable", seen, NOW, "red") == {"1": red}
    assert table("tripNetworkTable", seen, NOW)["2"]["tripNetworkError"] == ""


def test_gateways_of_all_protocols() -> None:
    rows = table("tripGatewayTable", view(), NOW, "red")
    told = [(row["tripGatewaySegment"], row["tripGatewaySwitch"], row["tripGatewayState"]) for row in rows.values()]
    assert told == [
        ("hsrp", "leaf1", "active(6)"), ("hsrp", "leaf2", "standby(5)"), ("vrrp", "leaf1", "active(6)"),
        ("vrrp", "leaf2", "backup(7)"), ("vrrp6", "leaf1", "active(6)"), ("glbp", "leaf2", "active(6)"),
    ]  # fmt: skip
    assert rows["1001"] == {
        "tripGatewayNetwork": "red",
        "tripGatewaySegment": "hsrp",
        "tripGatewaySwitch": "leaf2",
        "tripGatewayProtocol": "hsrp(1)",
        "tripGatewayGroup": "1",
        "tripGatewayPriority": "100",
        "tripGatewayPreempt": "false(2)",
        "tripGatewayState": "standby(5)",
        "tripGatewayActiveType": "ipv4(1)",
        "tripGatewayActive": "10.1.0.2",
        "tripGatewayStandbyType": "ipv4(1)",
        "tripGatewayStandby": "10.1.0.3",
        "tripGatewayVirtualMac": "00:00:0c:07:ac:01",
        "tripGatewayVirtualAddresses": "10.1.0.1 10.1.0.254",
        "tripGatewaySince": "1970-01-12T13:47:30.000+00:00",
        "tripGatewayLast": "speak -> standby: the active was not heard for its hold time",
        "tripGatewayBecameActive": "2",
    }
    assert rows["1002"]["tripGatewayStandbyType"] == "unknown(0)"
    assert rows["1004"]["tripGatewayActive"] == "fe80::2"


def test_forwarders_of_glbp() -> None:
    assert table("tripForwarderTable", view(), NOW, "red") == {
        "1005 1": {"tripForwarderState": "active(3)", "tripForwarderMac": "00:07:b4:01:2c:01"},
        "1005 2": {"tripForwarderState": "listen(2)", "tripForwarderMac": "00:07:b4:01:2c:02"},
    }


FAILOVERS = (
    state.Event(5, NOW - 9.5, "red/hsrp on leaf2", "leaf1 -> leaf2", "failover", "leaf1 is lost", 0.0456),
    state.Event(6, NOW, "blue/hsrp on leaf2", "leaf1 -> leaf2", "failover", "leaf1 is lost", 1),
    state.Event(7, NOW, "red/hsrp on leaf2", "standby -> active", "gateway"),
    state.Event(8, NOW, "red/elsewhere on leaf2", "?", "failover"),
    state.Event(9, NOW, "leaf1:1/spine1:9", "?", "failover"),
)


def test_failovers_and_how_long_they_took() -> None:
    rows = table("tripFailoverTable", view(*FAILOVERS), NOW)
    assert list(rows) == ["5", "6", "8", "9"]
    assert rows["5"] == {
        "tripFailoverTime": "1970-01-12T13:48:10.500+00:00",
        "tripFailoverSubject": "red/hsrp on leaf2",
        "tripFailoverText": "leaf1 -> leaf2",
        "tripFailoverCause": "leaf1 is lost",
        "tripFailoverDuration": "46",
    }
    assert list(table("tripFailoverTable", view(*FAILOVERS), NOW, "red")) == ["5"]


def test_drops_are_by_reason_and_no_tenants() -> None:
    assert column("tripDropCount", view(), NOW) == {"address-spoofed": "17"}
    assert column("tripDropCount", view(), NOW, "red") == {}
    long = state.Counter("x" * 200, 2**33)
    assert column("tripDropCount", view(rows=[*fabric(), long]), NOW)["x" * 64] == str(2**33)


# the module file, read by libsmi


def smi(tool: str, *arguments: str) -> str:
    need(tool)
    run = subprocess.run(
        [tool, "-c", os.devnull, *arguments, str(FILE)],
        env={**os.environ, "SMIPATH": str(IMPORTED)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0
    return run.stdout + run.stderr


def test_the_file_is_faultless() -> None:
    assert smi("smilint", "-l", "9", "-s") == ""


def test_the_check_finds_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = tmp_path / "TRIPLANE-MIB.txt"
    spoilt.write_text(FILE.read_text().replace("tripDropEntry 2", "tripDropEntry 1"))
    monkeypatch.setattr(f"{__name__}.FILE", spoilt)
    assert smi("smilint", "-l", "6") != ""


@pytest.fixture(scope="module")
def dumped() -> ElementTree.Element:
    return ElementTree.fromstring(smi("smidump", "-f", "xml"))


SYNTAXES = {
    "Gauge32": Syntax.GAUGE32, "Unsigned32": Syntax.GAUGE32, "Counter32": Syntax.COUNTER32,
    "Counter64": Syntax.COUNTER64, "Integer32": Syntax.INTEGER, "Enumeration": Syntax.INTEGER,
    "TruthValue": Syntax.INTEGER, "InetAddressType": Syntax.INTEGER, "OctetString": Syntax.OCTETS,
    "SnmpAdminString": Syntax.OCTETS, "DateAndTime": Syntax.OCTETS, "MacAddress": Syntax.OCTETS,
    "InetAddress": Syntax.OCTETS,
}  # fmt: skip


def test_file_and_tables_have_the_same_names_and_oids(dumped: ElementTree.Element) -> None:
    found = {
        node.attrib["name"]: tuple(map(int, node.attrib["oid"].split(".")))
        for node in dumped.iter()
        if "oid" in node.attrib and node.tag in ("node", "scalar", "table", "row", "column", "notification")
    }
    mine = {name: oid for name, oid in NAMES.items() if name.startswith("trip")}
    only_there = {"tripExample", "tripConformance", "tripCompliances", "tripGroups"}
    assert {name: oid for name, oid in found.items() if name not in only_there} == mine


def test_file_and_tables_have_the_same_syntaxes_and_words(dumped: ElementTree.Element) -> None:
    served = {oid: each for oid, each in OBJECTS.items() if oid[: len(MODULE.oid)] == MODULE.oid}
    checked = 0
    for node in (*dumped.iter("scalar"), *dumped.iter("column")):
        declared = served.get(tuple(map(int, node.attrib["oid"].split("."))))
        if declared is None:
            assert node.findtext("access") == "noaccess"
            continue
        assert node.findtext("access") == "readonly"
        kind, own = node.find("syntax/type"), node.find("syntax/typedef")
        name = kind.attrib["name"] if kind is not None else own.attrib["basetype"]  # type: ignore[union-attr]
        parent = own.find("parent") if own is not None else None
        assert SYNTAXES[parent.attrib["name"] if parent is not None else name] is declared.syntax
        words = {int(each.attrib["number"]): each.attrib["name"] for each in node.iter("namednumber")}
        if name == "Enumeration":
            assert words == dict(declared.words)
        checked += 1
    assert checked == len(served)


def test_file_and_tables_have_the_same_indexes(dumped: ElementTree.Element) -> None:
    found = {
        row.attrib["name"]: [each.attrib["name"] for each in row.findall("linkage/index")] for row in dumped.iter("row")
    }
    assert found == {each.entry: [index.name for index in each.index] for each in MODULE.tables}
    assert not any(row.find("linkage").attrib.get("implied") for row in dumped.iter("row"))  # type: ignore[union-attr]
    strings = {index.name for each in TABLES.values() for index in each.index if index.part is Part.STRING}
    assert {name for name in strings if name.startswith("trip")} == {"tripControllerName", "tripDropReason"}


def test_file_and_notifications_have_the_same_objects(dumped: ElementTree.Element) -> None:
    found = {
        node.attrib["name"]: tuple(each.attrib["name"] for each in node.findall("objects/object"))
        for node in dumped.iter("notification")
    }
    mine = {each.name: each.objects for each in EVENTS.values() if each.name.startswith("trip")}
    assert found == mine
