"""Candidates: the configuration as somebody edits it, beside the one that runs, until it is committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from planes.management.compare import compare
from planes.model.configuration import (
    COMMENT_MAX,
    KEPT,
    REST,
    Commit,
    Document,
    Documents,
    Pending,
    differences,
    inverse,
    join,
    rolled_back,
    split,
    with_changes,
)
from planes.model.errors import CommitError
from planes.model.merge import Conflict, merge
from planes.model.partial import FILE, Checked, Checker, readdressed
from planes.store.base import Edit, Store, StoreOvertaken

TRIES = 20  # of a commit that others keep overtaking
PROGRAM = "triplane"  # who takes back what nobody confirmed

Refuse = Callable[[Checked, Store], None]  # raises when the networks may not be so


@dataclass(frozen=True)
class Done:
    """What a commit came to. `number` 0: there was nothing to commit; `serial` is the intent's.

    `beside` are others' commits since the candidate began; `confirmed` the commit that awaited it, 0 for none.
    """

    number: int
    serial: int
    beside: tuple[Commit, ...] = ()
    confirmed: int = 0
    confirm_by: float = 0.0


class Candidate:
    """A configuration beside the one that runs in `store`. It follows that one as long as nothing is edited.

    `who` commits it; `refuse` may raise what stands against a commit. `home` is what runs it, for messages.
    """

    def __init__(
        self, store: Store, who: str, refuse: Refuse = lambda checked, store: None, home: str = "the running fabric"
    ) -> None:
        self._store, self._who, self._refuse, self._home = store, who, refuse, home
        self._checker = Checker()
        self._edits: dict[str, Document | None] = {}
        self._base: Documents = {}
        self._base_number = 0
        self.file = FILE  # the name that problems carry
        self.follow()

    def on(self, store: Store) -> Candidate:
        """The same, from now on over another connection to the store."""
        self._store = store
        return self

    def follow(self) -> None:
        """Take in what the store says."""
        self._store.run()
        if not self._edits:
            self._rebase()

    @property
    def base(self) -> Documents:
        """The configuration that ran when the editing began."""
        return self._base

    @property
    def documents(self) -> Documents:
        """As edited."""
        return with_changes(self._base, self._edits)

    @property
    def edited(self) -> frozenset[str]:
        """The documents that are not as they were."""
        return frozenset(self._edits)

    @property
    def text(self) -> str:
        """As edited, in one text."""
        return join(self.documents)

    def put(self, wanted: Documents) -> None:
        """It is so now."""
        self._edits = differences(self._base, wanted)

    def load(self, text: str, file: str = FILE) -> None:
        """It is what a text says; problems will carry the file's name."""
        self.put(split(text, self._base))
        self.file = file

    def discard(self) -> None:
        """It is the running configuration again."""
        self._edits, self.file = {}, FILE
        self.follow()

    def rollback(self, count: int) -> None:
        """It is what ran `count` commits ago; 0 discards what was edited. CommitError."""
        self.discard()
        self.put(self.past(count))

    def past(self, count: int) -> Documents:
        """What ran `count` commits ago. CommitError."""
        self.follow()
        try:
            return rolled_back(self._store.documents(), self._store.commits().values(), count)
        except ValueError as error:
            raise CommitError(str(error), "`show commits` tells them") from error

    def compare(self, count: int = 0) -> list[str]:
        """What it would change of what ran `count` commits ago. CommitError."""
        return compare(self.past(count), self._wanted())

    def check(self) -> Checked:
        """What it comes to, if it is right. PlanError; what `refuse` raises; CommitError."""
        self.follow()
        self._refuse_conflicts()
        return self._check()

    def commit(self, now: float, comment: str = "", within: float = 0.0) -> Done:
        """Make it the running configuration, in one transaction, at `now` (Unix time).

        With `within` seconds it must be confirmed in that time, or is taken back. Any commit confirms the one before;
        where nothing was edited, that is all it does. PlanError, CommitError, StoreError, what `refuse` raises: nothing
        has changed then, and the candidate is as it was.
        """
        if len(comment) > COMMENT_MAX or not comment.isprintable():
            raise CommitError(f"a comment is one line of at most {COMMENT_MAX} characters")
        for _ in range(TRIES):
            self.follow()
            self._refuse_conflicts()
            try:
                return self._commit(round(now, 3), comment, within)
            except StoreOvertaken:
                continue
        raise CommitError("others keep committing", "try again")

    def _commit(self, now: float, comment: str, within: float) -> Done:
        store = self._store
        running, commits, serial = store.documents(), store.commits(), store.serial()
        if not differences(running, self._wanted()):
            return self._confirm(within)
        checked = self._check()
        commit = Commit(
            max(commits, default=0) + 1,
            now,
            self._who,
            comment,
            inverse(running, differences(running, checked.documents)),
            round(now + within, 3) if within else 0.0,
            "unconfirmed" if within else "final",
        )
        edit = edit_of(checked, running, commit, store.pending(), commits)
        beside = self.meanwhile()
        new = store.edit(edit, serial)
        self._edits, self.file = {}, FILE
        self._rebase()
        pending = [number for number, each in edit.commits.items() if each and each.state == "confirmed"]
        return Done(commit.number, new, beside, pending[0] if pending else 0, commit.confirm_by)

    def _confirm(self, within: float) -> Done:
        """Nothing is to be committed but what is there already."""
        pending, beside = self._store.pending(), self.meanwhile()
        confirmed = 0
        if pending is not None and not within:
            confirmed = confirm(self._store)
        self._edits, self.file = {}, FILE
        self._rebase()
        return Done(0, self._store.serial(), beside, confirmed)

    def meanwhile(self) -> tuple[Commit, ...]:
        """Others' commits since the editing began."""
        commits = self._store.commits()
        return tuple(commits[number] for number in sorted(commits) if number > self._base_number)

    def update(self, prefer: str = "") -> list[str]:
        """Make the same edits on what runs now; returns the conflicts, if there are, and then nothing has changed.

        Where both changed the same lines, `prefer` says whose stay: "mine" or "theirs".
        """
        self.follow()
        running = self._store.documents()
        edits: dict[str, Document | None] = {}
        conflicts: list[str] = []
        for name, mine in self._edits.items():
            merged, its = merged_document(name, self._base.get(name), mine, running.get(name), prefer)
            edits[name] = merged
            conflicts += its
        if not conflicts:
            self._rebase()
            self._edits = differences(self._base, with_changes(self._base, edits))
        return conflicts

    def _rebase(self) -> None:
        self._base = self._store.documents()
        self._base_number = max(self._store.commits(), default=0)

    def _wanted(self) -> Documents:
        return with_changes(self._store.documents(), self._edits)

    def _check(self) -> Checked:
        running = self._store.documents()
        checked = self._checker.check(running, self._store.intent(), self._wanted(), self.file)
        known = self._checker.topology(running)
        if known is not None and checked.rest.topology != known.topology:
            raise CommitError(
                f"the topology of {self.file} is not the one that {self._home} runs",
                "a running lab keeps its switches, hosts and links: deploy the plan as a lab of its own",
            )
        if known is not None and (moved := readdressed(running, checked)):
            raise CommitError(
                f"host {moved[0]!r} would get another address in its segment than it has in {self._home}",
                "deploy the plan as a lab of its own, or write the topology with its hosts' addresses into the plan",
            )
        self._refuse(checked, self._store)
        return checked

    def _refuse_conflicts(self) -> None:
        """Somebody else has changed, meanwhile and in another way, what is edited here."""
        running = self._store.documents()
        both = [name for name in self._edits if running.get(name) not in (self._base.get(name), self._edits[name])]
        if not both:
            return
        whose = [commit for commit in self.meanwhile() if not commit.before.keys().isdisjoint(both)]
        theirs = compare(
            {n: self._base[n] for n in both if n in self._base}, {n: running[n] for n in both if n in running}
        )
        said = "\n".join([*(f"  {told(commit)}" for commit in whose), *(f"    {line}" for line in theirs)])
        what = ", ".join(part_name(name) for name in sorted(both))
        raise CommitError(
            f"{what} was changed by others since you began:\n{said}",
            "make your changes on top of theirs by `update`, or give yours up by `discard`",
        )


