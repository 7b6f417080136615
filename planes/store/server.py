"""How to create and serve a store: argument lists, for whoever starts processes."""

from __future__ import annotations

from pathlib import Path

from planes.store.schema import SCHEMA


def create_argv(db: Path) -> list[str]:
    """Create an empty database file; the file must not exist."""
    return ["ovsdb-tool", "create", str(db), str(SCHEMA)]


def serve_argv(db: Path, socket: Path) -> list[str]:
    """Serve the file on a unix socket, in the foreground; control it by `ovs-appctl -t SOCKET.ctl`. Absolute paths."""
    quiet = ["-vconsole:off", "-vsyslog:off"]
    return ["ovsdb-server", str(db), f"--remote=punix:{socket}", f"--unixctl={socket}.ctl", *quiet]
