"""`triplane snmp`: objects by their names, for people without Net-SNMP."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar

from planes.cli.session import Session
from planes.cli.snmp_agent import COMMUNITY, PORT, named_endpoint, named_user, read_users, told
from planes.management.grammar import Mistake
from planes.management.mibs import names
from planes.management.mibs.smi import Scalar
from planes.management.snmp import own
from planes.management.snmp.access import DEFAULT_COMMUNITY, User
from planes.management.snmp.objects import Oid
from planes.management.snmp.reading import Found, Local, Reader
from planes.management.snmp.snapshot import Moment
from planes.management.tables import Table
from planes.model.errors import did_you_mean
from topologies.errors import Exit, LabError

R = TypeVar("R")


@dataclass(frozen=True)
class Asked:
    """Whom to ask, and as whom."""

    agent: str | None
    community: str | None
    user: str | None
    users: str | None
    context: str | None


def snmp_get(
    session: Session,
    objects: tuple[str, ...],
    agent: str | None,
    community: str | None,
    user: str | None,
    users: str | None,
    context: str | None,
) -> None:
    """Print OBJECTs, such as sysName, ifOperStatus.3 or 1.3.6.1.2.1.1.5.0. Exits with 3 when one is not there."""
    oids = [_instance(text) for text in objects]
    values = _read(session, Asked(agent, community, user, users, context), lambda reader: reader.get(oids))
    there = [(oid, value) for oid, value in zip(oids, values, strict=True) if value is not None]
    session.show([_listed(there)])
    missing = [text for text, value in zip(objects, values, strict=True) if value is None]
    if missing:
        raise LabError(f"not there: {', '.join(missing)}", "`triplane snmp walk` lists what is", Exit.UNKNOWN)


def snmp_walk(
    session: Session,
    below: str,
    agent: str | None,
    community: str | None,
    user: str | None,
    users: str | None,
    context: str | None,
) -> None:
    """Print all that is below OBJECT, such as ifTable, ifName or 1.3.6.1.2.1.1; all there is by default."""
    oid = _oid(below)
    session.show(
        [_listed(_read(session, Asked(agent, community, user, users, context), lambda reader: reader.walk(oid)))]
    )


def snmp_table(
    session: Session,
    name: str,
    agent: str | None,
    community: str | None,
    user: str | None,
    users: str | None,
    context: str | None,
) -> None:
    """Print a TABLE, such as ifXTable, a line for each row: its index, then its columns by name."""
    if name not in names.TABLES:
        raise LabError(f"no table {name!r}", did_you_mean(name, names.TABLES), Exit.UNKNOWN)
    entry = (*names.TABLES[name].oid, 1)
    session.show(
        [_rows(name, _read(session, Asked(agent, community, user, users, context), lambda reader: reader.walk(entry)))]
    )


def _rows(name: str, found: Found) -> Table:
    """A table's objects as its rows; a column that is part of the index is told once."""
    declared = names.TABLES[name]
    start = len(declared.oid) + 1
    rows: dict[Oid, dict[int, str]] = {}
    for oid, value in found:
        rows.setdefault(oid[start + 1 :], {})[oid[start]] = names.text(oid, value)
    indexes = [index.name for index in declared.index]
    columns = [column for column in declared.columns if column.name not in indexes]
    shown = [
        (*names.index_of(declared, index), *(row.get(column.number) for column in columns))
        for index, row in sorted(rows.items())
    ]
    return Table(name, (*indexes, *(column.name for column in columns)), shown)


def _listed(found: Found) -> Table:
    rows = [(_label(oid), names.text(oid, value), value.syntax.name, ".".join(map(str, oid))) for oid, value in found]
    return Table("objects", ("object", "value", "type", "OID"), rows)


def _oid(text: str) -> Oid:
    """What a text names. LabError."""
    head, _, rest = text.rpartition("::")[2].partition(".")
    try:
        if head in own.NAMES:
            return (*own.NAMES[head], *(map(int, rest.split(".")) if rest else ()))
        return names.oid_of(text)
    except KeyError:
        raise LabError(f"no object {head!r}", did_you_mean(head, {*names.NAMES, *own.NAMES}), Exit.UNKNOWN) from None
    except ValueError:
        raise Mistake(f"{text!r} is neither a name with an index, such as ifName.3, nor an OID") from None


def _instance(text: str) -> Oid:
    """What a text names; of a scalar its only instance."""
    oid = _oid(text)
    return (*oid, 0) if oid in own.NAMES.values() or isinstance(names.OBJECTS.get(oid), Scalar) else oid


def _label(oid: Oid) -> str:
    """An OID by its name."""
    return next((f"{name}.0" for name, scalar in own.NAMES.items() if oid == (*scalar, 0)), None) or names.label(oid)


def _read(session: Session, asked: Asked, ask: Callable[[Reader], Coroutine[None, None, R]]) -> R:
    with told():
        if asked.agent is None:
            return asyncio.run(ask(_local(session, asked)))
        return asyncio.run(_remotely(asked, asked.agent, ask))


def _local(session: Session, asked: Asked) -> Reader:
    if asked.user is not None:
        raise Mistake("--user is for an --agent; a lab's store is read without")
    return Local(session.view(), asked.context, Moment(time.time(), time.monotonic()))


async def _remotely(asked: Asked, agent: str, ask: Callable[[Reader], Coroutine[None, None, R]]) -> R:
    from planes.management.snmp.peers import Remote  # loads pysnmp, which takes a while

    at = named_endpoint(agent, PORT, "--agent")
    community = asked.community or os.environ.get(COMMUNITY) or DEFAULT_COMMUNITY
    remote = Remote(at, community, _user(asked), asked.context or "")
    try:
        return await ask(remote)
    finally:
        remote.close()


def _user(asked: Asked) -> User | None:
    if asked.user is None:
        return None
    if asked.users is None:
        raise Mistake("--user needs --users FILE, where the user's passwords are")
    return named_user(asked.user, read_users(asked.users), "--user")
