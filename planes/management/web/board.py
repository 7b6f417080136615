"""The newest picture, and whoever waits for it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from planes.management.watch import View, Watch
from planes.management.web import messages
from planes.management.web.cabling import Cabling, remembered
from planes.management.web.elements import Ends
from planes.management.web.messages import difference, event, sharing, snapshot
from planes.management.web.picture import Picture, drawn

KEPT = 16  # pictures; whoever is further behind is told the newest in whole

Survey = Callable[[], Cabling]  # what is known of cables by now; it may take a while, and is called in a thread


class Board:
    """Follows a Watch and numbers its pictures, from 1. A client is told what changed since the picture it has seen.

    A client that reads slowly skips what came meanwhile: nothing is queued for it.
    """

    def __init__(self, survey: Survey = Cabling, traces: bool = False, clock: Callable[[], float] = time.time) -> None:
        self.number = 0
        self.ended = False
        self._survey, self._traces, self._clock = survey, traces, clock
        self._pictures: OrderedDict[int, Picture] = OrderedDict({0: Picture()})
        self._patches: dict[int, bytes] = {}
        self._links: frozenset[Ends] = frozenset()
        self._cabling = Cabling()
        self._changed = asyncio.Event()

    @property
    def picture(self) -> Picture:
        """The newest."""
        return self._pictures[self.number]

    async def follow(self, watch: Watch) -> None:
        """Show all that the watch sees, until cancelled. Raises what the watch failed with."""
        view, synced = watch.view, False
        while True:
            if view.synced and not synced:
                self._cabling = await asyncio.to_thread(self._survey)
            synced = view.synced
            begun = time.monotonic()
            self.show(view)
            # At most half of the time is spent on drawing, however large the fabric and however busy its store.
            await asyncio.sleep(time.monotonic() - begun)
            view = await watch.newer(view)

    def show(self, view: View) -> None:
        """A view; one that changes nothing in the picture is no new picture."""
        self._links = remembered(self._links | frozenset(self._cabling.names), view.state)
        new = sharing(self.picture, drawn(view, self._links, self._cabling, self._traces))
        if self.number and not difference(self.picture, new):
            return
        self.number += 1
        self._pictures[self.number] = new
        while len(self._pictures) > KEPT:
            self._pictures.popitem(last=False)
        self._patches.clear()
        self._wake()

    def end(self) -> None:
        """Nothing more is told: whoever waits shall go."""
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def newer(self, than: int, timeout: float) -> int:
        """The newest picture's number, as soon as it is another one than this; after `timeout` seconds this one."""
        if self.number == than:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), timeout)
        return self.number

    def snapshot(self) -> dict[str, object]:
        """The newest picture, in whole."""
        return snapshot(self.picture, self.number, self._clock())

    def since(self, seen: int) -> bytes:
        """The event that brings a client that has seen a picture to the newest."""
        known = seen if seen in self._pictures else 0
        if known not in self._patches:
            self._patches[known] = self._compose(known)
        return self._patches[known]

    def _compose(self, seen: int) -> bytes:
        if not seen:
            return event("snapshot", self.snapshot())
        change = difference(self._pictures[seen], self.picture)
        return event("patch", messages.patch(change, seen, self.number, self._clock()))

    def beat(self) -> bytes:
        """The event that says that nothing changed."""
        return event("beat", {"now": self._clock()})
