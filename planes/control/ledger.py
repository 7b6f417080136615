"""What the store was told, so that it is told each thing once."""

from __future__ import annotations

from collections.abc import Iterable

from planes.model.state import Change, Drop, Key, Put, Row, State, key


class Ledger:
    """The state rows as last published, and the changes since."""

    def __init__(self) -> None:
        self._rows: dict[type[Row], dict[Key, Row]] = {}
        self._changes: dict[tuple[type[Row], Key], Change] = {}

    def restore(self, state: State) -> None:
        """The store holds these rows already."""
        self._rows = {table: dict(rows) for table, rows in state.rows.items()}

    def get(self, table: type[Row], at: Key) -> Row | None:
        """A row as it was last put."""
        return self._rows.get(table, {}).get(at)

    def put(self, row: Row) -> None:
        """A row is so now."""
        rows, at = self._rows.setdefault(type(row), {}), key(row)
        if rows.get(at) != row:
            rows[at] = row
            self._changes[(type(row), at)] = Put(row)

    def drop(self, table: type[Row], at: Key) -> None:
        """A row is no more."""
        if self._rows.get(table, {}).pop(at, None) is not None:
            self._changes[(table, at)] = Drop(table, at)

    def forget(self, *tables: type[Row]) -> None:
        """The store may have lost what it held of these tables' rows: the next `put` of each tells it again."""
        for table in tables:
            self._rows.pop(table, None)

    def sync(self, table: type[Row], wanted: Iterable[Row]) -> None:
        """The rows of a table are exactly these now."""
        rows = {key(row): row for row in wanted}
        for at in self._rows.get(table, {}).keys() - rows.keys():
            self.drop(table, at)
        for row in rows.values():
            self.put(row)

    def flush(self) -> tuple[Change, ...]:
        """The changes since the last call; no row twice."""
        changes, self._changes = tuple(self._changes.values()), {}
        return changes
