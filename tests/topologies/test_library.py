from __future__ import annotations

from pathlib import Path

import pytest

from planes.model.load import load
from topologies.errors import Exit, LabError
from topologies.library import find, shipped


def test_every_shipped_plan_can_be_loaded_and_is_called_as_its_file() -> None:
    assert {"campus", "leaf-spine", "tenants"} <= shipped().keys()
    for name, path in shipped().items():
        assert load(path).name == name
        assert find(name) == path


def test_a_path_is_itself_whether_or_not_it_is_there(tmp_path: Path) -> None:
    for plan in (str(tmp_path / "none"), "./campus", "none.yaml", "none.yml", "/"):
        assert find(plan) == Path(plan)


def test_a_file_of_that_name_comes_before_a_shipped_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campus").write_text("name: mine\n")
    assert find("campus") == Path("campus")


def test_a_directory_of_that_name_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campus").mkdir()
    assert find("campus") == shipped()["campus"]


@pytest.mark.parametrize(
    ("plan", "fix"),
    [
        ("leafspine", "did you mean 'leaf-spine'?"),
        ("zzz", f"allowed: {', '.join(sorted(shipped()))}"),
        ("", f"allowed: {', '.join(sorted(shipped()))}"),
        ("x" * 300, f"allowed: {', '.join(sorted(shipped()))}"),
        ("a\0b", f"allowed: {', '.join(sorted(shipped()))}"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(plan: str, fix: str) -> None:
    with pytest.raises(LabError, match="neither a file nor a shipped plan") as caught:
        find(plan)
    assert (caught.value.fix, caught.value.code) == (fix, Exit.UNKNOWN)
