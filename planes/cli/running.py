"""The configuration that a lab runs, for commands: the store has it, and LAB/plan.yaml is a copy."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from planes.cli.bringup import await_applied, open_store, synced
from planes.cli.limits import refuse_excess
from planes.cli.session import Session
from planes.management.configuration import Candidate, Done, told
from planes.model.configuration import REST, join
from planes.model.load import parse, read_text
from planes.model.partial import Checked
from planes.model.plan import Plan
from planes.store.base import Store, StoreError
from planes.store.snapshot import configuration
from topologies.lab import Lab

SECONDS = 5.0  # that the store may take to tell what runs


def login() -> str:
    """Who commits: the user that this process is run by, or that `sudo` was."""
    if os.getuid() == 0 and (user := os.environ.get("SUDO_USER")):
        return user
    with suppress(KeyError):
        return pwd.getpwuid(os.getuid()).pw_name
    return str(os.getuid())


def running(lab: Lab) -> tuple[Plan, str]:
    """The plan that a lab follows, and its text, which is what LAB/plan.yaml says. LabError, PlanError."""
    text = running_text(lab)
    return parse(text, str(lab.directory.plan)), text


def running_text(lab: Lab) -> str:
    """The text of what a lab follows, and the copy as new as it. While the store is away it is what the copy says."""
    try:
        documents, _ = configuration(lab.directory.store, SECONDS)
    except StoreError:
        documents = {}
    if REST not in documents:
        return read_text(lab.directory.plan)
    text = join(documents)
    copy(lab, text)
    return text


def copy(lab: Lab, text: str) -> None:
    """Have the lab's plan file say this: people open it, and errors and explanations tell its lines."""
    if lab.directory.plan.read_bytes() != text.encode():
        new = lab.directory.plan.with_suffix(f".{os.getpid()}")
        new.write_text(text, encoding="utf-8", newline="")
        new.replace(lab.directory.plan)


@contextmanager
def candidate(lab: Lab) -> Iterator[tuple[Candidate, Store]]:
    """A candidate of this user's for a lab, over a store of its own. LabError."""
    with open_store(lab, configuration=True) as store:
        synced(lab, store)
        yield candidate_of(lab, store), store


def candidate_of(lab: Lab, store: Store) -> Candidate:
    """A candidate of this user's for a lab, over its store."""
    return Candidate(store, login(), _within_limits, f"lab {lab.name!r}")


def _within_limits(checked: Checked, store: Store) -> None:
    """LabError when networks would take more of the fabric than they may."""
    refuse_excess(store.state(), checked.applied(store.intent()), checked.networks)


def outcome(done: Done) -> Iterator[str]:
    """What a commit came to, for people."""
    for commit in done.beside:
        yield f"meanwhile, beside it: {told(commit)}"
    if done.confirmed:
        yield f"commit {done.confirmed} is confirmed"
    if done.number and done.confirm_by:
        when = clock(done.confirm_by)
        yield f"commit {done.number}, to be confirmed by {when}: otherwise it is taken back then"
    elif done.number:
        yield f"commit {done.number}"
    elif not done.confirmed:
        yield "nothing to commit: it runs already"


def conclude(session: Session, done: Done, text: str, timeout: float) -> None:
    """A commit came to this text: the copy says so, its author is told, and the switches are waited for. LabError."""
    copy(session.lab, text)
    for line in outcome(done):
        session.tell(line)
    await_in_force(session.lab, done.serial, timeout)


def clock(at: float) -> str:
    """A time of day."""
    return time.strftime("%H:%M:%S", time.localtime(at))


def await_in_force(lab: Lab, serial: int, timeout: float) -> None:
    """Wait until every switch has the intent of this serial. LabError."""
    with open_store(lab) as store:
        synced(lab, store)
        await_applied(lab, store, serial, timeout)
