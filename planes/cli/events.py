"""`triplane events`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from planes.cli.bringup import LOOK_INTERVAL, open_store, synced
from planes.cli.session import Session
from planes.management import show
from planes.management.grammar import Mistake
from planes.model.state import Event
from planes.store.base import Store
from topologies import lab as labs
from topologies.lab import Lab

LINES = ("table", "json")  # the forms that can be printed a line at a time


def events(session: Session, follow: bool) -> None:
    """Show what happened in LAB lately, the newest last: who became active where, and why.

    The store keeps the last 1,000 events. With --follow -o json each event is an object on a line of its own.
    """
    if follow and session.form not in LINES:
        raise Mistake(f"--follow prints lines: take -o {' or '.join(LINES)}")
    if not follow:
        session.show([show.events(session.view(Event).state.of(Event))])
        return
    with open_store(lab := session.lab) as store:
        synced(lab, store)
        for event in _happening(lab, store):
            session.write(_line(event, session.form))
    session.tell(f"lab {lab.name!r} is gone")


def _happening(lab: Lab, store: Store) -> Iterator[Event]:
    """What is known, then what happens, as long as the lab is there; the store may be away meanwhile."""
    told = 0
    while lab in labs.labs():
        for event in sorted(row for row in store.state().of(Event) if row.number > told):
            told = event.number
            yield event
        store.wait(LOOK_INTERVAL)
        store.run()


def _line(event: Event, form: str) -> str:
    table = show.events([event])
    (row,) = table.rows
    return json.dumps(dict(zip(table.columns, row, strict=True))) if form == "json" else "  ".join(map(str, row))
