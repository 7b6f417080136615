"""`python -m benches.scale_load PORT SWITCHES PORTS`: fake switches that hear of new hosts as fast as they are learned.

They connect to a controller at 127.0.0.1:PORT in OpenFlow 1.3, hold nothing, and take whatever they are told. Prints
{"ready": true} when each was sent its first rules. Then reads {"hosts": N, "window": N, "metadata": [[...], ...]}, with
the metadata of each port of each switch. Behind each even port is a server, which is learned first. Then new hosts come
up, in turn behind every odd port: each asks the server behind the next port, by ARP, unicast; so many are under way at
a time. A host is learned when its frame comes back to go on its way, which a controller asks for after the rules.
Prints {"seconds": ..., "rules": N}, the rules that were told meanwhile.
"""

from __future__ import annotations

import json
import selectors
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from planes.data.fields import ETH_ARP, IN_PORT, METADATA
from planes.data.packet import ARP_REQUEST, arp, ethernet
from planes.data.pipeline import Table

CONNECT_SECONDS = 60.0
STALL_SECONDS = 10.0  # without a host learned: the controller has stopped
SERVERS, HOSTS = 0x0200_0000_0000, 0x0200_0100_0000  # their MACs begin here
ADDRESSES = 0x0A00_0000  # 10.0.0.0, and on by the MACs' lower bits
BROADCAST = 0xFFFF_FFFF_FFFF
LOCAL_PORT = 0xFFFF_FFFE

# OFPT_*
HELLO, ECHO_REQUEST, ECHO_REPLY, EXPERIMENTER, FEATURES_REQUEST, FEATURES_REPLY = 0, 2, 3, 4, 5, 6
CONFIG_REQUEST, CONFIG_REPLY, PACKET_IN, PACKET_OUT, FLOW_MOD = 7, 8, 10, 13, 14
MULTIPART_REQUEST, MULTIPART_REPLY, BARRIER_REQUEST, BARRIER_REPLY = 18, 19, 20, 21
PORT_DESCRIPTION = 13  # OFPMP_*
BUNDLE_CONTROL, BUNDLE_ADD = 2300, 2301  # of the ONF's extension 230

_HEADER = struct.Struct("!BBHI")
_FEATURES = struct.Struct("!QIBB2xII")
_MULTIPART = struct.Struct("!HH4x")
_PORT = struct.Struct("!I4xQ16sIIIIIIII")
_CONTROL = struct.Struct("!IIIHH")
_IN = struct.Struct("!IHBBQHHIIIQ2x")
_OUT = struct.Struct("!IIH6x")
_MAC = struct.Struct("!HI")


@dataclass(frozen=True)
class Arrival:
    """A host's first frame, as the body of its switch's packet-in."""

    at: int  # the switch's place
    mac: int
    message: bytes


@dataclass
class Switch:
    """One connection, and what was told on it."""

    dpid: int
    ports: int
    connection: socket.socket
    rules: int = 0
    back: list[int] = field(default_factory=list)  # source MACs of the frames that came back
    _in: bytearray = field(default_factory=bytearray)
    _out: bytearray = field(default_factory=bytearray)

    def read(self) -> None:
        """Take in what is there, and answer. ConnectionError."""
        data = self.connection.recv(1 << 18)
        if not data:
            raise ConnectionResetError
        self._in += data
        at, end = 0, len(self._in)
        while end - at >= _HEADER.size:
            _, kind, length, xid = _HEADER.unpack_from(self._in, at)
            if end - at < length:
                break
            self._take(kind, xid, at, at + length)
            at += length
        del self._in[:at]
        self.write()

    def write(self) -> None:
        """Send what is due, as far as it goes. ConnectionError."""
        try:
            while self._out:
                del self._out[: self.connection.send(self._out)]
        except BlockingIOError:
            return

    @property
    def behind(self) -> bool:
        """There is something left to write."""
        return bool(self._out)

    def say(self, kind: int, xid: int, body: bytes = b"") -> None:
        """Queue a message."""
        self._out += _HEADER.pack(4, kind, _HEADER.size + len(body), xid) + body

    def _take(self, kind: int, xid: int, at: int, end: int) -> None:
        body = at + _HEADER.size
        if kind == PACKET_OUT:
            _, _, actions = _OUT.unpack_from(self._in, body)
            high, low = _MAC.unpack_from(self._in, body + _OUT.size + actions + 6)
            self.back.append(high << 32 | low)
        elif kind == EXPERIMENTER:
            self._bundle(xid, body)
        elif kind == FLOW_MOD:
            self.rules += 1
        elif kind == BARRIER_REQUEST:
            self.say(BARRIER_REPLY, xid)
        elif kind == ECHO_REQUEST:
            self.say(ECHO_REPLY, xid, bytes(self._in[body:end]))
        elif kind == MULTIPART_REQUEST:
            self._describe(xid, *_MULTIPART.unpack_from(self._in, body))
        elif kind == FEATURES_REQUEST:
            self.say(FEATURES_REPLY, xid, _FEATURES.pack(self.dpid, 0, 254, 0, 0x4F, 0))
        elif kind == CONFIG_REQUEST:
            self.say(CONFIG_REPLY, xid, bytes(4))

    def _bundle(self, xid: int, body: int) -> None:
        """Each step's request has an even number, its reply the one after."""
        vendor, what, number, step, flags = _CONTROL.unpack_from(self._in, body)
        if what == BUNDLE_CONTROL:
            self.say(EXPERIMENTER, xid, _CONTROL.pack(vendor, what, number, step + 1, flags))
        elif what == BUNDLE_ADD:
            self.rules += self._in[body + _CONTROL.size + 1] == FLOW_MOD

    def _describe(self, xid: int, kind: int, _: int) -> None:
        body = b""
        if kind == PORT_DESCRIPTION:
            named = [(number, f"s{self.dpid}-eth{number}") for number in range(1, self.ports + 1)]
            for number, name in [*named, (LOCAL_PORT, f"s{self.dpid}")]:
                mac = self.dpid << 16 | number & 0xFFFF
                body += _PORT.pack(number, mac << 16, name.encode(), 0, 4, 0, 0, 0, 0, 0, 0)
        self.say(MULTIPART_REPLY, xid, _MULTIPART.pack(kind, 0) + body)


