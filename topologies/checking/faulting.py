"""Faults that are undone, whatever ends the one who made them.

What is failed is written to LAB/checking.json before, and healed after; who finds such a file and nobody who holds its
lock heals what a killed run left.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from topologies.control import CONTROLLER
from topologies.errors import Exit, LabError
from topologies.lab import Lab


class Faults:
    """What this run has failed, in order, and not healed yet. `heal` heals one thing and waits until it works."""

    def __init__(self, lab: Lab, heal: Callable[[str], None]) -> None:
        self._lab, self._heal = lab, heal
        self.made: list[str] = []

    def fail(self, what: str) -> bool:
        """Fail something; False when it was failed already, and is not ours to heal. LabError."""
        info = self._lab.info()
        dead = what == CONTROLLER and not info.process(CONTROLLER).alive
        if dead or {what, "/".join(reversed(what.split("/")))} & set(info.failed):
            return False
        self.made.append(what)
        self._note()
        self._lab.fail(what)
        return True

    def heal(self) -> None:
        """Heal everything, the last thing first; the controller before all, as others wait for it. LabError."""
        while self.made:
            what = CONTROLLER if CONTROLLER in self.made else self.made[-1]
            self._heal(what)
            self.made.remove(what)
            self._note()

    def _note(self) -> None:
        path = journal(self._lab)
        if not self.made:
            path.unlink(missing_ok=True)
            return
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"failed": self.made}), encoding="utf-8")
        new.replace(path)

    def resume(self) -> list[str]:
        """Heal what a run that was killed left; what that was. LabError."""
        left = _left(journal(self._lab))
        self.made = list(left)
        self.heal()
        return left


def journal(lab: Lab) -> Path:
    """Where a run notes what it has failed."""
    return lab.directory.path / "checking.json"


def _left(path: Path) -> list[str]:
    try:
        return [str(each) for each in json.loads(path.read_text(encoding="utf-8"))["failed"]]
    except FileNotFoundError:
        return []


@contextmanager
def faults(lab: Lab, heal: Callable[[str], None], tell: Callable[[str], None]) -> Iterator[Faults]:
    """Faults for one run, healed at its end. One run a lab at a time. LabError."""
    lock = os.open(lab.directory.path / "checking.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LabError(f"lab {lab.name!r} is being checked already", "wait until that ends", Exit.TAKEN) from error
        made = Faults(lab, heal)
        if left := made.resume():
            tell(f"healed what an earlier run left failed: {', '.join(left)}")
        try:
            yield made
        finally:
            if made.made and _answers(lab):
                tell(f"healing {', '.join(made.made)} ...")
                made.heal()
    finally:
        os.close(lock)


def _answers(lab: Lab) -> bool:
    """Whether it is there at all: what is gone needs no healing."""
    try:
        lab.info()
    except LabError:
        return False
    return True
