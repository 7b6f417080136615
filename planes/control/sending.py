"""Frames on their way from the controller into the fabric."""

from __future__ import annotations

from planes.control.engine import Engine
from planes.control.events import SendFrame
from planes.control.facts import Access, Edge, View
from planes.control.fragments.access import leave
from planes.data import fields as f
from planes.data.pipeline import PLACED_FLAG, Table, metadata
from planes.data.rule import CONTROLLER_PORT, Load, Resubmit


class Sending:
    """What is to be sent, in order."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._frames: list[SendFrame] = []

    def again(self, edge: Edge, access: Access, data: bytes, table: Table) -> None:
        """A frame that was punted goes on at a table, as one that entered by this access.

        Beyond SERVICE it is to find a rule: should the switch have refused that, the frame must not go round for ever.
        """
        flags = 0 if table <= Table.SERVICE else PLACED_FLAG
        enter = Load(f.METADATA, metadata(edge.segment, edge.network) | flags, 0, f.METADATA.bits)
        self._frames.append(SendFrame(*access[:2], (enter, Resubmit(table)), data))

    def out(self, access: Access, data: bytes) -> None:
        """A frame leaves by an access."""
        actions = leave(View(self._engine.facts), access)
        self._frames.append(SendFrame(access[0], CONTROLLER_PORT, actions, data))

    def take(self) -> list[SendFrame]:
        """The frames since the last call."""
        frames, self._frames = self._frames, []
        return frames
