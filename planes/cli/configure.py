"""The shell's mode `configure`: a candidate, edited by words or in an editor, and committed."""

from __future__ import annotations

import os
import shlex
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from planes.cli.diff import told
from planes.cli.running import await_in_force, candidate_of, copy, login, outcome
from planes.cli.session import Mode, Session
from planes.cli.shell_words import leave as leave_mode
from planes.cli.tree_configure import CONFIGURE
from planes.management import show_configuration as shown
from planes.management.configuration import Candidate
from planes.management.grammar import Choice, Mistake
from planes.management.grammar_line import Place
from planes.model import edits, statements
from planes.model.changes import changes
from planes.model.configuration import REST, split
from planes.model.errors import CommitError, PlanError
from planes.model.expected import Next, to_find, to_set
from planes.model.load import read_text
from planes.model.statements import StatementError
from planes.model.yaml_text import Change
from planes.store.base import Store
from topologies.errors import LabError
from topologies.library import find

SECONDS = 60.0  # that the switches may take
INSERTED = ("before", "after")


@dataclass
class Editing:
    """A candidate, and where in it the user is."""

    candidate: Candidate
    place: tuple[str, ...] = ()
    candidates: edits.Candidates = field(default_factory=edits.Candidates)

    def look(self, path: tuple[str | int, ...]) -> object:
        """What stands at a path."""
        return self.candidates.look(self.candidate.documents, path)


def configure(session: Session) -> None:
    """Edit the configuration: a candidate beside the one that runs, until `commit`.

    `set networks office rate 100M` and the like change it, `compare` shows what is changed, `commit` puts it in force,
    and `rollback 1` with another commit takes that back. `?` and the tabulator know the plan's grammar.
    """
    lab = session.lab
    candidate = session.do(lambda store: candidate_of(lab, store))
    session.enter(Mode("configure", CONFIGURE, _prompt, _leaving, Editing(candidate)))


def _prompt(session: Session) -> str:
    place = "".join(f" {word}" for word in _editing(session).place)
    return f"[edit{place}]\n{login()}@{session.lab.name}# "


def _leaving(session: Session) -> bool:
    if not _editing(session).candidate.edited:
        return True
    if not session.interactive:
        session.tell("what was edited is not committed: `commit` or `discard` it")
        return False
    answer = session.ask("What was edited is not committed. Discard it? [yes,no] ")
    return bool(answer) and "yes".startswith(answer.strip().lower())


# editing


def set_(session: Session, words: tuple[str, ...]) -> None:
    """Give something a value, or put something into a list: words along the plan's keys, the value last.

    A mapping takes several of its keys, and a list in brackets several elements.

    \b
    Examples:
      set networks office rate 100M
      set networks office segments users gateway members dist1 priority 120 preempt true
      set networks office segments users ports [ h3 acc1:7.100 ]
      set networks office policy deny to servers protocol tcp port 22
      set networks office policy 2 allow rate 10M        the second line of the policy
    """
    _change(session, words, statements.assignments)


def delete(session: Session, words: tuple[str, ...]) -> None:
    """Take something away. Of a list, an element goes by its number, from 1, or by its value.

    \b
    Examples:
      delete networks office segments users ports h2
      delete networks office policy 1
      delete networks office
    """
    _change(session, words, statements.removals)


def insert(session: Session, words: tuple[str, ...]) -> None:
    """Put something into a list before or after an element, or move one there: in policies order means something.

    \b
    Examples:
      insert networks office policy before 1 allow from users to servers
      insert networks office policy 3 before 1           moves the third line
    """
    _change(session, words, statements.insertions)


def _change(
    session: Session, words: tuple[str, ...], read: Callable[[Sequence[str], statements.Look], list[Change]]
) -> None:
    editing = _editing(session)
    try:
        made = read((*editing.place, *words), editing.look)
    except StatementError as error:
        raise Mistake(str(error)) from error
    editing.candidate.put(edits.edited(editing.candidate.documents, made))


def edit(session: Session, words: tuple[str, ...]) -> None:
    """Go to a place, such as `edit networks office`: what is set, deleted and shown from there on is in it."""
    editing = _editing(session)
    place = (*editing.place, *words)
    try:
        statements.location(place, editing.look)
    except StatementError as error:
        raise Mistake(str(error)) from error
    editing.place = place


