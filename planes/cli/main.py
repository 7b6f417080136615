"""`triplane`: the commands, each loaded when it is used."""

from __future__ import annotations

import click

from planes.cli.clicks import Line
from planes.cli.errors import EXIT_STATUSES
from planes.cli.tree import LINE

HELP = """Launch virtual networks on OpenFlow switches, and manage them.

\b
Try it:
  triplane deploy leaf-spine       a fabric of five switches, two tenants
  triplane shell                   look at it, as on a router: `?` tells what may come
  triplane exec r1 -- ping -c3 10.0.0.2
  triplane destroy
"""

triplane = click.version_option(package_name="triplane")(
    Line(
        LINE,
        name="triplane",
        help=HELP,
        epilog=EXIT_STATUSES,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
)


def main() -> None:
    """The entry point."""
    triplane.main()
