"""`triplane show ...`, from the store; rules and what policies met, from the controller's control socket."""

from __future__ import annotations

import base64
import platform
import time
from collections.abc import Iterable, Iterator
from typing import cast

from planes.cli.session import Session
from planes.management import show as shown
from planes.management import show_fabric
from planes.management.tables import Cell, Table
from planes.management.view import View
from planes.model import state
from planes.model.errors import did_you_mean
from planes.model.intent import Intent, Network
from topologies.errors import Exit, LabError

BASELINE = "baseline"  # in what a session holds: what ports had carried when they were cleared


def fabric(session: Session) -> None:
    """Show the whole in a few lines: what is there, what is wanted, and whether it is in force."""
    view = session.view()
    session.show([show_fabric.fabric(view.intent, view.serial, view.state, time.time())])


def switches(session: Session) -> None:
    """Show every switch that was ever seen, and what it refused last.

    `entries` counts the flows, groups and meters that it is to hold.
    """
    session.show([shown.switches(_view(session, state.Switch).state)])


def ports(session: Session, switch: str | None) -> None:
    """Show ports with what they have carried, and how fast it is just now, in bits per second.

    `rx` is what came in from outside. `clear counters` in a shell lets it count from there on.
    """
    known = _view(session, state.Switch, state.Port, state.Traffic).state
    _among(session, "switch", switch, (row.name for row in known.of(state.Switch)))
    baseline = cast("show_fabric.Baseline", session.held.get(BASELINE, {}))
    table = show_fabric.ports(known, baseline, switch)
    session.show(show_fabric.for_people(table) if session.form == "table" else [table])


def links(session: Session) -> None:
    """Show the links between switches that are known, with what they carry now, each way, in bits per second.

    `load` is the busier direction, of the speed that the slower of its ports has.
    """
    session.show([show_fabric.links(_view(session, state.Link, state.Port, state.Traffic).state)])


def hosts(session: Session, network: str | None) -> None:
    """Show every host that spoke: its network and segment, where it is, and the addresses it spoke for."""
    view = _view(session, state.Host, *([Intent] if network else []))
    _networks(session, view, network)
    rows = [row for row in view.state.of(state.Host) if network in (None, row.network)]
    session.show([shown.host_table(rows)])


def networks(session: Session) -> None:
    """Show every network that is wanted, how many hosts of it are known, and what switches refuse of it."""
    view = _view(session, Intent, state.Host, state.Switch)
    session.show([shown.networks(view.intent, view.state)])


def segments(session: Session, network: str | None) -> None:
    """Show every segment that is wanted."""
    view = session.view(Intent)
    session.show([shown.segments(Intent("", tuple(_networks(session, view, network))))])


def routes(session: Session, network: str | None) -> None:
    """Show what networks' routers know: connected subnets (C) and static routes (S)."""
    session.show([show_fabric.routes(_networks(session, session.view(Intent), network))])


def policy(session: Session, network: str | None) -> None:
    """Show the lines of policies, and how many packets and bytes met each, as far as the controller tells."""
    from planes.cli.inspect import policy_counts

    view = session.view(Intent)
    found = Intent("", tuple(_networks(session, view, network)))
    counts = policy_counts(session.lab) if any(each.policy for each in found.networks) else {}
    session.show([shown.policy(found, counts)])


def gateways(session: Session) -> None:
    """Show who routes for each segment that has a gateway: elected, or on every switch.

    `show standby`, `show vrrp` and `show glbp` tell how it came to that.
    """
    view = _view(session, Intent, state.GatewayState)
    session.show([show_fabric.gateways(view.intent.networks, view.state)])


def log(session: Session, last: int | None) -> None:
    """Show what happened lately, the newest last. The store keeps the last 1,000 events."""
    happened = session.view(state.Event).state.of(state.Event)
    session.show([show_fabric.log(happened[-last:] if last else happened)])


def interfaces(session: Session) -> None:
    """Show the numbers by which SNMP knows ports and gateways (ifIndex of RFC 2863). They never change."""
    session.show([show_fabric.interfaces(session.view(state.Id, state.Switch, state.Port).state)])