def up(session: Session, levels: int) -> None:
    """Go back by one level, or several."""
    editing = _editing(session)
    editing.place = editing.place[: max(0, len(editing.place) - levels)]


def top(session: Session) -> None:
    """Go back to the whole."""
    _editing(session).place = ()


def leave(session: Session) -> int:
    """Go back to the whole; from there, leave this mode."""
    editing = _editing(session)
    if editing.place:
        editing.place = ()
        return 0
    return leave_mode(session)


def show(session: Session, words: tuple[str, ...]) -> None:
    """Show the candidate's text, or what is at PATH in it."""
    editing = _editing(session)
    documents, place = editing.candidate.documents, (*editing.place, *words)
    if not place:
        session.show([shown.documents(documents)], editing.candidate.text.splitlines())
        return
    try:
        path, _ = statements.location(place, editing.look)
    except StatementError as error:
        raise Mistake(str(error)) from error
    text = edits.shown(documents, path)
    session.show([shown.excerpt(" ".join(place), text)], text.splitlines())


def editor(session: Session) -> int:
    """Edit the candidate's text in $VISUAL or $EDITOR; of a network alone where `edit networks NAME` has led to it."""
    editing = _editing(session)
    candidate, documents = editing.candidate, editing.candidate.documents
    name = editing.place[1] if editing.place[:1] == ("networks",) and len(editing.place) > 1 else ""
    alone = name in documents and name != REST
    text = documents[name].text if alone else candidate.text
    program = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="triplane") as folder:
        file = Path(folder) / f"{name or session.lab.name}.yaml"
        file.write_text(text, encoding="utf-8")
        if status := session.become([*program, str(file)]):
            return status
        new = read_text(file)
    if new == text:
        session.tell("nothing is changed")
    elif alone:
        new = new if new.endswith("\n") else f"{new}\n"
        candidate.put({**documents, name: replace(documents[name], text=new)})
    else:
        candidate.put(split(new, documents))
    return 0


# files


def load(session: Session, file: str) -> None:
    """Make the candidate what FILE says; what was edited so far is gone. It is in force when it is committed."""
    path = find(file)
    _editing(session).candidate.load(read_text(path), str(path))
    _editing(session).place = ()


def save(session: Session, file: str) -> None:
    """Write the candidate's text to FILE."""
    try:
        Path(file).write_text(_editing(session).candidate.text, encoding="utf-8", newline="")
    except OSError as error:
        raise LabError(f"{file} cannot be written: {error.strerror}") from error


# comparing and committing


def compare(session: Session) -> None:
    """Show what a commit would change: lines that go (-) and come (+), under where they stand, and what that means."""
    compare_rollback(session, 0)


def compare_rollback(session: Session, count: int) -> None:
    """Show what differs between the candidate and what ran N commits ago."""
    candidate = _editing(session).candidate

    def work(store: Store) -> tuple[list[str], list[str]]:
        lines = candidate.on(store).compare(count)
        return lines, [] if count else _in_words(candidate, store)

    lines, meaning = session.do(work)
    for line in [*lines, *([""] if meaning else []), *meaning]:
        session.write(line)


def _in_words(candidate: Candidate, store: Store) -> list[str]:
    """What the networks' parts come to; nothing where it can't be committed as it is."""
    try:
        checked = candidate.check()
    except (PlanError, CommitError, LabError):
        return []
    before = store.intent()
    names = checked.networks.keys()
    old, new = (
        replace(each, networks=tuple(network for network in each.networks if network.name in names))
        for each in (before, checked.applied(before))
    )
    return list(told(changes(old, new), (), False))


def check(session: Session) -> None:
    """See whether the candidate may be committed: whether all agrees, and the fabric may hold it."""
    candidate = _editing(session).candidate
    session.do(lambda store: candidate.on(store).check())
    session.tell("it may be committed")


def commit(session: Session, comment: str | None) -> None:
    """Make the candidate what the lab runs, and wait until its switches hold it.

    It is one transaction: all of it, or nothing where something is wrong. It confirms the commit before, if that awaits
    it. Others' commits meanwhile are told; where they have changed the same, nothing is committed until `update`.
    """
    _commit(session, comment or "", 0.0)


def commit_comment(session: Session, comment: str) -> None:
    """Commit, and say what it is for."""
    _commit(session, comment, 0.0)


