"""What a client sees of MIB tables, as text: rows by their index."""

from __future__ import annotations

from planes.management import mibs
from planes.management.mibs import names
from planes.management.snmp.objects import Objects
from planes.management.watch import View


def table(name: str, view: View, now: float, network: str | None = None) -> dict[str, dict[str, str]]:
    """A table's readable cells: by the index's parts, joined by spaces, and by the column's name."""
    return table_of(name, mibs.objects(view, now, network))


def table_of(name: str, objects: Objects) -> dict[str, dict[str, str]]:
    """The same of objects."""
    declared, found = names.TABLES[name], dict[str, dict[str, str]]()
    for oid, value in objects.items():
        if oid[: len(declared.oid)] == declared.oid:
            column, index = names.split_oid(oid)
            found.setdefault(" ".join(names.index_of(declared, index)), {})[column] = names.text(oid, value)
    return found


def column(name: str, view: View, now: float, network: str | None = None) -> dict[str, str]:
    """One column, by index."""
    owner = next(each for each in names.TABLES.values() if any(one.name == name for one in each.columns))
    rows = table(owner.name, view, now, network)
    return {index: row[name] for index, row in rows.items() if name in row}


def scalar(name: str, view: View, now: float, network: str | None = None) -> str | None:
    """A scalar, None if it is not there."""
    oid = (*names.NAMES[name], 0)
    value = mibs.objects(view, now, network).get(oid)
    return None if value is None else names.text(oid, value)
