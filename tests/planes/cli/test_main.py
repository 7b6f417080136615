from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import click
import pytest
from click.testing import CliRunner

from planes.cli.main import COMMANDS, Lazy, triplane

HEAVY = ("pydantic", "ruamel", "rich", "mininet", "ovs", "ryu", "eventlet")


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
        (["xyzzy"], "no command 'xyzzy', allowed: apply, check"),
        (["--frob"], "No such option"),
        (["deploy"], "Missing argument 'PLAN'"),
        (["exec", "h1"], "Missing argument"),
        (["exec", "h1", "--"], "no COMMAND after --"),
        (["destroy", "x", "--all"], "give a LAB or --all, not both"),
    ],
)
def test_a_wrong_command_line_is_status_2_and_says_why(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(triplane, arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_an_interrupt_is_status_130_and_one_line() -> None:
    @click.group(cls=Lazy, invoke_without_command=True)
    def interrupted() -> None:
        raise KeyboardInterrupt

    done = CliRunner().invoke(interrupted)
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "triplane: interrupted\n")


def test_a_reader_that_has_seen_enough_is_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "planes.cli", "doctor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
