"""`triplane capture` in a running lab: what is heard where, files, filters, and how it ends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import DEADLINE, Triplane, until

from topologies.capture import Frame, Reader

pytestmark = pytest.mark.emulation

R3 = "10.0.0.3"  # at leaf3


@contextmanager
def pinging(lab: Triplane) -> Iterator[None]:
    argv = lab.argv("exec", "r1", "--", "ping", "-q", "-i0.1", R3)
    with subprocess.Popen(argv, env=lab.environ, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def frames(path: Path) -> list[Frame]:
    with path.open("rb") as stream:
        return list(Reader().frames(stream))


def test_labels_are_told_in_words_between_switches_and_nowhere_else(leaf_spine: Triplane) -> None:
    leaf_spine("fail", "leaf1/spine2")  # so that the only way is the one that is looked at
    with pinging(leaf_spine):
        said = leaf_spine("capture", "leaf1/spine1", "-c", "6", "icmp").splitlines()
        at_host = leaf_spine("capture", "r3", "-c", "4", "icmp").splitlines()
    leaf_spine("heal", "leaf1/spine2")
    assert len(said) == 6
    frame = r"[\d:.]+ {}: {} icmp type {}, 98 bytes  \[label 06: switch \d+ \({}\) slot \d+ = red/office {}\]"
    there = frame.format("leaf1->spine1", "10.0.0.1 > 10.0.0.3", 8, "leaf3", "r3")
    back = frame.format("spine1->leaf1", "10.0.0.3 > 10.0.0.1", 0, "leaf1", "r1")
    assert all(re.fullmatch(f"{there}|{back}", line) for line in said), said
    assert {line.split()[1] for line in at_host} == {"r3-eth0"}
    assert not any("label" in line for line in at_host)


def test_a_file_is_read_by_tshark_and_each_frame_is_there_once(leaf_spine: Triplane, tmp_path: Path) -> None:
    path = tmp_path / "r1.pcapng"
    argv = leaf_spine.argv("capture", "leaf1/r1", "-w", str(path), "icmp")
    with subprocess.Popen(argv, env=leaf_spine.environ, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: path.exists() and path.stat().st_size > 0)
        leaf_spine("exec", "r1", "--", "ping", "-c5", "-i0.1", "-W5", R3)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=DEADLINE)
    assert (process.returncode, said) == (130, "10 frames\n")
    shown = subprocess.run(["tshark", "-r", path, "-T", "json"], capture_output=True, check=True, timeout=DEADLINE)
    layers = [frame["_source"]["layers"] for frame in json.loads(shown.stdout)]
    assert [layer["icmp"]["icmp.seq"] for layer in layers] == [str(n) for n in (1, 2, 3, 4, 5) for _ in "xx"]


def test_a_pipe_to_tshark_ends_with_its_reader(leaf_spine: Triplane) -> None:
    with (
        pinging(leaf_spine),
        subprocess.Popen(
            leaf_spine.argv("capture", "spine1:1", "-w", "-"),
            env=leaf_spine.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as process,
    ):  # fmt: skip
        argv = ["tshark", "-r", "-", "-c", "3"]
        read = subprocess.run(argv, stdin=process.stdout, capture_output=True, check=True, timeout=DEADLINE)
        assert len(read.stdout.splitlines()) == 3
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(DEADLINE) == 0


def test_tags_stay_where_they_were(leaf_spine: Triplane, tmp_path: Path) -> None:
    tagged = bytes.fromhex("0200000000ff 020000000001 8100 2064 88b5".replace(" ", "")) + bytes(46)
    path = tmp_path / "tagged.pcapng"
    argv = leaf_spine.argv("capture", "leaf1/r1", "-c", "1", "-w", str(path), "ether proto 0x88b5")
    with subprocess.Popen(argv, env=leaf_spine.environ, stderr=subprocess.DEVNULL) as process:
        until(lambda: path.exists() and path.stat().st_size > 0)
        leaf_spine.send("r1", tagged)
        assert process.wait(DEADLINE) == 0
    assert [frame.data for frame in frames(path)] == [tagged]


def test_wrong_lines_are_told(leaf_spine: Triplane, tmp_path: Path) -> None:
    for line, status, said in (
        (("leaf1/spine3",), 3, "no link, host or port 'leaf1/spine3'\ndid you mean 'leaf1/spine2'?"),
        (("r1", "tcp", "prot"), 1, "filter 'tcp prot': "),
        (("r1", "-w", str(tmp_path / "no" / "x")), 1, "No such file or directory"),
    ):
        done = leaf_spine.run("capture", *line)
        assert (done.returncode, done.stdout) == (status, "")
        assert said in done.stderr


def test_it_ends_with_the_lab(leaf_spine: Triplane) -> None:
    argv = leaf_spine.argv("capture", "r1")
    with (
        subprocess.Popen(
            argv, env=leaf_spine.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
        pinging(leaf_spine),
    ):
        assert process.stdout is not None and process.stdout.readline()
        leaf_spine("destroy")
        _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert "the capture broke off\nits lab may be gone\n" in said
