from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from planes.management.snmp.engine import MAX_BOOTS, MAX_TIME, Engine, started, state_directory
from planes.management.snmp.errors import AgentError


def test_the_identity_stays_and_boots_go_up(tmp_path: Path) -> None:
    found = []
    for _ in range(3):
        with started(tmp_path / "lab", 5.0) as engine:
            found.append(engine)
    assert [engine.boots for engine in found] == [1, 2, 3]
    assert len({engine.id for engine in found}) == 1
    assert 5 <= len(found[0].id) <= 32 and found[0].id[0] & 0x80 and found[0].id[4] == 5


def test_two_labs_have_two_identities(tmp_path: Path) -> None:
    with started(tmp_path / "a", 0.0) as one, started(tmp_path / "b", 0.0) as other:
        assert one.id != other.id


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    with started(tmp_path / "lab", 0.0):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "lab").iterdir()}
    assert modes == {"lock": 0o600, "engine.json": 0o600}
    assert stat.S_IMODE((tmp_path / "lab").stat().st_mode) == 0o700


def test_one_identity_is_for_one_agent(tmp_path: Path) -> None:
    with started(tmp_path, 0.0) as engine:
        with pytest.raises(AgentError, match="another SNMP agent"), started(tmp_path, 0.0):
            pass
        assert json.loads((tmp_path / "engine.json").read_text())["snmpEngineBoots"] == engine.boots


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "no json",
        '{"snmpEngineID": "80", "snmpEngineBoots": 1}',
        '{"snmpEngineID": "8000000001", "snmpEngineBoots": -1}',
        '{"snmpEngineID": "8000000001", "snmpEngineBoots": "1"}',
        '{"snmpEngineID": 5, "snmpEngineBoots": 1}',
    ],
)
def test_a_damaged_identity_is_told_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "engine.json").write_text(text)
    with pytest.raises(AgentError, match="damaged") as caught, started(tmp_path, 0.0):
        pass
    assert "remove it" in caught.value.fix
    assert (tmp_path / "engine.json").read_text() == text


def test_boots_stay_at_their_top(tmp_path: Path) -> None:
    (tmp_path / "engine.json").write_text(json.dumps({"snmpEngineID": "8000000001", "snmpEngineBoots": MAX_BOOTS}))
    with started(tmp_path, 0.0) as engine:
        assert engine.boots == MAX_BOOTS


def test_a_place_that_is_no_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AgentError, match="can't be kept"), started(tmp_path / "file" / "lab", 0.0):
        pass


def test_time_counts_from_the_start() -> None:
    engine = Engine(b"12345", 1, 100.0)
    assert (engine.time(100.9), engine.time(250.0), engine.time(1e12)) == (0, 150, MAX_TIME)


def test_where_identities_are_kept() -> None:
    assert state_directory({"XDG_STATE_HOME": "/s", "HOME": "/h"}) == Path("/s/triplane/snmp")
    assert state_directory({"XDG_STATE_HOME": "relative", "HOME": "/h"}) == Path("/h/.local/state/triplane/snmp")
