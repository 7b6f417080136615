"""A plan's topology as a running Mininet network. The only file that imports Mininet.

Nodes and veth pairs are Mininet's; what it would configure with several commands an interface goes in one batch a node.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import Node as MininetNode
from mininet.node import OVSSwitch

from planes.model.nics import Nic, home, nics
from planes.model.plan import Host, Plan, Topology
from planes.model.resolve import resolve
from planes.model.wiring import End, Wire, Wiring, wire
from topologies.commands import Command, run_all
from topologies.control import Link, Node
from topologies.faults import Faults
from topologies.nics import bridge_arguments, inner, rules
from topologies.programs import Programs

Progress = Callable[[str, int, int], None]

OFCTL = ("ovs-ofctl", "-O", "OpenFlow13")
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

    def __str__(self) -> str:
        return f"{self.protocol}:{self.IP()}:{self.port}"


@dataclass(frozen=True)
class Fabric:
    """The running network."""

    net: Mininet
    topology: Topology
    wiring: Wiring
    target: Target
    nics: Mapping[str, tuple[Nic, ...]]
    programs: Programs

    @cached_property
    def bridged(self) -> tuple[Nic, ...]:
        """The hosts' interfaces that are bridges."""
        return tuple(nic for interfaces in self.nics.values() for nic in interfaces if not nic.is_plain)

    @cached_property
    def _bridged_ends(self) -> frozenset[End]:
        return frozenset(end for nic in self.bridged for end in nic.ends)

    @cached_property
    def outside(self) -> MininetNode:
        """A node in the lab's own network namespace, as the switches are: it has the hosts' bridges.

        Not before the switches: Mininet sets up a class of nodes only where none of its base classes is set up yet.
        """
        return MininetNode("outside", inNamespace=False)

    def node(self, end: End) -> MininetNode:
        """Whose network namespace has the interface at a link's end."""
        return self.outside if self.is_bridged(end) else self.net[end.node]

    def is_bridged(self, end: End) -> bool:
        """Whether a link ends at the bridge that is a host's interface."""
        return end in self._bridged_ends

    def is_in_host(self, end: End) -> bool:
        """Whether a link ends in a host itself."""
        return end.node in self.topology.hosts and not self.is_bridged(end)

    def mac(self, nic: Nic) -> str | None:
        """The plan's MAC, which is that of a host's first interface."""
        return self.topology.hosts[nic.end.node].mac if nic == self.nics[nic.end.node][0] else None

    def host_interfaces(self) -> Iterator[tuple[MininetNode, Nic, str]]:
        """Every interface of a host, inside of it, and its name."""
        for host, interfaces in self.nics.items():
            yield from ((self.net[host], nic, self.wiring.interface(nic.end)) for nic in interfaces)

    def nodes(self, faults: Faults) -> tuple[Node, ...]:
        """Switches, then hosts, each in the plan's order."""
        switches = (self._switch(node, node.name in faults.nodes) for node in self.net.switches)
        hosts = (self._host(node, node.name in faults.nodes) for node in self.net.hosts)
        return (*switches, *hosts)

    def links(self, faults: Faults) -> tuple[Link, ...]:
        """A link is up while the kernel calls its switch's end operational, which takes both ends. CommandError."""
        up = _operational()
        return tuple(
            Link(
                each.name,
                (self.wiring.interface(each.a), self.wiring.interface(each.b)),
                up=self.wiring.interface(self._switch_end(each)) in up,
                failed=mode.value if (mode := faults.links.get(each.name)) else "",
            )
            for each in self.wiring.wires
        )

    # what topologies.faults asks for

    def set_carrier(self, wires: Iterable[Wire], *, up: bool) -> None:
        """Both ends of these links down; or up, and hosts given what they lost: addresses, routes. CommandError."""
        ends = [end for wire in wires for end in (wire.a, wire.b)]
        outside = [self.wiring.interface(end) for end in ends if not self.is_in_host(end)]
        hosts = [end for end in ends if self.is_in_host(end)]
        state = "up" if up else "down"
        run_all(
            [
                _batch("ip", "".join(f"link set {name} {state}\n" for name in outside)),
                *(self._at(end, _batch("ip", self._host_lines(end, up))) for end in hosts),
            ]
        )

    def set_silent(self, wire: Wire, *, silent: bool) -> None:
        """Let no frame pass this link though it has carrier, or all as before. CommandError."""
        for end in (wire.a, wire.b):
            name = self.wiring.interface(end)
            run_all([self._at(end, _batch("tc", _nothing(name) if silent else _unsilenced(name, wire.rate)))])

    def settle(self) -> None:
        """The fabric is up: switches call again soon when they lose their controller, and hosts speak. CommandError.

        OVS obeys a controller's max_backoff only when it changes while it is connected. A host tells the network of
        its addresses, as one does whose link comes up.
        """
        calling = _controllers()
        soon = [_vsctl("set", "controller", each, f"max_backoff={RECONNECT_MS}") for each in calling]
        same = 'set -- $(ip -brief link show dev "$0"); ip link set dev "$0" address "$3"'
        speak = (_inside(host, Command(["sh", "-c", same, name])) for host, _, name in self.host_interfaces())
        run_all([*soon, *speak])

    def power_off(self, node: str) -> None:
        """Close a switch's OpenFlow channel, then forget everything: nobody can write it again. CommandError.

        A host's processes are killed, and the addresses and interfaces that they made are gone with them.
        """
        if node in self.topology.hosts:
            self.programs.kill(node, self.net[node].pid)
            run_all([_inside(self.net[node], _batch("ip", self._leftovers(node)))])
            return
        run_all([_vsctl("del-controller", node)])
        run_all(Command([*OFCTL, verb, node]) for verb in ("del-flows", "del-groups", "del-meters"))

    def power_on(self, node: str) -> None:
        """Give a switch its controller again; start a host's programs. CommandError."""
        if node in self.topology.hosts:
            self.programs.start(node)
            return
        run_all([_vsctl("set-controller", node, str(self.target))])

    def _at(self, end: End, command: Command) -> Command:
        return _inside(self.node(end), command)

    def _host_lines(self, end: End, up: bool) -> str:
        name, interfaces = self.wiring.interface(end), self.nics[end.node]
        nic = next(nic for nic in interfaces if nic.end == end)
        return _host_batch(self.topology.hosts[end.node], nic, interfaces, name) if up else f"link set {name} down\n"

    def _switch_end(self, wire: Wire) -> End:
        return wire.b if wire.a.node in self.topology.hosts else wire.a

    def _switch(self, node: MininetNode, failed: bool) -> Node:
        interfaces = tuple(name for name in node.intfNames() if name != "lo")
        return Node(node.name, "switch", node.pid, interfaces, failed=failed)

    def _host(self, node: MininetNode, failed: bool) -> Node:
        addresses = tuple(map(str, self.topology.hosts[node.name].address))
        return Node(node.name, "host", node.pid, tuple(node.intfNames()), addresses, failed)

    def _leftovers(self, host: str) -> str:
        """Lines for `ip -batch` that take what programs made: all addresses, and interfaces that are no link's."""
        [said] = run_all([_inside(self.net[host], Command(["ip", "-json", "link", "show"]))])
        ours = {self.wiring.interface(nic.end) for nic in self.nics[host]}
        lines, deleted = [], set[str]()
        for link in json.loads(said):
            name = link["ifname"]
            if name in ours:
                lines.append(f"addr flush dev {name}\n")
            elif name != "lo":
                # One of a pair takes the other along, and what stands on an interface goes with it.
                lines += [f"link del {name}\n"] if link.get("link") not in deleted else []
                deleted.add(name)
        return "".join(lines)


