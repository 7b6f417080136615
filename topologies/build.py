"""A plan's topology as a running Mininet network. The only file that imports Mininet.

Nodes and veth pairs are Mininet's; what it would configure with several commands an interface goes in one batch a node.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import Node as MininetNode
from mininet.node import OVSSwitch

from planes.model.plan import Host, Topology
from planes.model.wiring import End, Wire, Wiring
from topologies.commands import Command, run_all
from topologies.control import Link, Node

Progress = Callable[[str, int, int], None]

VSCTL_SECONDS = 50  # within what commands.py allows any command
RECONNECT_MS = 1000  # the least that Open vSwitch takes; its default is 8 s
HTB_BURST_MIN = 15_000  # bytes


@dataclass(frozen=True)
class Target:
    """Where switches find their controller; the part of Mininet's Controller that a switch asks for."""

    name: str
    port: int
    protocol: str = "tcp"

    def IP(self) -> str:
        return "127.0.0.1"


@dataclass(frozen=True)
class Fabric:
    """The running network."""

    net: Mininet
    topology: Topology
    wiring: Wiring

    def nodes(self) -> tuple[Node, ...]:
        """Switches, then hosts, each in the plan's order."""
        return tuple(map(self._switch, self.net.switches)) + tuple(map(self._host, self.net.hosts))

    def links(self) -> tuple[Link, ...]:
        """A link is up while the kernel calls its switch's end operational, which takes both ends."""
        up = _operational()
        return tuple(
            Link(wire.name, self._interfaces(wire), up=self.wiring.interface(self._switch_end(wire)) in up)
            for wire in self.wiring.wires
        )

    def fail(self, wire: Wire) -> None:
        """Take both ends down. CommandError."""
        self._set(wire, "down")

    def heal(self, wire: Wire) -> None:
        """Bring both ends up, and give a host back what it lost with its interface: addresses, routes. CommandError."""
        self._set(wire, "up")
        for end in (wire.a, wire.b):
            if end.node in self.topology.hosts:
                batch = _host_batch(self.topology.hosts[end.node], self.wiring.interface(end))
                run_all([_inside(self.net[end.node], ["ip", "-batch", "-"], batch)])

    def _set(self, wire: Wire, state: str) -> None:
        ends = ((self.net[end.node], self.wiring.interface(end)) for end in (wire.a, wire.b))
        run_all([_inside(node, ["ip", "link", "set", name, state]) for node, name in ends])

    def _interfaces(self, wire: Wire) -> tuple[str, str]:
        return self.wiring.interface(wire.a), self.wiring.interface(wire.b)

    def _switch_end(self, wire: Wire) -> End:
        return wire.b if wire.a.node in self.topology.hosts else wire.a

    def _switch(self, node: MininetNode) -> Node:
        return Node(node.name, "switch", node.pid, tuple(name for name in node.intfNames() if name != "lo"))

    def _host(self, node: MininetNode) -> Node:
        addresses = tuple(map(str, self.topology.hosts[node.name].address))
        return Node(node.name, "host", node.pid, tuple(node.intfNames()), addresses)


def build(topology: Topology, wiring: Wiring, controller_port: int, progress: Progress) -> Fabric:
    """Make and start the network; its Open vSwitch runs already, and OVS_RUNDIR names it. CommandError."""
    setLogLevel("warning")
    # Mininet.init() would, as root, raise limits of the whole machine (fs.file-max, kernel.pty.max) for good.
    Mininet.inited = True
    net = Mininet(controller=None, build=False)
    fabric = Fabric(net, topology, wiring)
    _add_nodes(fabric, progress)
    _add_links(fabric, progress)
    _start_switches(net.switches, Target("controller", controller_port), progress)
    _configure_hosts(fabric, progress)
    _shape(fabric)
    return fabric


def _add_nodes(fabric: Fabric, progress: Progress) -> None:
    total = len(fabric.wiring.switches) + len(fabric.topology.hosts)
    for name, datapath_id in fabric.wiring.switches:
        fabric.net.addSwitch(
            name,
            cls=OVSSwitch,
            dpid=f"{datapath_id:016x}",
            datapath="user",
            failMode="secure",
            protocols="OpenFlow13",
            reconnectms=RECONNECT_MS,
            batch=True,
        )
        progress("nodes", len(fabric.net), total)
    for name in fabric.topology.hosts:
        fabric.net.addHost(name, ip=None)
        progress("nodes", len(fabric.net), total)


