"""`triplane events`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from planes.cli.bringup import LOOK_INTERVAL, open_store, synced
from planes.cli.choice import chosen
from planes.cli.output import Output, output_option
from planes.management import show
from planes.model.state import Event
from planes.store.base import Store
from topologies import lab as labs
from topologies.lab import Lab

LINES = ("table", "json")  # the forms that can be printed a line at a time


@click.command()
@click.argument("name", metavar="[LAB]", required=False)
@click.option(
    "-f", "--follow", is_flag=True, help="Go on as things happen, a line each, until Ctrl-C or the lab's end."
)
@output_option
def events(name: str | None, follow: bool, output: Output) -> None:
    """Show what happened in LAB lately, the newest last: who became active where, and why.

    The store keeps the last 1,000 events. With --follow -o json each event is an object on a line of its own.
    """
    if follow and output.form not in LINES:
        raise click.UsageError(f"--follow prints lines: take -o {' or '.join(LINES)}")
    with open_store(lab := chosen(name)) as store:
        known = synced(lab, store)
        if not follow:
            output.show([show.events(known.of(Event))])
            return
        for event in _happening(lab, store):
            click.echo(_line(event, output.form))
    click.echo(f"lab {lab.name!r} is gone", err=True)


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
    if form == "json":
        return json.dumps(dict(zip(table.columns, row, strict=True)))
    *told, cause, lasted = row
    more = [f"({cause})"] * bool(cause) + [f"{lasted} ms"] * bool(lasted)
    return "  ".join([*map(str, told), *more])
