"""Arguments and options that many commands share."""

from __future__ import annotations

from planes.management.grammar import FORM, LAB, Argument, Option

FORMS = ("table", "json", "yaml", "csv")  # planes.management.tables knows them; loading it is not for a `--help`

OUTPUT = Option(
    ("-o", "--output"), "form", "How to print it.", Argument("form", kind=FORM, choices=FORMS, default="table")
)
LAB_OPTION = Option(
    ("--lab",), "lab", "The lab; not needed when only one is running.", Argument("lab", kind=LAB, label="LAB")
)
EVENT_KINDS = (
    "controller",
    "intent",
    "switch",
    "refusal",
    "port",
    "link",
    "gateway",
    "failover",
    "duplicate",
    "other",
)  # fmt: skip - planes.model.state knows them
LAB_ARGUMENT = Argument("lab", "The lab; not needed when only one is running.", kind=LAB, required=False)
PLAN = Argument("plan", "A plan file, or the name of a shipped plan.", kind="plan")

COMMITS = Argument("count", "How many commits ago.", "commits", low=0, label="N")
COMMENT = Option(
    ("--comment",), "comment", "What to say of it in `show commits`.", Argument("comment", label="TEXT"), default=None
)
CONFIRMED = Option(
    ("--confirmed",),
    "within",
    "Take it back after so long, unless it is confirmed.",
    Argument("within", kind="duration", label="TIME"),
)


def timeout(seconds: float, what: str) -> Option:
    """`--timeout SECONDS`."""
    taken = Argument("timeout", kind="seconds", default=seconds, label="SECONDS")
    return Option(("--timeout",), "timeout", what, taken)


IN_FORCE = timeout(60.0, "How long to wait for the switches.")
