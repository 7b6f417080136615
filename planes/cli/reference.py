"""`triplane reference`: the language, as Markdown."""

from __future__ import annotations

from pathlib import Path

from planes.cli.session import Session
from planes.cli.tree import LINE, MODES
from planes.management.grammar_reference import placed
from planes.management.grammar_reference import reference as chapter
from planes.management.shell_pipes import PIPES

COMMON = """\
What shows tables takes `-o table|json|yaml|csv`, too, and what is about a running lab takes `--lab LAB`, where it is
not an argument; it is needed when several are running. `triplane COMMAND --help` tells more."""


def reference(session: Session, file: str | None) -> None:
    """Print the reference of this language as Markdown, or put it between the marks of FILE."""
    if file is None:
        session.write(chapters().rstrip("\n"))
        return
    path = Path(file)
    path.write_text(placed(path.read_text(encoding="utf-8"), chapters()), encoding="utf-8")


def chapters() -> str:
    """The command line, the shell, each of its modes, and what may follow a `|`."""
    parts = [chapter("The command line: `triplane ...`", LINE, COMMON)]
    parts += [chapter(title, root, said) for title, root, said in MODES]
    parts.append(chapter("After a `|`", PIPES))
    return "\n".join(parts)
