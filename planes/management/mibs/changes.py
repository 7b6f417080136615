"""What happened between two views, as notifications; to whom each is told.

Each comes once for the operator, named None, and once for every network that it concerns: as that network's context
would tell it, and nothing that it would not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from planes.management.mibs import hsrp, vrrp
from planes.management.mibs.facts import Facts
from planes.management.mibs.interfaces import Interface, interfaces
from planes.management.mibs.names import EVENTS, NAMES, OBJECTS
from planes.management.mibs.scope import Place, own_errors, places, segment_of
from planes.management.mibs.seats import ACTIVE, Seat, seats
from planes.management.mibs.smi import Column, string, value
from planes.management.mibs.triplane import Controller
from planes.management.mibs.words import text
from planes.management.snmp.objects import Notification, Oid
from planes.management.watch import PATIENCE, View, age
from planes.model import state
from planes.model.state import R

Told = tuple[str | None, Notification]
_INITIAL = ("initial", "initialize")  # what a member is before it did anything
_NETWORK = re.compile(r"network ([^:; ]+): ")


def notifications(before: View, after: View, now: float, then: float | None = None) -> list[Told]:
    """What happened from one view to the next, at `now`; `before` was looked at `then` (Unix times).

    What is named None is for who may see all, and is all that there is to tell; what has a network's name is for that
    tenant alone, beside it.

    A controller is down when time has passed without a sign of life, so ask again at times, with the same view too and
    with `then`. The first view of a store, and one of a store that is away, tell nothing.
    """
    if not after.synced or not (before.synced or any(before.state.rows.values())):
        return []
    both = _Both(before, after, now, now if then is None else then)
    return [*_controllers(both), *_switches(both), *_links(both), *_gateways(both), *_failovers(both)]


@dataclass(frozen=True, eq=False)
class _Both:
    before: View
    after: View
    now: float
    then: float

    def changed(self, table: type[R]) -> Iterator[tuple[R | None, R]]:
        """Rows that are new or other than before, with what they were."""
        old = cast("Mapping[state.Key, R]", self.before.state.rows.get(table, {}))
        new = cast("Mapping[state.Key, R]", self.after.state.rows.get(table, {}))
        if old is not new:
            for key, row in new.items():
                if (known := old.get(key)) is not row and known != row:
                    yield known, row

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.after, self.now)

    @cached_property
    def interfaces(self) -> Mapping[int, Interface]:
        return {row.index: row for _, row in interfaces(self.facts)}

    @cached_property
    def owners(self) -> Mapping[Place, list[str]]:
        """The networks that have a port."""
        found: dict[Place, list[str]] = {}
        for network in self.after.intent.networks:
            for place in places(network):
                found.setdefault(place, []).append(network.name)
        return found

    @cached_property
    def seats(self) -> Mapping[tuple[str, str, str], Seat]:
        return {(one.row.network, one.row.segment, one.row.switch): one for one in seats(self.facts)}


_BY_NAME = {event.name: event for event in EVENTS.values()}


def _notification(name: str, index: Oid, row: object) -> Notification:
    """A notification about one row: its objects are columns of tables of such rows."""
    found = []
    for told in _BY_NAME[name].objects:
        column = cast("Column[Any]", OBJECTS[NAMES[told]])
        if (data := column.of(row)) is not None:
            found.append((NAMES[told] + index, value(column.syntax, data)))
    return Notification(_BY_NAME[name].oid, tuple(found))


def _controllers(both: _Both) -> Iterator[Told]:
    """Of several controllers the one of the newest epoch speaks for all."""
    rows = both.facts.rows(state.Controller)
    newest = max(rows, key=lambda row: row.epoch, default=None)
    if newest is None:
        return
    was, since = age(both.before.state, both.then), age(both.after.state, both.now)
    told = string(text(newest.name)), Controller(newest, since)
    if both.after.state.epoch > both.before.state.epoch:
        yield None, _notification("tripControllerUp", *told)
    elif was is not None and since is not None:  # a store that begins again knows neither
        if was < PATIENCE <= since:
            yield None, _notification("tripControllerDown", *told)
        elif since < PATIENCE <= was:
            yield None, _notification("tripControllerUp", *told)


def _switches(both: _Both) -> Iterator[Told]:
    for old, new in both.changed(state.Switch):
        if new.connected != (old is not None and old.connected):
            name = "tripSwitchFound" if new.connected else "tripSwitchLost"
            yield None, _notification(name, (new.index,), (new, True))
        yield from _refusals(old, new)


def _refusals(old: state.Switch | None, new: state.Switch) -> Iterator[Told]:
    known = set(old.error.split("; ")) if old else set()
    fresh = [part for part in new.error.split("; ") if part and part not in known]
    if fresh:
        yield None, _notification("tripRefusal", (new.index,), (new, True))
    for network in sorted({found.group(1) for found in map(_NETWORK.match, fresh) if found}):
        mine = replace(new, error="; ".join(own_errors(new.error, network)))
        yield network, _notification("tripRefusal", (new.index,), (mine, False))


def _links(both: _Both) -> Iterator[Told]:
    for old, new in both.changed(state.Port):
        place = new.switch, new.number
        row = both.interfaces.get(both.facts.ports.get(place, 0))
        if old is None or row is None or old.up == new.up:
            continue
        name = "linkUp" if new.up else "linkDown"
        told = _notification(name, (row.index,), row)
        yield None, told
        yield from ((network, told) for network in both.owners.get(place, ()))


def _gateways(both: _Both) -> Iterator[Told]:
    for old, new in both.changed(state.GatewayState):
        seat = both.seats.get((new.network, new.segment, new.switch))
        was = old.state if old else _INITIAL[0]
        if seat is None or new.state == was or (new.state in _INITIAL and was in _INITIAL):
            continue
        for told in _transition(seat, was):
            yield None, told
            yield new.network, told


def _transition(seat: Seat, was: str) -> Iterator[Notification]:
    yield _notification("tripGatewayChange", (seat.index,), seat)
    if (index := hsrp.index_of(seat)) is not None:
        yield _notification("cHsrpStateChange", index, seat)
    if (index := vrrp.index_of(seat)) is not None and seat.row.state == ACTIVE != was:
        yield _notification("vrrpv3NewMaster", index, seat)


def _failovers(both: _Both) -> Iterator[Told]:
    fresh = sorted(row for _, row in both.changed(state.Event) if row.kind == "failover")
    newest = max(both.before.state.rows.get(state.Event, {}), default=()) if fresh else ()
    for row in fresh:
        if state.key(row) > newest:
            told = _notification("tripFailover", (row.number,), row)
            yield None, told
            place = segment_of(row)
            if place is not None and place in both.facts.segments:
                yield place[0], told
