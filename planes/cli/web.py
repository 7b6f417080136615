"""`triplane web`."""

from __future__ import annotations

import string
from collections.abc import Callable
from pathlib import Path

import click

from planes.cli.choice import chosen
from planes.management.web.app import Parts, Traced, TraceError, Tracer, Way, application
from planes.management.web.cabling import Cabling, ends
from planes.management.web.guard import LOCAL, Rules, is_loopback
from planes.management.web.serve import ListenError, listening, serve
from planes.model.errors import PlanError
from planes.model.load import load
from planes.model.wiring import End, Wiring, wire
from planes.store.base import Store, StoreError
from topologies.errors import LabError
from topologies.lab import Lab

PRINTABLE = frozenset(string.ascii_letters + string.digits + string.punctuation)


@click.command()
@click.argument("name", metavar="[LAB]", required=False)
@click.option("--store", "remote", metavar="REMOTE", help="A store instead of a lab's, such as unix:/path/to/socket.")
@click.option("--listen", default="127.0.0.1:8080", show_default=True, metavar="ADDRESS:PORT", help="Port 0: any free.")
@click.option("--token", metavar="TOKEN|FILE", default="", help="What who looks must bring, or a file that holds it.")
def web(name: str | None, remote: str | None, listen: str, token: str) -> None:
    """Show LAB as a live map in the browser: switches, links and their loads, hosts, networks, gateways, events.

    The map is read-only. It is for this machine alone unless --listen says otherwise, and then it needs a --token, to
    be given once as http://ADDRESS:PORT/?token=TOKEN, or with each request as `Authorization: Bearer TOKEN`. Prints its
    address, and runs until Ctrl-C; the lab may end and come back meanwhile.

    \b
    Examples:
      triplane web                         http://127.0.0.1:8080/
      triplane web --listen 127.0.0.1:0    on any port that is free
      openssl rand -hex 16 > token; triplane web --listen 0.0.0.0:8080 --token token
    """
    if remote and name:
        raise click.UsageError("give a LAB or a --store, not both")
    host, port = _address(listen)
    secret = _token(token)
    if not is_loopback(host) and not secret:
        raise click.UsageError(
            f"--listen {listen} lets others look: give them a --token, such as one of `openssl rand -hex 16`,"
            " or listen on 127.0.0.1"
        )
    lab = None if remote else chosen(name)
    try:
        listener = listening(host, port)
    except ListenError as error:
        raise LabError(str(error)) from error
    bound = listener.getsockname()[1]
    rules = Rules(LOCAL | {host} if is_loopback(host) else None, secret, f"triplane-{bound}")
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"http://{shown}:{bound}/")
    click.echo(f"a map of {f'lab {lab.name!r}' if lab else f'the store at {remote}'}; Ctrl-C ends it", err=True)
    serve(application(_opener(lab, remote), rules, _parts(lab)), listener)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f"--listen {text!r} is no address and port: write 127.0.0.1:8080 or [::1]:8080")
    return host, int(port)


def _token(given: str) -> str:
    """The token, or what the file of that name holds."""
    path = Path(given)
    try:
        token = path.read_text(encoding="utf-8", errors="replace").strip() if given and path.is_file() else given
    except OSError as error:
        raise click.UsageError(f"--token {given}: {error.strerror}") from error
    if not PRINTABLE.issuperset(token) or (given and not token):
        raise click.UsageError("a --token has letters, digits and punctuation, no spaces: take `openssl rand -hex 16`")
    return token


def _opener(lab: Lab | None, remote: str | None) -> Callable[[], Store]:
    from planes.store.ovsdb import Store as OvsdbStore

    return lambda: OvsdbStore(f"unix:{lab.directory.store}" if lab else str(remote))


def _parts(lab: Lab | None) -> Parts:
    return Parts(lambda: cabling_of(lab), tracer_of(lab)) if lab else Parts()


def cabling_of(lab: Lab) -> Cabling:
    """What a lab's plan says of cables; nothing while it has none."""
    try:
        topology = load(lab.directory.plan).topology
    except PlanError:
        return Cabling()  # it is gone, or coming up
    return cabling(wire(topology)) if topology else Cabling()


def cabling(wiring: Wiring) -> Cabling:
    """A plan's cables, by the ports of switches."""
    switches = dict(wiring.switches)
    between = [each for each in wiring.wires if each.a.node in switches and each.b.node in switches]
    pairs = {ends(_place(each.a), _place(each.b)): each for each in between}
    plugs = {(_place(peer)): host for host in wiring.hosts for _, peer in wiring.plugs(host) if peer.node in switches}
    rates = {_place(end): each.rate for each in wiring.wires for end in (each.a, each.b) if each.rate}
    return Cabling(plugs, {pair: each.name for pair, each in pairs.items()}, rates)


def _place(end: End) -> tuple[str, int]:
    return end.node, end.port


def tracer_of(lab: Lab) -> Tracer:
    """Traces pings between a lab's hosts."""

    def trace(source: str, target: str) -> Traced:
        from planes.cli.flow import Flow  # slow to load, with all that it brings
        from planes.cli.trace import follow

        try:
            story = follow(lab, source, target, Flow("icmp", 0)).story
        except (LabError, PlanError, StoreError) as error:
            raise TraceError(str(error)) from error
        ways = tuple(
            Way(route.places, route.end.place, story.arrives(route.end), text)
            for route, text in zip(story.trace.routes, story.routes(), strict=True)
        )
        return Traced(story.sender, story.receiver, story.delivered, story.verdict(), ways)

    return trace
