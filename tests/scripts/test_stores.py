from __future__ import annotations

import subprocess

import pytest
from benches.figures import Measure
from benches.management_cli import in_turn
from benches.stores import ports, served, vswitch
from lacking import need

from planes.model.state import Port, Traffic
from topologies.errors import LabError


def test_ports_are_each_there_once_with_what_they_carried() -> None:
    rows = ports(1000, 5.0)
    places = [(row.switch, row.number) for row in rows if isinstance(row, Port)]
    assert len(set(places)) == 1000
    assert places == [(row.switch, row.number) for row in rows if isinstance(row, Traffic)]
    assert len({row.mac for row in rows if isinstance(row, Port)}) == 1000


def test_a_store_has_all_rows() -> None:
    need("ovsdb-server")
    with served(ports(600, 5.0)) as found:
        assert len(found.store.state().of(Port)) == 600


def test_open_vswitchs_own_schema_is_served_with_rows() -> None:
    need("ovsdb-server")
    rows = [{"other_config": ["map", [["name", str(number)]]]} for number in range(1200)]
    with vswitch("Queue", rows) as remote:
        listed = subprocess.run(
            ["ovs-vsctl", "--no-wait", f"--db={remote}", "list", "Queue"], capture_output=True, check=True
        )
        assert listed.stdout.count(b"other_config") == 1200


def test_rows_that_are_refused_are_told() -> None:
    need("ovsdb-server")
    with pytest.raises(LabError, match="refused"), vswitch("Queue", [{"nonsense": 1}]):
        pass


def test_commands_are_timed_in_turn_and_failures_told() -> None:
    true, talk = Measure("true", "ms"), Measure("talk", "ms")
    found = in_turn({true: ["true"]}, 3)
    assert len(found[true]) == 3
    assert min(found[true]) > 0
    with pytest.raises(LabError, match="false failed"):
        in_turn({true: ["false"]}, 1)
    with pytest.raises(LabError, match="echo failed"):
        in_turn({talk: ["echo"]}, 1, lines=2)
    with pytest.raises(LabError, match="no-such-program"):
        in_turn({talk: ["no-such-program"]}, 1)
