from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from planes.cli.main import triplane
from topologies.library import shipped


def run(*arguments: str) -> Result:
    return CliRunner().invoke(triplane, list(arguments))


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_plan_is_valid(name: str) -> None:
    done = run("validate", name)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"{shipped()[name]}: {name!r} is valid: " in done.stdout


def test_a_valid_plan_is_counted(tmp_path: Path) -> None:
    plan = tmp_path / "p.yaml"
    plan.write_text("name: p\ntopology: {switches: {s1: , s2: }, links: [[s1, s2]]}\nnetworks: {red: , blue: }\n")
    assert run("validate", str(plan)).stdout == f"{plan}: 'p' is valid: 2 switches, 0 hosts, 1 links, 2 networks\n"


def test_a_plan_for_a_real_fabric_needs_no_topology(tmp_path: Path) -> None:
    plan = tmp_path / "p.yaml"
    plan.write_text("name: p\n")
    assert "0 switches, 0 hosts, 0 links, 0 networks" in run("validate", str(plan)).stdout


def test_a_bad_plan_is_status_6_and_every_problem_has_its_place(tmp_path: Path) -> None:
    plan = tmp_path / "p.yaml"
    plan.write_text("nmae: p\nnetworks: 7\n")
    done = run("validate", str(plan))
    assert (done.exit_code, done.stdout) == (6, "")
    assert f"{plan}:1:1: unknown key 'nmae', did you mean 'name'?" in done.stderr
    assert f"{plan}:2:" in done.stderr


def test_a_plan_is_applied_to_a_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPLANE_RUNTIME_DIR", str(tmp_path / "labs"))
    done = run("apply", "campus")
    assert (done.exit_code, done.stderr) == (3, "triplane: no lab is running\nstart one by `triplane deploy PLAN`\n")
