"""A store's copy of its rows, with what it takes to find a row by its key or its identity at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

R = TypeVar("R")
K = TypeVar("K")


class Mirror(Generic[R, K]):
    """Rows of some tables and their identities, by what `key` says that a row is known by."""

    def __init__(self, tables: Iterable[type[R]], key: Callable[[R], K]) -> None:
        self.rows: dict[type[R], dict[K, R]] = {table: {} for table in tables}
        self.uuids: dict[type[R], dict[K, str]] = {table: {} for table in self.rows}
        self._key = key
        self._keys: dict[str, tuple[type[R], K]] = {}

    def put(self, uuid: str, row: R) -> None:
        """The row of this identity is new or has changed."""
        self.drop(uuid)
        table, name = type(row), self._key(row)
        self.rows[table][name] = row
        self.uuids[table][name] = uuid
        self._keys[uuid] = table, name

    def drop(self, uuid: str) -> None:
        """The row of this identity is no more. Another may have taken its key in the same transaction already."""
        table, name = self._keys.pop(uuid, (None, None))
        if table is not None and name is not None and self.uuids[table].get(name) == uuid:
            del self.rows[table][name], self.uuids[table][name]