def edit_of(
    checked: Checked, running: Documents, commit: Commit, pending: Pending | None, commits: Mapping[int, Commit]
) -> Edit:
    """What a commit does to the store: documents, networks, and the history, of which the oldest goes."""
    history: dict[int, Commit | None] = {number: None for number in commits if number <= commit.number - KEPT}
    if pending is not None and pending.number in commits:
        history[pending.number] = replace(commits[pending.number], state="confirmed")
    history[commit.number] = commit
    documents = differences(running, checked.documents)
    rest = not running or REST in documents
    return Edit(
        documents,
        checked.networks,
        history,
        checked.name if rest else None,
        checked.switches if rest else None,
    )


def confirm(store: Store) -> int:
    """What awaits confirmation stays; its number, 0 when nothing does. StoreError."""
    while (pending := store.pending()) is not None:
        commit = store.commits()[pending.number]
        try:
            store.edit(Edit(commits={commit.number: replace(commit, state="confirmed")}), store.serial())
        except StoreOvertaken:
            store.run()
        else:
            return commit.number
    return 0


def expire(store: Store, now: float) -> int:
    """Take back what should have been confirmed by `now` (Unix time); the number of the commit that does, 0 for none.

    PlanError when what ran before can't run any more; StoreError.
    """
    while (pending := store.pending()) is not None and pending.confirm_by <= now:
        running, commits, serial = store.documents(), store.commits(), store.serial()
        late = commits[pending.number]
        wanted = with_changes(running, late.before)
        comment = f"rolled back: commit {late.number} was not confirmed in time"
        changes = differences(running, wanted)
        commit = Commit(late.number + 1, round(now, 3), PROGRAM, comment, inverse(running, changes))
        checked = Checker().check(running, store.intent(), wanted)
        edit = edit_of(checked, running, commit, None, commits)
        history = {**edit.commits, late.number: replace(late, state="expired")}
        try:
            store.edit(replace(edit, commits=history), serial)
        except StoreOvertaken:
            store.run()  # confirmed at the last moment, perhaps
        else:
            return commit.number
    return 0


