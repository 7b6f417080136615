"""Lines of the shell, without a lab: what is called, printed, said, and what comes of modes."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from planes.cli.session import Mode, Session
from planes.cli.shell import Talk, event_line, history
from planes.management.grammar import Argument, Mistake, Option, Word
from planes.management.tables import Table
from planes.model.state import Event
from topologies.directory import Directory
from topologies.errors import Exit, LabError
from topologies.lab import Lab

MODE = Word(
    "",
    children=(
        Word("set", "Set it.", arguments=(Argument("path", "Where.", many=True),), handler="handlers:set_"),
        Word("run", "Run it.", arguments=(Argument("words", "A line.", "line", many=True),), handler="handlers:run"),
        Word("boom", "Fail.", arguments=(Argument("how"),), handler="handlers:boom"),
        Word("table", "Show a table.", options=(Option(("-o",), "form", "How.", Argument("form", kind="form")),),
             handler="handlers:table"),
        Word("exit", "Leave.", handler="planes.cli.shell_words:leave"),
        Word("quit", "Leave all.", handler="planes.cli.shell_words:quit_"),
    ),
)  # fmt: skip
FAULTS = {
    "mistake": Mistake("that is no way"),
    "lab": LabError("it hangs", "mend it", Exit.UNKNOWN),
    "interrupt": KeyboardInterrupt(),
}


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the words above lead to; and no lab."""
    module = ModuleType("handlers")

    def set_(session: Session, path: tuple[str, ...]) -> None:
        session.mode.held.append(path)

    def run(session: Session, words: tuple[str, ...]) -> int:
        return session.execute(words)

    def boom(session: Session, how: str) -> int:
        session.write("begun")
        if how in FAULTS:
            raise FAULTS[how]
        return int(how)

    def table(session: Session) -> None:
        session.show([Table("t", ("a",), [("x",), ("y",)])])

    module.__dict__.update(set_=set_, run=run, boom=boom, table=table)
    monkeypatch.setitem(sys.modules, "handlers", module)
    monkeypatch.setenv("TRIPLANE_RUNTIME_DIR", str(tmp_path / "labs"))


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(Lab(Directory(tmp_path / "campus")))


@pytest.fixture
def inner(talk: Talk) -> Talk:
    """In a mode."""
    talk.session.enter(Mode("configure", MODE, lambda session: f"{len(session.modes)}# ", held=[]))
    return talk


Captured = pytest.CaptureFixture[str]


def test_a_line_is_run_and_its_output_printed(talk: Talk, capsys: Captured) -> None:
    assert talk.run("help") == 0
    assert "terminal monitor" in capsys.readouterr().out
    assert talk.run("hel | include Ctrl | count") == 0
    assert capsys.readouterr().out == "Count: 1 line\n"


@pytest.mark.parametrize("line", ["", "   ", "# a comment", "! one as routers have them"])
def test_what_says_nothing_does_nothing(talk: Talk, line: str, capsys: Captured) -> None:
    assert talk.run(line) == 0
    assert capsys.readouterr() == ("", "")


def test_what_is_wrong_is_marked_where_it_was_typed(talk: Talk, capsys: Captured) -> None:
    assert talk.run("show hosst", 8) == 2
    assert capsys.readouterr() == ("", "             ^\nunknown word 'hosst', did you mean 'hosts'?\n")
    assert talk.run("show hosts | grep x") == 2
    assert capsys.readouterr().err.splitlines()[:2] == ["show hosts | grep x", "             ^"]


def test_a_question_mark_at_the_end_is_a_question(talk: Talk, capsys: Captured) -> None:
    assert talk.run("show st?") == 0
    assert capsys.readouterr().out == "  standby  HSRP groups, as each of their members sees them.\n"
    assert talk.run("show x ?") == 0
    assert capsys.readouterr().out.startswith("  unknown word 'x'")


def test_without_the_lab_that_is_said_and_the_shell_goes_on(talk: Talk, capsys: Captured) -> None:
    assert talk.run("show hosts") == 3
    assert capsys.readouterr() == ("", "no lab is running\nstart one by `triplane deploy PLAN`\n")
    assert talk.run("h1 ping h2") == 2


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [
        ("0", 0, ""),
        ("7", 7, ""),
        ("mistake", 2, "that is no way\n"),
        ("lab", 3, "it hangs\nmend it\n"),
        ("interrupt", 130, "interrupted\n"),
    ],
)
def test_what_becomes_of_a_line_is_its_status(inner: Talk, how: str, status: int, said: str, capsys: Captured) -> None:
    assert inner.run(f"boom {how} | include .") == status
    assert capsys.readouterr() == ("begun\n", said)


