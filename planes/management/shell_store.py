"""The store, for a program whose own thread waits for its user: another follows it, and does what it is asked."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Any, TypeVar

from planes.management.view import View
from planes.management.watch import MIN_INTERVAL, RETRY
from planes.store.base import Store, StoreError

T = TypeVar("T")

LOOK_INTERVAL = 1.0  # seconds between looks when nothing happens: a controller that dies changes nothing

PATIENCE = 60.0  # seconds beyond a timeout: taking in what a large store tells cannot be interrupted

Looked = Callable[[View], None]


class Follower:
    """Follows the store that `connect` opens until `close`, and tells `looked` of what it sees, on its own thread."""

    def __init__(self, connect: Callable[[], Store], looked: Looked) -> None:
        self._connect, self._looked = connect, looked
        self._asked: queue.SimpleQueue[tuple[Callable[[Store], Any], Future[Any]]] = queue.SimpleQueue()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._ending = False
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def do(self, work: Callable[[Store], T], timeout: float) -> T:
        """What `work` returns or raises when the store's owner does it. StoreError when that takes too long."""
        if not self._thread.is_alive():
            raise StoreError("the store is not followed any more")
        future: Future[T] = Future()
        self._asked.put((work, future))
        self._waker.send(b"!")
        try:
            return future.result(timeout)
        except Late as error:
            future.cancel()
            raise StoreError(f"the store did not answer in {timeout:.0f} s") from error

    def view(self, timeout: float) -> View:
        """What the store holds now; what it held last, not `synced`, when it is away for longer than `timeout`."""
        deadline = time.monotonic() + timeout

        def look(store: Store) -> View:
            while not store.synced and (left := deadline - time.monotonic()) > 0:
                store.wait(left)
                store.run()
            return seen(store)

        return self.do(look, timeout + PATIENCE)

    def close(self) -> None:
        """Stop following."""
        self._ending = True
        self._waker.send(b"!")
        self._thread.join()
        self._woken.close()
        self._waker.close()

    def _follow(self) -> None:
        store = self._connect()
        try:
            while not self._ending:
                self._work(store)
                store.run()
                self._looked(seen(store))
                time.sleep(MIN_INTERVAL)  # what changes meanwhile is told together
                if self._asked.empty():
                    store.wait(LOOK_INTERVAL if store.synced else RETRY, self._woken.fileno())
        finally:
            store.close()

    def _work(self, store: Store) -> None:
        try:
            self._woken.recv(4096)
        except BlockingIOError:
            return
        while not self._asked.empty():
            work, future = self._asked.get()
            if not future.set_running_or_notify_cancel():
                continue
            store.run()
            try:
                done = work(store)
            except Exception as error:  # noqa: BLE001 - it is the asker's, and raised there
                future.set_exception(error)
            else:
                future.set_result(done)


def seen(store: Store) -> View:
    """What a store holds."""
    return View(store.state(), store.intent(), store.serial(), store.synced)