def commit_confirmed(session: Session, within: float, more: tuple[str, ...], comment: str | None) -> None:
    """Commit for TIME, ten minutes by default: then it is taken back, unless a `commit` follows; whatever dies."""
    if more and (more[0] != "comment" or len(more) != 2):
        raise Mistake(f"{more[0]!r} is one word too many; a comment is said as: comment TEXT")
    if within <= 0:
        raise Mistake("TIME is how long it has to be confirmed, such as 2m")
    _commit(session, more[1] if more else comment or "", within)


def _commit(session: Session, comment: str, within: float) -> None:
    editing, lab = _editing(session), session.lab
    candidate = editing.candidate
    done = session.do(lambda store: candidate.on(store).commit(time.time(), comment, within))
    copy(lab, candidate.text)
    editing.place = _still(editing)
    for line in outcome(done):
        session.tell(line)
    if done.number:
        await_in_force(lab, done.serial, SECONDS)
        session.tell("in force")


def _still(editing: Editing) -> tuple[str, ...]:
    """The place, as far as it is there."""
    place = editing.place
    while place:
        try:
            statements.location(place, editing.look)
        except StatementError:
            place = place[:-1]
        else:
            break
    return place


def rollback(session: Session, count: int) -> None:
    """Make the candidate what ran N commits ago, for a commit; 0, by default, discards what was edited."""
    editing = _editing(session)
    session.do(lambda store: editing.candidate.on(store).rollback(count))
    editing.place = _still(editing)


def discard(session: Session) -> None:
    """Make the candidate what runs again: what was edited is gone."""
    rollback(session, 0)


def update(session: Session, prefer: str | None) -> int:
    """Make what was edited on top of what others have committed meanwhile.

    Where both changed the same lines they are shown, and nothing is changed; `update mine` takes yours there, and
    `update theirs` the others'.
    """
    editing = _editing(session)
    conflicts = session.do(lambda store: editing.candidate.on(store).update(prefer or ""))
    for line in conflicts:
        session.write(line)
    if conflicts:
        session.tell("both changed these lines: `update mine` or `update theirs`, or edit them")
    editing.place = _still(editing)
    return 1 if conflicts else 0


def run(session: Session, words: tuple[str, ...]) -> int:
    """Run a command of the shell, such as `run show gateways`."""
    return session.execute(words)


# what may come next


def to_be_set(session: Session, place: Place) -> Iterable[Choice]:
    """After `set`."""
    return _choices(session, place, to_set)


def that_is_there(session: Session, place: Place) -> Iterable[Choice]:
    """After `delete`, `edit`, `show`, `insert`."""
    words = _words(place)
    if place.word.name == "insert":
        at = next((number for number, word in enumerate(words) if word in INSERTED), None)
        if at is not None:
            return _inserting(session, words, at)
        found = list(_choices(session, place, to_find))
        listed = all(choice.text.isdigit() for choice in found)
        return [*found, *map(Choice, INSERTED if listed else ())]
    return _choices(session, place, to_find)


def _inserting(session: Session, words: tuple[str, ...], at: int) -> Iterable[Choice]:
    editing = _editing(session)
    where = (*editing.place, *words[:at])
    if len(words) == at + 1:
        return [_choice(each) for each in _found(to_find, where, editing)]
    return [_choice(each) for each in _found(to_set, (*where, *words[at + 2 :]), editing) if not each.text.isdigit()]


def _choices(
    session: Session, place: Place, expected: Callable[[Sequence[str], statements.Look], list[Next]]
) -> Iterable[Choice]:
    editing = _editing(session)
    return [_choice(each) for each in _found(expected, (*editing.place, *_words(place)), editing)]


def _found(
    expected: Callable[[Sequence[str], statements.Look], list[Next]], words: Sequence[str], editing: Editing
) -> list[Next]:
    try:
        return expected(words, editing.look)
    except (StatementError, CommitError):
        return []


def _choice(found: Next) -> Choice:
    return Choice(found.text, found.help, found.label)


def _words(place: Place) -> tuple[str, ...]:
    given = place.values.get(place.argument.name, ()) if place.argument else ()
    return given if isinstance(given, tuple) else ()


def _editing(session: Session) -> Editing:
    return cast(Editing, session.mode.held)
