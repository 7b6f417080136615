"""The prompt: a line from the user, with `?`, tab and history. The one door to prompt_toolkit."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import ANSI, AnyFormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle

from planes.management.grammar import Choice
from planes.management.grammar_line import tokens

HISTORY_BYTES = 1 << 20  # that are kept of the lines typed before

Choices = Callable[[str], tuple[int, list[Choice]]]
"""Of the text before the cursor: where the word begins that is to be completed, and what it may become."""
Help = Callable[[str], Iterable[str]]
Tell = Callable[[], None]


class Prompt:
    """Asks for lines. `help_` tells what `?` after a text says, `choices` what it may be completed to."""

    def __init__(self, history: Path, help_: Help, choices: Choices) -> None:
        self._help = help_
        self._message = ""
        self._lock = threading.Lock()
        self._waiting: Application[str] | None = None  # whose prompt is on the screen
        self._late: Tell | None = None  # what that one may have no time for any more
        self._prompt: PromptSession[str] = PromptSession(
            history=_history(history),
            completer=_Completer(choices),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            key_bindings=self._keys(),
            enable_open_in_editor=False,
            output=_output(),
        )

    def line(self, message: str) -> str:
        """A line. KeyboardInterrupt for Ctrl-C, EOFError for Ctrl-D and when `end` is called."""
        self._message = message
        return self._answer(self._prompt, ANSI(message))

    def ask(self, question: str) -> str:
        """The answer to a question, which is not a line of the history; an empty text for Ctrl-C and Ctrl-D."""
        with suppress(KeyboardInterrupt, EOFError):
            return self._answer(PromptSession[str](history=InMemoryHistory(), output=self._prompt.output), question)
        return ""

    def above(self, tell: Tell) -> None:
        """Have something printed above the prompt while one waits, else at once; for other threads.

        It is called once more when the prompt ends: then it prints what it could not before.
        """
        with self._lock:
            if self._waiting is None:
                tell()
                return
            self._late = tell
            loop = self._waiting.loop
            if loop is not None:
                with suppress(RuntimeError):  # it ended just now
                    loop.call_soon_threadsafe(_above, self._waiting, tell)

    def _answer(self, prompt: PromptSession[str], message: AnyFormattedText) -> str:
        try:
            return prompt.prompt(message, pre_run=lambda: self._wait(prompt.app))
        finally:
            self._wait(None)

    def _wait(self, app: Application[str] | None) -> None:
        """The prompt is about to be drawn, or has ended."""
        with self._lock:
            self._waiting = app
            late, self._late = self._late, None
            if late is not None:
                late()

    def end(self) -> None:
        """Let `line` end as for Ctrl-D; for other threads."""
        app = self._prompt.app
        if app.is_running and app.loop is not None:
            with suppress(RuntimeError):  # it ended just now
                app.loop.call_soon_threadsafe(self._exit)

    def _exit(self) -> None:
        if self._prompt.app.is_running and not self._prompt.app.is_done:
            self._prompt.app.exit(exception=EOFError)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("?")
        def _(event: KeyPressEvent) -> None:
            before = event.current_buffer.document.text_before_cursor
            if any(token.open for token in tokens(before)):
                event.current_buffer.insert_text("?")
                return
            lines = [f"{self._message.rpartition(chr(10))[2]}{before}?", *self._help(before)]
            run_in_terminal(lambda: print("\n".join(lines)))  # noqa: T201 - the terminal is this file's

        return keys


def _above(app: Application[str], tell: Tell) -> None:
    """At once, not by run_in_terminal: a prompt that ends while that one waits is drawn again, over what follows."""
    if app.is_running and not app.is_done:
        app.renderer.erase()
        tell()
        app.invalidate()


class _Completer(Completer):
    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        before = document.text_before_cursor
        start, found = self._choices(before)
        for choice in found:
            if not choice.label:
                text = shlex.quote(choice.text) if " " in choice.text else choice.text
                space = "" if text.endswith("/") else " "
                yield Completion(text + space, start - len(before), display=choice.text, display_meta=choice.help)


def _output() -> Output:
    """The terminal, which is never asked where its cursor is: an answer that is late would be read as keys."""
    output = create_output()
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False
    return output


def _history(path: Path) -> History:
    """The lines of earlier sessions, for this user's eyes only; of this session alone where no file can be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        if path.stat().st_size > HISTORY_BYTES:
            kept = path.read_bytes()[-HISTORY_BYTES // 2 :]
            path.write_bytes(kept[kept.find(b"\n# ") :])
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
