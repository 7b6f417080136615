"""`[LAB]` and `--store`: which store a program of the management plane follows."""

from __future__ import annotations

from collections.abc import Callable

from planes.cli.session import Session
from planes.management.grammar import Mistake
from planes.store.base import Store

METHODS = ("unix:", "tcp:", "ssl:")


def opener(session: Session, remote: str | None) -> Callable[[], Store]:
    """What opens the store at a remote, or the lab's. LabError, Mistake."""
    from planes.store.ovsdb import Store as OvsdbStore

    if remote is None:
        found = f"unix:{session.lab.directory.store}"
    elif session.lab_name is not None:
        raise Mistake(f"either a lab or a store: {session.lab_name!r} and --store {remote}")
    elif not remote.startswith(METHODS) or remote in METHODS:
        raise Mistake(f"--store {remote!r} is none of unix:/path, tcp:ADDRESS:PORT, ssl:ADDRESS:PORT")
    else:
        found = remote
    return lambda: OvsdbStore(found)