def build(plan: Plan, controller_port: int, hosts: Path, progress: Progress) -> Fabric:
    """Make and start a plan's network; its Open vSwitch runs already, and OVS_RUNDIR names it. CommandError.

    What hosts run has its files below the directory `hosts`.
    """
    topology = plan.topology or Topology()
    setLogLevel("warning")
    # Mininet.init() would, as root, raise limits of the whole machine (fs.file-max, kernel.pty.max) for good.
    Mininet.inited = True
    net = Mininet(controller=None, build=False)
    wiring = wire(topology)
    fabric = Fabric(
        net, topology, wiring, Target("controller", controller_port), nics(wiring, resolve(plan)), Programs(hosts)
    )
    _add_nodes(fabric, progress)
    _add_links(fabric, progress)
    _start_switches(fabric, progress)
    _start_bridges(fabric)
    _start_bfd(fabric, plan.bfd)
    _configure_hosts(fabric, progress)
    _shape(fabric)
    _await_bfd(fabric, plan.bfd)
    _start_programs(fabric)
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
            reconnectms=None,  # see Fabric.settle
            batch=True,
        )
        progress("nodes", len(fabric.net), total)
    for name in fabric.topology.hosts:
        fabric.net.addHost(name, ip=None)
        progress("nodes", len(fabric.net), total)


