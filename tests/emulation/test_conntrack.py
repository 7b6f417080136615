"""Stateful lines at two edges in Open vSwitch processes of their own: neither knows of the other's connections.

Bridges in one process share them, which hides it when only one edge tracks.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import until
from policies import HOSTS, LINK, SCENARIOS, Host, echo, entering, fabric
from simulated import Fabric
from vswitch import DEADLINE, Vswitch, vswitch

from planes.data import packet, wire
from planes.data.delta import delta

pytestmark = pytest.mark.emulation

PORTS = {1: (1, 2, 3), 2: (1, 2)}
MARK = 0x88B5  # the type of frames that follow those of interest


@dataclass(frozen=True)
class Edges:
    """Two bridges with a port for each host, and a link between them."""

    switches: dict[int, Vswitch]

    def hold(self, made: Fabric) -> None:
        """What the control plane gave to its switches."""
        for dpid, switch in self.switches.items():
            wanted = made.core.engine.entries(dpid)
            assert switch.send(*(wire.encode(mod, 5) for mod in delta(switch.held(), wanted))) == []
            appctl(switch, "dpctl/flush-conntrack")

    def delivered(self, made: Fabric, source: Host, target: Host, frame: bytes) -> bool:
        """Whether a frame gets from one host to another. Frames keep their order: one that passes follows it."""
        dpid, in_port = source.port
        before = len(self._sent(target))
        follower = packet.ethernet(target.mac, source.mac, MARK, len(frame).to_bytes(46, "big"))
        for each in (frame, follower):
            out = wire.packet_out(each, in_port, entering(made, source, target), 6)
            assert self.switches[dpid].send(out) == []
        until(lambda: follower in self._sent(target)[before:], 20)
        return frame in self._sent(target)[before:]

    def _sent(self, host: Host) -> list[bytes]:
        dpid, port = host.port
        return frames(self.switches[dpid].directory / f"p{port}.pcap")


def frames(capture: Path) -> list[bytes]:
    """The frames of a pcap file, as far as they are written."""
    data, at, found = capture.read_bytes(), 24, []
    while at + 16 <= len(data):
        (length,) = struct.unpack_from("=I", data, at + 8)
        found.append(data[at + 16 : at + 16 + length])
        at += 16 + length
    return found


def appctl(switch: Vswitch, *arguments: str) -> str:
    (control,) = switch.directory.glob("ovs-vswitchd.*.ctl")
    argv = ["ovs-appctl", "-t", str(control), *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=DEADLINE).stdout


def add_port(switch: Vswitch, number: int, option: str) -> None:
    port = ["add-port", "br", f"p{number}", "--", "set", "interface", f"p{number}", "type=dummy"]
    argv = [
        "ovs-vsctl",
        f"--db=unix:{switch.directory}/db.sock",
        *port,
        f"ofport_request={number}",
        f"options:{option}",
    ]
    subprocess.run(argv, check=True, timeout=DEADLINE)


@pytest.fixture(scope="module")
def edges() -> Iterator[Edges]:
    with ExitStack() as stack:
        switches = {dpid: stack.enter_context(vswitch()) for dpid in PORTS}
        for dpid, switch in switches.items():
            for port in PORTS[dpid]:
                add_port(switch, port, f"tx_pcap={switch.directory}/p{port}.pcap")
        link = switches[1].directory / "link"
        add_port(switches[1], LINK, f"pstream=punix:{link}")
        add_port(switches[2], LINK, f"stream=unix:{link}")
        until(lambda: "connected" in appctl(switches[2], "netdev-dummy/conn-state", f"p{LINK}"), 20)
        yield Edges(switches)


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_to_pass_passes_and_nothing_else(edges: Edges, name: str) -> None:
    scenario = SCENARIOS[name]
    made = fabric(*scenario.policy)
    edges.hold(made)
    for number, (source, target, frame, wanted) in enumerate(scenario.frames):
        assert edges.delivered(made, source, target, frame) is wanted, f"frame {number} of {name}"


def test_each_process_has_connections_of_its_own(edges: Edges) -> None:
    """Else the test above tells nothing."""
    scenario = SCENARIOS["ping"]
    made = fabric(*scenario.policy)
    edges.hold(made)
    source, target = HOSTS[0], next(host for host in HOSTS if host.port[0] == 2 and host.segment == "servers")
    assert edges.delivered(made, source, target, echo(source, target))
    zones = [appctl(switch, "dpctl/dump-conntrack").count("zone=") for switch in edges.switches.values()]
    assert zones == [1, 1]
