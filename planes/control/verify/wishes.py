"""All that must come of what the hosts of an access send."""

from __future__ import annotations

from collections.abc import Iterator

from planes.control.facts import Access
from planes.control.verify.routed import Routed
from planes.control.verify.sender import Sender
from planes.control.verify.wanted import Wanted, Wish


def wishes(wanted: Wanted, access: Access) -> Iterator[Wish]:
    """What must come of what the hosts of an access send."""
    edge = wanted.accesses[access]
    for mac, host in wanted.hosts(edge.segment):
        if host.access == access:
            sender = Sender(wanted, edge, mac, host)
            yield from sender.reach()
            yield from sender.flood()
            yield from Routed(sender).wishes()
