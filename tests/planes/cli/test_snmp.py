from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from planes.cli import snmp
from planes.cli.main import triplane
from planes.management.mibs.names import oid_of
from planes.management.snmp.objects import Syntax, Value


def invoke(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(triplane, ["snmp", *arguments], env=environ)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["get", "sysNam"], 3, "no object 'sysNam'\ndid you mean 'sysName'?"),
        (["get", "usmStatsWrongDigest"], 3, "did you mean 'usmStatsWrongDigests'?"),
        (["get", "sysName.x"], 2, "'sysName.x' is neither a name with an index"),
        (["walk", "ifTabel"], 3, "did you mean 'ifTable'?"),
        (["table", "ifTabel"], 3, "no table 'ifTabel'\ndid you mean 'ifTable'?"),
        (["table", "sysName"], 3, "no table 'sysName'"),
        (["get"], 2, "Missing argument 'OBJECT...'"),
        (["get", "sysName", "--user", "ops"], 2, "--user is for an --agent"),
        (["get", "sysName", "--user", "ops", "--agent", "127.0.0.1"], 2, "--user needs --users FILE"),
        (["get", "sysName", "--agent", "localhost"], 2, "'localhost' is not an address"),
        (["get", "sysName"], 3, "no lab is running"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, arguments: list[str], status: int, said: str) -> None:
    done = invoke(*arguments, TRIPLANE_RUNTIME_DIR=str(tmp_path))
    assert (done.exit_code, said in done.output) == (status, True), done.output


@pytest.mark.parametrize("words", [["--help"], ["get", "--help"], ["walk", "--help"], ["table", "--help"]])
def test_each_has_help(words: list[str]) -> None:
    done = invoke(*words)
    assert done.exit_code == 0 and len(done.stdout.splitlines()) > 6


def test_a_table_has_a_line_for_each_row() -> None:
    found = [
        (oid_of("ifIndex.1"), Value(Syntax.INTEGER, 1)),
        (oid_of("ifIndex.2"), Value(Syntax.INTEGER, 2)),
        (oid_of("ifDescr.2"), Value(Syntax.OCTETS, b"leaf1 port 2")),
        (oid_of("ifOperStatus.1"), Value(Syntax.INTEGER, 2)),
    ]
    table = snmp._rows("ifTable", found)
    assert table.columns.count("ifIndex") == 1
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [(row["ifIndex"], row["ifDescr"], row["ifOperStatus"]) for row in rows] == [
        ("1", None, "down(2)"),
        ("2", "leaf1 port 2", None),
    ]
