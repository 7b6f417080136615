"""`triplane events`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import click

from planes.cli.bringup import LOOK_INTERVAL, open_store, synced
from planes.cli.choice import chosen
from planes.cli.output import Output, output_option
from planes.management import log, show
from planes.model.state import EVENT_KINDS, Event
from planes.store.base import Store
from topologies import lab as labs
from topologies.lab import Lab

LINES = ("table", "json")  # the forms that can be printed a line at a time


@click.command()
@click.argument("name", metavar="[LAB]", required=False)
@click.option(
    "-f", "--follow", is_flag=True, help="Go on as things happen, a line each, until Ctrl-C or the lab's end."
)
@click.option("--kind", "kinds", type=click.Choice(EVENT_KINDS), multiple=True, help="Of this kind; may be repeated.")
@click.option(
    "--subject", metavar="PREFIX", default="", help="About what begins like this, such as a switch or network."
)
@click.option("--since", metavar="SPAN", type=log.span, help="Not older than 90s, 10m, 2h, 1d.")
@output_option
def events(
    name: str | None, follow: bool, kinds: tuple[str, ...], subject: str, since: float | None, output: Output
) -> None:
    """Show what happened in LAB lately, the newest last: who became active where, and why.

    The store keeps the last 1,000 events. With --follow -o json each event is an object on a line of its own. While
    the controller is down nothing is told, and a line on standard error says so.
    """
    wanted = log.Wanted(kinds, subject, time.time() - since if since is not None else 0.0)
    if follow and output.form not in LINES:
        raise click.UsageError(f"--follow prints lines: take -o {' or '.join(LINES)}")
    with open_store(lab := chosen(name)) as store:
        known = synced(lab, store)
        if not follow:
            output.show([show.events(row for row in known.of(Event) if row in wanted)])
            _tell(log.silence(known, time.time()))
            return
        for event in _happening(lab, store):
            if event in wanted:
                click.echo(_line(event, output.form))
    click.echo(f"lab {lab.name!r} is gone", err=True)


def _happening(lab: Lab, store: Store) -> Iterator[Event]:
    """What is known, then what happens, as long as the lab is there; the store may be away meanwhile."""
    told, silent = 0, False
    while lab in labs.labs():
        known = store.state()
        for event in (row for row in known.of(Event) if row.number > told):
            told = event.number
            yield event
        silence = log.silence(known, time.time())
        if (silence is not None) != silent:
            silent = silence is not None
            _tell(silence or "the controller is back")
        store.wait(LOOK_INTERVAL)
        store.run()


def _tell(text: str | None) -> None:
    if text is not None:
        click.echo(text, err=True)


def _line(event: Event, form: str) -> str:
    table = show.events([event])
    (row,) = table.rows
    return json.dumps(dict(zip(table.columns, row, strict=True))) if form == "json" else "  ".join(map(str, row))
