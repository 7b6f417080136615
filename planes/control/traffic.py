"""What ports carry: when to ask which switch, and the rows that its answers make."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from operator import attrgetter

from planes.control.facts import Port
from planes.control.inventory import Inventory, Record
from planes.control.ledger import Ledger
from planes.control.wall import Wall
from planes.data.rule import MAX_PORT
from planes.data.traffic import MAX_COUNT, Counters, PortCounts
from planes.model import state

MAX_ROWS = 500  # a second: in larger fabrics ports are asked about less often than every HEARTBEAT
TOGETHER = 64  # ports asked about at once, in whole switches: more would hold up other work
TRICKLE, LATE = 1000, 10.0  # below so many bits a second, as where only hellos pass, a row may be so many seconds late
GATHER = 0.2  # seconds in which the answers of those who were asked together are waited for: a transaction costs more
PATIENCE = 30.0  # seconds until a switch that did not answer is asked again

_counters: Callable[[state.Traffic], Counters] = attrgetter(
    "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_dropped", "tx_dropped", "rx_errors", "tx_errors"
)
_RX_BYTES, _TX_BYTES = 2, 3  # among the counters

Reading = tuple[float, float, Counters]  # when a port was read, how long its switch had counted by then, and what


class Traffic:
    """Asks the connected switches in turn."""

    def __init__(self, ledger: Ledger, inventory: Inventory, wall: Wall) -> None:
        self._ledger, self._inventory, self._wall = ledger, inventory, wall
        self._turn: deque[int] = deque()
        self._asked: dict[int, float] = {}  # who has not answered yet, and since when
        self._readings: dict[int, dict[int, Reading]] = {}  # by datapath id and port
        self._next = math.inf
        self._gathered: dict[Port, state.Traffic] = {}  # rows that are not told yet
        self._awaited: set[int] = set()  # those asked last who have not answered
        self._until = 0.0  # ...and when they are, whoever has not answered by then

    def found(self, dpid: int, at: float) -> None:
        """A switch has connected; the first of them is asked at this time."""
        if dpid not in self._turn:
            self._turn.append(dpid)
        self._forget(dpid)
        self._next = at if self._next == math.inf else self._next

    def lost(self, dpid: int) -> None:
        """A switch has no channel: what was read of it last stays."""
        if dpid in self._turn:
            self._turn.remove(dpid)
        self._forget(dpid)
        self._next = self._next if self._turn else math.inf

    def due(self, now: float) -> list[int]:
        """The switches to ask now. What was gathered is told, if it is time."""
        if self._gathered and (self._until <= now or not self._awaited):
            self._tell()
        if now < self._next:
            return []
        asking, ports = [], 0
        for _ in range(len(self._turn)):
            dpid = self._turn[0]
            size = self._size(dpid)
            if ports and ports + size > TOGETHER:
                break
            self._turn.rotate(-1)
            ports += size
            if self._asked.get(dpid, -math.inf) + PATIENCE <= now:
                self._asked[dpid] = now
                asking.append(dpid)
        self._awaited, self._until = set(asking), now + GATHER
        total = sum(map(self._size, self._turn))
        self._next = now + max(state.HEARTBEAT / total, 1 / MAX_ROWS) * ports
        return asking

    def deadline(self) -> float | None:
        """When somebody is to be asked, or something told."""
        next_time = min(self._next, self._until if self._gathered else math.inf)
        return None if next_time == math.inf else next_time

    def told(self, dpid: int, ports: Iterable[PortCounts], more: bool, now: float) -> None:
        """A switch has answered, or begun to (`more`). What it says unasked is not listened to."""
        if dpid not in self._asked:
            return
        if not more:
            self._forget(dpid)
        record, readings = self._inventory.record(dpid), self._readings.setdefault(dpid, {})
        for port in ports:
            if port.number <= MAX_PORT and port.number in record.ports:
                self._read(record, port, readings.get(port.number), now)
                readings[port.number] = now, port.alive, port.counters
        for gone in readings.keys() - record.ports.keys():
            del readings[gone]

    def _forget(self, dpid: int) -> None:
        self._asked.pop(dpid, None)
        self._awaited.discard(dpid)

    def _size(self, dpid: int) -> int:
        return max(1, len(self._inventory.records[dpid].ports))

    def _read(self, record: Record, port: PortCounts, last: Reading | None, now: float) -> None:
        """A row if something was counted; and a last one when that has ended, for the rates are 0 then."""
        before = self._ledger.get(state.Traffic, (record.name, port.number))
        if not isinstance(before, state.Traffic):
            self._put(record, port, (0, 0), now)
            return
        last = last or (before.at - self._wall.offset, 0.0, _counters(before))
        rates = _rates(last, (now, port.alive, port.counters))
        was = before.rx_rate, before.tx_rate
        if rates == was == (0, 0) and port.counters == _counters(before):
            return
        if max(*rates, *was) >= TRICKLE or abs(self._wall.time(now) - before.at) >= LATE:
            self._put(record, port, rates, now)

    def _put(self, record: Record, port: PortCounts, rates: tuple[int, int], now: float) -> None:
        row = state.Traffic(record.name, port.number, self._wall.time(now), *port.counters, *rates)
        self._gathered[record.dpid, port.number] = row

    def _tell(self) -> None:
        for (dpid, number), row in self._gathered.items():
            record = self._inventory.records[dpid]
            if number in record.ports and record.name == row.switch:  # it may have gone meanwhile
                self._ledger.put(row)
        self._gathered.clear()


def _rates(last: Reading, new: Reading) -> tuple[int, int]:
    """Bits per second, received and sent, over the time by the switch's own clock, where it tells.

    A counter that went back, as when a switch starts anew, has none.
    """
    seconds = new[1] - last[1] if 0.0 < last[1] < new[1] else new[0] - last[0]
    rx, tx = (8 * max(0, new[2][at] - last[2][at]) for at in (_RX_BYTES, _TX_BYTES))
    return (min(round(rx / seconds), MAX_COUNT), min(round(tx / seconds), MAX_COUNT)) if seconds > 0 else (0, 0)
