"""Runs in a lab's node: frames of its interfaces as pcapng (draft-ietf-opsawg-pcapng), on standard output.

Its first line of input says what to tap, see `capture.py`; it goes on until its input ends, `count` frames are written,
or nobody reads them. What it says at its end on standard error is JSON: frames captured, and dropped by the kernel.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import select
import socket
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

ETH_P_ALL, SOL_PACKET, PACKET_STATISTICS, PACKET_AUXDATA = 3, 263, 6, 8  # linux/if_packet.h
SO_ATTACH_FILTER, SO_TIMESTAMPNS, SO_RCVBUFFORCE = 26, 35, 33
PACKET_OUTGOING = 4
VLAN_VALID, TPID_VALID, ETH_P_8021Q = 1 << 4, 1 << 6, 0x8100
BUFFER = 16 << 20
BATCH = 1000  # frames that are written at once
SNAP = 262144
LABELS = (0x06, 0x0E, 0x16, 0x1E)  # first bytes, see planes/data/label.py
COMMENT, NAME, DESCRIPTION, RESOLUTION, FLAGS, NANOSECONDS = 1, 2, 3, 9, 2, b"\x09"


def block(kind: int, body: bytes) -> bytes:
    """A block: its type, its length before and after."""
    size = struct.pack("=I", len(body) + 12)
    return struct.pack("=I", kind) + size + body + size


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def options(*pairs: tuple[int, bytes]) -> bytes:
    """Options with their end; those without a value are left out."""
    found = b"".join(struct.pack("=HH", code, len(value)) + padded(value) for code, value in pairs if value)
    return found + bytes(4) if found else b""


def header(names: Iterable[tuple[str, str]]) -> bytes:
    """The section's head, and for each interface its name and what it is."""
    blocks = block(0x0A0D0D0A, struct.pack("=IHHq", 0x1A2B3C4D, 1, 0, -1) + options((4, b"triplane")))
    for name, description in names:
        about = options((NAME, name.encode()), (DESCRIPTION, description.encode()), (RESOLUTION, NANOSECONDS))
        blocks += block(1, struct.pack("=HHI", 1, 0, SNAP) + about)
    return blocks


def packet(interface: int, at: int, frame: bytes, outgoing: bool, comment: str) -> bytes:
    """One frame."""
    head = struct.pack("=IIIII", interface, at >> 32, at & 0xFFFFFFFF, len(frame), len(frame))
    way = struct.pack("=I", 2 if outgoing else 1)
    return block(6, head + padded(frame) + options((COMMENT, comment.encode()), (FLAGS, way)))


def told(frame: bytes, names: dict[str, dict[str, str]]) -> str:
    """What a label means, in words; nothing of frames that have none."""
    if len(frame) < 14 or frame[0] not in LABELS:
        return ""
    index, slot = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:6], "big")
    switch, place = names["switch"].get(str(index)), names["slot"].get(str(slot))
    there, owner = f" ({switch})" if switch else "", f" = {place}" if place else ""
    return f"label {frame[0]:02x}: switch {index}{there} slot {slot}{owner}"


def tap(interface: str, program: Sequence[Sequence[int]]) -> socket.socket:
    """A socket that hears all that passes an interface and a filter (classic BPF)."""
    heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # protocol 0: nothing yet
    if program:
        code = b"".join(struct.pack("=HBBI", *line) for line in program)
        held = ctypes.create_string_buffer(code, len(code))
        heard.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(held)))
    heard.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    heard.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    try:
        heard.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    except PermissionError:  # an ordinary user's lab
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    heard.bind((interface, ETH_P_ALL))
    heard.setblocking(False)
    return heard


def read(heard: socket.socket) -> tuple[int, bytes, bool]:
    """The next frame with its tag in place: its time in ns, itself, whether it goes out. BlockingIOError."""
    frame, about, _, sender = heard.recvmsg(SNAP, 256)
    at = 0
    for level, kind, data in about:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack_from("@qq", data)
            at = seconds * 1_000_000_000 + nanoseconds
        elif (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci, tpid = struct.unpack_from("=IIIHHHH", data)
            if status & VLAN_VALID:  # the kernel takes tags out of the frame
                tag = struct.pack("!HH", tpid if status & TPID_VALID else ETH_P_8021Q, tci)
                frame = frame[:12] + tag + frame[12:]
    return at, frame, sender[2] == PACKET_OUTGOING


def frames(taps: Iterable[tuple[int, socket.socket]]) -> Iterator[tuple[int, int, bytes, bool]]:
    """What each tap has now; each as (number of the tap, time, frame, outgoing)."""
    for number, heard in taps:
        while True:
            try:
                yield (number, *read(heard))
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENETDOWN:  # a link that is failed; it may be healed
                    raise


def main() -> None:
    wanted: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    left, names, out = wanted["count"], wanted["names"], sys.stdout.buffer
    taps = [(number, tap(each["interface"], wanted["filter"])) for number, each in enumerate(wanted["taps"])]
    out.write(header([pair for each in wanted["taps"] for pair in (each["in"], each["out"])]))
    out.flush()
    written, ending = 0, False
    while not ending:
        ready, _, _ = select.select([sys.stdin.fileno(), *(heard for _, heard in taps)], [], [])
        ending = sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096)
        blocks = []
        for number, at, frame, outgoing in frames(taps):
            said = told(frame, names) if wanted["taps"][number]["labels"] else ""
            blocks.append(packet(2 * number + outgoing, at, frame, outgoing, said))
            if written + len(blocks) == left or len(blocks) == BATCH:
                break
        try:
            out.write(b"".join(blocks))
            out.flush()
        except BrokenPipeError:  # nobody reads any more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            break
        written += len(blocks)
        ending = written == left or (ending and len(blocks) < BATCH)
    dropped = sum(struct.unpack("=II", heard.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1] for _, heard in taps)
    sys.stderr.write(json.dumps({"captured": written, "dropped": dropped}) + "\n")


if __name__ == "__main__":
    main()
