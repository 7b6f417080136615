"""A plan's topology as a running Mininet network. The only file that imports Mininet.

Nodes and links are Mininet's; what it would do with several commands for each goes in one batch for all.
"""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mininet.link import Link as MininetLink
from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import Node as MininetNode
from mininet.node import OVSSwitch

from planes.model.nics import Nic, nics
from planes.model.plan import Plan, Topology
from planes.model.resolve import resolve
from planes.model.wiring import End, Wiring, wire
from topologies.commands import Command, batch, inside, run_all
from topologies.fabric import Fabric, host_lines
from topologies.nics import bridge_arguments, inner, rules
from topologies.programs import Programs
from topologies.shaping import is_shaped, shaped
from topologies.vswitchd import Vswitchd

Progress = Callable[[str, int, int], None]


class _Switch(OVSSwitch):
    """A switch in the network namespace of a daemon: it has no shell, for nobody types there."""

    def __init__(self, name: str, pid: int, **more: object) -> None:
        self.home = pid
        super().__init__(name, **more)

    def startShell(self, mnopts: str | None = None) -> None:
        self.pid = self.home


class _Outside(MininetNode):
    """The lab's own network namespace, which has the hosts' bridges."""

    def startShell(self, mnopts: str | None = None) -> None:
        self.pid = os.getpid()


class _Made(MininetLink):
    """A link whose interfaces are there already."""

    @classmethod
    def makeIntfPair(cls, *_: object, **__: object) -> None:
        return None


def build(plan: Plan, vswitchds: Sequence[Vswitchd], hosts: Path, progress: Progress) -> Fabric:
    """Make and start a plan's network; its Open vSwitches run already, and OVS_RUNDIR names the first. CommandError.

    What hosts run has its files below the directory `hosts`. Switches do not call their controller yet.
    """
    topology = plan.topology or Topology()
    setLogLevel("warning")
    # Mininet.init() would, as root, raise limits of the whole machine (fs.file-max, kernel.pty.max) for good.
    Mininet.inited = True
    net = Mininet(controller=None, build=False)
    wiring = wire(topology)
    fabric = _add_nodes(net, plan, topology, wiring, vswitchds, Programs(hosts), progress)
    _add_links(net, fabric, progress)
    _start_switches(net, fabric, progress)
    _start_bridges(fabric)
    _start_bfd(fabric, plan.bfd)
    _configure_hosts(fabric, progress)
    _shape(fabric)
    _await_bfd(fabric, plan.bfd)
    _start_programs(fabric)
    return fabric


def _add_nodes(
    net: Mininet,
    plan: Plan,
    topology: Topology,
    wiring: Wiring,
    vswitchds: Sequence[Vswitchd],
    programs: Programs,
    progress: Progress,
) -> Fabric:
    total = len(wiring.switches) + len(topology.hosts)
    homes = {name: vswitchd for vswitchd in vswitchds for name in vswitchd.switches}
    for name, datapath_id in wiring.switches:
        net.addSwitch(
            name,
            cls=_Switch,
            pid=homes[name].pid,
            dpid=f"{datapath_id:016x}",
            datapath="user",
            failMode="secure",
            protocols="OpenFlow13",
            reconnectms=None,
            batch=True,
        )
    for name in topology.hosts:
        net.addHost(name, ip=None)
        progress("nodes", len(net), total)
    pids = {name: net[name].pid for name in topology.hosts}
    interfaces = nics(wiring, resolve(plan))
    return Fabric(topology, wiring, vswitchds, homes, pids, interfaces, _macs(topology, interfaces), programs)


def _macs(topology: Topology, interfaces: Mapping[str, Sequence[Nic]]) -> dict[End, str]:
    """The plan's MAC is that of a host's first interface; others are random, as the kernel's would be."""
    found = {nic.end: _random_mac() for each in interfaces.values() for nic in each}
    given = ((each[0].end, topology.hosts[name].mac) for name, each in interfaces.items() if each)
    return found | {end: mac for end, mac in given if mac}


