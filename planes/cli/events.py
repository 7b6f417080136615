"""`triplane events`."""

from __future__ import annotations

import click

from planes.cli.bringup import open_store, synced
from planes.cli.choice import chosen
from planes.cli.output import Output, output_option
from planes.management import show


@click.command()
@click.argument("name", metavar="[LAB]", required=False)
@output_option
def events(name: str | None, output: Output) -> None:
    """Show what happened in LAB lately, the newest last: who became active where, and why.

    The store keeps the last 1,000 events.
    """
    with open_store(lab := chosen(name)) as store:
        output.show([show.events(synced(lab, store))])
