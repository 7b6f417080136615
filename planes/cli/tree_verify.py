"""`verify`, and `trace frame`, which replays what it finds."""

from __future__ import annotations

from planes.cli.options import LAB_OPTION, OUTPUT
from planes.management.grammar import SUBJECT, Argument, Option, Word

RULES = Option(
    ("--rules",), "rules", "Those that switches hold, or should.", Argument("rules", choices=("installed", "compiled"))
)

FRAME = Word(
    "frame",
    "Tell the way of any frame that comes in at a port.",
    arguments=(
        Argument("at", "A switch and a port number.", label="SWITCH:PORT"),
        Argument("data", "The frame's bytes, without FCS.", label="HEX"),
    ),
    options=(
        Option(("--cut",), "cut", "The link at this port is down.", Argument("cut", label="SWITCH:PORT")),
        Option(("--plan",), "plan", "On the rules that a plan compiles to.", Argument("plan", kind="plan")),
        RULES,
        LAB_OPTION,
        OUTPUT,
    ),
    handler="planes.cli.trace_frame:frame",
)

VERIFY = Word(
    "verify",
    "Prove from the rules, without traffic, what must hold of all frames.",
    arguments=(Argument("what", "A running lab, or a plan.", SUBJECT, required=False, label="PLAN|LAB"),),
    options=(
        RULES,
        Option(
            ("--failures",),
            "failures",
            "How many links may be cut at once.",
            Argument("failures", kind="number", low=0, high=1, default=1),
        ),
        Option(
            ("--network",),
            "network",
            "Only what enters in this network.",
            Argument("network", kind="network", label="NAME"),
        ),
        Option(("--alone",), "alone", "A gap that the controller must close is a violation."),
        OUTPUT,
    ),
    handler="planes.cli.verify:verify",
)
