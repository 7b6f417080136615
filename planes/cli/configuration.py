"""`triplane show configuration`, `show commits`, `confirm` and `rollback`."""

from __future__ import annotations

import time
from collections.abc import Iterable

from planes.cli.bringup import open_store, synced
from planes.cli.running import SECONDS, candidate, conclude
from planes.cli.session import Session
from planes.management import configuration as configurations
from planes.management import show_configuration as shown
from planes.management.grammar import Choice
from planes.management.grammar_line import Place
from planes.model.configuration import REST, Commit, Document, join, rolled_back
from planes.model.errors import CommitError, did_you_mean
from planes.store.base import StoreError
from planes.store.snapshot import configuration
from topologies.errors import Exit, LabError


def show(session: Session, network: str | None, count: int) -> None:
    """Show the text of the plan that the lab follows: as deployed, and as changed by commits since.

    Only the lines of NETWORK, if it is given; with `--rollback 1` what was before the last commit.
    """
    documents, commits = _configuration(session)
    try:
        found = rolled_back(documents, commits.values(), count)
    except ValueError as error:
        raise CommitError(str(error), "`show commits` tells them") from error
    if network is not None and (network not in found or network == REST):
        raise LabError(
            f"the configuration of lab {session.lab.name!r} has no network {network!r}",
            did_you_mean(network, found.keys() - {REST}),
            Exit.UNKNOWN,
        )
    kept = found if network is None else {network: found[network]}
    text = join(found) if network is None else found[network].text
    session.show([shown.documents(kept)], text.splitlines())


def commits(session: Session) -> None:
    """Show the last 50 commits: number, when, by whom, what for, what they changed, and what became of them.

    `ago` is what `rollback` takes: 0 is what runs now.
    """
    session.show([shown.commits(_configuration(session)[1].values())])


def confirm(session: Session) -> None:
    """Keep the commit that would be taken back as it was not confirmed yet."""
    with open_store(session.lab, configuration=True) as store:
        synced(session.lab, store)
        number = configurations.confirm(store)
    if not number:
        raise CommitError("no commit awaits confirmation", "`show commits` tells what became of each")
    session.tell(f"commit {number} is confirmed")


def rollback(session: Session, count: int, comment: str | None, within: float | None, timeout: float) -> None:
    """Give a running lab the configuration again that it had N commits ago, and wait until its switches hold it.

    It is a commit as any other, so `rollback 1` again brings back what there was. `show commits` tells the numbers, and
    `show configuration --rollback N` the text. With `--confirmed 2m` it is taken back by itself after so long.
    """
    lab = session.lab
    with candidate(lab) as (mine, _):
        mine.rollback(count)
        done = mine.commit(time.time(), comment or f"rollback {count}", within or 0.0)
        now = mine.text
    conclude(session, done, now, timeout)


def ago(session: Session, _place: Place) -> Iterable[Choice]:
    """How many commits ago: the names of a count, for completion."""
    found = sorted(_configuration(session)[1].values(), key=lambda commit: -commit.number)
    return [Choice(str(number), shown.line(commit)) for number, commit in enumerate(found)]


def _configuration(session: Session) -> tuple[dict[str, Document], dict[int, Commit]]:
    lab = session.lab
    try:
        return configuration(lab.directory.store, SECONDS)
    except StoreError as error:
        text = f"the store of lab {lab.name!r} does not answer"
        raise LabError(text, "start it again by `triplane heal store`") from error
