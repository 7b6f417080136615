"""`scripts/bench CHAPTER`: measure, then print a table, or JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from benches import (
    failover,
    gateway,
    gateway_groups,
    gateway_keepalived,
    gateway_shares,
    management,
    scale,
    topologies,
    topologies_large,
    topologies_verify,
    topologies_zoo,
)
from benches.figures import Figure, as_json, as_table
from benches.section import Section, measured


def _gateway(quick: bool) -> list[Section]:
    return [
        *gateway.sections(quick),
        *gateway_keepalived.sections(quick),
        *gateway_groups.sections(quick),
        *gateway_shares.sections(quick),
    ]


def _topologies(quick: bool) -> list[Section]:
    return [
        *topologies.sections(quick),
        *topologies_large.sections(quick),
        topologies_verify.section(quick),
        *topologies_zoo.sections(quick),
    ]


CHAPTERS = {
    "failover": failover.sections,
    "gateway": _gateway,
    "management": management.sections,
    "scale": scale.sections,
    "topologies": _topologies,
}
ABOUT = {
    "failover": "outages and losses by dead links, switches and controllers; TCP against plain switching",
    "gateway": "outages and losses by dead links, members and controllers, where switches elect the gateway",
    "management": "what people and tools wait for: the command line, SNMP, the map, commits, metrics",
    "topologies": "deploy until all pairs reach, and destroy, against plain Mininet; large labs; verify; the zoo",
    "scale": "rules, hosts and events a second as fabrics grow; what changes and attacks cost tenants",
}


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nChapters:\n" + "".join(f"  {name}  {about}\n" for name, about in ABOUT.items()),
)
@click.argument("chapter", type=click.Choice(list(CHAPTERS)))
@click.option("--quick", is_flag=True, help="Fewer runs.")
@click.option("--json", "plain", is_flag=True, help="Print a list of objects instead of a table.")
@click.option("--only", metavar="TEXT", default="", help="Only the sections with TEXT in one of their figures.")
def bench(chapter: str, quick: bool, plain: bool, only: str) -> None:
    """Measure what CHAPTER is about, in labs of its own that are gone afterwards.

    Exits 0 whenever it could measure, whether the goals hold or not.
    """
    chosen = [each for each in CHAPTERS[chapter](quick) if any(only in m.figure for m in each.measures)]
    figures = list(_run(chosen))
    click.echo(as_json(figures) if plain else as_table(figures, sys.stdout.isatty()), nl=False)
    raise SystemExit(0 if any(figure.runs for figure in figures) else 1)


def _run(sections: list[Section]) -> Iterator[Figure]:
    for number, section in enumerate(sections, start=1):
        click.echo(f"[{number}/{len(sections)}] {section.title} ...", err=True)
        for figure in measured(section):
            shown = figure.note if figure.value is None else f"{round(figure.value, 2):g} {figure.measure.unit}"
            click.echo(f"  {figure.measure.figure}: {shown}", err=True)
            yield figure


if __name__ == "__main__":
    bench(prog_name="scripts/bench")