class Load:
    """All switches, connected."""

    def __init__(self, port: int, switches: int, ports: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._asked = False  # there is something to read on standard input
        self._switches = [Switch(number + 1, ports, _connected(port)) for number in range(switches)]
        for switch in self._switches:
            self._selector.register(switch.connection, selectors.EVENT_READ, switch)
            switch.say(HELLO, 1)
            switch.write()

    @property
    def rules(self) -> int:
        """Rules told so far."""
        return sum(switch.rules for switch in self._switches)

    def await_rules(self) -> None:
        """Wait until every switch was told some."""
        deadline = time.monotonic() + CONNECT_SECONDS
        while not all(switch.rules for switch in self._switches):
            if time.monotonic() > deadline:
                sys.exit("the controller tells its switches no rules")
            self._turn()

    def request(self) -> dict[str, Any]:
        """The next request; the switches answer meanwhile."""
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while not self._asked:
            self._turn()
        self._selector.unregister(sys.stdin)
        request: dict[str, Any] = json.loads(sys.stdin.readline())
        return request

    def run(self, hosts: int, window: int, metadata: Sequence[Sequence[int]]) -> float:
        """Have so many hosts learned; the seconds it took."""
        self._exchange(_servers(metadata), window)
        begun = time.monotonic()
        self._exchange(_hosts(hosts, metadata), window)
        return time.monotonic() - begun

    def _exchange(self, arrivals: Iterator[Arrival], window: int) -> None:
        """Send frames until all have come back."""
        away: set[int] = set()
        heard, more = time.monotonic(), True
        while more or away:
            while more and len(away) < window:
                arrival = next(arrivals, None)
                more = arrival is not None
                if arrival is not None:
                    away.add(arrival.mac)
                    self._switches[arrival.at].say(PACKET_IN, 0, arrival.message)
            self._turn()
            for switch in self._switches:
                heard = time.monotonic() if away.intersection(switch.back) else heard
                away.difference_update(switch.back)
                switch.back.clear()
            if time.monotonic() - heard > STALL_SECONDS:
                sys.exit(f"the controller let {len(away)} hosts wait for {STALL_SECONDS:.0f} s")

    def _turn(self) -> None:
        """Write what is due, and read what has come."""
        for switch in self._switches:
            switch.write()
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if switch.behind else 0)
            self._selector.modify(switch.connection, events, switch)
        for key, ready in self._selector.select(1.0):
            if key.data is None:
                self._asked = True
            elif ready & selectors.EVENT_READ:
                key.data.read()


def _connected(port: int) -> socket.socket:
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                sys.exit(f"no controller listens on port {port}")
            time.sleep(0.05)
        else:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection


def _servers(metadata: Sequence[Sequence[int]]) -> Iterator[Arrival]:
    for at, ports in enumerate(metadata):
        for port in range(2, len(ports) + 1, 2):
            yield _arrival(at, port, _server(at, port), BROADCAST, ports[port - 1])


def _hosts(count: int, metadata: Sequence[Sequence[int]]) -> Iterator[Arrival]:
    for number in range(count):
        at, turn = number % len(metadata), number // len(metadata)
        port = 1 + 2 * (turn % (len(metadata[at]) // 2))
        yield _arrival(at, port, HOSTS + number, _server(at, port + 1), metadata[at][port - 1])


def _server(at: int, port: int) -> int:
    return SERVERS + (at + 1) * 0x100 + port


def _arrival(at: int, port: int, mac: int, dst: int, metadata: int) -> Arrival:
    """A host behind a port asks for itself, or another host, who has that one's address (OpenFlow 1.3.5, 7.4.1)."""
    asker, asked = (IPv4Address(ADDRESSES + (each & 0xFFFF_FFFF)) for each in (mac, mac if dst == BROADCAST else dst))
    frame = ethernet(dst, mac, ETH_ARP, arp(ARP_REQUEST, mac, asker, 0, asked)).ljust(60, b"\0")
    fields = (1, 24, IN_PORT.exact, port, METADATA.exact, metadata)
    return Arrival(at, mac, _IN.pack(0xFFFF_FFFF, len(frame), 1, Table.GUARD, 0, *fields) + frame)


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Connect, be told, load."""
    try:
        load = Load(*map(int, sys.argv[1:]))
        load.await_rules()
        _say({"ready": True})
        wanted = load.request()
        before = load.rules
        seconds = load.run(**wanted)
    except ConnectionError:
        sys.exit("the controller hung up")
    _say({"seconds": seconds, "rules": load.rules - before})


if __name__ == "__main__":
    main()