def _random_mac() -> str:
    """Locally administered, unicast (IEEE 802-2014, 8.4)."""
    octets = bytearray(secrets.token_bytes(6))
    octets[0] = octets[0] & 0xFC | 0x02
    return octets.hex(":")


def _add_links(net: Mininet, fabric: Fabric, progress: Progress) -> None:
    """All veth pairs at once, each end where it belongs; then Mininet is told of them."""
    progress("links", 0, len(fabric.wiring.wires))
    run_all([batch("ip", "".join(_pairs(fabric)))])
    outside = _Outside("outside", inNamespace=False)

    def node(name: str, bridged: bool) -> MininetNode:
        return outside if bridged else net[name]

    for each in fabric.wiring.wires:
        options: dict[str, object] = {}
        for side, end in ((1, each.a), (2, each.b)):
            options[f"intfName{side}"] = fabric.wiring.interface(end)
            options[f"port{side}"] = None if fabric.is_bridged(end) else end.port
        ends = [node(end.node, fabric.is_bridged(end)) for end in (each.a, each.b)]
        # up=None: the batches below bring interfaces up, not an ifconfig for each. addr: Mininet would set it again.
        net.addLink(*ends, cls=_Made, up=None, addr1=None, addr2=None, **options)
    for nic in fabric.bridged:
        ends = [net[nic.end.node], outside]
        names = {"intfName1": fabric.wiring.interface(nic.end), "intfName2": inner(nic)}
        net.addLink(*ends, cls=_Made, up=None, addr1=None, addr2=None, port1=nic.end.port, **names)
    progress("links", len(fabric.wiring.wires), len(fabric.wiring.wires))


def _pairs(fabric: Fabric) -> Iterator[str]:
    """Lines for `ip -batch`."""
    macs = {end: f" address {mac}" for end, mac in fabric.macs.items()}
    plain = {nic.end for _, nic, _ in fabric.host_interfaces() if nic.is_plain}
    interface = fabric.wiring.interface
    for each in fabric.wiring.wires:
        near, far = (f"{interface(end)}{macs[end] if end in plain else ''}" for end in (each.a, each.b))
        yield f"link add {near} netns {fabric.pid(each.a)} type veth peer name {far} netns {fabric.pid(each.b)}\n"
    for nic in fabric.bridged:
        host = f"{interface(nic.end)}{macs[nic.end]} netns {fabric.pids[nic.end.node]}"
        yield f"link add {host} type veth peer name {inner(nic)} netns {fabric.outside}\n"


def _start_switches(net: Mininet, fabric: Fabric, progress: Progress) -> None:
    switches: Sequence[OVSSwitch] = net.switches
    progress("switches", 0, len(switches))
    up: dict[int, list[str]] = {}
    for end in (end for each in fabric.wiring.wires for end in (each.a, each.b) if not fabric.is_in_host(end)):
        up.setdefault(fabric.pid(end), []).append(fabric.wiring.interface(end))
    up.setdefault(fabric.outside, []).extend(map(inner, fabric.bridged))
    lines = {pid: "".join(f"link set {name} up\n" for name in names) for pid, names in up.items()}
    run_all(inside(pid, batch("ip", text)) for pid, text in lines.items())
    commands: list[Command] = []
    for vswitchd in fabric.vswitchds:
        ours = [switch for switch in switches if fabric.homes[switch.name] is vswitchd]
        for switch in ours:
            switch.start([])  # see Fabric.call
        OVSSwitch.batchStartup(ours, run=lambda line, shell, at=vswitchd: commands.append(_vsctl(at, line)))
    run_all(commands)
    _introduce(fabric)
    progress("switches", len(switches), len(switches))


def _vsctl(vswitchd: Vswitchd, line: str) -> Command:
    """A line of Mininet's for a shell. Its own runner does not look at the exit status, and waits for ever."""
    return vswitchd.vsctl(*shlex.split(line)[1:])


