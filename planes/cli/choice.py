"""`--lab`: which lab a command is for."""

from __future__ import annotations

from topologies import lab as labs
from topologies.errors import Exit, LabError
from topologies.lab import Lab


def chosen(name: str | None) -> Lab:
    """The lab of that name, or the only one. LabError, which names the option where it is needed."""
    running = labs.labs()
    if name is None and len(running) > 1:
        names = ", ".join(lab.name for lab in running)
        raise LabError("more than one lab is running", f"choose one by `--lab`: {names}", Exit.UNKNOWN)
    return labs.find(name)
