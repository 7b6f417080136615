"""What people call a plan: a file, a shipped plan's name, a graph file, a program that draws; as a plan's text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from planes.model.drawing.files import READERS
from planes.model.errors import did_you_mean
from planes.model.load import read_noted, standing_text
from planes.model.words import MAX_NAME
from planes.model.yaml_words import rendered
from topologies.errors import Exit, LabError
from topologies.own import is_program, plan_of

PLANS = Path(__file__).parent / "plans"

_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Wanted:
    """A plan's text, what its problems call it, and what people should know of it."""

    text: str
    file: str
    notes: tuple[str, ...] = ()


def shipped() -> dict[str, Path]:
    """Every shipped plan's file, by its name."""
    return {path.stem: path for path in sorted(PLANS.glob("*.yaml"))}


def wanted(plan: str, words: Sequence[str] = ()) -> Wanted:
    """The plan that is meant. `words` are for a program, or `--hosts N` for a graph file. LabError, PlanError."""
    if is_program(plan):
        text, notes = plan_of(plan, words)
        return Wanted(text, plan, notes)
    if (kind := Path(plan).suffix[1:].lower()) in READERS:
        text, notes = standing_text(_on_graph(Path(plan), kind, words), plan, Path(plan).parent)
        return Wanted(text, plan, notes)
    if words:
        raise LabError(
            f"{plan} takes no {words[0]!r}", "arguments are for programs that draw a topology: `my_topo.py:Ring`"
        )
    path = find(plan)
    text, notes = read_noted(path)
    return Wanted(text, str(path), notes)


def find(plan: str) -> Path:
    """The file that `plan` means: a path, or a shipped plan's name. LabError when it is neither."""
    path, plans = Path(plan), shipped()
    if "/" in plan or path.suffix in (".yaml", ".yml") or _is_file(path):
        return path
    if plan not in plans:
        raise LabError(f"{plan!r} is neither a file nor a shipped plan", did_you_mean(plan, plans), Exit.UNKNOWN)
    return plans[plan]


def _on_graph(path: Path, kind: str, words: Sequence[str]) -> str:
    """A plan of a graph file alone."""
    hosts = "1"
    match list(words):
        case []:
            pass
        case ["--hosts", number] if number.isdecimal():
            hosts = number
        case _:
            raise LabError(f"a graph file takes `--hosts N` and nothing else, found {' '.join(words)!r}")
    name = _NO_NAME.sub("-", path.stem).strip("-_")[:MAX_NAME]
    name = name if name[:1].isalpha() else f"graph{name}"
    return f"name: {rendered(name)}\ntopology:\n  {kind}: {rendered(path.name)}\n  hosts: {hosts}\n"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # too long to be a file's name
        return False
