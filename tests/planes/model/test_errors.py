from __future__ import annotations

from planes.model.errors import PlanError, Problem, did_you_mean, nearest


def test_a_problem_reads_as_compilers_write_them() -> None:
    assert str(Problem("campus.yaml", 3, 7, "unknown key 'x'")) == "campus.yaml:3:7: unknown key 'x'"


def test_problems_come_in_file_order() -> None:
    error = PlanError([Problem("p", 10, 1, "late"), Problem("p", 2, 9, "early"), Problem("p", 2, 10, "next")])
    assert [problem.message for problem in error.problems] == ["early", "next", "late"]
    assert str(error).splitlines()[0] == "p:2:9: early"


def test_nearest_is_none_for_something_else_entirely() -> None:
    assert nearest("subnetz", ["subnet", "ports"]) == "subnet"
    assert nearest("q", ["subnet", "ports"]) is None


def test_the_ending_of_a_message() -> None:
    assert did_you_mean("subnetz", ["subnet", "ports"]) == "did you mean 'subnet'?"
    assert did_you_mean("q", ["b", "a", "a"]) == "allowed: a, b"
    assert did_you_mean("q", []) == "none is defined"


def test_a_long_list_is_cut() -> None:
    ending = did_you_mean("?", [f"host{number:03}" for number in range(100)])
    assert ending.endswith("host019 and 80 more")
