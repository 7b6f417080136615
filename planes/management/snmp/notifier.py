"""Notifications: traps, which are sent and forgotten, and informs, which are sent until they are acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from planes.management.snmp import message as messages
from planes.management.snmp.access import User
from planes.management.snmp.message import AUTH, PRIV, USM, Message
from planes.management.snmp.objects import Notification, Oid
from planes.management.snmp.pdu import Kind, carried, encode, varbind
from planes.management.snmp.snapshot import Moment
from planes.management.snmp.udp import Endpoint
from planes.management.snmp.usm import Usm

COLD_START: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 5, 1)  # RFC 3418
MAX_WAITING = 1000  # for one target; then the oldest are dropped
BURST, PAUSE = 50, 0.01  # so many at once, then seconds for the receiver to read them
NUMBERS = 1 << 31


@dataclass(frozen=True)
class Target:
    """Who is told. With `network`, of what concerns that tenant only."""

    endpoint: Endpoint
    network: str | None = None


@dataclass(frozen=True)
class Notice:
    """A notification on its way: to a tenant or, with no network, the operator; sysUpTime when it was, in 1/100 s."""

    what: Notification
    network: str | None
    uptime: int


class Deliver(Protocol):
    """A way to send a notice to a target; False when the target did not take it."""

    async def __call__(self, target: Target, notice: Notice) -> bool: ...

    def close(self) -> None:
        """Close the sockets."""


class Traps:
    """A way to deliver: as a trap of SNMPv2c, or of SNMPv3 with `user`. Nothing tells whether it arrived."""

    def __init__(self, community: bytes, user: User | None, usm: Usm, clock: Callable[[], Moment]) -> None:
        self._community = community
        self._user = user
        self._usm = usm
        self._clock = clock
        self._numbers = itertools.count(1)
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}

    async def __call__(self, target: Target, notice: Notice) -> bool:
        number = next(self._numbers) % NUMBERS
        varbinds = b"".join(varbind(name, value) for name, value in carried(notice.what, notice.uptime))
        pdu = encode(Kind.TRAP, number, 0, 0, varbinds)
        try:
            self._socket(target.endpoint).sendto(self._message(number, target, pdu), target.endpoint)
        except OSError:
            return False
        return True

    def _message(self, number: int, target: Target, pdu: bytes) -> bytes:
        if self._user is None:
            return messages.v2c(self._community, pdu)
        flags = AUTH if self._user.priv_password is None else AUTH | PRIV
        scoped = messages.encode_scoped(self._usm.engine.id, (target.network or "").encode(), pdu)
        sent = Message(number, messages.MAX_SIZE, flags, USM, b"", scoped)
        return self._usm.seal(sent, self._user.name.encode(), self._clock().steady)

    def _socket(self, to: Endpoint) -> socket.socket:
        family = to.family
        if family not in self._sockets:
            self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        return self._sockets[family]

    def close(self) -> None:
        """Close the sockets."""
        for each in self._sockets.values():
            each.close()


class Notifier:
    """A queue for each target, emptied by a task of its own: who does not answer delays nobody else."""

    def __init__(self, targets: Sequence[Target], deliver: Deliver, say: Callable[[str], None]) -> None:
        self.lost = 0  # that found their target's queue full
        self._deliver = deliver
        self._say = say
        self._queues = {target: asyncio.Queue[Notice](MAX_WAITING) for target in targets}
        self._tasks = [asyncio.create_task(self._send(target, queue)) for target, queue in self._queues.items()]

    def tell(self, notice: Notice) -> None:
        """Put it on its way to whom it concerns; a cold start concerns all."""
        for target, queue in self._queues.items():
            if target.network == notice.network or notice.what.oid == COLD_START:
                if queue.full():
                    queue.get_nowait()
                    self.lost += 1
                queue.put_nowait(notice)

    async def _send(self, target: Target, queue: asyncio.Queue[Notice]) -> None:
        well = True
        for sent in itertools.count(1):
            notice = await queue.get()
            taken = await self._deliver(target, notice)
            if taken != well:
                self._say(f"{target.endpoint} takes {'notifications again' if taken else 'no notifications'}")
            well = taken
            if sent % BURST == 0:
                await asyncio.sleep(PAUSE)

    async def close(self) -> None:
        """Drop what was not sent."""
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._deliver.close()
        for outcome in outcomes:
            if isinstance(outcome, Exception):  # a bug: `deliver` says by False what did not work
                raise outcome
