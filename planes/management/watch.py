"""The store, for a program that runs on asyncio: a thread follows it, and whoever waits is told of what is newest."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from planes.management.view import PATIENCE, View, age, alive
from planes.store.base import Store, StoreError

MIN_INTERVAL = 0.02  # seconds between views: what changes meanwhile is told together
RETRY = 0.25  # seconds between looks at a store that is away

__all__ = ["MIN_INTERVAL", "PATIENCE", "RETRY", "View", "Watch", "age", "alive"]


class Watch:
    """`async with Watch(connect) as watch`: follows the store that `connect` opens, in a thread that owns it.

    What the thread fails with is raised by `newer`, `synced` and `failed`, and by the `async with` at its end.
    """

    def __init__(self, connect: Callable[[], Store]) -> None:
        self.view = View()
        self._connect = connect
        self._told: asyncio.Future[None] | None = None
        self._woken, self._waker = socket.socketpair()
        self._ending = False

    async def __aenter__(self) -> Watch:
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "store")
        self._following = self._loop.run_in_executor(self._thread, self._follow)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ending = True
        self._waker.send(b"!")
        await asyncio.wait({self._following})
        self._thread.shutdown()
        self._woken.close()
        self._waker.close()
        if error is None:
            self._following.result()

    async def newer(self, than: View, timeout: float | None = None) -> View:
        """The newest view, as soon as it is another one than this; after `timeout` seconds this one."""
        if self.view is than:
            if self._told is None or self._told.done():
                self._told = self._loop.create_future()
            await asyncio.wait({self._told, self._following}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if self._following.done():
            self._following.result()
        return self.view

    async def synced(self, timeout: float) -> View:
        """The first view of a store that has told all it holds; StoreError after `timeout` seconds."""
        deadline = self._loop.time() + timeout
        while not (view := self.view).synced:
            left = deadline - self._loop.time()
            if left <= 0:
                raise StoreError(f"the store did not answer in {timeout:g} s: does it run?")
            await self.newer(view, left)
        return view

    async def failed(self) -> None:
        """Wait until the thread fails, which it should not, and raise what it failed with."""
        await asyncio.wait({self._following})
        self._following.result()

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
                    view = View(store.state(), store.intent(), store.serial(), synced)
                    self._loop.call_soon_threadsafe(self._deliver, view)
                    time.sleep(MIN_INTERVAL)
                store.wait(None if synced else RETRY, self._woken.fileno())
        finally:
            store.close()
