"""`triplane capture`."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from typing import IO

from planes.cli.session import Session
from planes.data import fields as f
from planes.data import packet
from planes.model.state import Host, Id, Switch
from topologies import capture as captures
from topologies.capture import Frame
from topologies.errors import LabError

INTERRUPTED = 130
PROTOCOLS = {f.IP_ICMP: "icmp", f.IP_ICMPV6: "icmp6", f.IP_TCP: "tcp", f.IP_UDP: "udp", f.IP_SCTP: "sctp"}
LLDP = 0x88CC


def capture(session: Session, where: str, filter_: tuple[str, ...], file: str | None, count: int) -> int:
    """Show what passes a link (such as acc1/dist1), a host's interfaces, or a switch's port (such as acc1:2).

    \b
    Examples:
      triplane capture acc1/dist1                     a line for each frame, its label in words
      triplane capture h1 -c 10 udp port 53           pcap-filter(7)'s language
      triplane capture acc1/dist1 -w link.pcapng      a file for Wireshark
      triplane capture h1 -w - | tshark -r -

    Ends after N frames, with the lab, or by Ctrl-C. Files are pcapng: each direction is an interface of its own, and a
    frame's label is its comment. `topologies/triplane.lua` gives Wireshark fields to filter labels by.
    """
    lab = session.lab
    wanted = captures.taps(lab.info(), where)
    known = captures.names(session.view(Id, Host, Switch).state, lab.info())
    expression = " ".join(filter_)
    if file is None:
        return _told(session, captures.start(lab, wanted, known, subprocess.PIPE, count, expression))
    try:
        with sys.stdout.buffer if file == "-" else open(file, "wb") as out:  # noqa: PTH123 - as the shell names it
            process = captures.start(lab, wanted, known, out, count, expression)
            return _waited(session, process)
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}") from error


def _told(session: Session, process: subprocess.Popen[bytes]) -> int:
    """A line for each frame, as it comes."""
    interrupted = False
    stream: IO[bytes] | None = process.stdout
    if stream is not None:
        reader = captures.Reader()
        while True:
            try:
                for frame in reader.frames(stream):
                    session.write(line(frame))
                break
            except KeyboardInterrupt:
                interrupted = True
                _end_input(process)  # it hands in what it has
    return _ended(session, process, interrupted)


def _waited(session: Session, process: subprocess.Popen[bytes]) -> int:
    interrupted = False
    try:
        process.wait()
    except KeyboardInterrupt:
        interrupted = True
    return _ended(session, process, interrupted)


def _ended(session: Session, process: subprocess.Popen[bytes], interrupted: bool) -> int:
    told = captures.finish(process)
    lost = f", {told['dropped']} more were too fast for it" if told["dropped"] else ""
    session.tell(f"{told['captured']} frames{lost}")
    return INTERRUPTED if interrupted else 0


def _end_input(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()


def line(frame: Frame) -> str:
    """A frame in words: when, where, its addresses, and its label."""
    clock = time.strftime("%H:%M:%S", time.localtime(frame.at))
    said = f"{clock}.{int(frame.at % 1 * 1e6):06} {frame.interface}: {_described(frame.data)}, {len(frame.data)} bytes"
    return f"{said}  [{frame.label}]" if frame.label else said


def _described(data: bytes) -> str:
    found = packet.parse(data)
    if not found:
        return "no Ethernet header"
    kind = found[f.ETH_TYPE]
    tag = f"vlan {found[f.VLAN_VID] & 0xFFF} " if found.get(f.VLAN_VID, 0) & f.VLAN_PRESENT else ""
    if f.IPV4_SRC in found:
        return tag + _ip(found, str(IPv4Address(found[f.IPV4_SRC])), str(IPv4Address(found[f.IPV4_DST])))
    if f.IPV6_SRC in found:
        return tag + _ip(found, str(IPv6Address(found[f.IPV6_SRC])), str(IPv6Address(found[f.IPV6_DST])))
    if f.ARP_OP in found:
        asked, asking = IPv4Address(found[f.ARP_TPA]), IPv4Address(found[f.ARP_SPA])
        mac = packet.mac_text(found[f.ARP_SHA])
        return tag + (f"arp who has {asked}? tell {asking}" if found[f.ARP_OP] == 1 else f"arp {asking} is at {mac}")
    name = "lldp" if kind == LLDP else f"type {kind:#06x}"
    return f"{tag}{packet.mac_text(found[f.ETH_SRC])} > {packet.mac_text(found[f.ETH_DST])} {name}"


def _ip(found: packet.Fields, source: str, target: str) -> str:
    protocol = found.get(f.IP_PROTO, 0)
    name = PROTOCOLS.get(protocol, f"protocol {protocol}")
    ports = packet.PORTS.get(protocol)
    if ports and ports[0] in found:
        return f"{source}.{found[ports[0]]} > {target}.{found[ports[1]]} {name}"
    types = (f.ICMPV4_TYPE, f.ICMPV6_TYPE)
    told = next((f" type {found[each]}" for each in types if each in found), "")
    return f"{source} > {target} {name}{told}"
