"""`[LAB]` and `--store`: which store a program of the management plane follows."""

from __future__ import annotations

from collections.abc import Callable

from planes.cli.session import Session
from planes.management.grammar import Mistake
from planes.store.base import Store

METHODS = ("unix:", "tcp:", "ssl:")


def remote_of(session: Session, store: str | None) -> str:
    """The remote of the store that was named, of a lab's without. LabError, Mistake."""
    if store is None:
        return f"unix:{session.lab.directory.store}"
    if session.lab_name is not None:
        raise Mistake(f"either a lab or a store: {session.lab_name!r} and --store {store}")
    if not store.startswith(METHODS) or store in METHODS:
        raise Mistake(f"--store {store!r} is none of unix:/path, tcp:ADDRESS:PORT, ssl:ADDRESS:PORT")
    return store


def opener(session: Session, store: str | None) -> Callable[[], Store]:
    """What opens that store. LabError, Mistake."""
    from planes.store.ovsdb import Store as OvsdbStore

    remote = remote_of(session, store)
    return lambda: OvsdbStore(remote)
