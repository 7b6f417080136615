"""Every plan that ships comes up, and holds what it says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Triplane
from lacking import refuse
from zoo import zoo

from planes.model.load import load
from topologies import needs
from topologies.library import shipped

pytestmark = pytest.mark.emulation

LARGEST = 40  # switches of a zoo's file that the tests deploy; all of the zoo loads (test_files.py)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_plan_deploys_and_its_checks_hold(triplane: Triplane, name: str) -> None:
    plan = load(shipped()[name])
    assert plan.checks, "a plan that ships says what must hold"
    programs = [argv[0] for host in (plan.topology.hosts.values() if plan.topology else ()) for argv in host.run]
    unmet = [each for each in needs.host_checks(needs.this_machine(), programs) if not each.ok]
    if unmet:
        refuse(f"{unmet[0].name} is not installed")
    triplane("deploy", name)
    triplane("check", name)
    triplane("destroy", name)


@pytest.mark.parametrize("path", zoo(), ids=lambda path: path.stem)
def test_a_network_of_the_zoo_deploys_and_all_reach_all(triplane: Triplane, path: Path) -> None:
    name = path.stem
    if _switches(triplane, path) > LARGEST:
        pytest.skip(f"more than {LARGEST} switches")
    triplane("deploy", str(path))
    triplane("check", name)
    triplane("destroy", name)


def _switches(triplane: Triplane, path: Path) -> int:
    return int(triplane("validate", str(path)).split(" is valid: ")[1].split()[0])


PROGRAM = """
class Line:
    def build(self, t, size: int = 2):
        for n in range(1, size + 1):
            t.link(t.host(f"h{n}"), t.switch(f"s{n}"))
            if n > 1:
                t.link(f"s{n - 1}", f"s{n}")
"""


def test_a_program_draws_a_lab_and_takes_options_among_those_of_deploy(triplane: Triplane, tmp_path: Path) -> None:
    program = tmp_path / "my_topo.py"
    program.write_text(PROGRAM)
    triplane("deploy", f"{program}:Line", "--size", "3", "--name", "line", "--timeout=100")
    assert len(triplane.inspect("line")["switches"]) == 3
    triplane("check", "line")
    triplane("destroy", "line")
    wrong = triplane.run("deploy", f"{program}:Line", "--siz", "3")
    assert (wrong.returncode, "did you mean 'size'?" in wrong.stderr) == (1, True)
    wrong = triplane.run("deploy", "ring", "--size", "3")
    assert "arguments are for programs" in wrong.stderr


def test_a_topo_of_mininets_runs(triplane: Triplane) -> None:
    triplane("deploy", "mininet.topo:LinearTopo", "--args", "3", "--name", "linear")
    triplane("check", "linear")
    triplane("destroy", "linear")
