"""A lab that is nothing but its store: a real ovsdb-server in a lab's directory, for commands that only read it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from lacking import need

from planes.model.configuration import split
from planes.model.intent import Intent
from planes.model.state import Put, Row
from planes.store import server
from planes.store.base import Edit
from planes.store.ovsdb import Store
from topologies import directory
from topologies.lab import Lab

SECONDS = 60.0  # reached only when something is broken


class Stored:
    """The store of a lab, served until it is killed."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run(server.create_argv(lab.directory.store_db), check=True)

    def start(self) -> None:
        """Serve it; returns when it answers."""
        self._process = subprocess.Popen(server.serve_argv(self.lab.directory.store_db, self.lab.directory.store))
        self.write(())

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def write(self, rows: Sequence[Row], intent: Intent | None = None, text: str = "") -> None:
        """Put rows, and an intent and the text of a configuration, if they are given."""
        with closing(Store(f"unix:{self.lab.directory.store}", timeout=SECONDS, configuration=True)) as store:
            deadline = time.monotonic() + SECONDS
            while not store.synced:
                assert time.monotonic() < deadline, "the store never came"
                store.wait(1.0)
                store.run()
            if intent is not None:
                store.write_intent(intent)
            if text:
                store.edit(Edit(split(text)), store.serial())
            store.publish([Put(row) for row in rows])


@contextmanager
def stored(name: str) -> Iterator[Stored]:
    """A store in the directory of a lab of this name, below a runtime directory of its own."""
    need("ovsdb-server")
    # pytest's own would be too long for a socket's path.
    runtime = tempfile.mkdtemp(prefix="tp", dir="/tmp")
    found, lock = directory.claim(Path(runtime), name)
    store = Stored(Lab(found))
    try:
        store.start()
        yield store
    finally:
        store.kill()
        os.close(lock)
        shutil.rmtree(runtime)
