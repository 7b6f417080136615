"""What waits to be sent to one switch, and what is on its way: one change at a time, each whole or not at all.

A change is a bundle, opened, filled and closed; when the switch complained of nothing so far it is committed. Each
step ends in a barrier, whose reply brings the next. Frames that follow a change wait until it is in force, since
they are to meet its rules. A switch that leaves a step unanswered is hung up on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from planes.control.events import Confirmed, Counted, Event, Install, Refused, SendFrame
from planes.data import bundle, readback, wire
from planes.data.bundle import Step
from planes.data.delta import Command, Mod
from planes.data.rule import Entry, Meter

MAX_FRAMES = 1000  # waiting; more are dropped
MAX_MODS = 200_000  # waiting; a switch that falls further behind is hung up on, and read back when it returns
MAX_ENTRIES = 1_000_000  # read back
BATCH = 5000  # mods of changes that wait go in one bundle, up to this many
WINDOW = 8  # writes without an answer: what the library below takes without blocking is a little more
FRAME_XID = 0  # of packet-outs, so that their errors spoil no change
PATIENCE = 10.0  # seconds that a switch may take to answer
PATIENCE_PER_MOD = 0.001  # ...and as many more for what it was told before


@dataclass
class _Step:
    """What is on its way: done at the barrier's reply, unless an error comes before."""

    xid: int
    then: Callable[[], None]
    otherwise: Callable[[str], None]
    patience: float = PATIENCE
    error: str = ""
    answered: bool = False  # of a reading: the barrier was
    seen: tuple[float, int] | None = None  # when it was first looked at, and how much had been read by then


