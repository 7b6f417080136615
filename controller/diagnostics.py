"""What is too large or too raw for the store: a switch's entries and ports, read when somebody asks.

Each answer is a JSON object with `version`; under one version keys are only added. Switches are named by the name of
their bridge, or by their datapath id in hexadecimal.

- `fabric/switches`: `switches`, a list of `{name, datapath_id}`, of those connected.
- `fabric/ports SWITCH`: `ports`, a list of `{number, name, up}`.
- `fabric/policy`: `lines`, a list of `{network, line, packets, bytes}`, what each line of a policy (from 1, as the plan
  has them) met, on all switches together; and `silent`, the switches that did not tell in time. An edited line counts
  from its edit on.
- `fabric/entries SWITCH`: what the switch holds now: `entries`, a line for each flow, group and meter
  (planes.data.text); and `replies`, the OpenFlow messages that say so, in base64, for programs (planes.data.readback).
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from controller.channel import Channel, Handlers, PortInfo
from controller.unixctl import Command, Failure
from planes.data import readback
from planes.data.counters import counted
from planes.data.pipeline import Table
from planes.data.rule import LOCAL_PORT
from planes.data.text import line, reading_order

VERSION = 1
PATIENCE = 2.0  # seconds that a switch may take to tell what it holds
FRAGMENT_SHIFT, FRAGMENT_MASK = 16, 0xFFFF_FFFF  # in a cookie: what wanted the rule
FIRST_XID, LAST_XID = 0xD1A6_0000, 0xD1A6_FFFF  # our transaction ids: nobody else's come near


@dataclass
class _Switch:
    channel: Channel
    ports: dict[int, PortInfo]

    @property
    def name(self) -> str:
        local = self.ports.get(LOCAL_PORT)
        return local.name if local else f"{self.channel.dpid:016x}"


@dataclass
class _Asked:
    """A question under way: whom, and the replies so far."""

    channel: Channel
    reading: readback.Reading
    replies: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class Diagnostics:
    """Listens in on the switches' messages, and asks questions of its own.

    `handlers` take the place of those given, and pass on all but the answers to its questions. `policy_lines` gives
    network and line of each line of a policy, by its number in cookies.
    """

    def __init__(self, handlers: Handlers, policy_lines: Callable[[], Mapping[int, tuple[str, int]]] = dict) -> None:
        self._next, self._policy_lines = handlers, policy_lines
        self._lock = threading.Lock()
        self._switches: dict[int, _Switch] = {}
        self._asked: dict[int, _Asked] = {}
        self._xids = count()
        self.handlers = replace(handlers, up=self._up, down=self._down, port=self._port, multipart=self._multipart)
        self.commands = {
            "fabric/switches": Command((), self.switches),
            "fabric/ports": Command(("SWITCH",), self.ports),
            "fabric/entries": Command(("SWITCH",), self.entries),
            "fabric/policy": Command((), self.policy),
        }

    def switches(self) -> str:
        """Answers `fabric/switches`."""
        with self._lock:
            known = sorted((switch.channel.dpid, switch.name) for switch in self._switches.values())
        return _json(switches=[{"name": name, "datapath_id": f"{dpid:016x}"} for dpid, name in known])

    def ports(self, name: str) -> str:
        """Answers `fabric/ports`. Failure."""
        switch = self._find(name)
        with self._lock:
            ports = sorted(switch.ports.items())
        return _json(ports=[{"number": number, "name": port.name, "up": port.up} for number, port in ports])

    def entries(self, name: str) -> str:
        """Answers `fabric/entries`. Failure, when the switch does not answer in time."""
        (asked,) = self._ask([self._find(name).channel], readback.requests, readback.Kind)
        held = asked.reading.held
        if held is None:
            raise Failure(f"switch {name} did not tell within {PATIENCE:.0f} s what it holds")
        lines = [line(entry) for entry in sorted(held, key=reading_order)]
        return _json(entries=lines, replies=[base64.b64encode(reply).decode() for reply in asked.replies])

    def policy(self) -> str:
        """Answers `fabric/policy`."""
        names = self._policy_lines()
        with self._lock:
            asking = {switch.channel.dpid: switch for switch in self._switches.values()}
        channels = [switch.channel for switch in asking.values()]
        asked = self._ask(channels, lambda xid: readback.table_request(xid, Table.POLICY), [readback.Kind.FLOWS])
        packets, size = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
        for rule, met, octets in (each for one in asked for reply in one.replies for each in counted(reply)):
            name = names.get(rule.cookie >> FRAGMENT_SHIFT & FRAGMENT_MASK)
            if name is not None:
                packets[name] += met
                size[name] += octets
        lines = [
            {"network": network, "line": number, "packets": packets[network, number], "bytes": size[network, number]}
            for network, number in sorted(set(names.values()))
        ]
        silent = [asking[one.channel.dpid].name for one in asked if one.reading.held is None]
        return _json(lines=lines, silent=sorted(silent))

    def _find(self, name: str) -> _Switch:
        with self._lock:
            for dpid, switch in self._switches.items():
                if name in (switch.name, f"{dpid:016x}", f"{dpid:x}", f"{dpid:#x}"):
                    return switch
            names = ", ".join(sorted(switch.name for switch in self._switches.values()))
        raise Failure(f"no switch {name!r} is connected; connected: {names or 'none'}")

    def _ask(
        self, channels: Sequence[Channel], request: Callable[[int], bytes], kinds: Iterable[readback.Kind]
    ) -> list[_Asked]:
        """Ask switches all at once; what they answered in time."""
        asked = {}
        for channel in channels:
            xid = FIRST_XID | next(self._xids) & (LAST_XID - FIRST_XID)
            asked[xid] = _Asked(channel, readback.Reading(kinds))
        with self._lock:
            self._asked |= asked
        for xid, each in asked.items():
            each.channel.send(request(xid))
        deadline = time.monotonic() + PATIENCE
        for each in asked.values():
            each.over.wait(max(0.0, deadline - time.monotonic()))
        with self._lock:
            for xid in asked:
                del self._asked[xid]
        return list(asked.values())

    # what the switches say

    def _up(self, channel: Channel, ports: Sequence[PortInfo]) -> None:
        with self._lock:
            self._switches[channel.dpid] = _Switch(channel, {port.number: port for port in ports})
        self._next.up(channel, ports)

    def _down(self, channel: Channel) -> None:
        with self._lock:
            if self._is_current(channel):
                del self._switches[channel.dpid]
        self._next.down(channel)

    def _port(self, channel: Channel, port: PortInfo, gone: bool) -> None:
        with self._lock:
            if self._is_current(channel):
                ports = self._switches[channel.dpid].ports
                ports.pop(port.number, None)
                if not gone:
                    ports[port.number] = port
        self._next.port(channel, port, gone)

    def _multipart(self, channel: Channel, message: bytes) -> None:
        xid = int.from_bytes(message[4:8], "big")
        if not FIRST_XID <= xid <= LAST_XID:
            self._next.multipart(channel, message)
            return
        part = readback.part(message)
        with self._lock:
            asked = self._asked.get(xid)
            if asked is None or asked.channel is not channel or part is None:
                return
            asked.replies.append(message)
            asked.reading.take(part)
            if asked.reading.held is not None:
                asked.over.set()

    def _is_current(self, channel: Channel) -> bool:
        switch = self._switches.get(channel.dpid)
        return switch is not None and switch.channel is channel


def _json(**parts: object) -> str:
    return json.dumps({"version": VERSION, **parts}, indent=1) + "\n"
