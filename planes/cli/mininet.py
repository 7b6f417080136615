"""What is done from hosts: ping and traceroute, and the words that Mininet's own command line has."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_interface

from planes.cli.session import Session
from planes.management.tables import Table
from planes.model.errors import did_you_mean
from planes.model.load import load
from topologies import reach
from topologies.control import Info, Node
from topologies.errors import Exit, LabError
from topologies.lab import Lab

IPERF_PORT = 5201
IPERF_SECONDS = 20.0  # that it may take beside the time that it measures
PINGS = 'for to; do ping -n -q -c1 -W1 "$to" >/dev/null 2>&1 && echo "$to" || echo "X"; done'


def run(session: Session, node: str, command: tuple[str, ...]) -> int:
    """Run a program in a node. Names of hosts among its arguments become their addresses, as in Mininet."""
    lab = session.lab
    homes = {each.name: each for each in lab.info().nodes}
    program, *arguments = command
    return session.become(lab.exec_argv(node, [program, *(_replaced(word, homes.get(word)) for word in arguments)]))


def ping(session: Session, source: str, target: str, count: int, six: bool) -> int:
    """Ping a host, by its name, or any address, from a host. Exits with 1 when nothing comes back."""
    lab = session.lab
    address = _target(lab.info(), source, target, six)
    return session.become(lab.exec_argv(source, ["ping", "-n", "-c", str(count), address]))


def traceroute(session: Session, source: str, target: str, six: bool) -> int:
    """Tell the routers on the way from a host to another, or to any address."""
    lab = session.lab
    address = _target(lab.info(), source, target, six)
    return session.become(lab.exec_argv(source, ["traceroute", "-n", address]))


def nodes(session: Session) -> None:
    """Name all nodes."""
    session.write("available nodes are:")
    session.write(" ".join(sorted(node.name for node in session.lab.info().nodes)))


def net(session: Session) -> None:
    """Tell each node's interfaces, and the interface at the other end of each."""
    info = session.lab.info()
    far = {near: other for link in info.links for near, other in (link.interfaces, link.interfaces[::-1])}
    for node in info.nodes:
        pairs = [f"{name}:{far[name]}" for name in node.interfaces if name in far]
        session.write(" ".join([node.name, *pairs]))


def dump(session: Session) -> None:
    """Tell each node's kind, process, interfaces and addresses."""
    rows = [
        (node.name, node.kind, node.pid, ", ".join(node.interfaces), ", ".join(node.addresses), node.failed)
        for node in session.lab.info().nodes
    ]
    session.show([Table("nodes", ("node", "kind", "pid", "interfaces", "addresses", "failed"), rows)])


def link(session: Session, a: str, b: str, to: str) -> None:
    """Cut all links between two nodes, or mend them."""
    lab = session.lab
    info = lab.info()
    found = [each.name for each in info.links if _ends(each.name) in ((a, b), (b, a))]
    if not found:
        near = {end for each in info.links for end in _ends(each.name) if a in _ends(each.name)} - {a}
        raise LabError(f"there is no link between {a!r} and {b!r}", did_you_mean(b, near), Exit.UNKNOWN)
    for name in found:
        session.tell(lab.fail(name) if to == "down" else lab.heal(name))


def pingall(session: Session) -> int:
    """Let every host ping every other one of its network, by IPv4 or by what they have. X is no answer.

    Networks of others may use the same addresses, so a ping to one of theirs would mean nothing: they are left out.
    Exits with 1 when an answer is missing.
    """
    lab = session.lab
    hosts = reach.members(load(lab.directory.plan))
    sent = received = 0
    for name, member in hosts.items():
        near = [other for other in hosts if other != name and _networks(member) & _networks(hosts[other])]
        answers = _answers(lab, name, [_first(hosts[other].addresses) for other in near])
        session.write(f"{name} -> {' '.join(o if a != 'X' else 'X' for o, a in zip(near, answers, strict=True))}")
        sent, received = sent + len(near), received + sum(answer != "X" for answer in answers)
    lost = 100 * (sent - received) / sent if sent else 0
    session.write(f"*** Results: {lost:.0f}% dropped ({received}/{sent} received)")
    return 0 if sent == received else 1


def iperf(session: Session, source: str, target: str, seconds: int) -> int:
    """Measure how much TCP carries from a host to another, by iperf3."""
    lab = session.lab
    address = _target(lab.info(), source, target, six=False)
    server = lab.exec_argv(target, ["iperf3", "-s", "-1", "-p", str(IPERF_PORT), "--forceflush"])
    client = lab.exec_argv(source, ["iperf3", "-c", address, "-p", str(IPERF_PORT), "-t", str(seconds), "-J"])
    with subprocess.Popen(server, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as listening:
        try:
            _await_listening(listening, target)
            done = subprocess.run(client, capture_output=True, text=True, check=False, timeout=seconds + IPERF_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{source} gets no answer of {target} ({address})") from error
        finally:
            listening.kill()
    measured = json.loads(done.stdout or "{}")
    if "error" in measured or done.returncode:
        raise LabError(f"iperf3 on {source}: {measured.get('error') or done.stderr.strip()}")
    rates = [measured["end"][way]["bits_per_second"] for way in ("sum_sent", "sum_received")]
    session.write(f"*** {source} > {target}, {seconds} s of TCP: " + "sent {}, received {}".format(*map(_rate, rates)))
    return 0


def _await_listening(process: subprocess.Popen[str], host: str) -> None:
    said = []
    for line in process.stdout or ():
        said.append(line.strip())
        if "listening" in line:
            return
    raise LabError(f"iperf3 on {host} does not listen: {' '.join(said)}")


def _rate(bits: float) -> str:
    return f"{bits / 1e9:.2f} Gbit/s" if bits >= 1e9 else f"{bits / 1e6:.1f} Mbit/s"


def _replaced(word: str, node: Node | None) -> str:
    return _first([str(ip_interface(each).ip) for each in node.addresses]) if node and node.addresses else word


def _first(addresses: Iterable[str]) -> str:
    """The first of IPv4, or the first."""
    listed = list(addresses)
    return next((each for each in listed if ip_address(each).version == 4), listed[0] if listed else "")


def _target(info: Info, source: str, target: str, six: bool) -> str:
    """The address that a target is, or has. LabError."""
    hosts = {node.name: node for node in info.nodes if node.kind == "host"}
    if source not in hosts:
        raise LabError(f"lab {info.lab!r} has no host {source!r}", did_you_mean(source, hosts), Exit.UNKNOWN)
    if target in hosts:
        every = [str(ip_interface(each).ip) for each in hosts[target].addresses]
        found = [each for each in every if not six or ip_address(each).version == 6]
        if not found:
            raise LabError(f"host {target!r} has no address{' of IPv6' if six else ''}")
        return _first(found)
    try:
        return str(ip_address(target))
    except ValueError as error:
        text = f"{target!r} is no host of lab {info.lab!r} and no address"
        raise LabError(text, did_you_mean(target, hosts), Exit.UNKNOWN) from error


def _ends(name: str) -> tuple[str, ...]:
    return tuple(name.partition("#")[0].split("/"))


def _networks(member: reach.Member) -> set[str]:
    return {leg.network.name for leg in member.legs if leg.network}


def _answers(lab: Lab, host: str, addresses: list[str]) -> list[str]:
    """What each address answered: itself, or X."""
    argv = lab.exec_argv(host, ["sh", "-c", PINGS, "sh", *addresses])
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as pinging:
        return [line.strip() for line in _lines(pinging)]


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    yield from process.stdout or ()
