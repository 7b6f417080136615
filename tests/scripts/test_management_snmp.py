from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benches.management_snmp import IF_TABLE, PASSER, PORTS, dotted, sections, table

LISTED = [[".1.3.9", "integer", "1"], [".1.3.10", "string", "two words"], [".1.3.10.1", "octet", "00 ff"]]


def test_the_table_has_a_row_for_each_port() -> None:
    columns = {oid[: len(IF_TABLE) + 2] for oid in table()}
    assert len(table()) == PORTS * len(columns) and len(columns) > 10


def test_each_version_is_held_against_snmpd() -> None:
    (section,) = sections(quick=True)
    goals = [str(measure.goal) for measure in section.measures if measure.goal]
    assert goals == [">= 1", ">= 1"]


def test_the_passing_program_speaks_as_snmpd_wants_it(tmp_path: Path) -> None:
    """snmpd.conf(5), pass_persist."""
    file = tmp_path / "table.json"
    file.write_text(json.dumps(LISTED))
    asked = ["PING", "get", ".1.3.10", "get", ".1.3.11", "getnext", ".1.3.9", "getnext", ".1.3.9.5", "getnext", ".1.3"]
    asked += ["getnext", ".1.3.10.1"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PASSER), str(file)], input="\n".join(asked) + "\n", capture_output=True,
        text=True, check=True, timeout=60,
    )  # fmt: skip
    told = [".1.3.10", "string", "two words"]
    assert done.stdout.splitlines() == ["PONG", *told, "NONE", *told, *told, *LISTED[0], "NONE"]


def test_oids_are_written_as_net_snmp_does() -> None:
    assert dotted((1, 3, 6)) == ".1.3.6"
