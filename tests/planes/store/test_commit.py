"""A commit is all or nothing, whoever dies in the middle of it: its process, or the server."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from planes.management.configuration import Candidate
from planes.model.configuration import Documents, join, rolled_back
from planes.model.load import parse
from planes.model.resolve import resolve
from planes.store.base import Store
from planes.store.ovsdb import Store as OvsdbStore

KILLS = 12
DEADLINE = 60.0
TEXT = """\
name: p
topology:
  switches: {s1: , s2: }
  hosts: {h1: , h2: }
  links: [[h1, s1], [h2, s2], [s1, s2]]
networks:
  red:
    segments:
      a: {subnet: 10.0.0.0/24, ports: [h1]}
    rate: 1M
  blue:
    segments:
      a: {subnet: 10.0.0.0/24, ports: [h2]}
    rate: 1M
"""
# Gives both networks one rate after the other, in one commit each, and says which it begins.
CHILD = """
import sys, time
from itertools import count
from planes.management.configuration import Candidate
from planes.model.errors import CommitError
from planes.store.base import StoreError
from planes.store.ovsdb import Store

store = Store(sys.argv[1], timeout=30, configuration=True)
while not store.synced:
    store.wait(1)
    store.run()
candidate = Candidate(store, "child")
rate = max(store.commits())
text = sys.argv[2]
for rate in count(rate + 1):
    candidate.load(text.replace("1M", f"{rate}M"))
    print(rate, flush=True)
    while True:
        try:
            candidate.commit(time.time())
            break
        except StoreError:
            assert f"rate: {rate}M" in candidate.text, "the candidate is kept"
"""


@contextmanager
def committing(remote: str) -> Iterator[subprocess.Popen[str]]:
    """A process that commits and commits."""
    argv = [sys.executable, "-W", "ignore", "-c", CHILD, remote, TEXT]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def told(child: subprocess.Popen[str]) -> int:
    """The rate that it begins to commit."""
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line, "it has ended"
    return int(line)


def whole(store: Store) -> int:
    """The rate that both networks have, in what is wanted and in the text; the history leads back step by step."""
    documents, commits = store.documents(), store.commits()
    assert resolve(parse(join(documents))) == store.intent()
    rates = {network.rate for network in store.intent().networks}
    assert len(rates) == 1, "half a commit"
    newest = max(commits)
    assert sorted(commits) == list(range(newest - len(commits) + 1, newest + 1))
    past: Documents = documents
    for ago in range(len(commits)):
        past = rolled_back(documents, commits.values(), ago)
        assert join(past) == TEXT.replace("1M", f"{newest - ago}M")
    return rates.pop() // 10**6  # type: ignore[operator]


def first(server: Any, sync: Callable[[Store], None]) -> OvsdbStore:
    store = OvsdbStore(server.remote, timeout=60, configuration=True)
    sync(store)
    candidate = Candidate(store, "first")
    candidate.load(TEXT)
    candidate.commit(time.time())
    return store


def test_a_process_that_is_killed_has_committed_all_or_nothing(server: Any, sync: Callable[[Store], None]) -> None:
    with closing(first(server, sync)) as store:
        reached = 1
        for kill in range(KILLS):
            with committing(server.remote) as child:
                told(child)
                begun = time.monotonic()
                rate = told(child)
                took = time.monotonic() - begun  # of a commit: the next one is killed at another point of it
                while time.monotonic() < begun + took * (1 + kill / KILLS):
                    pass
            with closing(OvsdbStore(server.remote, timeout=60, configuration=True)) as fresh:
                sync(fresh)
                found = whole(fresh)
            assert reached < found
            assert found >= rate - 1
            reached = found
        while store.serial() < reached:
            store.wait(DEADLINE)
            store.run()
        assert whole(store) == reached


def test_a_server_that_is_killed_has_all_or_nothing_and_the_commit_is_made_later(
    server: Any, sync: Callable[[Store], None]
) -> None:
    first(server, sync).close()
    with committing(server.remote) as child:
        for kill in range(4):
            told(child)
            begun = time.monotonic()
            rate = told(child)
            took = time.monotonic() - begun
            while time.monotonic() < begun + took * (1 + kill / 4):
                pass
            server.kill()
            server.start()
            with closing(OvsdbStore(server.remote, timeout=60, configuration=True)) as fresh:
                sync(fresh)
                deadline = time.monotonic() + DEADLINE
                while whole(fresh) < rate:
                    assert time.monotonic() < deadline
                    fresh.wait(1)
                    fresh.run()


def test_a_process_takes_back_what_was_not_confirmed(server: Any, sync: Callable[[Store], None]) -> None:
    argv = [sys.executable, "-W", "ignore", "-m", "planes.management.expiry", "--store", server.remote]
    with closing(first(server, sync)) as store:
        candidate = Candidate(store, "ann")
        candidate.load(TEXT.replace("1M", "2M"))
        candidate.commit(time.time(), within=3600.0)
        subprocess.run(argv, check=True, timeout=DEADLINE)
        store.run()
        assert store.pending() is not None, "its time has not come"
        candidate.load(TEXT.replace("1M", "3M"))
        candidate.commit(time.time(), within=0.001)
        subprocess.run(argv, check=True, timeout=DEADLINE)
        while store.pending() is not None:
            store.wait(DEADLINE)
            store.run()
        assert [store.commits()[number].state for number in (2, 3, 4)] == ["confirmed", "expired", "final"]
        assert join(store.documents()) == TEXT.replace("1M", "2M")
        server.kill()
        away = subprocess.run(
            [*argv[:-1], "unix:/nowhere"], capture_output=True, text=True, timeout=DEADLINE, check=False
        )
        assert (away.returncode, "the store does not answer" in away.stderr) == (1, True), (
            "whoever started it tries again"
        )