def merged_document(
    name: str, base: Document | None, mine: Document | None, theirs: Document | None, prefer: str
) -> tuple[Document | None, list[str]]:
    """A document with the edits of two people, and the lines that are in the way of it."""
    if theirs == base or mine == theirs:
        return mine, []
    if mine == base:
        return theirs, []
    if mine is None or theirs is None or base is None:
        if prefer:
            return (mine if prefer == "mine" else theirs), []
        return mine, [f"{part_name(name)}:", *_sides(base, mine, theirs)]
    found: list[str] = []
    conflicts: list[str] = []
    for part in merge(*(each.text.splitlines(keepends=True) for each in (base, mine, theirs))):
        if not isinstance(part, Conflict):
            found += part
        elif prefer:
            found += part.mine if prefer == "mine" else part.theirs
        else:
            conflicts += [*_lines("mine", part.mine), *_lines("theirs", part.theirs)]
    place = theirs.place if mine.place == base.place else mine.place
    heading = [f"{part_name(name)}:"] if conflicts else []
    return replace(mine, place=place, text="".join(found)), heading + conflicts


def _sides(base: Document | None, mine: Document | None, theirs: Document | None) -> list[str]:
    told = []
    for side, document in (("mine", mine), ("theirs", theirs)):
        what = "is deleted" if document is None else "is new" if base is None else "is changed"
        told += [f"  {side}: it {what}"]
    return told


def _lines(side: str, lines: Iterable[str]) -> list[str]:
    return [f"  {side}:", *(f"    {line.rstrip()}" for line in lines)] if lines else [f"  {side}: nothing"]


def part_name(name: str) -> str:
    """A document, in words."""
    return f"network {name}" if name != REST else "what is beside the networks"


def told(commit: Commit) -> str:
    """A commit in a line."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(commit.at))
    what = ", ".join(part_name(name) for name in sorted(commit.before)[:5])
    more = f" and {len(commit.before) - 5} more" if len(commit.before) > 5 else ""
    return f"commit {commit.number} by {commit.who} at {when}: {what}{more}" + (
        f" ({commit.comment})" * bool(commit.comment)
    )
