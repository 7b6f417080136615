from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from types import ModuleType

import pytest
from click.testing import CliRunner

from planes.cli.clicks import Line
from planes.cli.main import triplane
from planes.cli.session import Session
from planes.cli.tree import LINE
from planes.management.grammar import Word

COMMANDS = [word.name for word in LINE.children if not word.hidden]
HEAVY = (
    "pydantic",
    "ruamel",
    "rich",
    "mininet",
    "ovs",
    "ryu",
    "eventlet",
    "prompt_toolkit",
    "asyncio",
    "planes.model.state",
)


def test_help_lists_every_command_and_exit_status() -> None:
    done = CliRunner().invoke(triplane, ["-h"])
    assert done.exit_code == 0
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert "130  interrupted" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_with_help_of_its_own(name: str) -> None:
    done = CliRunner().invoke(triplane, [name, "--help"])
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: triplane {name} ")
    assert len(done.stdout.splitlines()) > 4


def test_help_and_version_load_no_command() -> None:
    script = (
        "import sys; from planes.cli.main import main; sys.argv[1:] = [{!r}]\n"
        "try: main()\n"
        f"except SystemExit: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    for option in ("--help", "--version"):
        done = subprocess.run(
            [sys.executable, "-c", script.format(option)], capture_output=True, text=True, check=False
        )
        assert done.stderr == "[]\n"


def test_the_version_is_the_package_s() -> None:
    assert metadata.version("triplane") in CliRunner().invoke(triplane, ["--version"]).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["deplyo", "x"], "no command 'deplyo', did you mean 'deploy'?"),
        (["xyzzy"], "no command 'xyzzy', allowed: apply, capture, check"),
        (["--frob"], "No such option"),
        (["deploy"], "Missing argument 'PLAN'"),
        (["exec", "h1"], "Missing argument"),
        (["exec", "h1", "--"], "no COMMAND after --"),
        (["show", "stndby"], "no command 'show stndby', did you mean 'standby'?"),
        (["show", "standby", "breif"], "no command 'show standby breif', did you mean 'brief'?"),
        (["show", "standby", "brief", "x"], "unexpected extra argument"),
        (["show", "hosts", "-o", "xml"], "'xml' is not one of 'table', 'json', 'yaml', 'csv'"),
        (["trace", "a", "b", "--port", "70000"], "PORT is 1 to 65535, not 70000"),
        (["apply", "p", "--timeout", "soon"], "SECONDS is a number of seconds, not 'soon'"),
        (["destroy", "x", "--all"], "give a LAB or --all, not both"),
    ],
)
def test_a_wrong_command_line_is_status_2_and_says_why(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(triplane, arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def interrupted(_session: Session) -> None:
    raise KeyboardInterrupt


def test_an_interrupt_is_status_130_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Word("", children=(Word("wait", handler=f"{__name__}:interrupted"),))
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__, ModuleType(__name__)))
    monkeypatch.setattr(sys.modules[__name__], "interrupted", interrupted, raising=False)
    done = CliRunner().invoke(Line(root, name="line"), ["wait"])
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "triplane: interrupted\n")


def test_a_reader_that_has_seen_enough_is_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "planes.cli", "doctor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
