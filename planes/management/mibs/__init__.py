"""MIBs: what an SNMP agent serves of a fabric, or of one tenant's part, as functions of a view of the store."""

from __future__ import annotations

from planes.management.mibs.changes import notifications
from planes.management.mibs.facts import Facts
from planes.management.mibs.modules import MODULES
from planes.management.mibs.smi import fill
from planes.management.snmp.objects import Objects
from planes.management.watch import View

__all__ = ["notifications", "objects", "ticking"]


def objects(view: View, now: float, network: str | None = None) -> Objects:
    """All that can be read, at `now` (Unix time); with `network`, what that tenant may know.

    The context of a network that is not wanted has no rows but the agent's own.
    """
    facts, found = Facts.of(view, now, network), Objects()
    for module in MODULES:
        fill(module, facts, found)
    return found


def ticking(view: View, now: float, network: str | None = None) -> Objects:
    """Those that change with time alone, such as sysUpTime: to be laid over `objects` of the same view.

    They come from the controllers' rows and nothing else, so that no part of the view need be looked for.
    """
    facts, found = Facts(view, now, network), Objects()
    for module in MODULES:
        fill(module, facts, found, ticking=True)
    return found
