"""The switches that are known: by the plan, by the store, or because they connected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from planes.control.events import PortDescription
from planes.control.facts import Port
from planes.control.ids import Ids
from planes.data.rule import LOCAL_PORT
from planes.model import state


@dataclass
class Record:
    """One switch. `issued` and `confirmed` number its installs; `lost`: it was connected, and is no more."""

    dpid: int
    index: int
    name: str = ""
    connected: bool = False
    lost: bool = False
    ports: dict[int, PortDescription] = field(default_factory=dict)
    issued: int = 0
    confirmed: int = 0
    error: str = ""


class Inventory:
    """Records by datapath id, and their names: unique, the plan's before the switch's own."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self.records: dict[int, Record] = {}
        self._planned: dict[int, str] = {}
        self._by_name: dict[str, int] = {}
        self.names = 0  # raised whenever a name stands for another switch than before

    def plan(self, names: Iterable[tuple[str, int]]) -> None:
        """The plan names these datapath ids."""
        self._planned = {dpid: name for name, dpid in names}
        for dpid in self._planned:
            self.record(dpid)
        self._name_all()

    def record(self, dpid: int) -> Record:
        """The switch's record, made at first sight. IdsExhausted."""
        if dpid not in self.records:
            self.records[dpid] = Record(dpid, self._ids.number("switch", f"{dpid:016x}"))
            self._name_all()
        return self.records[dpid]

    def connect(self, dpid: int, ports: Iterable[PortDescription]) -> Record:
        """A switch is there, with these ports."""
        record = self.record(dpid)
        record.connected, record.lost, record.error = True, False, ""
        record.ports = {port.number: port for port in ports}
        self._name_all()
        return record

    def lose(self, dpid: int) -> None:
        """A switch's channel closed."""
        record = self.record(dpid)
        record.connected, record.lost = False, record.connected or record.lost

    def restore(self, rows: Iterable[state.Switch], ports: Iterable[state.Port]) -> None:
        """What the store knew: a switch's own name stands in for its local port until it connects."""
        names = {row.name: row.datapath_id for row in rows}
        for name, dpid in names.items():
            self.record(dpid).ports[LOCAL_PORT] = PortDescription(LOCAL_PORT, name, up=True)
        for port in ports:
            if port.switch in names:
                description = PortDescription(port.number, port.name, port.up, port.mac, port.speed)
                self.record(names[port.switch]).ports[port.number] = description
        self._name_all()

    def named(self, name: str) -> int | None:
        """The datapath id behind a name."""
        return self._by_name.get(name)

    def is_up(self, port: Port) -> bool:
        """Whether a port is there and up, as far as is known."""
        record = self.records.get(port[0])
        return record is not None and port[1] in record.ports and record.ports[port[1]].up

    def settled(self) -> bool:
        """Whether every connected switch has confirmed all it was sent."""
        return all(r.confirmed == r.issued for r in self.records.values() if r.connected)

    def _name_all(self) -> None:
        before, self._by_name = self._by_name, {name: dpid for dpid, name in self._planned.items()}
        for dpid in sorted(self.records):
            record = self.records[dpid]
            record.name = self._planned.get(dpid) or self._own_name(record)
            self._by_name[record.name] = dpid
        self.names += self._by_name != before

    def _own_name(self, record: Record) -> str:
        local = record.ports.get(LOCAL_PORT)
        taken = local is not None and local.name in self._by_name
        return f"{record.dpid:016x}" if local is None or not local.name or taken else local.name
