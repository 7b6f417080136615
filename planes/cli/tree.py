"""All that `triplane` understands. Each part of the tree that is large has a file of its own."""

from __future__ import annotations

from dataclasses import replace

from planes.cli.options import (
    COMMENT,
    COMMITS,
    CONFIRMED,
    EVENT_KINDS,
    IN_FORCE,
    LAB_ARGUMENT,
    LAB_OPTION,
    OUTPUT,
    PLAN,
    timeout,
)
from planes.cli.tree_configure import CONFIGURE, ENTER
from planes.cli.tree_services import AGENT, METRICS, SNMP, WEB
from planes.cli.tree_shell import RUN, SHELL_WORDS
from planes.cli.tree_show import SHOW
from planes.cli.tree_verify import FRAME, VERIFY
from planes.management.grammar import LAB, Argument, Option, Word, within

FAULT = Argument("words", "A link, switch, host, `controller` or `store`.", "fault", many=True, label="WHAT")
PROTOCOLS = ("icmp", "tcp", "udp")
CHECKED = Argument(
    "lab", "A lab, or a plan that none runs; not needed when only one lab is running.", kind=LAB, required=False
)
LINES = Argument("command", label="LINE", many=True)
DRAWN = ("mermaid", "dot", "drawio", "html")

COMMANDS = (
    Word(
        "doctor",
        "Check that this machine can run labs; print the fix for what it lacks.",
        options=(OUTPUT,),
        handler="planes.cli.doctor:doctor",
        where="line",
    ),
    Word(
        "validate",
        "Check a plan file; print everything wrong with it.",
        arguments=(PLAN,),
        handler="planes.cli.plan:validate",
    ),
    Word(
        "deploy",
        "Launch a plan's topology as a lab, and wait until its fabric is up.",
        arguments=(
            Argument("plan", "A plan file, a shipped plan's name, a graph file, or FILE.py:NAME.", kind="plan"),
            Argument("words", "What a program that draws takes.", required=False, many=True, label="ARGUMENT"),
        ),
        options=(
            Option(("--name",), "name", "The lab's name; the plan's by default.", Argument("name", label="LAB")),
            timeout(120.0, "How long the fabric may take."),
        ),
        handler="planes.cli.deploy:deploy",
        where="line",
        open=True,
    ),
    Word(
        "shell",
        "Talk to a lab as to a router: `?`, tab, show, ping, configure.",
        arguments=(LAB_ARGUMENT,),
        options=(
            Option(("-c",), "command", "Run this line, and end; several are run in turn.", LINES),
            Option(("--keep-going",), "keep_going", "Go on after a line that failed, where no terminal is."),
        ),
        handler="planes.cli.shell:shell",
        where="line",
    ),
    SHOW,
    Word(
        "apply",
        "Give a running lab another plan's networks.",
        arguments=(PLAN,),
        options=(COMMENT, CONFIRMED, LAB_OPTION, IN_FORCE),
        handler="planes.cli.plan:apply",
    ),
    Word(
        "confirm",
        "Keep a commit that would be taken back.",
        options=(LAB_OPTION,),
        handler="planes.cli.configuration:confirm",
    ),
    Word(
        "rollback",
        "Give a lab the configuration again that it had so many commits ago.",
        arguments=(COMMITS,),
        options=(COMMENT, CONFIRMED, LAB_OPTION, IN_FORCE),
        handler="planes.cli.configuration:rollback",
    ),
    Word(
        "diff",
        "Tell what an apply would change, in networks and in rules; apply nothing.",
        arguments=(PLAN,),
        options=(
            LAB_OPTION,
            OUTPUT,
            Option(("--rules",), "rules", "Print every entry that would come or go, as ovs-ofctl writes it."),
            Option(("--exit-code",), "exit_code", "Exit with 1 when there is a difference."),
        ),
        handler="planes.cli.diff:diff",
    ),
    Word(
        "inspect",
        "Show a lab: switches, links, hosts, networks, controller.",
        children=(
            Word(
                "gateways",
                "Show who is active and who is standby in segments whose gateway elects.",
                arguments=(LAB_ARGUMENT,),
                options=(OUTPUT,),
                handler="planes.cli.inspect:gateways",
            ),
        ),
        arguments=(LAB_ARGUMENT,),
        options=(OUTPUT,),
        handler="planes.cli.inspect:inspect",
    ),
    Word(
        "graph",
        "Draw a lab as text, for Markdown or Graphviz.",
        arguments=(LAB_ARGUMENT,),
        options=(
            Option(("--as",), "form_", "What to draw it for.", Argument("form_", choices=DRAWN, default="mermaid")),
        ),
        handler="planes.cli.graph:graph",
    ),
    Word(
        "exec",
        "Run a command in a host or switch of a lab.",
        arguments=(
            Argument("node", "A host or switch.", "node"),
            Argument("command", "A program and its arguments.", many=True),
        ),
        options=(LAB_OPTION,),
        handler="planes.cli.lab:exec_",
        verbatim=True,
    ),
    Word(
        "trace",
        "Tell the way between two hosts, and every rule on it.",
        arguments=(
            Argument("source", "The host that sends.", "host", label="FROM"),
            Argument("target", "A host, or an address of one.", "host", label="TO"),
        ),
        options=(
            Option(
                ("--protocol",),
                "protocol",
                "What is sent.",
                Argument("protocol", choices=PROTOCOLS, default="icmp"),
            ),
            Option(
                ("--port",),
                "port",
                "The destination's port, of TCP and UDP.",
                Argument("port", kind="number", low=1, high=65535),
            ),
            Option(("-4",), "version", "By IPv4.", value=4, default=None),
            Option(("-6",), "version", "By IPv6.", value=6, default=None),
            Option(("--verify",), "verify", "Send such packets too, and tell where the switches count otherwise."),
            LAB_OPTION,
            OUTPUT,
        ),
        children=(FRAME,),
        handler="planes.cli.trace:trace",
    ),
    VERIFY,
    Word(
        "events",
        "Show what happened lately: who became active where, and why.",
        arguments=(LAB_ARGUMENT,),
        options=(
            Option(
                ("-f", "--follow"),
                "follow",
                "Go on as things happen, a line each, until Ctrl-C or the lab's end.",
            ),
            Option(("--kind",), "kind", "Only of this kind.", Argument("kind", choices=EVENT_KINDS, label="KIND")),
            Option(
                ("--subject",),
                "subject",
                "Only about what begins like this, such as a switch or network.",
                Argument("subject", label="PREFIX"),
            ),
            Option(
                ("--since",), "since", "Not older than 90s, 10m, 2h.", Argument("since", kind="duration", label="SPAN")
            ),
            OUTPUT,
        ),
        handler="planes.cli.events:events",
    ),
    Word(
        "explain",
        "Tell which line of the plan wanted a rule.",
        arguments=(Argument("rule", "A cookie, a rule, a group or a meter.", label="COOKIE|RULE"),),
        options=(
            Option(
                ("--on",), "switch", "Only as this switch holds it.", Argument("switch", kind="switch", label="SWITCH")
            ),
            LAB_OPTION,
            OUTPUT,
        ),
        handler="planes.cli.explain:explain",
    ),
    Word(
        "check",
        "Run the checks of a lab's plan, and see that all hosts reach whom they should, and nobody else.",
        arguments=(CHECKED,),
        options=(
            Option(
                ("--only",),
                "only",
                "Only these, by name or kind, with commas between.",
                Argument("only", label="NAME|KIND"),
                default=None,
            ),
            Option(("--fail-fast",), "fail_fast", "Skip the rest after the first that does not hold."),
            Option(("--keep",), "keep", "A lab that was deployed for the checks stays up."),
            Option(("--keep-failed",), "keep_failed", "The same, if something does not hold."),
            Option(
                ("--junit",), "junit", "Write the results as JUnit's XML.", Argument("junit", kind="file", label="FILE")
            ),
            Option(
                ("--report",),
                "report",
                "Write a page with all that was seen, in one file.",
                Argument("report", kind="file", label="FILE"),
            ),
            timeout(120.0, "How long a lab that is deployed may take."),
            OUTPUT,
        ),
        handler="planes.cli.check:check",
    ),
    Word(
        "fail",
        "Cut a link, switch a switch or host off, or kill the controller.",
        arguments=(FAULT,),
        options=(
            Option(("--keep-carrier",), "keep_carrier", "A link passes no frame, and its ends still call it up."),
            LAB_OPTION,
        ),
        handler="planes.cli.lab:fail",
    ),
    Word(
        "heal",
        "Mend what was failed.",
        arguments=(FAULT,),
        options=(LAB_OPTION,),
        handler="planes.cli.lab:heal",
    ),
    Word(
        "capture",
        "Show or keep what passes a link, a host or a port; labels in words.",
        arguments=(
            Argument("where", "A link, a host, or SWITCH:PORT.", "tapped", label="LINK|HOST|SWITCH:PORT"),
            Argument("filter_", "What to show, as pcap-filter(7) has it.", required=False, many=True, label="FILTER"),
        ),
        options=(
            Option(
                ("-w", "--write"),
                "file",
                "Write pcapng to this file; - is standard output.",
                Argument("file", kind="file", label="FILE"),
                default=None,
            ),
            Option(
                ("-c", "--count"),
                "count",
                "End after so many frames.",
                Argument("count", kind="number", low=1, label="N"),
                default=0,
            ),
            LAB_OPTION,
        ),
        handler="planes.cli.capture:capture",
        where="line",
    ),
    WEB,
    METRICS,
    AGENT,
    SNMP,
    Word(
        "destroy",
        "End a lab; nothing of it stays.",
        arguments=(LAB_ARGUMENT,),
        options=(Option(("--all",), "every", "End all labs of this user."),),
        handler="planes.cli.lab:destroy",
    ),
    Word(
        "reference",
        "Print the reference of this language as Markdown.",
        options=(
            Option(
                ("--write",),
                "file",
                "Put it between the marks in this file.",
                Argument("file", kind="file", label="FILE"),
            ),
        ),
        handler="planes.cli.reference:reference",
        where="line",
        hidden=True,
    ),
)

LINE = within(Word("", children=COMMANDS), "line")
SHELL = within(replace(RUN, children=(*COMMANDS, ENTER, *SHELL_WORDS), verbatim=True), "shell")

ALSO = frozenset(word.name for word in (ENTER, *SHELL_WORDS))

# The shell's modes for the reference: title, words, what is said of them.
MODES = (
    (
        "The shell: `triplane shell`",
        replace(SHELL, children=tuple(word for word in SHELL.children if word.name in ALSO)),
        "Its own words. Those of the command line are there too, but for `doctor`, `deploy` and `shell`.",
    ),
    (
        "The shell's mode `configure`",
        CONFIGURE,
        "Words for a candidate of the configuration, until it is committed or discarded.",
    ),
)
