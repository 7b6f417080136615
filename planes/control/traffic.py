"""What ports carry: when to ask which switch, and the rows that its answers make."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from operator import attrgetter

from planes.control.inventory import Inventory, Record
from planes.control.ledger import Ledger
from planes.data.rule import MAX_PORT
from planes.data.traffic import MAX_COUNT, PortCounts
from planes.model import state

MAX_ROWS = 500  # a second: in larger fabrics ports are asked about less often than every HEARTBEAT
TOGETHER = 64  # ports asked about at once, in whole switches: more would hold up other work
PATIENCE = 30.0  # seconds until a switch that did not answer is asked again

_counters = attrgetter(
    "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_dropped", "tx_dropped", "rx_errors", "tx_errors"
)
_RX_BYTES, _TX_BYTES = 2, 3  # among the counters

Reading = tuple[float, float]  # when a port was last read, and how long its switch had counted by then


class Traffic:
    """Asks the connected switches in turn. `wall` as Core's."""

    def __init__(self, ledger: Ledger, inventory: Inventory, wall: float) -> None:
        self._ledger, self._inventory, self._wall = ledger, inventory, wall
        self._turn: deque[int] = deque()
        self._asked: dict[int, float] = {}  # who has not answered yet, and since when
        self._readings: dict[int, dict[int, Reading]] = {}  # by datapath id and port
        self._next = math.inf

    def found(self, dpid: int, at: float) -> None:
        """A switch has connected; the first of them is asked at this time."""
        if dpid not in self._turn:
            self._turn.append(dpid)
        self._asked.pop(dpid, None)
        self._next = at if self._next == math.inf else self._next

    def lost(self, dpid: int) -> None:
        """A switch has no channel: what was read of it last stays."""
        if dpid in self._turn:
            self._turn.remove(dpid)
        self._asked.pop(dpid, None)
        self._next = self._next if self._turn else math.inf

    def due(self, now: float) -> list[int]:
        """The switches to ask now."""
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
        total = sum(map(self._size, self._turn))
        self._next = now + max(state.HEARTBEAT / total, 1 / MAX_ROWS) * ports
        return asking

    def deadline(self) -> float | None:
        """When somebody is to be asked."""
        return None if self._next == math.inf else self._next

    def told(self, dpid: int, ports: Iterable[PortCounts], more: bool, now: float) -> None:
        """A switch has answered, or begun to (`more`). What it says unasked is not listened to."""
        if dpid not in self._asked:
            return
        if not more:
            del self._asked[dpid]
        record, readings = self._inventory.record(dpid), self._readings.setdefault(dpid, {})
        for port in ports:
            if port.number <= MAX_PORT and port.number in record.ports:
                self._read(record, port, readings.get(port.number), now)
                readings[port.number] = now, port.alive
        for gone in readings.keys() - record.ports.keys():
            del readings[gone]

    def _size(self, dpid: int) -> int:
        return max(1, len(self._inventory.records[dpid].ports))

    def _read(self, record: Record, port: PortCounts, last: Reading | None, now: float) -> None:
        """A row only if something was counted; and a last one when that has ended, for the rates are 0 then."""
        before = self._ledger.get(state.Traffic, (record.name, port.number))
        if not isinstance(before, state.Traffic):
            self._put(record, port, (0, 0), now)
            return
        counted = _counters(before)
        if port.counters == counted:
            if before.rx_rate or before.tx_rate:
                self._put(record, port, (0, 0), now)
            return
        seconds = self._between(before, port, last, now)
        rx, tx = (_rate(port.counters[at] - counted[at], seconds) for at in (_RX_BYTES, _TX_BYTES))
        self._put(record, port, (rx, tx), now)

    def _between(self, before: state.Traffic, port: PortCounts, last: Reading | None, now: float) -> float:
        """Seconds between two readings, by the switch's own clock where it tells."""
        at, alive = last or (before.at - self._wall, 0.0)
        return port.alive - alive if 0.0 < alive < port.alive else now - at

    def _put(self, record: Record, port: PortCounts, rates: tuple[int, int], now: float) -> None:
        self._ledger.put(state.Traffic(record.name, port.number, now + self._wall, *port.counters, *rates))


def _rate(octets: int, seconds: float) -> int:
    """Bits per second; 0 when the counter went back, as when a switch starts anew."""
    return min(round(8 * octets / seconds), MAX_COUNT) if octets > 0 and seconds > 0 else 0
