"""A lab's running network: where its nodes are, what state they are in, and the hands that break and mend it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address

from planes.model.nics import Nic, home
from planes.model.plan import Host, Topology
from planes.model.wiring import End, Wire, Wiring
from topologies.commands import Command, batch, inside, run_all
from topologies.control import Link, Node
from topologies.faults import Faults
from topologies.programs import Programs
from topologies.shaping import nothing, unsilenced
from topologies.vswitchd import Vswitchd

OFCTL = ("ovs-ofctl", "-O", "OpenFlow13")
# Milliseconds. The default of 5000 makes all switches of a large lab leave a controller that is busy with them; and one
# that dies closes its connections.
PATIENCE = "inactivity_probe=30000"
RECONNECT_MS = 1000  # the least that Open vSwitch takes; its default is 8 s


@dataclass(frozen=True)
class Fabric:
    """The running network. `homes` are the switches' daemons; `pids` a process in each host's network namespace, and
    `macs` the addresses of the hosts' interfaces, by their own ends.
    """

    topology: Topology
    wiring: Wiring
    vswitchds: Sequence[Vswitchd]
    homes: Mapping[str, Vswitchd]
    pids: Mapping[str, int]
    nics: Mapping[str, tuple[Nic, ...]]
    macs: Mapping[End, str]
    programs: Programs

    @cached_property
    def bridged(self) -> tuple[Nic, ...]:
        """The hosts' interfaces that are bridges."""
        return tuple(nic for interfaces in self.nics.values() for nic in interfaces if not nic.is_plain)

    @cached_property
    def _bridged_ends(self) -> frozenset[End]:
        return frozenset(end for nic in self.bridged for end in nic.ends)

    @cached_property
    def _interfaces(self) -> dict[str, list[str]]:
        """Of each node, in the order of its ports."""
        ends = sorted(end for each in self.wiring.wires for end in (each.a, each.b))
        found: dict[str, list[str]] = {}
        for end in ends:
            found.setdefault(end.node, []).append(self.wiring.interface(end))
        return found

    @property
    def outside(self) -> int:
        """A process in the lab's own network namespace, which has the hosts' bridges, and the first daemon."""
        return os.getpid()

    def pid(self, end: End) -> int:
        """A process in the network namespace that has the interface at a link's end."""
        if self.is_bridged(end):
            return self.outside
        return self.homes[end.node].pid if end.node in self.homes else self.pids[end.node]

    def is_bridged(self, end: End) -> bool:
        """Whether a link ends at the bridge that is a host's interface."""
        return end in self._bridged_ends

    def is_in_host(self, end: End) -> bool:
        """Whether a link ends in a host itself."""
        return end.node in self.topology.hosts and not self.is_bridged(end)

    def host_interfaces(self) -> Iterator[tuple[str, Nic, str]]:
        """Every interface of a host, inside of it, and its name."""
        for host, interfaces in self.nics.items():
            yield from ((host, nic, self.wiring.interface(nic.end)) for nic in interfaces)

    def fabric_ends(self) -> Iterator[End]:
        """Both ends of each link between switches."""
        for each in self.wiring.wires:
            if each.a.node in self.homes and each.b.node in self.homes:
                yield from (each.a, each.b)

    def nodes(self, faults: Faults) -> tuple[Node, ...]:
        """Switches, then hosts, each in the plan's order."""
        switches = (
            Node(
                name,
                "switch",
                at.pid,
                tuple(self._interfaces.get(name, ())),
                failed=name in faults.nodes,
                vswitchd=at.number,
            )
            for name, at in self.homes.items()
        )
        return (*switches, *(self._host(name, name in faults.nodes) for name in self.topology.hosts))

    def links(self, faults: Faults) -> tuple[Link, ...]:
        """A link is up while the kernel calls its switch's end operational, which takes both ends. CommandError."""
        up = self._operational()
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
        state = "up" if up else "down"
        lines: dict[int, str] = {}
        for end in (end for wire in wires for end in (wire.a, wire.b)):
            name = self.wiring.interface(end)
            wanted = self._host_lines(end, up) if self.is_in_host(end) else f"link set {name} {state}\n"
            lines[self.pid(end)] = lines.get(self.pid(end), "") + wanted
        run_all(inside(pid, batch("ip", text)) for pid, text in lines.items())

    def set_silent(self, wire: Wire, *, silent: bool) -> None:
        """Let no frame pass this link though it has carrier, or all as before. CommandError."""
        for end in (wire.a, wire.b):
            name = self.wiring.interface(end)
            run_all([inside(self.pid(end), batch("tc", nothing(name) if silent else unsilenced(name, wire)))])

    def call(self, switches: Iterable[str]) -> None:
        """Have switches call their controller. CommandError."""
        parts: dict[int, list[str]] = {}
        for name in switches:
            home = self.homes[name]
            part = ("--", "set-controller", name, home.controller, "--", "set", "controller", name, PATIENCE)
            parts.setdefault(home.number, []).extend(part)
        run_all(self.vswitchds[number].vsctl(*part[1:]) for number, part in parts.items())

    def settle(self) -> None:
        """The fabric is up: switches call again soon when they lose their controller, and hosts speak. CommandError.

        OVS obeys a controller's max_backoff only when it changes while it is connected. A host tells the network of
        its addresses, as one does whose link comes up.
        """
        same: dict[str, str] = {}
        for host, nic, name in self.host_interfaces():
            same[host] = same.get(host, "") + f"link set dev {name} address {self.macs[nic.end]}\n"
        speak = (inside(self.pids[host], batch("ip", lines)) for host, lines in same.items())
        run_all([*self._calling_soon(), *speak])

    def power_off(self, node: str) -> None:
        """Close a switch's OpenFlow channel, then forget everything: nobody can write it again. CommandError.

        A host's processes are killed, and the addresses and interfaces that they made are gone with them.
        """
        if node in self.topology.hosts:
            self.programs.kill(node, self.pids[node])
            run_all([inside(self.pids[node], batch("ip", self._leftovers(node)))])
            return
        run_all([self.homes[node].vsctl("del-controller", node)])
        run_all(Command([*OFCTL, verb, node]) for verb in ("del-flows", "del-groups", "del-meters"))

    def power_on(self, node: str) -> None:
        """Give a switch its controller again; start a host's programs. CommandError."""
        if node in self.topology.hosts:
            self.programs.start(node)
            return
        self.call([node])

    def _calling_soon(self) -> Iterator[Command]:
        """For the controllers of all switches that have one: a failed switch has none."""
        listed = ("--no-headings", "--columns=_uuid", "--format=csv", "list", "controller")
        said = run_all(each.vsctl(*listed) for each in self.vswitchds)
        for vswitchd, rows in zip(self.vswitchds, said, strict=True):
            parts = [
                part for row in rows.split() for part in ("--", "set", "controller", row, f"max_backoff={RECONNECT_MS}")
            ]
            if parts:
                yield vswitchd.vsctl(*parts[1:])

    def _host_lines(self, end: End, up: bool) -> str:
        name, interfaces = self.wiring.interface(end), self.nics[end.node]
        nic = next(nic for nic in interfaces if nic.end == end)
        return host_lines(self.topology.hosts[end.node], nic, interfaces, name) if up else f"link set {name} down\n"

    def _switch_end(self, wire: Wire) -> End:
        return wire.b if wire.a.node in self.topology.hosts else wire.a

    def _host(self, name: str, failed: bool) -> Node:
        addresses = tuple(map(str, self.topology.hosts[name].address))
        interfaces = tuple(self.wiring.interface(nic.end) for nic in self.nics[name])
        return Node(name, "host", self.pids[name], interfaces, addresses, failed)

    def _operational(self) -> set[str]:
        show = Command(["ip", "-json", "link", "show"])
        said = run_all(show if each.is_first else inside(each.pid, show) for each in self.vswitchds)
        return {link["ifname"] for text in said for link in json.loads(text) if link.get("operstate") == "UP"}

    def _leftovers(self, host: str) -> str:
        """Lines for `ip -batch` that take what programs made: all addresses, and interfaces that are no link's."""
        [said] = run_all([inside(self.pids[host], Command(["ip", "-json", "link", "show"]))])
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


def host_lines(host: Host, nic: Nic, interfaces: Sequence[Nic], name: str) -> str:
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
