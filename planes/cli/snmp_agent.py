"""`triplane snmp-agent`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from planes.cli.choice import chosen
from planes.management.snmp.access import DEFAULT_COMMUNITY, Community, User
from planes.management.snmp.engine import state_directory
from planes.management.snmp.errors import AgentError
from planes.management.snmp.notifier import Target
from planes.management.snmp.udp import Endpoint, endpoint
from planes.model.errors import PlanError, did_you_mean
from planes.store.ovsdb import Store
from topologies.errors import LabError

PORT = 1161
TRAP_PORT = 162
COMMUNITY = "TRIPLANE_SNMP_COMMUNITY"
TRAP_COMMUNITY = "TRIPLANE_SNMP_TRAP_COMMUNITY"


@click.command("snmp-agent")
@click.argument("name", metavar="[LAB]", required=False)
@click.option("--store", metavar="REMOTE", help="Serve this store, such as unix:/run/store.sock, in place of a lab's.")
@click.option(
    "--listen",
    metavar="ADDRESS[:PORT],...",
    default="127.0.0.1",
    show_default=True,
    help=f"Where managers ask; port {PORT} by default.",
)
@click.option(
    "--community",
    metavar="NAME[=NETWORK],...",
    envvar=COMMUNITY,
    help=f"Communities of SNMPv2c that may read all, or one network; also in {COMMUNITY}.  "
    f"[default: {DEFAULT_COMMUNITY}, on loopback]",
)
@click.option("--v3-only", is_flag=True, help="No community, not even the default one.")
@click.option("--users", "file", metavar="FILE", type=click.Path(path_type=Path), help="SNMPv3's users; see below.")
@click.option(
    "--trap",
    metavar="ADDRESS[:PORT][=NETWORK],...",
    help=f"Who is told of what happens, or only of what happens to one network; port {TRAP_PORT} by default.",
)
@click.option(
    "--trap-community",
    metavar="NAME",
    envvar=TRAP_COMMUNITY,
    default=DEFAULT_COMMUNITY,
    help=f"The community of notifications, also in {TRAP_COMMUNITY}.  [default: {DEFAULT_COMMUNITY}]",
)
@click.option("--trap-user", metavar="USER", help="Send notifications by SNMPv3, as this user of FILE.")
@click.option("--inform", is_flag=True, help="Send each until it is acknowledged, four times at most.")
@click.option("--identity", metavar="NAME", help="Whose snmpEngineID it has; one is kept for each lab.")
def snmp_agent(
    name: str | None,
    store: str | None,
    listen: str,
    community: str | None,
    v3_only: bool,
    file: Path | None,
    trap: str | None,
    trap_community: str,
    trap_user: str | None,
    inform: bool,
    identity: str | None,
) -> None:
    """Serve LAB to monitoring systems by SNMP, until Ctrl-C. Read-only, SNMPv2c and SNMPv3.

    \b
    Examples:
      triplane snmp-agent & snmpbulkwalk -v2c -c public 127.0.0.1:1161 1.3.6.1.2.1.2.2
      triplane snmp-agent --users users.yaml --v3-only --listen 192.0.2.1
      triplane snmp-agent --community noc,red-ro=red        red's community sees red only
      triplane snmp-agent --trap 192.0.2.9,192.0.2.10=red   the second is told of red only

    \b
    FILE, which nobody else may read:
      users:
        ops: {auth: sha256, auth-password: "...", priv: aes, priv-password: "..."}
        red: {auth: sha512, auth-password: "...", network: red}
    A tenant's context is its network's name; a user with a network has that context only.
    """
    from planes.management.snmp.server import Settings, run

    if store is not None and name is not None:
        raise click.UsageError("give a LAB or a --store, not both")
    with told():
        remote, what, kept = _served(name, store)
        places = [named_endpoint(text) for text in listen.split(",")]
        users = read_users(file)
        sender = named_user(trap_user, users, "--trap-user") if trap_user is not None else None
        settings = Settings(
            what,
            state_directory(os.environ) / (identity or kept),
            places,
            _communities(community, places, v3_only, users),
            users,
            [_target(text, sender) for text in (trap.split(",") if trap else ())],
            trap_community,
            sender,
            inform,
        )
        run(lambda: Store(remote), settings, lambda text: click.echo(text, err=True))


@contextmanager
def told() -> Iterator[None]:
    """Errors of the agent as the command line's."""
    try:
        yield
    except AgentError as error:
        raise LabError(error.message, error.fix) from None


def _served(name: str | None, store: str | None) -> tuple[str, str, str]:
    """The store's remote, what it is for people, and whose identity is taken."""
    if store is not None:
        return store, f"the store at {store}", "store"
    lab = chosen(name)
    return f"unix:{lab.directory.store}", f"lab {lab.name}", lab.name


def named_endpoint(text: str, port: int = PORT, option: str = "--listen") -> Endpoint:
    """An address and a port. BadParameter."""
    try:
        return endpoint(text, port)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def named_user(name: str, users: tuple[User, ...], option: str) -> User:
    """The user of that name. BadParameter."""
    known = {user.name: user for user in users}
    if name not in known:
        hint = did_you_mean(name, known)
        raise click.BadParameter(f"no user {name!r} in the file of users, {hint}", param_hint=option)
    return known[name]


def _target(text: str, sender: User | None) -> Target:
    """A target; what is sent as a user who is bound to a network concerns that one only."""
    place, _, network = text.partition("=")
    if sender is None or sender.network is None:
        return Target(named_endpoint(place, TRAP_PORT, "--trap"), network or None)
    if network not in ("", sender.network):
        raise click.BadParameter(f"user {sender.name!r} is bound to network {sender.network!r}", param_hint="--trap")
    return Target(named_endpoint(place, TRAP_PORT, "--trap"), sender.network)


def read_users(file: Path | None) -> tuple[User, ...]:
    """The users in a file, none without one. AgentError, LabError."""
    from planes.management.snmp.users import load  # slow to load

    try:
        return load(file) if file is not None else ()
    except PlanError as error:
        raise LabError(str(error), f"`triplane snmp-agent --help` shows how {file} is written") from None


def _communities(given: str | None, places: list[Endpoint], v3_only: bool, users: tuple[User, ...]) -> list[Community]:
    """Those that may ask. UsageError where whoever guesses could read from elsewhere."""
    found = [_community(text) for text in given.split(",")] if given else []
    far = [place for place in places if not place.loopback]
    if v3_only:
        if found or not users:
            raise click.UsageError("--v3-only takes --users, and no --community")
        return []
    if far and any(community.name == DEFAULT_COMMUNITY for community in found):
        raise click.UsageError(f"everybody knows the community {DEFAULT_COMMUNITY!r}: not on {far[0]}; choose another")
    if far and not found and not users:
        raise click.UsageError(f"on {far[0]} others can ask: say who may, by --users FILE or --community NAME")
    return found or ([] if far else [Community(DEFAULT_COMMUNITY)])


def _community(text: str) -> Community:
    name, _, network = text.partition("=")
    if not name:
        raise click.BadParameter(f"{text!r} names no community", param_hint="--community")
    return Community(name, network or None)
