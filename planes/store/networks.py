"""The intent's networks as values, decoded again only where their rows have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from planes.model.intent import Network
from planes.store.rows import Node, decode_network, walk


class Networks:
    """Networks by identity, and which of them each row below one belongs to.

    No row comes below a network, or leaves it, but by a change of a row that is there: so who has heard of every
    changed row knows every changed network.
    """

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}  # by identity of a row: that of its network
        self._rows: dict[str, list[str]] = {}  # by identity of a network: those of it and below it
        self._decoded: dict[str, Network] = {}
        self._stale: set[str] = set()
        self._by_name: dict[str, str] = {}

    def changed(self, uuid: str) -> None:
        """A row has changed, or is gone; a network's own, or below one."""
        self._stale.add(self._owners.get(uuid, uuid))

    def came(self, uuid: str) -> None:
        """A network is new."""
        self._stale.add(uuid)

    def settle(self, trees: Callable[[str], Node | None]) -> None:
        """Decode what has changed; `trees` gives a network by its identity, None when there is none such."""
        stale, self._stale = self._stale, set()
        for uuid in stale:
            self._forget(uuid)
        for uuid in stale:
            tree = trees(uuid)
            if tree is not None:
                self._keep(uuid, tree)

    def _forget(self, uuid: str) -> None:
        for row in self._rows.pop(uuid, ()):
            self._owners.pop(row, None)
        old = self._decoded.pop(uuid, None)
        if old is not None and self._by_name.get(old.name) == uuid:
            del self._by_name[old.name]

    def _keep(self, uuid: str, tree: Node) -> None:
        self._rows[uuid] = [str(node.uuid) for node in walk(tree)]
        self._owners |= dict.fromkeys(self._rows[uuid], uuid)
        network = self._decoded[uuid] = decode_network(tree)
        self._by_name[network.name] = uuid

    def values(self) -> Iterable[Network]:
        """As last settled, by name."""
        return sorted(self._decoded.values(), key=lambda network: network.name)

    def identity(self, name: str) -> str | None:
        """Of the network of this name."""
        return self._by_name.get(name)
