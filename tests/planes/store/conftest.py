"""A real store server for a test, and both kinds of store behind one fixture."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import stores
from stores import Server

from planes.store import memory, ovsdb
from planes.store.base import Store


@pytest.fixture
def server() -> Iterator[Server]:
    with stores.served() as found:
        yield found


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Server]:
    with stores.served() as found:
        yield found


@pytest.fixture
def sync() -> Callable[[Store], None]:
    return stores.sync


@pytest.fixture(params=["memory", "ovsdb"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[[], Store]]:
    """Makes stores that share one empty database."""
    made: list[Store] = []
    make: Callable[[], Store]
    if request.param == "memory":
        database = memory.Database()
        make = lambda: memory.Store(database)  # noqa: E731
    else:
        remote = request.getfixturevalue("server").remote
        make = lambda: ovsdb.Store(remote, timeout=60, configuration=True)  # noqa: E731

    def connected() -> Store:
        made.append(make())
        stores.sync(made[-1])
        return made[-1]

    yield connected
    for store in made:
        store.close()
