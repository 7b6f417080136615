from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from topologies import directory as directories
from topologies.directory import Directory, claim, last_lines, living, remove
from topologies.errors import Exit, LabError


@pytest.fixture
def parent(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Lengths are counted over the whole path, and pytest's own are long.
    monkeypatch.setattr(directories, "SOCKET_PATH_MAX", 1000)
    return tmp_path_factory.mktemp("labs", numbered=True)


def test_a_claimed_name_is_taken_until_its_lock_is_let_go(parent: Path) -> None:
    directory, lock = claim(parent, "red")
    assert living(parent) == [directory]
    with pytest.raises(LabError, match="'red' is running") as caught:
        claim(parent, "red")
    assert caught.value.code is Exit.TAKEN
    assert "triplane destroy red" in caught.value.fix
    os.close(lock)
    again, lock = claim(parent, "red")
    assert again == directory
    os.close(lock)


def test_a_claimed_directory_is_nobody_elses_to_read(parent: Path) -> None:
    directory, lock = claim(parent, "red")
    assert directory.path.stat().st_mode & 0o777 == 0o700
    os.close(lock)


def test_dead_labs_are_removed_by_whoever_looks(parent: Path) -> None:
    _, dead = claim(parent, "dead")
    alive, lock = claim(parent, "alive")
    os.close(dead)
    (parent / "half").mkdir()  # made by one that was killed before it could lock
    assert living(parent) == [alive]
    assert sorted(path.name for path in parent.iterdir()) == [".lock", "alive"]
    os.close(lock)


def test_what_is_no_labs_is_left_alone(parent: Path) -> None:
    (parent / "not a lab").mkdir()
    (parent / "file").write_text("")
    assert living(parent) == []
    assert (parent / "not a lab").is_dir()
    assert (parent / "file").is_file()


def test_remove_spares_the_living(parent: Path) -> None:
    directory, lock = claim(parent, "red")
    assert not remove(directory)
    os.close(lock)
    assert remove(directory)
    assert not directory.path.exists()
    assert remove(directory)


def test_of_many_that_claim_one_name_at_once_one_gets_it(parent: Path) -> None:
    locks: list[int] = []
    refused: list[LabError] = []

    def try_it() -> None:
        try:
            locks.append(claim(parent, "one")[1])
        except LabError as error:
            refused.append(error)

    threads = [threading.Thread(target=try_it) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(locks), len(refused)) == (1, 15)
    os.close(locks[0])


@pytest.mark.parametrize("name", ["", "a b", "a/b", "..", ".lock", "x" * 33, "é", "a\n"])
def test_bad_names_are_refused(parent: Path, name: str) -> None:
    with pytest.raises(LabError, match="cannot name a lab"):
        claim(parent, name)


def test_a_path_too_long_for_sockets_is_refused_with_its_length(tmp_path: Path) -> None:
    room = directories.SOCKET_PATH_MAX - len(f"/{'n' * 32}/{directories.LONGEST_SOCKET}")
    fits = Path("/" + "d" * (room - 1))
    with pytest.raises(LabError, match=r"paths of 108 bytes; Linux allows 107"):
        claim(Path(f"{fits}d"), "n" * 32)
    with pytest.raises(FileNotFoundError):  # not refused: the directory is merely missing
        claim(fits, "n" * 32)


def test_base_follows_the_override_then_xdg_then_the_user(tmp_path: Path) -> None:
    assert directories.base({"TRIPLANE_RUNTIME_DIR": str(tmp_path / "a" / "b")}) == tmp_path / "a" / "b"
    assert directories.base({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "triplane"
    fallback = directories.base({"XDG_RUNTIME_DIR": str(tmp_path / "gone")})
    assert fallback == (Path("/run/triplane") if os.geteuid() == 0 else Path(f"/tmp/triplane-{os.geteuid()}"))


def test_a_base_that_others_could_tamper_with_is_refused(tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    with pytest.raises(LabError, match="can be written by others"):
        directories.base({"TRIPLANE_RUNTIME_DIR": str(open_to_all)})
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="File exists"):
        directories.base({"TRIPLANE_RUNTIME_DIR": str(tmp_path / "file")})
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(LabError, match="not a directory of yours"):
        directories.base({"TRIPLANE_RUNTIME_DIR": str(tmp_path / "link")})


def test_the_end_of_a_log_is_short(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert last_lines(log) == ""
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert last_lines(log).splitlines()[1:] == [f"line {number}" for number in range(92, 100)]


def test_names_of_files_are_below_the_lab() -> None:
    directory = Directory(Path("/run/triplane/red"))
    assert directory.name == "red"
    assert directory.store == Path("/run/triplane/red/store.sock")
