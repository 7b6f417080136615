"""`triplane snmp-agent`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from planes.cli.remote import remote_of
from planes.cli.session import Session
from planes.management.grammar import Mistake
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


def snmp_agent(
    session: Session,
    store: str | None,
    listen: str,
    community: str | None,
    v3_only: bool,
    users: str | None,
    trap: str | None,
    trap_community: str | None,
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

    with told():
        remote = remote_of(session, store)
        what, kept = (
            (f"lab {session.lab.name}", session.lab.name) if store is None else (f"the store at {store}", "store")
        )
        places = [named_endpoint(text) for text in listen.split(",")]
        known = read_users(users)
        sender = named_user(trap_user, known, "--trap-user") if trap_user is not None else None
        settings = Settings(
            what,
            state_directory(os.environ) / (identity or kept),
            places,
            _communities(community or os.environ.get(COMMUNITY), places, v3_only, known),
            known,
            [_target(text, sender) for text in (trap.split(",") if trap else ())],
            trap_community or os.environ.get(TRAP_COMMUNITY) or DEFAULT_COMMUNITY,
            sender,
            inform,
        )
        run(lambda: Store(remote), settings, session.tell)


@contextmanager
def told() -> Iterator[None]:
    """Errors of the agent as the command line's."""
    try:
        yield
    except AgentError as error:
        raise LabError(error.message, error.fix) from None


def named_endpoint(text: str, port: int = PORT, option: str = "--listen") -> Endpoint:
    """An address and a port. Mistake."""
    try:
        return endpoint(text, port)
    except ValueError as error:
        raise Mistake(f"{option}: {error}") from None


def named_user(name: str, users: tuple[User, ...], option: str) -> User:
    """The user of that name. Mistake."""
    known = {user.name: user for user in users}
    if name not in known:
        hint = did_you_mean(name, known)
        raise Mistake(f"{option}: no user {name!r} in the file of users, {hint}")
    return known[name]


def _target(text: str, sender: User | None) -> Target:
    """A target; what is sent as a user who is bound to a network concerns that one only."""
    place, _, network = text.partition("=")
    if sender is None or sender.network is None:
        return Target(named_endpoint(place, TRAP_PORT, "--trap"), network or None)
    if network not in ("", sender.network):
        raise Mistake(f"--trap: user {sender.name!r} is bound to network {sender.network!r}")
    return Target(named_endpoint(place, TRAP_PORT, "--trap"), sender.network)


def read_users(file: str | None) -> tuple[User, ...]:
    """The users in a file, none without one. AgentError, LabError."""
    from planes.management.snmp.users import load  # slow to load

    try:
        return load(Path(file)) if file is not None else ()
    except PlanError as error:
        raise LabError(str(error), f"`triplane snmp-agent --help` shows how {file} is written") from None


def _communities(given: str | None, places: list[Endpoint], v3_only: bool, users: tuple[User, ...]) -> list[Community]:
    """Those that may ask. Mistake where whoever guesses could read from elsewhere."""
    found = [_community(text) for text in given.split(",")] if given else []
    far = [place for place in places if not place.loopback]
    if v3_only:
        if found or not users:
            raise Mistake("--v3-only takes --users, and no --community")
        return []
    if far and any(community.name == DEFAULT_COMMUNITY for community in found):
        raise Mistake(f"everybody knows the community {DEFAULT_COMMUNITY!r}: not on {far[0]}; choose another")
    if far and not found and not users:
        raise Mistake(f"on {far[0]} others can ask: say who may, by --users FILE or --community NAME")
    return found or ([] if far else [Community(DEFAULT_COMMUNITY)])


def _community(text: str) -> Community:
    name, _, network = text.partition("=")
    if not name:
        raise Mistake(f"--community: {text!r} names no community")
    return Community(name, network or None)
