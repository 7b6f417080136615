from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from topologies.checking.faulting import Faults, faults, journal
from topologies.control import Info, Link, Process
from topologies.directory import Directory
from topologies.errors import LabError
from topologies.lab import Lab


@dataclass
class Fake:
    """A lab of two links and a controller."""

    directory: Directory
    failed: set[str] = field(default_factory=set)
    gone: bool = False
    name: str = "lab"

    def info(self) -> Info:
        if self.gone:
            raise LabError("lab 'lab' does not answer")
        links = tuple(
            Link(name, ("x", "y"), name not in self.failed, "cut" if name in self.failed else "")
            for name in ("a/b", "b/c")
        )
        processes = (Process("controller", 1, "controller" not in self.failed, 0.0),)
        return Info("lab", "p", 0.0, (), links, processes)

    def fail(self, what: str) -> str:
        assert json.loads(journal(cast("Lab", self)).read_text())["failed"][-1] == what  # noted before it is done
        self.failed.add(what)
        return ""

    def heal(self, what: str) -> None:
        if self.gone:
            raise LabError("lab 'lab' does not answer")
        self.failed.discard(what)


@pytest.fixture
def lab(tmp_path: Path) -> Any:
    return Fake(Directory(tmp_path))


def test_faults_are_healed_the_last_first_and_the_controller_before_all(lab: Any) -> None:
    order: list[str] = []
    made = Faults(lab, order.append)
    for what in ("controller", "a/b", "b/c"):
        assert made.fail(what)
    made.heal()
    assert order == ["controller", "b/c", "a/b"]
    assert not journal(lab).exists()


def test_what_others_failed_is_not_healed(lab: Any) -> None:
    lab.failed |= {"a/b", "controller"}
    with faults(lab, lab.heal, lambda _: None) as made:
        assert [made.fail(what) for what in ("a/b", "b/a", "controller", "b/c")] == [False, False, False, True]
    assert lab.failed == {"a/b", "controller"}


def test_faults_are_healed_whatever_ends_the_run(lab: Any) -> None:
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt), faults(lab, lab.heal, told.append) as made:
        made.fail("a/b")
        raise KeyboardInterrupt
    assert (lab.failed, told) == (set(), ["healing a/b ..."])


def test_the_next_run_heals_what_a_killed_one_left(lab: Any) -> None:
    Faults(lab, lab.heal).fail("a/b")
    told: list[str] = []
    with faults(lab, lab.heal, told.append):
        assert lab.failed == set()
    assert told == ["healed what an earlier run left failed: a/b"]


def test_a_second_run_is_refused(lab: Any) -> None:
    with (
        faults(lab, lab.heal, lambda _: None),
        pytest.raises(LabError, match="being checked already"),
        faults(lab, lab.heal, lambda _: None),
    ):
        pass


def test_a_lab_that_is_gone_is_not_healed(lab: Any) -> None:
    with faults(lab, lab.heal, lambda _: None) as made:
        made.fail("a/b")
        lab.gone = True