def test_a_form_may_be_asked_for_either_way(inner: Talk, capsys: Captured) -> None:
    assert (inner.run("table | json"), inner.run("table -o json")) == (0, 0)
    out = capsys.readouterr().out
    assert out[: len(out) // 2] == out[len(out) // 2 :]
    assert inner.run("table | csv | include x") == 0
    assert capsys.readouterr().out == "t,x\n"
    inner.run("table")
    assert capsys.readouterr().out == "t\na\nx\ny\n\n"


def test_a_mode_has_words_of_its_own_and_holds_what_it_is_given(inner: Talk) -> None:
    assert inner.session.mode.prompt(inner.session) == "2# "
    assert inner.run("set networks 'a b'") == 0
    assert inner.session.mode.held == [("networks", "a b")]
    assert inner.run("show hosts") == 2


def test_a_mode_may_run_a_line_of_the_outermost(inner: Talk, capsys: Captured) -> None:
    assert inner.run("run help | count") == 0
    assert capsys.readouterr().out.startswith("Count: ")
    assert inner.run("run hel | include Ctrl") == 0
    capsys.readouterr()
    assert inner.run("run hlep") == 2
    assert "unknown word 'hlep', did you mean 'help'?" in capsys.readouterr().err
    assert inner.run("run show st?") == 0
    assert "standby" in capsys.readouterr().out


def test_leaving_a_mode_is_its_own_decision(talk: Talk) -> None:
    asked: list[str] = []

    def leaving(session: Session) -> bool:
        return session.ask("discard?") == "yes"

    def answer(question: str) -> str:
        asked.append(question)
        return "yes" if len(asked) == 2 else "no"

    talk.session.enter(Mode("configure", MODE, lambda _: "# ", leaving))
    assert talk.run("exit") == 1  # nobody to ask: it stays
    talk.session.interactive, talk.session.asking = True, answer
    assert talk.run("exit") == 1
    assert [mode.name for mode in talk.session.modes] == ["", "configure"]
    assert talk.run("quit") == 0
    assert (talk.session.modes, asked) == ([], ["discard?", "discard?"])


@pytest.mark.parametrize(
    ("lines", "keep_going", "status", "held", "said"),
    [
        (["set a", "set b"], False, 0, [("a",), ("b",)], ""),
        (["set a", "boom 7", "set b"], False, 7, [("a",)], "stopped at line 2\n"),
        (["boom 7", "set a"], False, 7, [], ""),
        (["set a", "boom 7", "set b", "boom 3"], True, 7, [("a",), ("b",)], ""),
        (["boom interrupt", "set b"], True, 130, [], "interrupted\n"),
        (["exit", "exit", "set c"], False, 0, [], ""),
    ],
)
def test_a_script_ends_at_the_first_line_that_fails_unless_told(
    inner: Talk, lines: list[str], keep_going: bool, status: int, held: list[object], said: str, capsys: Captured
) -> None:
    kept = inner.session.mode.held
    assert inner.script([f"{line}\n" for line in lines], keep_going) == status
    assert (kept, capsys.readouterr().err) == (held, said)
    assert inner.session.modes == []


def test_a_mode_that_won_t_be_left_is_a_script_s_failure(talk: Talk) -> None:
    talk.session.enter(Mode("configure", MODE, lambda _: "# ", lambda _: False, held=[]))
    assert talk.script(["set a"], False) == 1


def test_terminal_monitor_needs_a_terminal(talk: Talk, capsys: Captured) -> None:
    assert talk.run("terminal monitor") == 2
    assert "events --follow" in capsys.readouterr().err
    talk.session.interactive = True
    assert talk.run("term mon") == 0
    assert talk.lookout.monitor
    assert talk.run("terminal no monitor") == 0
    assert not talk.lookout.monitor
    assert talk.run("terminal length 10") == 0
    assert talk.screen.length == 10


def test_help_tells_all_about_a_command(talk: Talk, capsys: Captured) -> None:
    assert talk.run("help ping") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ping FROM TO [-c|--count COUNT] [-6]"
    assert "  FROM              The host that sends." in lines
    assert talk.run("help show") == 0
    listed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "hosts Hosts that spoke, and where they are." in listed
    assert talk.run("help pong") == 2


def test_an_event_is_a_line() -> None:
    line = event_line(Event(1, 1_795_502_421.2962, "office/users on dist2", "standby -> active"))
    assert line[8:] == ".296 office/users on dist2: standby -> active"
    line = event_line(Event(2, 1_795_502_421.5, "office/users", "dist1 -> dist2", "failover", "dist1 is lost", 0.0125))
    assert line[8:] == ".500 office/users: dist1 -> dist2 (dist1 is lost), 12 ms"


def test_history_is_where_state_is_kept() -> None:
    assert history({"XDG_STATE_HOME": "/state"}) == Path("/state/triplane/history")
    assert history({"XDG_STATE_HOME": "relative"}) == Path.home() / ".local/state/triplane/history"
    assert history({}) == Path.home() / ".local/state/triplane/history"