def _add_links(fabric: Fabric, progress: Progress) -> None:
    macs = {nic.end: fabric.mac(nic) for _, nic, _ in fabric.host_interfaces() if nic.is_plain}
    for done, each in enumerate(fabric.wiring.wires, start=1):
        options: dict[str, object] = {}
        for side, end in ((1, each.a), (2, each.b)):
            options[f"intfName{side}"] = fabric.wiring.interface(end)
            options[f"port{side}"] = None if fabric.is_bridged(end) else end.port
            options |= {f"addr{side}": mac} if (mac := macs.get(end)) else {}
        # up=None: the batches below bring interfaces up, not an ifconfig for each.
        fabric.net.addLink(fabric.node(each.a), fabric.node(each.b), up=None, **options)
        progress("links", done, len(fabric.wiring.wires))
    for nic in fabric.bridged:
        options = {"addr1": mac} if (mac := fabric.mac(nic)) else {}
        ends = {"port1": nic.end.port, "intfName2": inner(nic)}
        fabric.net.addLink(nic.end.node, fabric.outside, up=None, **ends, **options)


def _start_switches(fabric: Fabric, progress: Progress) -> None:
    switches: Sequence[OVSSwitch] = fabric.net.switches
    progress("switches", 0, len(switches))
    ends = [end for each in fabric.wiring.wires for end in (each.a, each.b) if not fabric.is_in_host(end)]
    names = [*map(fabric.wiring.interface, ends), *map(inner, fabric.bridged)]
    run_all([_batch("ip", "".join(f"link set {name} up\n" for name in names))])
    for switch in switches:
        switch.start([fabric.target])
    OVSSwitch.batchStartup(switches, run=_run_vsctl)
    progress("switches", len(switches), len(switches))


def _start_bridges(fabric: Fabric) -> None:
    """Hosts' interfaces that are bridges."""
    if fabric.bridged:
        run_all([_vsctl(*(part for nic in fabric.bridged for part in bridge_arguments(fabric.wiring, nic)))])
        run_all(map(rules, fabric.bridged))


def _controllers() -> list[str]:
    """The rows of the controllers of all switches that have one: a failed switch has none."""
    return run_all([_vsctl("--no-headings", "--columns=_uuid", "--format=csv", "list", "controller")])[0].split()


def _run_vsctl(command: str, shell: bool) -> None:
    # Mininet's own runner does not look at the exit status, and waits for ever.
    run_all([Command(["sh", "-c", command.replace("ovs-vsctl", f"ovs-vsctl --timeout={VSCTL_SECONDS}", 1)])])


def _start_bfd(fabric: Fabric, interval: float | None) -> None:
    """BFD (RFC 5880) on both ends of every link between switches; detection takes three intervals."""
    if interval is None:
        return
    ms = round(interval * 1000)
    options = ("bfd:enable=true", f"bfd:min_tx={ms}", f"bfd:min_rx={ms}")
    commands = [part for name in _fabric_ends(fabric) for part in ("--", "set", "interface", name, *options)]
    run_all([_vsctl(*commands[1:])] if commands else [])


def _await_bfd(fabric: Fabric, interval: float | None) -> None:
    """Until all sessions are up: before, Open vSwitch takes the ports for dead."""
    if interval is None:
        return
    up = "bfd_status:forwarding=true"
    commands = [part for name in _fabric_ends(fabric) for part in ("--", "wait-until", "interface", name, up)]
    run_all([_vsctl(*commands[1:])] if commands else [])


def _fabric_ends(fabric: Fabric) -> list[str]:
    hosts = fabric.topology.hosts
    between = [each for each in fabric.wiring.wires if each.a.node not in hosts and each.b.node not in hosts]
    return [fabric.wiring.interface(end) for each in between for end in (each.a, each.b)]