def controller(session: Session) -> None:
    """Show whether the controller lives, since when, how often it was started, and what it is."""
    session.show([show_fabric.controller(session.view(state.Controller).state, time.time())])


def drops(session: Session) -> None:
    """Show what was dropped or refused, by reason."""
    session.show([shown.drops(_view(session, state.Counter).state)])


def version(session: Session) -> None:
    """Show what this is, and what it runs on."""
    from importlib import metadata

    rows: list[tuple[Cell, ...]] = [
        ("triplane", metadata.version("triplane")),
        ("Python", platform.python_version()),
        ("kernel", f"{platform.system()} {platform.release()}"),
    ]
    rows += [("controller", row.software or None) for row in session.view(state.Controller).state.of(state.Controller)]
    session.show([Table("versions", ("what", "version"), rows)])


def rules(session: Session, switch: str | None, table: str | None) -> None:
    """Show the rules, groups and meters that switches hold just now, as ovs-ofctl writes them, with what they counted.

    They are asked through the controller. TABLE is a name, such as POLICY, or a number. `explain` tells of each who
    wanted it.
    """
    from planes.cli.unixctl import ask

    socket = session.lab.directory.controller_control
    connected = [str(each["name"]) for each in ask(socket, "fabric/switches")["switches"]]
    _among(session, "switch", switch, connected)
    only = None if table is None else _number(table)
    rows: list[tuple[Cell, ...]] = []
    for name in [switch] if switch else connected:
        replies = ask(socket, "fabric/entries", name)["replies"]
        rows += [(name, *entry) for entry in _entries(base64.b64decode(reply) for reply in replies)]
    kept = [row for row in rows if only is None or row[1] == only]
    session.show([Table("rules", ("switch", "table", "packets", "bytes", "entry"), kept)])


def _entries(replies: Iterable[bytes]) -> Iterator[tuple[Cell, ...]]:
    """Table's name, packets, bytes and line of each entry, in reading order; groups and meters are in no table."""
    from planes.data.counters import counted
    from planes.data.pipeline import Table as Tables
    from planes.data.readback import part
    from planes.data.rule import Entry, Rule
    from planes.data.text import line, reading_order

    found: list[tuple[Entry, int | None, int | None]] = []
    for reply in replies:
        found += counted(reply)
        held = part(reply)
        found += [(entry, None, None) for entry in (held.entries if held else ()) if not isinstance(entry, Rule)]
    names = {int(each): each.name for each in Tables}
    for entry, packets, octets in sorted(found, key=lambda each: reading_order(each[0])):
        place = names.get(entry.table, str(entry.table)) if isinstance(entry, Rule) else None
        yield place, packets, octets, line(entry)


def _number(table: str) -> str:
    """A table's name, of its name or number. LabError."""
    from planes.data.pipeline import Table as Tables

    names = {each.name: each.name for each in Tables} | {str(int(each)): each.name for each in Tables}
    if table.upper() not in names:
        raise LabError(f"no table {table!r}", did_you_mean(table.upper(), [t.name for t in Tables]), Exit.UNKNOWN)
    return names[table.upper()]


def _view(session: Session, *tables: type) -> View:
    """What the store holds; it is said first when the controller, who writes it, gives no sign of life."""
    view = session.view(*tables, state.Controller)
    if said := show_fabric.signs(view.state, time.time()):
        session.tell(said)
    return view


def _networks(session: Session, view: View, name: str | None) -> list[Network]:
    _among(session, "network", name, (network.name for network in view.intent.networks))
    return show_fabric.only(view.intent.networks, name)


def _among(session: Session, kind: str, name: str | None, names: Iterable[str]) -> None:
    """LabError when a name is given that is none of these."""
    listed = list(names)
    if name is not None and name not in listed:
        raise LabError(f"lab {session.lab.name!r} has no {kind} {name!r}", did_you_mean(name, listed), Exit.UNKNOWN)