def _add_links(fabric: Fabric, progress: Progress) -> None:
    for done, wire in enumerate(fabric.wiring.wires, start=1):
        options = {
            f"addr{side}": mac
            for side, end in ((1, wire.a), (2, wire.b))
            if end.node in fabric.topology.hosts and (mac := fabric.topology.hosts[end.node].mac)
        }
        # up=None: the batches below bring interfaces up, not an ifconfig for each.
        fabric.net.addLink(wire.a.node, wire.b.node, port1=wire.a.port, port2=wire.b.port, up=None, **options)
        progress("links", done, len(fabric.wiring.wires))


def _start_switches(switches: Sequence[OVSSwitch], target: Target, progress: Progress) -> None:
    progress("switches", 0, len(switches))
    ends = [name for switch in switches for name in switch.intfNames() if name != "lo"]
    run_all([Command(["ip", "-batch", "-"], "".join(f"link set {name} up\n" for name in ends))])
    for switch in switches:
        switch.start([target])
    OVSSwitch.batchStartup(switches, run=_vsctl)
    progress("switches", len(switches), len(switches))


def _vsctl(command: str, shell: bool) -> None:
    # Mininet's own runner does not look at the exit status, and waits for ever.
    run_all([Command(["sh", "-c", command.replace("ovs-vsctl", f"ovs-vsctl --timeout={VSCTL_SECONDS}", 1)])])


def _configure_hosts(fabric: Fabric, progress: Progress) -> None:
    progress("hosts", 0, len(fabric.topology.hosts))
    commands = []
    for end in _host_ends(fabric):
        node, name = fabric.net[end.node], fabric.wiring.interface(end)
        commands.append(_inside(node, ["ip", "-batch", "-"], _host_batch(fabric.topology.hosts[end.node], name)))
        # Between the userspace datapath and a veth pair nobody fills in a checksum that was left to the hardware.
        commands.append(_inside(node, ["ethtool", "-K", name, "tx", "off"]))
        # New namespaces copy this from the machine, where Docker may have switched it on; a host is no router.
        commands.append(_inside(node, ["sh", "-c", "echo 0 >/proc/sys/net/ipv4/ip_forward"]))
    run_all(commands)
    progress("hosts", len(fabric.topology.hosts), len(fabric.topology.hosts))


def _host_ends(fabric: Fabric) -> Iterable[End]:
    return (end for wire in fabric.wiring.wires for end in (wire.a, wire.b) if end.node in fabric.topology.hosts)


def _host_batch(host: Host, interface: str) -> str:
    """Lines for `ip -batch`; all of them may be repeated."""
    lines = ["link set lo up", f"link set {interface} up"]
    # A fabric that has just been started would let duplicate address detection time out, a second late.
    lines += [
        f"addr replace {address} dev {interface}{' nodad' if address.version == 6 else ''}" for address in host.address
    ]
    lines += [f"route replace {_everything(gateway)} via {gateway} dev {interface}" for gateway in host.gateway]
    lines += [f"route replace {route.to} via {route.via} dev {interface}" for route in host.routes]
    return "\n".join(lines) + "\n"


def _everything(gateway: IPv4Address | IPv6Address) -> str:
    return "0.0.0.0/0" if gateway.version == 4 else "::/0"


def _shape(fabric: Fabric) -> None:
    shaped = [(end, wire.rate) for wire in fabric.wiring.wires if wire.rate for end in (wire.a, wire.b)]
    run_all(
        _inside(fabric.net[end.node], ["tc", "-batch", "-"], _htb(fabric.wiring.interface(end), rate))
        for end, rate in shaped
    )


def _htb(interface: str, rate: int) -> str:
    """Lines for `tc -batch`: one class of `rate` bits per second, a burst of a millisecond."""
    burst = max(HTB_BURST_MIN, rate // 8000)
    return (
        f"qdisc replace dev {interface} root handle 5: htb default 1\n"
        f"class replace dev {interface} parent 5: classid 5:1 htb rate {rate}bit burst {burst}\n"
    )


def _operational() -> set[str]:
    [said] = run_all([Command(["ip", "-json", "link", "show"])])
    return {link["ifname"] for link in json.loads(said) if link.get("operstate") == "UP"}


def _inside(node: MininetNode, argv: list[str], text: str = "") -> Command:
    return Command(["mnexec", "-a", str(node.pid), *argv], text)
