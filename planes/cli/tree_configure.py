"""Words of the shell's mode `configure`: those that Junos has for a candidate."""

from __future__ import annotations

from planes.cli.options import COMMENT, COMMITS, OUTPUT
from planes.management.grammar import Argument, Word, within

HERE = "planes.cli.configure"
TEXT = Argument("comment", "What to say of it in `show commits`.", label="TEXT")
WITHIN = Argument("within", "Such as 2m; 10m by default.", "duration", False, default=600.0, label="TIME")
FILE = Argument("file", "A file, or the name of a shipped plan.", "plan", label="FILE")


def _path(about: str, kind: str, required: bool = True) -> Argument:
    return Argument("words", about, kind, required, many=True, label="PATH")


CONFIGURE = within(
    Word(
        "",
        children=(
            Word(
                "set",
                "Give something a value, or put something into a list.",
                arguments=(_path("What it is, and its value.", "configured"),),
                handler=f"{HERE}:set_",
                verbatim=True,
            ),
            Word(
                "delete",
                "Take something away.",
                arguments=(_path("What it is.", "there"),),
                handler=f"{HERE}:delete",
                verbatim=True,
            ),
            Word(
                "insert",
                "Put something into a list before another, or move it there.",
                arguments=(_path("The list, `before` or `after`, a number, and what it is.", "there"),),
                handler=f"{HERE}:insert",
                verbatim=True,
            ),
            Word(
                "edit",
                "Go to a place; what is said from there on is about it.",
                arguments=(_path("Where to.", "there"),),
                handler=f"{HERE}:edit",
                verbatim=True,
            ),
            Word(
                "up",
                "Go back.",
                arguments=(Argument("levels", "So many levels.", "number", False, low=1, default=1, label="N"),),
                handler=f"{HERE}:up",
            ),
            Word("top", "Go back to the whole.", handler=f"{HERE}:top"),
            Word(
                "show",
                "Show the candidate, from here on.",
                arguments=(_path("What of it.", "there", False),),
                options=(OUTPUT,),
                handler=f"{HERE}:show",
                verbatim=True,
            ),
            Word(
                "compare",
                "Show what a commit would change.",
                (
                    Word(
                        "rollback",
                        "Show what differs from what was so many commits ago.",
                        arguments=(COMMITS,),
                        handler=f"{HERE}:compare_rollback",
                    ),
                ),
                handler=f"{HERE}:compare",
            ),
            Word(
                "commit",
                "Make the candidate what the lab runs.",
                (
                    Word("check", "See whether it may be committed; commit nothing.", handler=f"{HERE}:check"),
                    Word("comment", "Say what it is for.", arguments=(TEXT,), handler=f"{HERE}:commit_comment"),
                    Word(
                        "confirmed",
                        "Take it back after a while, unless a commit follows.",
                        arguments=(
                            WITHIN,
                            Argument("more", "comment TEXT", "text", False, many=True, label="comment TEXT"),
                        ),
                        options=(COMMENT,),
                        handler=f"{HERE}:commit_confirmed",
                    ),
                ),
                options=(COMMENT,),
                handler=f"{HERE}:commit",
            ),
            Word(
                "rollback",
                "Make the candidate what ran so many commits ago.",
                arguments=(Argument("count", "How many commits ago.", "commits", False, low=0, default=0, label="N"),),
                handler=f"{HERE}:rollback",
            ),
            Word("load", "Make the candidate what a file says.", arguments=(FILE,), handler=f"{HERE}:load"),
            Word(
                "save",
                "Write the candidate to a file.",
                arguments=(Argument("file", "The file.", "file", label="FILE"),),
                handler=f"{HERE}:save",
            ),
            Word("editor", "Edit the candidate in $EDITOR, from here on.", handler=f"{HERE}:editor"),
            Word("discard", "Make the candidate what runs again.", handler=f"{HERE}:discard"),
            Word(
                "update",
                "Make the same edits on top of what others committed meanwhile.",
                arguments=(
                    Argument(
                        "prefer", "Whose lines stay where both changed them.", "text", False, choices=("mine", "theirs")
                    ),
                ),
                handler=f"{HERE}:update",
            ),
            Word(
                "run",
                "Run a command of the shell.",
                arguments=(Argument("words", "A command.", "line", many=True, label="COMMAND"),),
                handler=f"{HERE}:run",
                verbatim=True,
            ),
            Word(
                "help",
                "How to go on; or all about a command.",
                arguments=(Argument("words", "A command.", required=False, many=True),),
                handler="planes.cli.shell_words:help_",
            ),
            Word("exit", "Go back a place; outside of one leave this mode.", handler=f"{HERE}:leave"),
            Word("quit", "Leave this mode.", handler="planes.cli.shell_words:leave"),
        ),
    ),
    "shell",
)

ENTER = Word("configure", "Edit the configuration, and commit it.", handler=f"{HERE}:configure", where="shell")
