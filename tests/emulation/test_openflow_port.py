"""The port where switches connect, under Ryu and under os-ken: garbage, and two switches of one datapath id."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from importlib.util import find_spec
from pathlib import Path

import pytest
from commands import until

from planes.model.intent import Attachment, Intent, Network, Segment
from planes.model.state import Counter, Switch
from planes.store.ovsdb import Store
from planes.store.server import create_argv, serve_argv

pytestmark = pytest.mark.emulation

DEADLINE = 60.0  # seconds; reached only when something is broken


class Type(IntEnum):
    """OFPT_*."""

    HELLO = 0
    ECHO_REQUEST = 2
    ECHO_REPLY = 3
    FEATURES_REQUEST = 5
    FEATURES_REPLY = 6
    PACKET_IN = 10
    MULTIPART_REQUEST = 18
    MULTIPART_REPLY = 19
    BARRIER_REQUEST = 20
    BARRIER_REPLY = 21


@dataclass
class Controller:
    """A controller on a port of its own, with a store of its own."""

    port: int
    process: subprocess.Popen[bytes]
    store: Store

    def counted(self, reason: str) -> int:
        """How often, as the store knows it."""
        self.store.run()
        return next((row.count for row in self.store.state().of(Counter) if row.reason == reason), 0)

    def connected(self) -> set[int]:
        """The datapath ids that are connected, as the store knows it."""
        self.store.run()
        return {row.datapath_id for row in self.store.state().of(Switch) if row.connected}

    def errors(self) -> dict[int, str]:
        """What is wrong with switches, as the store knows it."""
        self.store.run()
        return {row.datapath_id: row.error for row in self.store.state().of(Switch) if row.error}

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)


@pytest.fixture(params=["ryu", "os_ken"])
def controller(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    monkeypatch.setenv("TRIPLANE_OPENFLOW", request.param)
    with tempfile.TemporaryDirectory(prefix="of") as folder, serving(Path(folder)) as running:
        yield running


@contextmanager
def serving(folder: Path) -> Iterator[Controller]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    db, path = folder / "db", folder / "s"
    subprocess.run(create_argv(db), check=True)
    argv = [sys.executable, "-m", "controller", "--store", f"unix:{path}", "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen(serve_argv(db, path)) as server:
        try:
            until(path.exists, DEADLINE)
            with closing(Store(f"unix:{path}")) as store, subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
                running = Controller(port, process, store)
                try:
                    until(lambda: _listens(running), DEADLINE)
                    yield running
                    assert process.poll() is None, "the controller died"
                finally:
                    process.kill()
        finally:
            server.kill()


def _listens(controller: Controller) -> bool:
    assert controller.process.poll() is None
    try:
        controller.connect().close()
    except OSError:
        return False
    return True


def message(kind: int, xid: int = 1, body: bytes = b"") -> bytes:
    return struct.pack("!BBHI", 4, kind, 8 + len(body), xid) + body


@dataclass
class FakeSwitch:
    """As much of a switch as a connection needs: it holds nothing, and takes everything."""

    dpid: int
    connection: socket.socket
    buffered: bytes = field(default=b"")
    barriers: bool = True  # whether it answers them

    def serve(self) -> bool:
        """Answer what has come; False at the end of the connection."""
        try:
            read = self.connection.recv(1 << 16)
        except ConnectionError:
            return False
        self.buffered += read
        while len(self.buffered) >= 8 and len(self.buffered) >= (length := int.from_bytes(self.buffered[2:4], "big")):
            self._answer(self.buffered[1], int.from_bytes(self.buffered[4:8], "big"), self.buffered[8:length])
            self.buffered = self.buffered[length:]
        return bool(read)

    def _answer(self, kind: int, xid: int, body: bytes) -> None:
        match kind:
            case Type.HELLO:
                self.connection.sendall(message(Type.HELLO))
            case Type.ECHO_REQUEST:
                self.connection.sendall(message(Type.ECHO_REPLY, xid, body))
            case Type.FEATURES_REQUEST:
                features = struct.pack("!QIBB2xII", self.dpid, 0, 254, 0, 0, 0)
                self.connection.sendall(message(Type.FEATURES_REPLY, xid, features))
            case Type.MULTIPART_REQUEST:
                self.connection.sendall(message(Type.MULTIPART_REPLY, xid, body[:2] + bytes(6)))
            case Type.BARRIER_REQUEST if self.barriers:
                self.connection.sendall(message(Type.BARRIER_REPLY, xid))


def asked(controller: Controller, switch: FakeSwitch) -> None:
    """Have the controller tell the switch something: it has a port in a network now."""
    intent = Intent("p", (Network("red", (Segment("one", (), (Attachment("s", 1),)),)),), (("s", switch.dpid),))
    controller.store.write_intent(intent)


def joined(controller: Controller, dpid: int) -> FakeSwitch:
    """A switch that the controller has taken in."""
    switch = FakeSwitch(dpid, controller.connect())
    until(lambda: switch.serve() and dpid in controller.connected(), DEADLINE)
    return switch


GARBAGE = (
    b"GET / HTTP/1.1\r\nHost: fabric\r\n\r\n",
    bytes(64),
    b"\xff" * 64,
    message(Type.PACKET_IN, 1, bytes(32)),  # a packet-in before the hello
    message(Type.HELLO) + message(77),
    message(Type.HELLO) + b"\x04\x0a\x00\x03" + bytes(60),  # shorter than its header
    message(Type.HELLO) + message(Type.FEATURES_REPLY, 2, b"\x01"),  # cut off
    message(Type.HELLO) + b"\x01" + message(Type.PACKET_IN)[1:],  # another version
)


def test_who_sends_garbage_is_hung_up_on_and_counted_and_a_switch_goes_on(controller: Controller) -> None:
    switch = joined(controller, 5)
    for number, garbage in enumerate(GARBAGE, 1):
        with controller.connect() as visitor:
            visitor.sendall(garbage)
            while visitor.recv(1 << 12):
                pass
        until(lambda number=number: controller.counted("openflow-garbage") == number, DEADLINE)
    switch.connection.sendall(message(Type.ECHO_REQUEST, 0xABCD))
    until(lambda: switch.serve() and 5 in controller.connected(), DEADLINE)


def test_a_switch_that_turns_to_garbage_is_hung_up_on(controller: Controller) -> None:
    switch = joined(controller, 5)
    switch.connection.sendall(message(Type.PACKET_IN, 0, b"\x01"))
    while switch.serve():
        pass
    until(lambda: controller.connected() == set(), DEADLINE)


def test_the_newest_connection_of_a_datapath_id_is_the_switch(controller: Controller) -> None:
    old = joined(controller, 5)
    new = FakeSwitch(5, controller.connect())
    until(lambda: new.serve() and controller.counted("switch-connected-twice") == 1, DEADLINE)
    while old.serve():
        pass
    old.connection.close()
    until(lambda: new.serve() and 5 in controller.connected(), DEADLINE)


def test_a_switch_that_answers_echoes_but_no_barrier_is_hung_up_on_and_the_reason_shown(controller: Controller) -> None:
    switch = joined(controller, 5)
    switch.barriers = False
    asked(controller, switch)
    while switch.serve():
        pass
    until(lambda: controller.connected() == set(), DEADLINE)
    assert controller.errors() == {5: "hung up on: it has not answered for 10 s"}
    assert controller.counted("switch-hung-up-on") == 1


def test_one_that_never_answers_a_barrier_is_never_taken_in(controller: Controller) -> None:
    switch = FakeSwitch(5, controller.connect(), barriers=False)
    while switch.serve():
        assert controller.connected() == set()
    until(lambda: controller.counted("switch-hung-up-on") == 1, DEADLINE)
