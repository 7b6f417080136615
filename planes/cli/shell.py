"""`triplane shell`: lines from a user or a script, each run as a command of its own, over one store that stays open."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from planes.cli.clicks import handler
from planes.cli.errors import INTERRUPTED, spoken, users
from planes.cli.names import names
from planes.cli.output import Screen
from planes.cli.session import Mode, Once, Session
from planes.cli.tree import SHELL
from planes.management.grammar import HERE, Argument, Choice, Mistake
from planes.management.grammar_help import choices, help_lines, marked
from planes.management.grammar_line import Call, Place, Token, parse, pieces, tokens
from planes.management.shell_lookout import Lookout
from planes.management.shell_pager import Enough
from planes.management.shell_pipes import PIPES, Plumbing, plumbing
from planes.management.view import View
from planes.model.state import Event
from topologies import lab as labs
from topologies.errors import LabError
from topologies.lab import Lab

if TYPE_CHECKING:
    from planes.management.shell_prompt import Prompt

WRONG = 2


def shell(session: Session, command: tuple[str, ...], keep_going: bool) -> int:
    """Talk to LAB as to a router: `show ...`, `ping`, `trace`, `configure`, and Mininet's `h1 ping h2`.

    `?` tells what may come at any place, the tabulator completes, words may be abbreviated as long as they are unique.
    `| include RE`, `| count`, `| json`, ... pass on what is printed. Ctrl-C ends a command, Ctrl-D the shell.

    \b
    Examples:
      triplane shell                       for people
      triplane shell -c "show hosts | count"
      triplane shell < script              line by line, up to the first that fails; # begins a comment

    Exits as the line that failed: with 2 when it is wrong, else as the command does; 0 when all did well.
    """
    talk = Talk(session.lab)
    if command:
        return talk.script([line for each in command for line in each.splitlines()], keep_going)
    if sys.stdin.isatty():
        return talk.converse()
    talk.screen.stdin = False
    return talk.script(sys.stdin, keep_going)


class Talk:
    """A shell on a lab, from its beginning to its end."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.screen = Screen()
        self.lookout = Lookout(event_line)
        self.gone = threading.Event()
        self.session = Session(Once(), self.screen.plain(), lab_name=lab.name, executing=self._execute)
        self.session.enter(Mode("", SHELL, lambda _: f"{lab.name}> "))
        self.session.held |= {"screen": self.screen, "lookout": self.lookout}

    def converse(self) -> int:
        """Lines from a terminal, until the user leaves or the lab is gone."""
        from planes.cli.following import Kept
        from planes.management.shell_prompt import Prompt

        prompt = Prompt(history(os.environ), self._help, self._choices)
        self.session.interactive, self.session.asking = True, prompt.ask
        self.screen.paged, self.screen.above = True, prompt.above
        with Kept(self.lab, lambda view: self._looked(view, prompt)) as self.session.access:
            self._lines(prompt)
        return 0

    def _lines(self, prompt: Prompt) -> None:
        while self.session.modes and not self.gone.is_set():
            with suppress(KeyboardInterrupt):  # whenever it comes, it ends what is under way, never the shell
                self._line(prompt)

    def _line(self, prompt: Prompt) -> None:
        message = self.session.mode.prompt(self.session)
        try:
            line = prompt.line(message)
        except EOFError:
            if not self.gone.is_set():
                self.session.leave()
        else:
            self.run(line, len(message.rpartition("\n")[2]))

    def _looked(self, view: View, prompt: Prompt) -> None:
        """On the thread that follows the store."""
        for line in self.lookout.look(view, time.time()):
            self.screen.announce(line)
        if not view.synced and not self.gone.is_set() and self._is_gone():
            self.gone.set()
            self.screen.announce(f"lab {self.lab.name!r} is gone, and with it this shell")
            prompt.end()

    def _is_gone(self) -> bool:
        try:
            return self.lab not in labs.labs()
        except LabError:
            return False

    def script(self, lines: Iterable[str], keep_going: bool) -> int:
        """Lines from elsewhere; the status of the first that failed."""
        failed = 0
        for number, line in enumerate(lines, 1):
            status = self.run(line.rstrip("\n"))
            failed = failed or status
            if not self.session.modes:
                return failed
            if status and (not keep_going or status == INTERRUPTED):
                if number > 1:
                    click.echo(f"stopped at line {number}", err=True)
                break
        while self.session.modes:
            if not self.session.leave():
                return failed or 1
        return failed

    def run(self, line: str, indent: int | None = None) -> int:
        """Run a line; its exit status. What is wrong with it is marked where the user typed it."""
        text = line.strip()
        if not text or text[0] in "#!":
            return 0
        if text.endswith("?") and not tokens(line)[-1].quoted:
            click.echo("\n".join(self._help(line[: line.rindex("?")])))
            return 0
        try:
            first, *rest = pieces(line)
            call = parse(self.session.mode.words, first, self.names)
            plumbed = plumbing(rest)
        except Mistake as mistake:
            shown = [line] if indent is None else []
            click.echo("\n".join([*shown, *marked(line, mistake, indent or 0)]), err=True)
            return WRONG
        return self._perform(call, plumbed)

    def names(self, argument: Argument, place: Place) -> Iterable[Choice]:
        """Live names."""
        return names(self.session, argument, place)

    def _perform(self, call: Call, plumbed: Plumbing) -> int:
        session, through = self.session, self.screen.through(plumbed)
        session.printer = through
        try:
            whole = False
            try:
                status = self._call(call, plumbed.form)
                whole = True
            finally:
                through.finish(whole)
        except Enough:
            return 0
        except Mistake as mistake:
            click.echo(mistake.text, err=True)
            return WRONG
        except users() as error:
            text, status = spoken(error)
            click.echo(text.removeprefix("triplane: "), err=True)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            return INTERRUPTED
        finally:
            session.printer = self.screen.plain()
        return status

    def _call(self, call: Call, form: str | None) -> int:
        kinds = {each.name: each.kind for each in call.word.arguments} | {e.name: e.kind for e in call.word.options}
        values = {name: found for name, found in call.values.items() if kinds[name] not in HERE}
        self.session.form = form or str(call.values.get("form") or "table")
        return handler(call.word)(self.session, **values) or 0

    def _execute(self, words: Sequence[str]) -> int:
        given = [Token(word, 0, 0) for word in words]
        return self._call(parse(self.session.modes[0].words, given, self.names), None)

    # help

    def _help(self, before: str) -> list[str]:
        try:
            return list(help_lines(self.session.mode.words, PIPES, before, self.names))
        except Mistake as mistake:
            return [f"  {mistake.text}"]

    def _choices(self, before: str) -> tuple[int, list[Choice]]:
        try:
            point, found = choices(self.session.mode.words, PIPES, before, self.names)
        except Mistake:
            return len(before), []
        return point.start, found


def event_line(event: Event) -> str:
    """An event as it is told while it happens."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.at))
    more = (f" ({event.cause})" if event.cause else "") + (f", {1000 * event.seconds:.0f} ms" if event.seconds else "")
    return f"{clock}.{int(event.at % 1 * 1000):03} {event.subject}: {event.text}{more}"


def history(environ: Mapping[str, str]) -> Path:
    """Where the lines of this user's shells are kept (XDG Base Directory Specification)."""
    base = environ.get("XDG_STATE_HOME", "")
    return Path(base if base.startswith("/") else Path.home() / ".local" / "state") / "triplane" / "history"
