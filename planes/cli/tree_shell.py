"""Words of the shell alone: those of a router's command line, and Mininet's."""

from __future__ import annotations

from planes.cli.options import OUTPUT
from planes.management.grammar import Argument, Option, Word

FROM = Argument("source", "The host that sends.", "host", label="FROM")
TO = Argument("target", "A host, or any address.", "host", label="TO")
NODE = Argument("node", "A host or switch: the command runs there.", "node", known=True)
COUNT = Argument("count", kind="number", low=1, high=1_000_000, default=5)
SIX = Option(("-6",), "six", "By IPv6.")

RUN = Word(
    "",
    "Run a program in a node, as Mininet does: `h1 ping h2`.",
    arguments=(NODE, Argument("command", "What to run; hosts' names become their addresses.", many=True)),
    handler="planes.cli.mininet:run",
)

SHELL_WORDS = (
    Word(
        "ping",
        "Ping a host, or any address, from a host.",
        arguments=(FROM, TO),
        options=(Option(("-c", "--count"), "count", "How often.", COUNT), SIX),
        handler="planes.cli.mininet:ping",
    ),
    Word(
        "traceroute",
        "The routers on the way from a host.",
        arguments=(FROM, TO),
        options=(SIX,),
        handler="planes.cli.mininet:traceroute",
    ),
    Word(
        "clear",
        "Count from zero again.",
        (Word("counters", "`show ports` counts from now on, in this shell.", handler="planes.cli.shell_words:clear"),),
    ),
    Word(
        "terminal",
        "How this terminal behaves.",
        (
            Word("monitor", "Print events as they happen.", handler="planes.cli.shell_words:monitor"),
            Word(
                "no",
                "Undo it.",
                (Word("monitor", "Print no events.", handler="planes.cli.shell_words:no_monitor"),),
            ),
            Word(
                "length",
                "How many lines are shown at once.",
                arguments=(Argument("lines", "0 is no end.", "number", low=0, high=10_000),),
                handler="planes.cli.shell_words:length",
            ),
        ),
    ),
    Word("nodes", "Mininet's: the names of all nodes.", handler="planes.cli.mininet:nodes"),
    Word("net", "Mininet's: each node's interfaces, and what they lead to.", handler="planes.cli.mininet:net"),
    Word("dump", "Mininet's: each node with its addresses.", options=(OUTPUT,), handler="planes.cli.mininet:dump"),
    Word("pingall", "Mininet's: every host pings every other one.", handler="planes.cli.mininet:pingall"),
    Word(
        "iperf",
        "Mininet's: how much TCP carries from one host to another.",
        arguments=(FROM, Argument("target", "Another host.", "host", label="TO")),
        options=(
            Option(
                ("-t", "--seconds"),
                "seconds",
                "How long.",
                Argument("seconds", kind="number", low=1, high=3600, default=5),
            ),
        ),
        handler="planes.cli.mininet:iperf",
    ),
    Word(
        "link",
        "Mininet's: cut the link between two nodes, or mend it.",
        arguments=(
            Argument("a", "One end.", "node"),
            Argument("b", "The other.", "peer"),
            Argument("to", "What it shall be.", choices=("down", "up")),
        ),
        handler="planes.cli.mininet:link",
    ),
    Word(
        "help",
        "How to go on; or all about a command.",
        arguments=(Argument("words", "A command.", "line", required=False, many=True),),
        handler="planes.cli.shell_words:help_",
    ),
    Word("exit", "Leave this mode, or the shell.", handler="planes.cli.shell_words:leave"),
    Word("quit", "Leave the shell.", handler="planes.cli.shell_words:quit_"),
)
