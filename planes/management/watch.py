"""The store, for a program that runs on asyncio: a thread follows it, and whoever waits is told of what is newest."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from planes.management.view import PATIENCE, View, age, alive
from planes.store.base import Store

MIN_INTERVAL = 0.02  # seconds between views: what changes meanwhile is told together
RETRY = 0.25  # seconds between looks at a store that is away

__all__ = ["MIN_INTERVAL", "PATIENCE", "RETRY", "View", "Watch", "age", "alive"]


class Watch:
    """`async with Watch(connect) as watch`: follows the store that `connect` opens, in a thread that owns it."""

    def __init__(self, connect: Callable[[], Store]) -> None:
        self.view = View()
        self._connect = connect
        self._told: asyncio.Future[None] | None = None
        self._woken, self._waker = socket.socketpair()
        self._ending = False

    async def __aenter__(self) -> Watch:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ending = True
        self._waker.send(b"!")
        await self._loop.run_in_executor(None, self._thread.join)
        self._woken.close()
        self._waker.close()

    async def newer(self, than: View, timeout: float | None = None) -> View:
        """The newest view, as soon as it is another one than this; after `timeout` seconds this one."""
        if self.view is than:
            if self._told is None or self._told.done():
                self._told = self._loop.create_future()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._told), timeout)
        return self.view

    def _deliver(self, view: View) -> None:
        self.view = view
        if self._told is not None and not self._told.done():
            self._told.set_result(None)

    def _follow(self) -> None:
        store = self._connect()
        try:
            synced = False
            while not self._ending:
                if store.run() or store.synced != synced:
                    synced = store.synced
                    self._loop.call_soon_threadsafe(
                        self._deliver, View(store.state(), store.intent(), store.serial(), synced)
                    )
                    time.sleep(MIN_INTERVAL)
                store.wait(None if synced else RETRY, self._woken.fileno())
        finally:
            store.close()
