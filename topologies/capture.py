"""Captures: where to listen for a link, a host or a switch's port, and what was heard.

`tap.py` listens in the lab and writes pcapng. A link is heard at one end, both ways, so that each frame is there once;
its two directions are two interfaces of the capture.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import re
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from planes.model.errors import did_you_mean
from planes.model.state import Host, Id, State, Switch
from topologies.control import Info, Node
from topologies.errors import Exit, LabError
from topologies.lab import Lab

SCRIPT = Path(__file__).with_name("tap.py")
LUA = Path(__file__).with_name("triplane.lua")
END_SECONDS = 15.0  # that a tap may take to hand in what it has
SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6  # block types of pcapng
_NAME, _COMMENT, _FLAGS = 2, 1, 2
_ETHERNET, _SNAP = 1, 262144
_INSTRUCTION = struct.Struct("=HBBI")
_PORT = re.compile(r"(.+):(\d+)")

Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Tap:
    """An interface to listen at: the node that sees it, and what frames that come in and go out are said to pass.

    `labels`: it is a switch's end of a link to another, where destination MACs are labels.
    """

    node: str
    interface: str
    incoming: tuple[str, str]  # name, description
    outgoing: tuple[str, str]
    labels: bool = False


@dataclass(frozen=True)
class Frame:
    """A frame that passed: when (Unix time), the capture's interface, its bytes, and what its label means, if any."""

    at: float
    interface: str
    data: bytes
    outgoing: bool
    label: str = ""


def taps(info: Info, where: str) -> list[Tap]:
    """Where to listen for `a/b` (a link), `h1` (all interfaces of a host) or `s1:2` (a switch's port). LabError."""
    nodes = {node.name: node for node in info.nodes}
    for link in info.links:
        if where in (link.name, _reversed(link.name)):
            return [_of_link(link.name, link.interfaces, nodes)]
    ports = {f"{node.name}:{name.rpartition('-eth')[2]}": (node.name, name) for node in info.nodes
             if node.kind == "switch" for name in node.interfaces}  # fmt: skip
    if where in ports:
        node, name = ports[where]
        heard = (f"{where} in", f"what comes in at {where}"), (f"{where} out", f"what leaves {where}")
        fabric = any(name in link.interfaces and _between_switches(link.interfaces, nodes) for link in info.links)
        return [Tap(node, name, *heard, fabric)]
    if where in nodes and nodes[where].kind == "host":
        return [
            Tap(where, name, (f"{name} in", f"what {where} hears"), (f"{name} out", f"what {where} sends"))
            for name in nodes[where].interfaces if name != "lo"
        ]  # fmt: skip
    known = [*(link.name for link in info.links), *(n for n, each in nodes.items() if each.kind == "host"), *ports]
    raise LabError(f"lab {info.lab!r} has no link, host or port {where!r}", did_you_mean(where, known), Exit.UNKNOWN)


def names(state: State, info: Info) -> Names:
    """What labels are made of: switches by index, and slots: network/segment and its host, or an address."""
    switches = {str(row.index): row.name for row in state.of(Switch)}
    owners = {f"{row.network}/{row.segment}/{row.mac}": _host_at(row, info) for row in state.of(Host)}
    slots = {}
    for row in state.of(Id):
        if row.kind == "slot":
            owner, (place, _, address) = owners.get(row.name), row.name.rpartition("/")
            slots[str(row.number)] = f"{place} {owner or address}"
    return {"switch": switches, "slot": slots}


def compiled(expression: str) -> list[tuple[int, int, int, int]]:
    """A filter in libpcap's language (pcap-filter(7)) as instructions of classic BPF. LabError."""
    if not expression:
        return []
    if "vlan" in expression.split():  # the kernel keeps a tag beside the frame, where such a program does not look
        raise LabError(
            f"filter {expression!r}: tags can't be filtered by",
            "filter by what is inside the tag, or what was written: -w - | tshark -r - -Y 'vlan.id == 100'",
        )
    path = ctypes.util.find_library("pcap")
    if path is None:
        raise LabError("a filter needs libpcap", "sudo apt-get install libpcap0.8", Exit.MACHINE)
    pcap = ctypes.CDLL(path)
    pcap.pcap_open_dead.restype = ctypes.c_void_p
    pcap.pcap_geterr.restype = ctypes.c_char_p
    handle, program = ctypes.c_void_p(pcap.pcap_open_dead(_ETHERNET, _SNAP)), _Program()
    try:
        if pcap.pcap_compile(handle, ctypes.byref(program), expression.encode(), 1, 0xFFFFFFFF):
            said = pcap.pcap_geterr(handle).decode()
            raise LabError(f"filter {expression!r}: {said}", "its language is that of pcap-filter(7): udp port 53")
        code = ctypes.string_at(program.instructions, program.length * _INSTRUCTION.size)
        pcap.pcap_freecode(ctypes.byref(program))
    finally:
        pcap.pcap_close(handle)
    return [(a, b, c, d) for a, b, c, d in _INSTRUCTION.iter_unpack(code)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint), ("instructions", ctypes.c_void_p)]


