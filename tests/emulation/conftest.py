"""Labs deployed by the command line, as users do it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Triplane


@pytest.fixture(scope="module")
def triplane() -> Iterator[Triplane]:
    """The command line over a runtime directory of its own; its labs are destroyed afterwards."""
    path = Path(tempfile.mkdtemp(prefix="tp", dir="/tmp"))
    shell = Triplane(path)
    yield shell
    shell("destroy", "--all")
    assert sorted(p.name for p in path.iterdir()) == [".lock"]
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def leaf_spine(triplane: Triplane) -> Triplane:
    """A running leaf-spine, shared by a module."""
    triplane("deploy", "leaf-spine")
    return triplane
