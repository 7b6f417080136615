"""`[LAB]` and `--store`: which store a program of the management plane follows."""

from __future__ import annotations

from collections.abc import Callable

import click

from planes.cli.choice import chosen
from planes.store.base import Store

store_option = click.option(
    "--store",
    "remote",
    metavar="REMOTE",
    help="The store to follow in place of a lab's, as Open vSwitch names them: unix:/path, tcp:ADDRESS:PORT.",
)
METHODS = ("unix:", "tcp:", "ssl:")


def opener(name: str | None, remote: str | None) -> Callable[[], Store]:
    """What opens the store of a lab by its name, or of the only lab, or at a remote. LabError, click's UsageError."""
    from planes.store.ovsdb import Store as OvsdbStore

    if remote is None:
        remote = f"unix:{chosen(name).directory.store}"
    elif name is not None:
        raise click.UsageError(f"either a lab or a store: {name!r} and --store {remote}")
    elif not remote.startswith(METHODS) or remote in METHODS:
        raise click.UsageError(f"--store {remote!r} is none of unix:/path, tcp:ADDRESS:PORT, ssl:ADDRESS:PORT")
    found = remote
    return lambda: OvsdbStore(found)