def start(
    lab: Lab, wanted: list[Tap], known: Names, out: IO[bytes] | int, count: int = 0, expression: str = ""
) -> subprocess.Popen[bytes]:
    """Begin to write pcapng to `out`; it listens once the first block is there. It ends with its input. LabError."""
    request = {
        "taps": [
            {"interface": tap.interface, "in": tap.incoming, "out": tap.outgoing, "labels": tap.labels}
            for tap in wanted
        ],
        "filter": compiled(expression),
        "count": count,
        "names": known,
    }
    pipe = subprocess.PIPE
    argv = lab.exec_argv(wanted[0].node, [sys.executable, "-I", "-S", str(SCRIPT)])
    # A session of its own: Ctrl-C is for whoever started it, who then ends its input.
    process = subprocess.Popen(argv, stdin=pipe, stdout=out, stderr=pipe, start_new_session=True)
    if process.stdin is not None:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
    return process


def finish(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """End a tap: how many frames it captured and how many the kernel dropped. LabError when it died before."""
    if process.stdin is not None:
        process.stdin.close()
    said = process.stderr.read() if process.stderr is not None else b""
    try:
        status = process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    lines = said.decode(errors="replace").splitlines()
    if status != 0:
        raise LabError("the capture broke off", lines[-1] if lines else "its lab may be gone")
    found: dict[str, int] = json.loads(lines[-1])
    return found


@dataclass
class Reader:
    """Reads pcapng as `tap.py` writes it, as it comes."""

    interfaces: list[str] = field(default_factory=list)

    def frames(self, stream: IO[bytes]) -> Iterator[Frame]:
        """Each frame, until the stream ends."""
        while len(head := stream.read(8)) == 8:
            kind, length = struct.unpack("=II", head)
            body = stream.read(length - 8)
            if len(body) < length - 8:
                return
            if kind == INTERFACE:
                self.interfaces.append(_options(body[8:-4]).get(_NAME, b"").decode())
            elif kind == PACKET:
                yield self._frame(body)

    def _frame(self, body: bytes) -> Frame:
        number, high, low, length, _ = struct.unpack_from("=IIIII", body)
        rest = _options(body[20 + length + -length % 4 : -4])
        (way,) = struct.unpack("=I", rest[_FLAGS])
        label = rest.get(_COMMENT, b"").decode()
        at = (high << 32 | low) / 1e9
        return Frame(at, self.interfaces[number], body[20 : 20 + length], way == 2, label)


def _options(data: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from("=HH", data, at)
        if code == 0:
            break
        found[code] = data[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4
    return found


def _of_link(name: str, interfaces: tuple[str, str], nodes: Mapping[str, Node]) -> Tap:
    """At a switch's end, where a host can't change anything."""
    a, b = (interface.rpartition("-eth")[0] for interface in interfaces)
    near, far, interface = (a, b, interfaces[0]) if nodes[a].kind == "switch" else (b, a, interfaces[1])
    ways = (f"{far}->{near}", f"link {name}"), (f"{near}->{far}", f"link {name}")
    return Tap(near, interface, *ways, _between_switches(interfaces, nodes))


def _between_switches(interfaces: tuple[str, str], nodes: Mapping[str, Node]) -> bool:
    return all(nodes[each.rpartition("-eth")[0]].kind == "switch" for each in interfaces)


def _reversed(name: str) -> str:
    ends, mark, number = name.partition("#")
    a, _, b = ends.partition("/")
    return f"{b}/{a}{mark}{number}"


def _host_at(row: Host, info: Info) -> str:
    """The lab's host at a port, "" where there are several MAC addresses or none of the lab's."""
    port = f"{row.switch}-eth{row.port}"
    hosts = {node.name for node in info.nodes if node.kind == "host"}
    for link in info.links:
        if port in link.interfaces:
            ends = {interface.rpartition("-eth")[0] for interface in link.interfaces}
            return next(iter(sorted(ends & hosts)), "")
    return ""
