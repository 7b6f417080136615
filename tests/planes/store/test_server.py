from __future__ import annotations

from pathlib import Path

from planes.store.schema import SCHEMA
from planes.store.server import create_argv, serve_argv


def test_the_schema_that_ships_is_the_one_created() -> None:
    assert create_argv(Path("/lab/store.db")) == ["ovsdb-tool", "create", "/lab/store.db", str(SCHEMA)]
    assert SCHEMA.is_file()


def test_it_is_served_on_a_unix_socket_in_the_foreground() -> None:
    argv = serve_argv(Path("/lab/store.db"), Path("/lab/s"))
    assert argv[:4] == ["ovsdb-server", "/lab/store.db", "--remote=punix:/lab/s", "--unixctl=/lab/s.ctl"]
    assert not any(word.startswith("--detach") for word in argv)
