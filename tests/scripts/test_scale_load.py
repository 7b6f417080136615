"""The load generator against a controller of a few lines, which tells it one rule for each frame."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from benches.scale_child import surroundings

from planes.data import bundle, wire
from planes.data.delta import Command, Mod
from planes.data.pipeline import Table, metadata
from planes.data.rule import Rule
from planes.data.wire import PacketIn

HELLO, FEATURES_REQUEST, FEATURES_REPLY, PACKET_IN = 0, 5, 6, 10
HEADER = struct.Struct("!BBHI")
RULE = wire.encode(Mod(Command.ADD, Rule(0, 1, (), goto=10)), 7)
SECONDS = 30.0
METADATA = [[metadata(number, 1) for number in (1, 2, 3, 4)]]  # one switch of four ports


@contextmanager
def generator() -> Iterator[tuple[subprocess.Popen[str], socket.socket]]:
    """The generator with one switch, and the controller's end of that."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(SECONDS)
        argv = [sys.executable, "-m", "benches.scale_load", str(listening.getsockname()[1]), "1", "4"]
        pipe = subprocess.PIPE
        with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=surroundings()) as process:
            with closing(listening.accept()[0]) as connection:
                connection.settimeout(SECONDS)
                yield process, connection
            process.kill()


def message(connection: socket.socket) -> tuple[int, bytes]:
    """The next message: its type, and all of it."""
    head = connection.recv(HEADER.size, socket.MSG_WAITALL)
    _, kind, length, _ = HEADER.unpack(head)
    return kind, head + connection.recv(length - HEADER.size, socket.MSG_WAITALL)


def arrival(connection: socket.socket) -> PacketIn:
    kind, data = message(connection)
    packet = wire.packet_in(data)
    assert (kind, packet is None) == (PACKET_IN, False)
    assert packet is not None
    return packet


def begin(process: subprocess.Popen[str], connection: socket.socket, hosts: int) -> None:
    """Greet, tell a rule, and have the load begin: the two servers come first."""
    assert message(connection)[0] == HELLO
    connection.sendall(HEADER.pack(4, HELLO, 8, 1) + HEADER.pack(4, FEATURES_REQUEST, 8, 2))
    kind, features = message(connection)
    assert (kind, features[8:16]) == (FEATURES_REPLY, (1).to_bytes(8, "big"))
    connection.sendall(RULE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"ready": True}
    process.stdin.write(json.dumps({"hosts": hosts, "window": 2, "metadata": METADATA}) + "\n")
    process.stdin.flush()
    servers = [arrival(connection) for _ in range(2)]
    assert [(packet.in_port, packet.metadata) for packet in servers] == [(2, METADATA[0][1]), (4, METADATA[0][3])]
    connection.sendall(b"".join(wire.packet_out(packet.data, packet.in_port, (), 0) for packet in servers))


def test_hosts_count_as_learned_when_their_frames_come_back() -> None:
    with generator() as (process, connection):
        begin(process, connection, hosts=3)
        first, second = arrival(connection), arrival(connection)
        assert [(packet.table, packet.in_port) for packet in (first, second)] == [(Table.GUARD, 1), (Table.GUARD, 3)]
        assert first.metadata == METADATA[0][0]
        assert first.data[6:12] != second.data[6:12]
        told = bundle.add(7, RULE)  # a rule in a bundle, and one beside
        connection.sendall(told + RULE + wire.packet_out(second.data, second.in_port, (), 0))
        third = arrival(connection)  # the window has room for one again
        connection.sendall(b"".join(wire.packet_out(each.data, each.in_port, (), 0) for each in (third, first)))
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["rules"] == 2


def test_a_controller_that_hangs_up_is_told() -> None:
    with generator() as (process, connection):
        begin(process, connection, hosts=2)
        connection.close()
        assert process.stderr is not None
        assert process.stderr.read().strip() == "the controller hung up"
