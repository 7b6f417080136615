"""Open vSwitch itself, a bridge without devices, spoken to in OpenFlow by its management socket. Needs no privilege."""

from __future__ import annotations

import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from planes.data import wire
from planes.data.delta import delta
from planes.data.readback import Reading, part, requests
from planes.data.rule import Entry
from planes.store.server import listens

DEADLINE = 60.0  # seconds; reached only when something is broken
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
HELLO, ERROR, EXPERIMENTER, PACKET_IN, MULTIPART_REPLY, BARRIER_REPLY = 0, 1, 4, 10, 19, 21
_WHOLE_PACKETS = struct.pack("!BBHIHH", 4, 9, 12, 0, 0, 0xFFFF)  # OFPT_SET_CONFIG: send packet-ins, and whole
_PCAP_HEADER, _PCAP_RECORD = 24, struct.Struct("=IIII")


@dataclass
class Vswitch:
    """One bridge, `br`, and an OpenFlow 1.3 connection to it."""

    directory: Path
    connection: socket.socket
    buffered: bytes = field(default=b"")
    xid: int = field(default=100)
    sent: dict[int, int] = field(default_factory=dict)  # of each port's frames, how many bytes were read

    def ofctl(self, *arguments: str) -> str:
        """What `ovs-ofctl -O OpenFlow13` says."""
        argv = ["ovs-ofctl", "-O", "OpenFlow13", arguments[0], f"unix:{self.directory}/br.mgmt", *arguments[1:]]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=DEADLINE).stdout

    def appctl(self, *arguments: str) -> str:
        """What `ovs-appctl` says."""
        (control,) = self.directory.glob("ovs-vswitchd.*.ctl")
        argv = ["ovs-appctl", "-t", str(control), *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=DEADLINE).stdout

    def add_port(self, number: int) -> None:
        """A port without a device; what it sends is written to a file."""
        pcap = f"options:tx_pcap={self.directory}/{number}.pcap"
        port = ["add-port", "br", f"p{number}", "--", "set", "interface", f"p{number}", "type=dummy", pcap]
        argv = ["ovs-vsctl", f"--db=unix:{self.directory}/db.sock", *port, f"ofport_request={number}"]
        subprocess.run(argv, check=True, timeout=DEADLINE)
        self.sent[number] = _PCAP_HEADER
        self.send(_WHOLE_PACKETS)

    def replace(self, entries: Iterable[Entry]) -> None:
        """Hold these entries alone, and remember nothing of frames before."""
        self.clear()
        assert self.send(*(wire.encode(mod, 9) for mod in delta((), entries))) == []
        self.appctl("revalidator/purge")
        self.appctl("dpctl/flush-conntrack")

    def inject(self, port: int, frame: bytes) -> tuple[list[tuple[int, bytes]], list[wire.PacketIn]]:
        """A frame comes in at a port: what goes out where, and what goes to the controller."""
        self.appctl("netdev-dummy/receive", f"p{port}", frame.hex())
        self.appctl("version")  # the loop that answers carries frames first
        messages = [message for kind, _, message in self.send() if kind == PACKET_IN]
        packets = [packet for message in messages if (packet := wire.packet_in(message)) is not None]
        assert len(packets) == len(messages)
        return [(number, data) for number in sorted(self.sent) for data in self._fresh(number)], packets

    def _fresh(self, port: int) -> Iterator[bytes]:
        written = (self.directory / f"{port}.pcap").read_bytes()
        while self.sent[port] < len(written):
            at = self.sent[port] + _PCAP_RECORD.size
            size = _PCAP_RECORD.unpack_from(written, self.sent[port])[2]
            yield written[at : at + size]
            self.sent[port] = at + size

    def message(self) -> tuple[int, int, bytes]:
        """The next message: its type, transaction id and bytes."""
        while len(self.buffered) < 8 or len(self.buffered) < struct.unpack_from("!H", self.buffered, 2)[0]:
            read = self.connection.recv(1 << 16)
            assert read, "the switch closed the connection"
            self.buffered += read
        _, kind, length, xid = struct.unpack_from("!BBHI", self.buffered)
        taken, self.buffered = self.buffered[:length], self.buffered[length:]
        return kind, xid, taken

    def send(self, *messages: bytes) -> list[tuple[int, int, bytes]]:
        """Send these and a barrier; all that comes before the barrier's reply."""
        self.xid += 1
        self.connection.sendall(b"".join(messages) + wire.barrier(self.xid))
        found = []
        while (got := self.message())[:2] != (BARRIER_REPLY, self.xid):
            found.append(got)
        return found

    def held(self) -> frozenset[Entry]:
        """All that the switch holds, as `readback` reads it."""
        reading = Reading()
        for kind, _, message in self.send(requests(7)):
            if kind == EXPERIMENTER:
                continue  # of a bundle before
            assert kind == MULTIPART_REPLY
            found = part(message)
            assert found is not None, message.hex()
            assert found.xid == 7
            reading.take(found)
        assert reading.held is not None
        return reading.held

    def clear(self) -> None:
        """Leave nothing on it."""
        assert self.send(*(wire.encode(mod, 9) for mod in delta(self.held(), ()))) == []


@contextmanager
def vswitch() -> Iterator[Vswitch]:
    """ovsdb-server and ovs-vswitchd in a directory of their own, ended afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="vs", dir="/tmp"))
    environ = {**os.environ, **{f"OVS_{name}DIR": str(directory) for name in ("RUN", "LOG", "DB", "SYSCONF")}}
    database, remote = str(directory / "conf.db"), f"unix:{directory}/db.sock"
    subprocess.run(["ovsdb-tool", "create", database, SCHEMA], env=environ, check=True)
    started: list[subprocess.Popen[bytes]] = []
    try:
        started += [_start(environ, "ovsdb-server", database, f"--remote=p{remote}")]
        _wait_for(directory / "db.sock", started)
        started += [_start(environ, "ovs-vswitchd", remote, "--disable-system", "--enable-dummy")]
        bridge = ["set", "bridge", "br", "datapath_type=dummy", "protocols=OpenFlow13", "fail_mode=secure"]
        argv = ["ovs-vsctl", f"--db={remote}", "add-br", "br", "--", *bridge]
        subprocess.run(argv, env=environ, check=True, timeout=DEADLINE)
        _wait_for(directory / "br.mgmt", started)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(DEADLINE)
            connection.connect(str(directory / "br.mgmt"))
            connection.sendall(struct.pack("!BBHI", 4, HELLO, 8, 1))
            switch = Vswitch(directory, connection)
            assert switch.message()[0] == HELLO
            yield switch
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()
        shutil.rmtree(directory)


def _start(environ: dict[str, str], *argv: str) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*argv, "-vconsole:off"], env=environ, stdout=quiet, stderr=quiet)


def _wait_for(path: Path, processes: Iterable[subprocess.Popen[bytes]]) -> None:
    deadline = monotonic() + DEADLINE
    while not listens(path):
        assert all(process.poll() is None for process in processes), "a daemon ended"
        assert monotonic() < deadline, f"no {path}"
        select.select([], [], [], 0.01)
