from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest

from planes.cli import doctor
from topologies.needs import Check, this_machine


def _named(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_every_check_has_a_fix_and_a_name_of_its_own() -> None:
    checks = doctor.checks(this_machine())
    assert len(_named(checks)) == len(checks)
    assert all(check.fix and check.found for check in checks)


@pytest.mark.emulation
def test_this_machine_is_well() -> None:
    assert [check for check in doctor.checks(this_machine()) if not check.ok] == []


def test_an_old_python_is_refused() -> None:
    check = _named(doctor.checks(replace(this_machine(), python=(3, 9))))["Python"]
    assert (check.ok, check.found) == (False, "3.9")


@pytest.mark.parametrize(
    ("python", "modules", "ok"),
    [
        ((3, 11), {"ryu"}, True),
        ((3, 11), {"os_ken"}, True),
        ((3, 11), set(), False),
        ((3, 12), {"os_ken"}, True),
        ((3, 12), {"ryu"}, False),
    ],
)
def test_ryu_counts_before_python_3_12_only(python: tuple[int, int], modules: set[str], ok: bool) -> None:
    machine = replace(this_machine(), python=python, has_module=modules.__contains__)
    assert _named(doctor.checks(machine))["Ryu or os-ken"].ok is ok


def test_missing_packages_are_found_missing_by_a_python_without_them(tmp_path: Path) -> None:
    script = (
        "from topologies.needs import this_machine; from planes.cli import doctor;"
        "print(*(c.name for c in doctor.checks(this_machine()) if 'imported' in c.found), sep='|')"
    )
    # -I -S: no site-packages, so nothing installed can be imported but click; the project comes from its folder.
    root = doctor.__file__.rsplit("/planes/", 1)[0]
    (tmp_path / "click").symlink_to(Path(click.__file__).parent)
    code = f"import sys; sys.path[:0] = [{root!r}, {str(tmp_path)!r}]; {script}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "Ryu or os-ken|Python package mininet|Python package ovs", done.stderr
