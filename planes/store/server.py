"""How to create and serve a store: argument lists, for whoever starts processes; and whether it is served."""

from __future__ import annotations

import socket
from pathlib import Path

from planes.store.schema import SCHEMA


def create_argv(db: Path) -> list[str]:
    """Create an empty database file; the file must not exist."""
    return ["ovsdb-tool", "create", str(db), str(SCHEMA)]


def serve_argv(db: Path, at: Path) -> list[str]:
    """Serve the file on a unix socket, in the foreground; control it by `ovs-appctl -t AT.ctl`. Absolute paths."""
    quiet = ["-vconsole:off", "-vsyslog:off"]
    return ["ovsdb-server", str(db), f"--remote=punix:{at}", f"--unixctl={at}.ctl", *quiet]


def listens(path: Path) -> bool:
    """Somebody listens on a unix socket: its file is there a moment before."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0
