from __future__ import annotations

import subprocess
import sys
import time

import pytest

from topologies.answers import answer_of
from topologies.checking import bench, paths
from topologies.errors import LabError


def program(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_an_answer_is_a_line_of_json() -> None:
    with program("print('{\"a\": 1}', flush=True); input()") as process:
        assert answer_of(process, "h1", 30.0) == {"a": 1}


def test_a_program_that_never_answers_has_a_time_limit() -> None:
    with program("input()") as process:
        begun = time.monotonic()
        with pytest.raises(LabError, match="'h1' did not answer within 0 s"):
            answer_of(process, "h1", 0.1)
        assert time.monotonic() - begun < 20


def test_a_program_that_ends_is_said_to_have() -> None:
    with program("") as process, pytest.raises(LabError, match="'h1' ended before it answered"):
        answer_of(process, "h1", 30.0)


def test_what_is_no_json_is_told() -> None:
    with pytest.raises(LabError, match="h1 printed no JSON"):
        bench.decoded("h1", "iperf3: error")
    assert bench.decoded("h1", '{"a": 1}') == {"a": 1}


def test_a_way_is_taken_when_all_its_links_carry() -> None:
    ways = [("l1", "l1/s1", "s1", "s1/l2", "l2"), ("l1", "l1/s2", "s2", "s2/l2", "l2")]
    links = ["l1/s1", "s1/l2", "l1/s2", "s2/l2"]
    passed = {"l1/s1": 900, "s1/l2": 905, "l1/s2": 4, "s2/l2": 700}
    assert paths.taken(ways, links, passed) == 1
    assert paths.taken([("l1",)], links, passed) == 1


def test_flows_are_sent_from_a_port_each() -> None:
    done = subprocess.run(
        [sys.executable, paths.SCRIPT, "127.0.0.1", "4", "2"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith('{"sent": ')
