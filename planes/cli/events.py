"""`triplane events`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from planes.cli.session import Session
from planes.management import log, show
from planes.management.grammar import Mistake
from planes.model.state import Controller, Event
from planes.store.base import Store

if TYPE_CHECKING:
    from topologies.lab import Lab

LINES = ("table", "json")  # the forms that can be printed a line at a time


def events(session: Session, follow: bool, kind: str | None, subject: str | None, since: float | None) -> None:
    """Show what happened in LAB lately, the newest last: who became active where, and why.

    The store keeps the last 1,000 events. With --follow -o json each event is an object on a line of its own. While
    the controller is down nothing is told, and a line on standard error says so.
    """
    wanted = log.Wanted((kind,) if kind else (), subject or "", time.time() - since if since is not None else 0.0)
    if follow and session.form not in LINES:
        raise Mistake(f"--follow prints lines: take -o {' or '.join(LINES)}")
    if not follow:
        known = session.view(Event, Controller).state
        session.show([show.events(row for row in known.of(Event) if row in wanted)])
        if silence := log.silence(known, time.time()):
            session.tell(silence)
        return
    from planes.cli.bringup import open_store, synced  # slow to load, and not for a look

    with open_store(lab := session.lab) as store:
        synced(lab, store)
        for event in _happening(session, lab, store):
            if event in wanted:
                session.write(_line(event, session.form))
    session.tell(f"lab {lab.name!r} is gone")


def _happening(session: Session, lab: Lab, store: Store) -> Iterator[Event]:
    """What is known, then what happens, as long as the lab is there; the store may be away meanwhile."""
    from planes.cli.bringup import LOOK_INTERVAL
    from topologies import lab as labs

    told, silent = 0, False
    while lab in labs.labs():
        known = store.state()
        for event in (row for row in known.of(Event) if row.number > told):
            told = event.number
            yield event
        silence = log.silence(known, time.time())
        if (silence is not None) != silent:
            silent = silence is not None
            session.tell(silence or "the controller is back")
        store.wait(LOOK_INTERVAL)
        store.run()


def _line(event: Event, form: str) -> str:
    table = show.events([event])
    (row,) = table.rows
    if form == "json":
        return json.dumps(dict(zip(table.columns, row, strict=True)))
    *told, cause, lasted = row
    more = [f"({cause})"] * bool(cause) + [f"{lasted} ms"] * bool(lasted)
    return "  ".join([*map(str, told), *more])
