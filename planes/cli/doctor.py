"""Everything that a machine needs for Triplane, checked."""

from __future__ import annotations

from planes.cli.session import Session
from planes.management.tables import Table
from topologies.errors import Exit
from topologies.needs import Check, Machine, lab_checks, program, this_machine

PYTHON_LEAST = (3, 10)
# Programs that hosts run in demos and checks; a lab comes up without them.
HOST_PROGRAMS = {"ping": "iputils-ping", "iperf3": "iperf3", "tshark": "tshark"}


def checks(machine: Machine) -> list[Check]:
    """All checks, the lab's first."""
    return [
        *lab_checks(machine),
        *(program(machine, name, package) for name, package in HOST_PROGRAMS.items()),
        _python(machine),
        _control_library(machine),
        _module(machine, "mininet", "mininet"),
        _module(machine, "ovs", "ovs"),
    ]


def _python(machine: Machine) -> Check:
    found = ".".join(map(str, machine.python))
    least = ".".join(map(str, PYTHON_LEAST))
    return Check(
        "Python", machine.python >= PYTHON_LEAST, found, f"install Python {least} or newer, then ./scripts/setup"
    )


def _control_library(machine: Machine) -> Check:
    """Ryu runs on Python before 3.12 only; os-ken is its fork with the same API."""
    names = ("ryu", "os_ken") if machine.python < (3, 12) else ("os_ken",)
    found = [name for name in names if machine.has_module(name)]
    return Check("Ryu or os-ken", bool(found), ", ".join(found) or "neither can be imported", "./scripts/setup")


def _module(machine: Machine, name: str, package: str) -> Check:
    ok = machine.has_module(name)
    return Check(f"Python package {package}", ok, "found" if ok else "cannot be imported", "./scripts/setup")


def doctor(session: Session) -> int:
    """Check all that a machine needs to run labs, and print the fix for each thing it lacks.

    Exits with 5 when something is missing.
    """
    found = checks(this_machine())
    rows = [(check.name, check.ok, check.found, None if check.ok else check.fix) for check in found]
    session.show([Table("machine", ("need", "ok", "found", "fix"), rows)])
    return 0 if all(check.ok for check in found) else int(Exit.MACHINE)
