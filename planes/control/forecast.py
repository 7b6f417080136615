"""What the controller would install, compiled from the store's rows and an intent, without switches."""

from __future__ import annotations

from collections.abc import Iterable

from planes.control import events as ev
from planes.control.core import Core
from planes.control.facts import GROUP_ADDRESS
from planes.control.fragments.segment import PAGED_GROUP
from planes.data.packet import mac
from planes.data.rule import Entry, Group
from planes.model import state
from planes.model.intent import Intent

_KIND = 0xFF << 24  # of a group's number: what it is for


def forecast(known: state.State, intent: Intent) -> Core:
    """A core that knows the rows and follows the intent; its `engine` has what each switch would have to hold.

    `rows` that the controller has not written yet are missing. So is what it never writes: group addresses in use
    that are no IP multicast, whose frames are told from no rule here; and links that are dampened count as calm.
    Numbers that are not given yet are given as the controller would, were it told of this intent next.
    """
    core = Core(b"")
    core.handle(ev.Restored(known), 0.0)
    for row in known.of(state.Switch):
        # Nothing is sent through a switch that left. One that never came has no links, and the same is true of it.
        core.inventory.record(row.datapath_id).lost = not row.connected
    core.handle(ev.IntentChanged(1, intent), 0.0)
    return core


def page(core: Core, known: state.State, held: Iterable[Entry]) -> None:
    """Let a core know the group addresses in use, which the rows do not tell, by the groups that switches hold."""
    names = {row.number: row.name.split("/") for row in known.of(state.Id) if row.kind == "slot"}
    slots = {entry.id & ~_KIND for entry in held if isinstance(entry, Group) and entry.id & _KIND == PAGED_GROUP}
    for slot in slots & names.keys():
        network, segment, address = names[slot]
        number = core.tenants.number(network, segment)
        if number is not None:
            core.engine.put(GROUP_ADDRESS, (number, mac(address)), slot)
    core.engine.run()