def _configure_hosts(fabric: Fabric, progress: Progress) -> None:
    progress("hosts", 0, len(fabric.topology.hosts))
    commands = []
    for node, nic, name in fabric.host_interfaces():
        host, interfaces = fabric.topology.hosts[nic.end.node], fabric.nics[nic.end.node]
        commands.append(_inside(node, _batch("ip", _host_batch(host, nic, interfaces, name))))
        # Between the userspace datapath and a veth pair nobody fills in a checksum that was left to the hardware.
        commands.append(_inside(node, Command(["ethtool", "-K", name, "tx", "off"])))
        # It tells the network of its addresses when they change (RFC 5227, 3; RFC 4861, 7.2.6): see Fabric.settle.
        notify = "echo 1 >/proc/sys/net/ipv4/conf/$0/arp_notify; echo 1 >/proc/sys/net/ipv6/conf/$0/ndisc_notify"
        commands.append(_inside(node, Command(["sh", "-c", notify, name])))
    # New namespaces copy it from the machine, where Docker may have switched it on.
    forward = "for each in /proc/sys/net/ipv[46]/conf/all/forwarding; do echo $0 >$each; done"
    for name, host in fabric.topology.hosts.items():
        commands.append(_inside(fabric.net[name], Command(["sh", "-c", forward, str(int(host.forward))])))
    run_all(commands)
    progress("hosts", len(fabric.topology.hosts), len(fabric.topology.hosts))


def _start_programs(fabric: Fabric) -> None:
    for name, host in fabric.topology.hosts.items():
        if host.files or host.run:
            fabric.programs.install(name, fabric.net[name].pid, host)
            fabric.programs.start(name)


def _host_batch(host: Host, nic: Nic, interfaces: Sequence[Nic], name: str) -> str:
    """Lines for `ip -batch` that set one of a host's interfaces up; all of them may be repeated."""
    lines = ["link set lo up", f"link set {name} up"]
    for address in host.address:
        if home(interfaces, address.ip) == nic:
            # A fabric that has just been started would let duplicate address detection time out, a second late.
            lines.append(f"addr replace {address} dev {name}{' nodad' if address.version == 6 else ''}")
    routes = [(_everything(gateway), gateway) for gateway in host.gateway]
    routes += [(str(route.to), route.via) for route in host.routes]
    lines += [f"route replace {to} via {via} dev {name}" for to, via in routes if home(interfaces, via) == nic]
    return "\n".join(lines) + "\n"


def _everything(gateway: IPv4Address | IPv6Address) -> str:
    return "0.0.0.0/0" if gateway.version == 4 else "::/0"


def _shape(fabric: Fabric) -> None:
    shaped = [(end, each.rate) for each in fabric.wiring.wires if each.rate for end in (each.a, each.b)]
    run_all(_inside(fabric.node(end), _batch("tc", _htb(fabric.wiring.interface(end), rate))) for end, rate in shaped)


def _htb(interface: str, rate: int) -> str:
    """Lines for `tc -batch`: one class of `rate` bits per second, a burst of a millisecond."""
    burst = max(HTB_BURST_MIN, rate // 8000)
    return (
        f"qdisc replace dev {interface} root handle 5: htb default 1\n"
        f"class replace dev {interface} parent 5: classid 5:1 htb rate {rate}bit burst {burst}\n"
    )


def _nothing(interface: str) -> str:
    """Lines for `tc -batch`: a bucket of one byte, which no frame fits."""
    return f"qdisc replace dev {interface} root handle 6: tbf rate 8bit burst 1b limit 1b\n"


def _unsilenced(interface: str, rate: int | None) -> str:
    """Lines for `tc -batch`; an interface that was not silent has nothing to delete, so it is made so first."""
    return _htb(interface, rate) if rate else f"{_nothing(interface)}qdisc del dev {interface} root\n"


def _operational() -> set[str]:
    [said] = run_all([Command(["ip", "-json", "link", "show"])])
    return {link["ifname"] for link in json.loads(said) if link.get("operstate") == "UP"}


def _batch(program: str, lines: str) -> Command:
    return Command([program, "-batch", "-"], lines)


def _vsctl(*arguments: str) -> Command:
    return Command(["ovs-vsctl", f"--timeout={VSCTL_SECONDS}", *arguments])


def _inside(node: MininetNode, command: Command) -> Command:
    return Command(["mnexec", "-a", str(node.pid), *command.argv], command.text)
