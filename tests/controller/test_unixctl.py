from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from lacking import need

from planes.cli.unixctl import ask
from topologies.errors import LabError

SERVE = """
from controller import openflow
import json, sys, threading
from pathlib import Path
from controller.unixctl import Command, Failure, serve

def fail(name):
    raise Failure(f"no {name}")

echo = Command(("TEXT",), lambda text: json.dumps({"said": text, "long": "x" * 1_000_000}))
run = serve(Path(sys.argv[1]), {"test/echo": echo, "test/fail": Command(("NAME",), fail)}, "tests 1.0")
print("listening", flush=True)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


@pytest.fixture(params=["ryu", "os_ken"])
def socket(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Served under eventlet, as with Ryu, and by plain threads, as with os-ken."""
    if not find_spec(request.param):
        pytest.skip(f"{request.param} is not installed")
    path = tmp_path / "s.ctl"
    environ = {**os.environ, "TRIPLANE_OPENFLOW": request.param}
    argv = [sys.executable, "-c", SERVE, str(path)]
    with subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        yield path
        process.kill()


def test_commands_are_answered_again_and_again(socket: Path) -> None:
    for text in ("one", "two words", "ü"):
        assert ask(socket, "test/echo", text)["said"] == text


def test_failures_and_wrong_commands_are_errors_and_the_server_lives_on(socket: Path) -> None:
    for arguments, said in {
        ("test/fail", "x"): "^no x$",
        ("test/echo",): "requires at least 1",
        ("test/nothing",): "not a valid command",
    }.items():
        with pytest.raises(LabError, match=said):
            ask(socket, *arguments)
    assert ask(socket, "test/echo", "still here")["said"] == "still here"


def test_ovs_appctl_is_answered(socket: Path) -> None:
    need("ovs-appctl")

    def appctl(*arguments: str) -> subprocess.CompletedProcess[str]:
        argv = ["ovs-appctl", "-T", "30", "-t", str(socket), *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    assert appctl("version").stdout == "tests 1.0\n"
    listed = "The available commands are:\n  list-commands\n  test/echo TEXT\n  test/fail NAME\n  version\n"
    assert appctl("list-commands").stdout == listed
    failed = appctl("test/fail", "y")
    assert (failed.returncode, failed.stderr.splitlines()[0]) == (2, "no y")
