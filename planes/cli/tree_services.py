"""What serves people and tools of other kinds: the map, metrics, SNMP."""

from __future__ import annotations

from planes.cli.options import LAB_ARGUMENT, LAB_OPTION, OUTPUT
from planes.management.grammar import Argument, Option, Word

STORE = Option(
    ("--store",),
    "store",
    "Follow this store in place of a lab's, as Open vSwitch names them: unix:/path, tcp:ADDRESS:PORT.",
    Argument("store", label="REMOTE"),
)
TOKEN = Option(
    ("--token",), "token", "What who asks must show, or a file that holds it.", Argument("token", label="TOKEN|FILE")
)


def _listen(default: str) -> Option:
    taken = Argument("listen", default=default, label="ADDRESS:PORT")
    return Option(("--listen",), "listen", "Where; port 0 is any that is free.", taken)


WEB = Word(
    "web",
    "Show a lab as a live map in the browser.",
    arguments=(LAB_ARGUMENT,),
    options=(STORE, _listen("127.0.0.1:8080"), TOKEN),
    handler="planes.cli.web:web",
    where="line",
)
METRICS = Word(
    "metrics",
    "Serve a lab's metrics to Prometheus.",
    arguments=(LAB_ARGUMENT,),
    options=(
        STORE,
        _listen("127.0.0.1:9108"),
        TOKEN,
        Option(("--once",), "once", "Print the metrics as they are now, and end."),
    ),
    handler="planes.cli.metrics:metrics",
    where="line",
)

AGENT = Word(
    "snmp-agent",
    "Serve a lab to monitoring systems by SNMP.",
    arguments=(LAB_ARGUMENT,),
    options=(
        STORE,
        Option(
            ("--listen",),
            "listen",
            "Where managers ask; port 1161 by default.",
            Argument("listen", default="127.0.0.1", label="ADDRESS[:PORT],..."),
        ),
        Option(
            ("--community",),
            "community",
            "Communities of SNMPv2c that may read all, or one network; also in TRIPLANE_SNMP_COMMUNITY."
            "  [default: public, on loopback]",
            Argument("community", label="NAME[=NETWORK],..."),
        ),
        Option(("--v3-only",), "v3_only", "No community, not even the default one."),
        Option(("--users",), "users", "SNMPv3's users; see below.", Argument("users", kind="file", label="FILE")),
        Option(
            ("--trap",),
            "trap",
            "Who is told of what happens, or only of what happens to one network; port 162 by default.",
            Argument("trap", label="ADDRESS[:PORT][=NETWORK],..."),
        ),
        Option(
            ("--trap-community",),
            "trap_community",
            "The community of notifications, also in TRIPLANE_SNMP_TRAP_COMMUNITY.  [default: public]",
            Argument("trap_community", label="NAME"),
        ),
        Option(
            ("--trap-user",),
            "trap_user",
            "Send notifications by SNMPv3, as this user of FILE.",
            Argument("trap_user", label="USER"),
        ),
        Option(("--inform",), "inform", "Send each until it is acknowledged, four times at most."),
        Option(
            ("--identity",),
            "identity",
            "Whose snmpEngineID it has; one is kept for each lab.",
            Argument("identity", label="NAME"),
        ),
    ),
    handler="planes.cli.snmp_agent:snmp_agent",
    where="line",
)

ASKED = (
    Option(
        ("--agent",),
        "agent",
        "Ask this agent; without it, a lab's store is read.",
        Argument("agent", label="ADDRESS[:PORT]"),
    ),
    LAB_OPTION,
    Option(
        ("--community",),
        "community",
        "As for the agent; also in TRIPLANE_SNMP_COMMUNITY.  [default: public]",
        Argument("community", label="NAME"),
    ),
    Option(("--user",), "user", "Ask by SNMPv3, as this user of FILE.", Argument("user", label="NAME")),
    Option(("--users",), "users", "As for the agent.", Argument("users", kind="file", label="FILE")),
    Option(
        ("--context",), "context", "See what this tenant sees.", Argument("context", kind="network", label="NETWORK")
    ),
    OUTPUT,
)
SNMP = Word(
    "snmp",
    "Read objects by their names, from a lab or by SNMP from an agent.",
    children=(
        Word(
            "get",
            "Print objects, such as sysName or ifOperStatus.3.",
            arguments=(Argument("objects", "Names or OIDs.", many=True, label="OBJECT"),),
            options=ASKED,
            handler="planes.cli.snmp:snmp_get",
        ),
        Word(
            "walk",
            "Print all that is below an object, such as ifTable; all there is by default.",
            arguments=(Argument("below", "A name or an OID.", required=False, default="internet", label="OBJECT"),),
            options=ASKED,
            handler="planes.cli.snmp:snmp_walk",
        ),
        Word(
            "table",
            "Print a table, such as ifXTable, a line for each row.",
            arguments=(Argument("name", "Its name.", label="TABLE"),),
            options=ASKED,
            handler="planes.cli.snmp:snmp_table",
        ),
    ),
)