def _introduce(fabric: Fabric) -> None:
    """Each daemon's directory leads to the sockets of all switches, so that `ovs-ofctl` finds any from anywhere."""
    for name, home in fabric.homes.items():
        for other in fabric.vswitchds:
            if other is not home:
                (other.rundir / f"{name}.mgmt").symlink_to(home.rundir / f"{name}.mgmt")


def _start_bridges(fabric: Fabric) -> None:
    """Hosts' interfaces that are bridges."""
    if fabric.bridged:
        made = (part for nic in fabric.bridged for part in bridge_arguments(fabric.wiring, nic))
        run_all([fabric.vswitchds[0].vsctl(*made)])
        run_all(map(rules, fabric.bridged))


def _start_bfd(fabric: Fabric, interval: float | None) -> None:
    """BFD (RFC 5880) on both ends of every link between switches; detection takes three intervals."""
    if interval is not None:
        ms = round(interval * 1000)
        run_all(_at_fabric_ends(fabric, "set", "bfd:enable=true", f"bfd:min_tx={ms}", f"bfd:min_rx={ms}"))


def _await_bfd(fabric: Fabric, interval: float | None) -> None:
    """Until all sessions are up: before, Open vSwitch takes the ports for dead."""
    if interval is not None:
        run_all(_at_fabric_ends(fabric, "wait-until", "bfd_status:forwarding=true"))


def _at_fabric_ends(fabric: Fabric, verb: str, *words: str) -> Iterator[Command]:
    """One command for each daemon, about the interfaces of its switches towards others."""
    for vswitchd in fabric.vswitchds:
        names = [fabric.wiring.interface(end) for end in fabric.fabric_ends() if fabric.homes[end.node] is vswitchd]
        parts = [part for name in names for part in ("--", verb, "interface", name, *words)]
        if parts:
            yield vswitchd.vsctl(*parts[1:])


def _configure_hosts(fabric: Fabric, progress: Progress) -> None:
    """One command for each host."""
    hosts = fabric.topology.hosts
    progress("hosts", 0, len(hosts))
    run_all(inside(fabric.pids[name], _configuration(fabric, name)) for name in hosts)
    progress("hosts", len(hosts), len(hosts))


# Forwarding: new namespaces copy it from the machine, where Docker may have switched it on.
# tx off: between the userspace datapath and a veth pair nobody fills in a checksum that was left to the hardware.
# notify: it tells the network of its addresses when they change (RFC 5227, 3; RFC 4861, 7.2.6): see Fabric.settle.
_CONFIGURE = """
set -e
for each in /proc/sys/net/ipv[46]/conf/all/forwarding; do echo $1 >$each; done
shift
ip -batch -
for each; do
    ethtool -K $each tx off >/dev/null
    echo 1 >/proc/sys/net/ipv4/conf/$each/arp_notify
    [ ! -d /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/$each/ndisc_notify
done
"""


def _configuration(fabric: Fabric, name: str) -> Command:
    host, interfaces = fabric.topology.hosts[name], fabric.nics[name]
    found: list[tuple[Nic, str]] = [(nic, fabric.wiring.interface(nic.end)) for nic in interfaces]
    lines = "".join(host_lines(host, nic, interfaces, interface) for nic, interface in found)
    arguments = [str(int(host.forward)), *(interface for _, interface in found)]
    return Command(["sh", "-c", _CONFIGURE, "sh", *arguments], lines)


def _start_programs(fabric: Fabric) -> None:
    for name, host in fabric.topology.hosts.items():
        if host.files or host.run:
            fabric.programs.install(name, fabric.pids[name], host)
            fabric.programs.start(name)


def _shape(fabric: Fabric) -> None:
    wires = [each for each in fabric.wiring.wires if is_shaped(each)]
    ends = [(end, each) for each in wires for end in (each.a, each.b)]
    run_all(inside(fabric.pid(end), batch("tc", shaped(fabric.wiring.interface(end), each))) for end, each in ends)