class Outbox:
    """`send` takes whole messages, `post` events, `read` what the switch was found to hold; `close` hangs up."""

    def __init__(
        self,
        dpid: int,
        send: Callable[[bytes], None],
        post: Callable[[Event], None],
        read: Callable[[frozenset[Entry]], None],
        close: Callable[[str], None],
    ) -> None:
        self._dpid, self._send, self._post, self._read, self._close = dpid, send, post, read, close
        self._waiting: deque[Install | SendFrame] = deque()
        self._frames = self._mods = 0  # among those waiting
        self._wanted = False  # to be read back, as soon as nothing is on its way
        self._astray = False  # a change was refused: what builds on it is dropped, until the switch is read back
        self._refused: dict[int, str] = {}  # network of a part that was refused -> why; until the same
        self._step: _Step | None = None
        self._reading: readback.Reading | None = None
        self._xid = 0
        self._unanswered = 0  # writes since the last answer

    # what is wanted

    def install(self, install: Install) -> None:
        """Change entries; Confirmed or Refused is posted in the end."""
        if self._astray:
            return
        if self._mods + len(install.mods) > MAX_MODS and self._waiting:
            self._give_up("it does not keep up")
            return
        self._mods += len(install.mods)
        self._waiting.append(install)
        self._pump()

    def frame(self, frame: SendFrame) -> None:
        """Send a frame after all that was wanted before."""
        if self._frames >= MAX_FRAMES:
            self._post(Counted("packet-out-overflow"))
            return
        self._frames += 1
        self._waiting.append(frame)
        self._pump()

    def read(self) -> None:
        """Read the switch back; changes that wait are dropped, since what is read is the new ground to build on."""
        self._drop_installs()
        self._wanted, self._astray = True, True
        self._pump()

    def look(self, now: float) -> None:
        """Hang up when what is on its way has made no headway for too long. To be called about once a second."""
        step = self._step
        if step is None:
            return
        size = self._reading.size if self._reading is not None else 0
        if step.seen is None or step.seen[1] != size:
            step.seen = now, size
        elif now - step.seen[0] >= step.patience:
            self._step = None
            self._give_up(f"it has not answered for {step.patience:.0f} s")

    # what the switch answers

    def barrier(self, xid: int) -> None:
        """A barrier's reply."""
        step = self._step
        if step is None or step.xid != xid:
            return
        if self._reading is not None:
            step.answered = True
            self._read_out(step, self._reading)
        else:
            self._step, self._unanswered = None, 0
            step.otherwise(step.error) if step.error else step.then()
            self._pump()

    def part(self, part: readback.Part) -> None:
        """Some of what the switch holds."""
        if self._reading is None or self._step is None or part.xid != self._step.xid:
            return
        self._reading.take(part)
        if self._reading.size > MAX_ENTRIES:
            self._give_up(f"it holds more than {MAX_ENTRIES} entries")
        else:
            self._read_out(self._step, self._reading)

    def error(self, xid: int, reason: str) -> None:
        """Something was refused."""
        if xid == FRAME_XID:
            self._post(Counted("packet-out-refused"))
        elif self._step is not None and self._step.xid == xid:
            if self._reading is not None:
                self._give_up(f"it can't be read back: {reason}")
            self._step.error = self._step.error or reason

    # how it goes on

    def _pump(self) -> None:
        while self._step is None:
            if self._wanted:
                self._start_reading()
            elif not self._waiting:
                return
            elif isinstance(self._waiting[0], SendFrame):
                self._send_frames()
            else:
                self._change(list(self._batch()))

    def _start_reading(self) -> None:
        self._wanted, self._reading = False, readback.Reading()
        self._refused.clear()
        self._step = _Step(self._next_xid(), lambda: None, lambda _: None)
        self._send(readback.requests(self._xid) + wire.barrier(self._xid))

    def _read_out(self, step: _Step, reading: readback.Reading) -> None:
        """All is told, and the switch answers barriers: one that does not would hold up all others."""
        held = reading.held
        if held is not None and step.answered:
            self._reading, self._step, self._unanswered = None, None, 0
            self._astray = self._wanted  # asked for again meanwhile: on what was read nothing is to be built
            self._read(held)
            self._pump()

    def _send_frames(self) -> None:
        data = []
        while self._waiting and isinstance(frame := self._waiting[0], SendFrame):
            self._waiting.popleft()
            data.append(wire.packet_out(frame.data, frame.in_port, frame.actions, FRAME_XID))
        self._frames -= len(data)
        self._unanswered += 1
        if self._unanswered < WINDOW:
            self._send(b"".join(data))
        else:
            self._ask(self._next_xid(), b"".join(data), lambda: None, lambda reason: self._refuse(reason, None))

    def _batch(self) -> Iterator[Install]:
        """The changes that go together next.

        Those that follow must not depend on meters having come or gone; a part goes alone.
        """
        taken = 0
        while self._waiting and isinstance(install := self._waiting[0], Install):
            alone = install.network is not None or any(map(_is_meter, install.mods))
            if taken and (alone or taken + len(install.mods) > BATCH):
                return
            self._waiting.popleft()
            self._mods -= len(install.mods)
            taken += max(1, len(install.mods))
            yield install
            if install.network is not None:
                return

    def _change(self, installs: list[Install]) -> None:
        """Meters before they are used, groups and rules in a bundle, meters after they were.

        All under one transaction id, which is the bundle's number too: a switch may name a culprit at the commit.
        """
        mods = [mod for install in installs for mod in install.mods]
        before = [mod for mod in mods if _is_meter(mod) and mod.command is not Command.DELETE]
        inside = [mod for mod in mods if not _is_meter(mod)]
        after = [mod for mod in mods if _is_meter(mod) and mod.command is Command.DELETE]
        part = installs[0] if installs[0].network is not None else None
        xid = self._next_xid()

        def refuse(reason: str) -> None:
            self._refuse(reason, part)

        def confirm() -> None:
            for install in installs:
                self._post(Confirmed(self._dpid, install.token))

        def ask(data: bytes, then: Callable[[], None], otherwise: Callable[[str], None] = refuse) -> None:
            self._ask(xid, data, then, otherwise, PATIENCE + PATIENCE_PER_MOD * len(mods))

        def finish() -> None:
            ask(last, confirm) if last else confirm()

        def commit() -> None:
            ask(bundle.control(Step.COMMIT, xid, xid), finish)

        def discard(reason: str) -> None:
            self._send(bundle.control(Step.DISCARD, xid, self._next_xid()))
            refuse(reason)

        if part is not None and part.network in self._refused:
            refuse(self._refused[part.network])
            return
        try:
            first, last = _encoded(before, xid), _encoded(after, xid)
            filled = b"".join(bundle.add(xid, wire.encode(mod, xid)) for mod in inside)
        except ValueError as error:  # a group of too many buckets
            refuse(str(error))
            return
        if inside:
            opened, closed = (bundle.control(step, xid, xid) for step in (Step.OPEN, Step.CLOSE))
            ask(first + opened + filled + closed, commit, discard)
        else:
            ask(first + last, confirm)

    def _ask(
        self,
        xid: int,
        data: bytes,
        then: Callable[[], None],
        otherwise: Callable[[str], None],
        patience: float = PATIENCE,
    ) -> None:
        """Send messages of a transaction id, and a barrier."""
        self._step = _Step(xid, then, otherwise, patience)
        self._send(data + wire.barrier(xid))

    def _refuse(self, reason: str, part: Install | None) -> None:
        """A part is refused for itself, and its network's next ones with it; the fabric's own each for itself."""
        if part is None:
            self._drop_installs()
            self._astray = True
        elif part.network:
            self._refused[part.network] = reason
        self._post(Refused(self._dpid, reason, part))

    def _give_up(self, reason: str) -> None:
        self._drop_installs()
        self._astray = True
        self._close(reason)

    def _drop_installs(self) -> None:
        self._waiting = deque(waiting for waiting in self._waiting if isinstance(waiting, SendFrame))
        self._mods = 0

    def _next_xid(self) -> int:
        self._xid = self._xid % 0xFFFF_FFFE + 1
        return self._xid


def _is_meter(mod: Mod) -> bool:
    return isinstance(mod.entry, Meter)


def _encoded(mods: list[Mod], xid: int) -> bytes:
    return b"".join(wire.encode(mod, xid) for mod in mods)
