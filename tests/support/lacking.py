"""Tests that this machine cannot run: they skip with the reason; in CI, where everything is meant to run, they fail."""

from __future__ import annotations

import os

import pytest

from topologies.needs import which


def refuse(reason: str) -> None:
    """Skip; in CI, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def need(*programs: str) -> None:
    """Refuse where a program, by name or by its whole path, is not there."""
    if missing := [name for name in programs if not which(name)]:
        refuse(f"{', '.join(missing)} not found: scripts/setup --test installs it")
