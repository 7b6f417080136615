"""The shell's own words: help, terminal, clear, exit."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import cast

from planes.cli.clicks import handler
from planes.cli.output import Screen
from planes.cli.session import Session
from planes.cli.show import BASELINE
from planes.management.grammar import Choice, Mistake, Word, option_text, usage
from planes.management.grammar_line import Place, Token, expected, lead
from planes.management.shell_lookout import Lookout
from planes.management.show_fabric import by_port
from planes.model.state import Traffic

HELP = """\
?                 at any place: what may come there
the tabulator     completes a word; words may be abbreviated as long as they are unique
help COMMAND      all about a command
show ...          what the fabric is, and what it carries
... | include RE  only lines that match; also exclude, begin, count, json, yaml, csv, save FILE, no-more
h1 ping h2        a program on a host; hosts' names become their addresses
terminal monitor  tells events as they happen
Ctrl-C            ends a command, Ctrl-D or `exit` this shell"""


def help_(session: Session, words: tuple[str, ...]) -> None:
    """Tell how to go on; or all about a command."""
    if not words:
        session.write(HELP)
        return
    place = lead(session.mode.words, _tokens(words))
    for line in about(place.word, place.path):
        session.write(line)


def about(word: Word, path: Iterable[str]) -> Iterable[str]:
    """All about a word: how it is used, what its handler says of itself, what may follow."""
    yield usage(word, path)
    yield ""
    said = handler(word).__doc__ if word.handler else None
    yield from (line for line in inspect.cleandoc(said or word.help).splitlines() if line != "\b")
    follow = [(child.name, child.help) for child in word.children if not child.hidden]
    follow += [(argument.called, argument.help) for argument in word.arguments]
    follow += [(option_text(option), option.help) for option in word.options]
    if follow:
        width = max(len(name) for name, _ in follow)
        yield ""
        yield from (f"  {name:{width}}  {text}".rstrip() for name, text in follow)


def clear(session: Session) -> None:
    """Let `show ports` count from now on, in this shell only. What SNMP and others read does not change."""
    session.held[BASELINE] = by_port(session.view(Traffic).state)


def monitor(session: Session) -> None:
    """Print events as they happen, above the prompt, until `terminal no monitor`. Scripts have `events --follow`."""
    if not session.interactive:
        raise Mistake("there is no terminal here: take `events --follow`")
    cast(Lookout, session.held["lookout"]).monitor = True


def no_monitor(session: Session) -> None:
    """Print no events any more."""
    cast(Lookout, session.held["lookout"]).monitor = False


def length(session: Session, lines: int) -> None:
    """Show so many lines at once, then --More--: space for a page, enter for a line, q for no more. 0 is no end."""
    cast(Screen, session.held["screen"]).length = lines


def leave(session: Session) -> int:
    """Leave this mode; outside of one, the shell."""
    return 0 if session.leave() else 1


def quit_(session: Session) -> int:
    """Leave the shell, and all modes on the way."""
    while session.modes:
        if not session.leave():
            return 1
    return 0


def lines(session: Session, place: Place) -> Iterable[Choice]:
    """What may come next in a line of the shell that an argument holds, as `help show` does."""
    given = place.values.get(place.argument.name, ()) if place.argument else ()
    from planes.cli.names import names

    words = given if isinstance(given, tuple) else ()
    try:
        inner = lead(session.modes[0].words, _tokens(words), lambda argument, at: names(session, argument, at))
    except Mistake:
        return ()
    return expected(inner, lambda argument, at: names(session, argument, at))


def _tokens(words: Iterable[str]) -> list[Token]:
    return [Token(word, 0, 0) for word in words]
