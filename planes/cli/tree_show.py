"""`show ...`."""

from __future__ import annotations

from planes.cli.options import LAB_OPTION, OUTPUT
from planes.management.grammar import Argument, Option, Word

SWITCH = Argument("switch", "Only this switch.", "switch", required=False)
NETWORK = Argument("network", "Only this network.", "network", required=False)
TABLE = Argument("table", kind="table", label="TABLE")
COMMITS_AGO = Argument("count", kind="commits", low=0, label="N", default=0)
LAST = Argument("last", kind="number", low=1, label="NUMBER")


def _show(
    name: str, about: str, *arguments: Argument, options: tuple[Option, ...] = (), children: tuple[Word, ...] = ()
) -> Word:
    """A word whose handler has its name."""
    return Word(name, about, children, arguments, (*options, LAB_OPTION, OUTPUT), f"planes.cli.show:{name}")


def _elected(protocol: str, about: str) -> Word:
    brief = Word(
        "brief", "A line for each member.", (), (), (LAB_OPTION, OUTPUT), f"planes.cli.show_gateways:{protocol}_brief_"
    )
    return Word(protocol, about, (brief,), (), (LAB_OPTION, OUTPUT), f"planes.cli.show_gateways:{protocol}")


SHOW = Word(
    "show",
    "Show what the fabric is, and what it carries.",
    (
        _show("fabric", "The whole in a few lines: what is there, what is wanted, whether it is in force."),
        _show("switches", "The switches, and what they refuse."),
        _show("ports", "Ports with their counters and rates.", SWITCH),
        _show("links", "The links between switches, with their load."),
        _show("hosts", "Hosts that spoke, and where they are.", NETWORK),
        Word(
            "configuration",
            "What the lab was told to be: the text of its plan.",
            (),
            (NETWORK,),
            (
                Option(("--rollback",), "count", "As it was so many commits ago.", COMMITS_AGO),
                LAB_OPTION,
                OUTPUT,
            ),
            "planes.cli.configuration:show",
        ),
        Word(
            "commits",
            "The last 50 commits: when, by whom, what for, what became of them.",
            options=(LAB_OPTION, OUTPUT),
            handler="planes.cli.configuration:commits",
        ),
        _show("networks", "The tenants' networks."),
        _show("segments", "Their segments.", NETWORK),
        _show("routes", "What their routers know.", NETWORK),
        _show("policy", "Their policies, and how many packets met each line.", NETWORK),
        _show("gateways", "Who routes for a segment, elected or everywhere."),
        _elected("standby", "HSRP groups, as each of their members sees them."),
        _elected("vrrp", "VRRP groups, likewise."),
        _elected("glbp", "GLBP groups and their forwarders, likewise."),
        _show(
            "rules",
            "The rules, groups and meters that a switch holds, with what they counted.",
            SWITCH,
            options=(Option(("--table",), "table", "Only this table, by name or number.", TABLE),),
        ),
        _show(
            "log",
            "What happened lately, the newest last.",
            options=(Option(("--last",), "last", "Only so many.", LAST),),
        ),
        _show("interfaces", "The numbers by which SNMP knows ports and gateways (ifIndex)."),
        _show("controller", "Whether the controller lives, since when, and what it is."),
        _show("drops", "What was dropped or refused, by reason."),
        _show("version", "What this is, and what it runs on."),
    ),
)
