"""The shell's mode `configure`, over a store in memory: what its words do, and what they say."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from planes.cli import configure, running
from planes.cli.clicks import handler
from planes.cli.names import names
from planes.cli.session import Mode, Session
from planes.cli.tree_configure import CONFIGURE
from planes.management.configuration import Candidate
from planes.management.grammar import Mistake
from planes.management.grammar_help import choices
from planes.management.grammar_line import parse, tokens
from planes.management.shell_pipes import PIPES
from planes.model.configuration import join
from planes.model.errors import CommitError, PlanError
from planes.store.base import Store
from planes.store.memory import Database
from planes.store.memory import Store as MemoryStore

T = TypeVar("T")
NOW = 1_795_502_421.25
TEXT = """\
name: p
topology:
  switches: {s1: , s2: }
  hosts: {h1: {address: 10.0.0.1/24}, h2: {address: 10.0.0.2/24}}
  links: [[h1, s1], [h2, s2], [s1, s2]]
networks:
  red:  # a comment
    segments:
      a: {subnet: 10.0.0.0/24, ports: [h1]}
  blue:
    rate: 10M
"""


@dataclass
class Printed:
    """What a session prints; programs run here."""

    text: str = ""
    terminal: bool = False

    def write(self, text: str) -> None:
        self.text += text

    def run(self, argv: list[str]) -> int:
        import subprocess

        return subprocess.run(argv, check=False).returncode


@dataclass
class Lab:
    """As much of a lab as the mode asks for."""

    name: str = "lab"


@dataclass
class Access:
    store: Store

    def view(self, lab: Any, tables: Iterable[type] | None) -> Any:
        raise NotImplementedError

    def do(self, lab: Any, work: Callable[[Store], T]) -> T:
        self.store.run()
        return work(self.store)


@dataclass
class Told(Session):
    """A session that keeps what it says."""

    said: list[str] = field(default_factory=list)

    @property
    def lab(self) -> Any:
        return Lab()

    def tell(self, text: str) -> None:
        self.said.append(text)


class Talk:
    """Lines of the mode, one after the other."""

    def __init__(self, store: Store) -> None:
        self.printed = Printed()
        self.session = Told(Access(store), self.printed)
        self.session.enter(Mode("", CONFIGURE, lambda _: "> "))
        configure.configure(self.session)

    def __call__(self, line: str) -> str:
        """What a line prints."""
        self.printed.text, self.session.said = "", []
        call = parse(CONFIGURE, tokens(line), lambda argument, place: names(self.session, argument, place))
        values = {name: value for name, value in call.values.items() if name != "form"}
        self.status = handler(call.word)(self.session, **values) or 0
        return self.printed.text

    def offered(self, before: str) -> list[str]:
        """What completion offers."""
        _, found = choices(CONFIGURE, PIPES, before, lambda argument, place: names(self.session, argument, place))
        return [choice.text for choice in found]

    @property
    def prompt(self) -> str:
        return self.session.mode.prompt(self.session)


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database()
    with closing(MemoryStore(database)) as store:
        candidate = Candidate(store, "first")
        candidate.load(TEXT)
        candidate.commit(NOW)
    yield database


@pytest.fixture
def talk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    monkeypatch.setattr(configure, "copy", lambda lab, text: None)
    monkeypatch.setattr(configure, "await_in_force", lambda lab, serial, seconds: None)
    monkeypatch.setattr(running, "login", lambda: "ann")
    monkeypatch.setattr(configure, "login", lambda: "ann")
    with closing(MemoryStore(database)) as store:
        yield Talk(store)


def text(database: Database) -> str:
    return join(database.content.documents)


def test_an_edit_is_compared_and_committed(talk: Talk, database: Database) -> None:
    talk("set networks red rate 5M")
    assert talk("compare") == "[edit networks red]\n+   rate: 5M\n\nnetwork red\n  + rate: 5M\n"
    talk("commit check")
    assert talk.session.said == ["it may be committed"]
    talk("commit comment slower")
    assert talk.session.said == ["commit 2", "in force"]
    made = database.content.commits[2]
    assert (made.who, made.comment, text(database)) == ("ann", "slower", TEXT.replace("h1]}\n", "h1]}\n    rate: 5M\n"))
    talk("commit")
    assert talk.session.said == ["nothing to commit: it runs already"]


def test_one_moves_about_in_the_candidate(talk: Talk) -> None:
    assert talk.prompt == "[edit]\nann@lab# "
    talk("edit networks red")
    assert talk.prompt == "[edit networks red]\nann@lab# "
    talk("set rate 5M")
    talk("edit segments a")
    assert talk("show") == "a: {subnet: 10.0.0.0/24, ports: [h1]}\n"
    assert talk("show ports") == "ports: [h1]\n"
    talk("up 2")
    assert talk("show rate") == "rate: 5M\n"
    talk("exit")
    assert talk.prompt.startswith("[edit]\n")
    with pytest.raises(Mistake, match="there is no 'rad' in 'networks', did you mean 'red'"):
        talk("edit networks rad")
    assert talk("show") == TEXT.replace("h1]}\n", "h1]}\n    rate: 5M\n")


def test_what_was_edited_is_not_left_by_accident(talk: Talk) -> None:
    talk("set networks red rate 5M")
    talk("quit")
    assert (talk.status, talk.session.said) == (1, ["what was edited is not committed: `commit` or `discard` it"])
    talk.session.interactive = True
    talk.session.asking = lambda question: "no"
    talk("quit")
    assert len(talk.session.modes) == 2
    talk.session.asking = lambda question: "y"
    talk("quit")
    assert len(talk.session.modes) == 1


def test_what_is_wrong_is_told_and_stays_in_the_candidate(talk: Talk, database: Database) -> None:
    with pytest.raises(Mistake, match="rate: 5 has no unit"):
        talk("set networks red rate 5")
    talk("set networks red segments a ports h9")
    with pytest.raises(PlanError, match="unknown host 'h9'"):
        talk("commit")
    assert talk("compare").startswith("[edit networks red segments]\n"), "lines, though it means nothing yet"
    assert text(database) == TEXT
    talk("delete networks red segments a ports h9")
    assert talk("compare") == ""


def test_a_commit_for_a_while(talk: Talk, database: Database) -> None:
    talk("set networks red rate 5M")
    talk("commit confirmed 2m comment careful")
    assert "commit 2, to be confirmed by " in talk.session.said[0]
    made = database.content.commits[2]
    assert (made.comment, made.state, round(made.confirm_by - made.at)) == ("careful", "unconfirmed", 120)
    talk("commit")
    assert talk.session.said == ["commit 2 is confirmed"]
    with pytest.raises(Mistake, match="one word too many"):
        talk("commit confirmed 2m coment x")


def test_a_rollback_is_a_candidate_until_it_is_committed(talk: Talk, database: Database) -> None:
    talk("set networks red rate 5M")
    talk("commit")
    talk("rollback 1")
    assert talk("compare") == "[edit networks red]\n-   rate: 5M\n\nnetwork red\n  - rate: 5M\n"
    talk("discard")
    assert talk("compare") == ""
    assert talk("compare rollback 1") == "[edit networks red]\n+   rate: 5M\n"
    talk("rollback 1")
    talk("commit")
    assert text(database) == TEXT
    with pytest.raises(CommitError, match="rollback 7: 0 to 2 are kept"):
        talk("rollback 7")


def test_files_and_editors(talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "plan.yaml"
    talk(f"save {file}")
    assert file.read_text() == TEXT
    file.write_text(TEXT.replace("10M", "20M"))
    talk(f"load {file}")
    assert "+   rate: 20M" in talk("compare")
    program = tmp_path / "editor"
    edit = "import sys; p = sys.argv[1]; t = open(p).read(); open(p, 'w').write(t.replace('20M', '30M'))"
    program.write_text(f"#!{sys.executable}\n{edit}\n")
    program.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(program))
    talk("edit networks blue")
    talk("editor")
    assert talk("show rate") == "rate: 30M\n"
    talk("top")
    talk("editor")
    assert talk.session.said == ["nothing is changed"]


def test_another_editor_is_told_of_and_merged(talk: Talk, database: Database) -> None:
    with closing(MemoryStore(database)) as store:
        other = Candidate(store, "bob")
        talk("set networks red rate 5M")
        other.load(other.text.replace("# a comment", "# bob's"))
        other.commit(NOW, "mine now")
        with pytest.raises(CommitError, match="network red was changed by others since you began"):
            talk("commit")
        talk("update")
        talk("commit")
        assert "# bob's" in text(database)
        assert "rate: 5M" in text(database)
        talk("set networks blue rate 20M")
        other.load(other.text.replace("10M", "30M"))
        other.commit(NOW)
        assert "mine:" in talk("update")
        assert talk.status == 1
        talk("update theirs")
        assert talk("compare") == ""


def test_completion_in_the_mode(talk: Talk) -> None:
    assert {"set", "commit", "rollback", "run"} <= set(talk.offered(""))
    assert talk.offered("set networks ") == ["red", "blue", "NAME"]
    assert talk.offered("set networks red seg") == ["segments"]
    assert talk.offered("delete networks red segments a ") == ["subnet", "ports"]
    talk("edit networks red")
    assert talk.offered("set segments ") == ["a", "NAME"]
    talk("set policy deny protocol icmp")
    assert talk.offered("insert policy ") == ["1", "before", "after"]
    assert talk.offered("insert policy before ") == ["1"]
    assert talk.offered("insert policy before 1 ") == ["allow", "deny"]
    assert "s" not in talk.offered("set nothing ")
