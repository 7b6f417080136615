"""A store's copy of the state rows, with what it takes to find a row by its key or its identity at once."""

from __future__ import annotations

from planes.model.state import Key, Row, key
from planes.store.rows import STATE_TABLES


class Mirror:
    """State rows and their identities by key."""

    def __init__(self) -> None:
        self.rows: dict[type[Row], dict[Key, Row]] = {table: {} for table in STATE_TABLES}
        self.uuids: dict[type[Row], dict[Key, str]] = {table: {} for table in STATE_TABLES}
        self._keys: dict[str, tuple[type[Row], Key]] = {}

    def put(self, uuid: str, row: Row) -> None:
        """The row of this identity is new or has changed."""
        self.drop(uuid)
        table, name = type(row), key(row)
        self.rows[table][name] = row
        self.uuids[table][name] = uuid
        self._keys[uuid] = table, name

    def drop(self, uuid: str) -> None:
        """The row of this identity is no more. Another may have taken its key in the same transaction already."""
        table, name = self._keys.pop(uuid, (None, ()))
        if table and self.uuids[table].get(name) == uuid:
            del self.rows[table][name], self.uuids[table][name]
