"""`triplane`: the commands, each loaded when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from planes.cli.errors import EXIT_STATUSES, told

# Command, where it is, and its line in `triplane --help`: kept here so that help loads no command.
COMMANDS = {
    "doctor": ("planes.cli.doctor", "Check that this machine can run labs; print the fix for what it lacks."),
    "validate": ("planes.cli.plan", "Check a plan file; print everything wrong with it."),
    "deploy": ("planes.cli.deploy", "Launch a plan's topology as a lab, and wait until its fabric is up."),
    "apply": ("planes.cli.plan", "Give a running lab another plan's networks."),
    "diff": ("planes.cli.diff", "Tell what an apply would change, in networks and in rules; apply nothing."),
    "inspect": ("planes.cli.inspect", "Show a lab: switches, links, hosts, networks, controller."),
    "graph": ("planes.cli.graph", "Draw a lab, for Markdown, Graphviz, diagrams.net or a browser."),
    "web": ("planes.cli.web", "Show a lab as a live map in the browser."),
    "exec": ("planes.cli.lab", "Run a command in a host or switch of a lab."),
    "trace": ("planes.cli.trace", "Tell the way between two hosts, and every rule on it."),
    "events": ("planes.cli.events", "Show what happened lately: who became active where, and why."),
    "explain": ("planes.cli.explain", "Tell which line of the plan wanted a rule."),
    "check": ("planes.cli.check", "See that all hosts reach whom they should, and nobody else."),
    "fail": ("planes.cli.lab", "Cut a link, switch a switch or host off, or kill the controller."),
    "heal": ("planes.cli.lab", "Mend what was failed."),
    "destroy": ("planes.cli.lab", "End a lab; nothing of it stays."),
}


class Lazy(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name if cmd_name != "exec" else "exec_")
        return command

    def invoke(self, ctx: click.Context) -> Any:
        with told():  # in here: out of `main`, click would tell of an interrupt in its own way
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from planes.model.errors import did_you_mean

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}, {did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=Lazy, epilog=EXIT_STATUSES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="triplane")
def triplane() -> None:
    """Launch virtual networks on OpenFlow switches, and manage them.

    \b
    Try it:
      triplane deploy leaf-spine       a fabric of five switches, two tenants
      triplane inspect                 what it is made of
      triplane exec r1 -- ping -c3 10.0.0.2
      triplane destroy
    """


def main() -> None:
    """The entry point."""
    triplane.main()
